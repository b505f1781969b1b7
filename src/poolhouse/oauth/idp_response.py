"""`/oauth2/idpresponse`: where OpenID Connect and social providers send browsers back to.

What is the same for SAML's answers is here too: `find_begun`, `asked_before`, `send_back`.
"""

from __future__ import annotations

from dataclasses import replace

from poolhouse.cookies import cookie_name, cookie_of, drop_cookie, session_cookie_name, set_cookie
from poolhouse.core.authorize_request import AuthorizeRequest, CannotRedirect, render_query
from poolhouse.core.errors import OAuthError, TooManyRequestsException
from poolhouse.core.federation import FederationFailed, Identity
from poolhouse.core.identity_providers import IdentityProvider, ProviderType
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import FORM, Request, Response
from poolhouse.oauth import authorize
from poolhouse.oauth.answers import redirect
from poolhouse.oauth.calls import call_of, call_of_nobody
from poolhouse.oauth.forms import parse_form
from poolhouse.oauth.providers import refusal
from poolhouse.operation import Call, Parts
from poolhouse.userpools.authorization_codes import finish_authorization
from poolhouse.userpools.consents import needs_consent
from poolhouse.userpools.federation.arrive import arrive
from poolhouse.userpools.federation.begin import (
    RETURN,
    Begun,
    address_of_domain,
    browser_cookie,
    open_state,
    use_up,
)
from poolhouse.userpools.federation.in_vain import tell_in_vain
from poolhouse.userpools.federation.oidc import read_answer

SEE_OTHER = 303
OPERATION = ("operation", "idpresponse")
NOT_OURS = "not a sign-in of this browser"


async def idp_response(parts: Parts, request: Request, domain: str) -> Response:
    """An answer of a provider: proved, then the browser goes back to the application that asked.

    Where nothing says which application that is, the person is shown an error.
    """
    # Apple posts. The cookie that says who was sent does not come with another site's post, but does with the
    # redirect that follows it.
    step = _as_get(request) if request.method == "POST" else _receive(parts, request, domain)
    answer = await authorize.told(request, step)
    answer.labels += (OPERATION,)
    return answer


async def find_begun(
    parts: Parts, request: Request, domain: str, state: str | None
) -> tuple[Begun, IdentityProvider]:
    """The sign-in that a provider's answer belongs to. It is of this domain's pool; whether of this browser, `is_of`
    says.

    Raises:
        CannotRedirect: there is none.
    """
    try:
        begun, provider = await open_state(call_of_nobody(parts, request, "IdpResponse"), state or "")
    except FederationFailed as failed:
        raise CannotRedirect("invalid_request", failed.detail) from failed
    if not begun.app.pool.has_domain(domain):
        raise CannotRedirect("invalid_request", "a state of another pool")
    return begun, provider


def browser_secret(request: Request, begun: Begun) -> str | None:
    return cookie_of(request, cookie_name(request, browser_cookie(begun.session)))


async def asked_before(
    parts: Parts, request: Request, domain: str, query: str
) -> tuple[AppSnapshot, AuthorizeRequest]:
    """What an application asked when the sign-in began, read again: it may have been changed meanwhile.

    Raises:
        CannotRedirect, AuthorizeError
    """
    again = replace(request, method="GET", query=query, body=b"")
    return await authorize.read_authorize_request(parts, again, domain)


async def send_back(
    parts: Parts,
    request: Request,
    app: AppSnapshot,
    asked: AuthorizeRequest,
    provider: IdentityProvider,
    identity: Identity,
) -> Response:
    """Sign in who the provider vouches for, and send the browser on.

    Raises:
        AuthorizeError: what the application hears instead.
    """
    call = call_of(parts, request, app, "IdpResponse")
    identity = replace(identity, details={**identity.details, "request": asked.digest})
    try:
        session, cookie = await arrive(call, app, provider, identity)
    except FederationFailed as failed:
        await tell_in_vain(call, app, provider.name)
        raise refusal(parts, app, asked, failed) from failed
    if await needs_consent(call, app, asked, session):
        answer = redirect(f"{request.base}/consent?{asked.query}", SEE_OTHER)
    else:
        answer = redirect(await finish_authorization(call, app, asked, session), SEE_OTHER)
    set_cookie(answer, request, session_cookie_name(request), cookie)
    return answer


async def _receive(parts: Parts, request: Request, domain: str) -> Response:
    parameters, repeated = authorize.read_parameters(request.query)
    if repeated:
        raise CannotRedirect("invalid_request", "a parameter is there twice")
    state = parameters.get("state", "")
    begun, provider = await find_begun(parts, request, domain, state)
    # Before anything is used up or told: whoever got hold of a state alone can do nothing with it.
    if not begun.is_of(browser_secret(request, begun)):
        raise CannotRedirect("invalid_request", NOT_OURS)
    if provider.type is ProviderType.SAML:
        raise CannotRedirect("invalid_request", "the provider answers elsewhere")
    app, asked = await asked_before(parts, request, domain, begun.query)
    call: Call = call_of(parts, request, app, "IdpResponse")
    try:
        await use_up(call, begun)
    except FederationFailed as failed:
        raise CannotRedirect("invalid_request", failed.detail) from failed
    try:
        redirect_uri = address_of_domain(call, app, domain) + RETURN
        identity = await read_answer(call, provider, begun, parameters, redirect_uri)
    except FederationFailed as failed:
        await tell_in_vain(call, app, provider.name)
        raise refusal(parts, app, asked, failed) from failed
    except TooManyRequestsException as busy:
        raise refusal(parts, app, asked, FederationFailed("Too many requests")) from busy
    answer = await send_back(parts, request, app, asked, provider, identity)
    drop_cookie(answer, request, cookie_name(request, browser_cookie(begun.session)))
    return answer


async def _as_get(request: Request) -> Response:
    """Raises CannotRedirect: it is no form."""
    if request.media_type != FORM:
        raise CannotRedirect("invalid_request", "a post that is no form")
    try:
        form = parse_form(request)
    except OAuthError as wrong:
        raise CannotRedirect("invalid_request", wrong.detail) from wrong
    return redirect(f"{request.base}{RETURN}?{render_query(form.items())}", SEE_OTHER)
