"""Browsers that are sent to an identity provider, and what applications hear where that fails."""

from __future__ import annotations

from poolhouse.cookies import cookie_name, set_cookie
from poolhouse.core.authorize_request import AuthorizeError, AuthorizeRequest
from poolhouse.core.errors import InvalidRequest, OAuthError
from poolhouse.core.federation import FederationFailed
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import redirect
from poolhouse.oauth.calls import call_of
from poolhouse.operation import Parts
from poolhouse.userpools.federation.begin import LASTS, begin_federation

MAX_DESCRIPTION = 500


async def send_to_provider(
    parts: Parts, request: Request, domain: str, app: AppSnapshot, asked: AuthorizeRequest, name: str
) -> Response:
    """Send the browser to a provider, with a cookie by which it is known when it comes back.

    Raises:
        AuthorizeError: the client has no such provider, or it can't be asked.
    """
    call = call_of(parts, request, app, "Federate")
    try:
        begun = await begin_federation(call, app, asked, name, domain)
    except FederationFailed as failed:
        raise refusal(parts, app, asked, failed) from failed
    answer = redirect(begun.address)
    cookie = cookie_name(request, begun.cookie)
    set_cookie(answer, request, cookie, begun.browser_secret.reveal(), int(LASTS.total_seconds()))
    return answer


def refusal(
    parts: Parts, app: AppSnapshot, asked: AuthorizeRequest, failed: FederationFailed
) -> AuthorizeError:
    """What the application hears of a fault of a provider. Source: Cognito developer guide, "Authorize endpoint"
    (always invalid_request); RFC 6749 §4.1.2.1 says which characters may be there."""
    said = "".join(char if " " <= char <= "~" and char not in '"\\' else "?" for char in failed.description)
    error: OAuthError = InvalidRequest(said[:MAX_DESCRIPTION], detail=failed.detail)
    return asked.refusal(parts.issuer_of(app.pool), error)
