"""From a signed-in browser to its application's tokens: the code that the browser carries, and what it is exchanged for.

A code is bound to the client, the address that it was sent to, the client's PKCE challenge and the person's sign-in.
It gives tokens once; a second use says that somebody else has seen it, and ends what the first one gave
(RFC 6749 §4.1.2, §10.5).
"""

from __future__ import annotations

from poolhouse.core.authorize_request import AuthorizeRequest
from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import AuthenticationResultType


async def finish_authorization(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession
) -> str:
    """The address that the browser is sent back to: with a code, or for `token` with tokens behind `#`.

    Raises:
        AuthorizeError: what the application hears instead; also where the session has ended meanwhile.
    """
    raise NotImplementedError


async def redeem(
    call: Call, app: AppSnapshot, code: str, *, redirect_uri: str, verifier: str | None
) -> AuthenticationResultType:
    """The tokens of a code.

    Raises:
        InvalidGrant: there is no such code for this client, it was used or is too old, the verifier is not the
            challenge's, or the person may not sign in any more.
        UnauthorizedClient: another redirect address than the browser was sent to.
    """
    raise NotImplementedError
