"""Whether a person lets an application that registered itself have what it asks for.

Nobody vouches for such an application, so the person is asked, once for each scope (confused deputy: RFC 9700
§4.11; RFC 7591 §5). Clients that an administrator made are vouched for by that, and nobody is asked, as in Cognito.
"""

from __future__ import annotations

from poolhouse.core.authorize_request import AuthorizeRequest
from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.consents import Consent
from poolhouse.core.errors import ConsentRequired
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools.user_tokens import SIGNED_IN_STATES, admit, in_the_name_of

AGAIN = "consent"
"""The value of `prompt` that has a person asked though they agreed before (OIDC Core §3.1.2.1)."""


async def needs_consent(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession
) -> bool:
    """Whether the person has to be asked before the browser goes back to the application."""
    if app.client.registration is None:
        return False
    if AGAIN in asked.prompt:
        return True
    return not await call.store.look_up(lambda tx: _is_given(tx, app, session.sub, asked))


async def scope_descriptions(call: Call, app: AppSnapshot) -> dict[str, str]:
    """What the pool's resource servers say of their scopes."""

    def read(tx: Transaction) -> dict[str, str]:
        return {
            name: scope.description
            for server in tx.resource_servers.of(app.pool.id)
            for name, scope in zip(server.scope_names, server.scopes, strict=True)
        }

    return await call.store.read(read)


async def give_consent(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession
) -> None:
    """The person agrees to what is asked, for as long as they and the client are.

    Raises:
        CognitoError: they may not sign in any more, or the client is gone.
    """

    def give(tx: Transaction) -> None:
        admit(tx, app, session.sub, SIGNED_IN_STATES)
        tx.clients.require(app.pool.id, app.client.id)
        former = tx.consents.find(app.pool.id, session.sub, app.client.id)
        if former is None:
            scopes = frozenset(asked.scopes)
            tx.consents.add(Consent(app.pool.id, session.sub, app.client.id, scopes, call.now))
        else:
            tx.consents.replace(former.with_scopes(asked.scopes, call.now))

    await in_the_name_of(call, app, session.sub).write(give, pool_id=app.pool.id)


def require_consent(tx: Transaction, app: AppSnapshot, sub: str, asked: AuthorizeRequest) -> None:
    """Raises ConsentRequired: nothing is issued past the page that asks."""
    if app.client.registration is not None and not _is_given(tx, app, sub, asked):
        raise ConsentRequired(detail="the person has not agreed")


def _is_given(tx: Transaction, app: AppSnapshot, sub: str, asked: AuthorizeRequest) -> bool:
    given = tx.consents.find(app.pool.id, sub, app.client.id)
    return given is not None and given.covers(asked.scopes)
