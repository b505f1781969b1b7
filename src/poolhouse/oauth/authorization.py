"""`/oauth2/authorize` (RFC 6749 §3.1): where a browser goes next.

a session that serves the request ──────────▶ back to the application, with a code or tokens
prompt=none ────────────────────────────────▶ back to the application: login_required
identity_provider, idp_identifier ──────────▶ to that provider
else ───────────────────────────────────────▶ to the sign-in page, with the whole request
"""

from __future__ import annotations

from dataclasses import replace

from poolhouse.cookies import cookie_of, session_cookie_name
from poolhouse.core.authorize_request import AuthorizeError, AuthorizeRequest
from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.clients import THIS_POOL
from poolhouse.core.errors import ConsentRequired, LoginRequired
from poolhouse.core.federation import FederationFailed
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import redirect
from poolhouse.oauth.authorize import read_authorize_request, refuse_unvouched, told
from poolhouse.oauth.calls import call_of
from poolhouse.oauth.providers import refusal, send_to_provider
from poolhouse.operation import Call, Parts
from poolhouse.userpools.authorization_codes import finish_authorization
from poolhouse.userpools.browser_sessions import find_browser_session
from poolhouse.userpools.consents import needs_consent
from poolhouse.userpools.federation.begin import find_by_identifier
from poolhouse.userpools.id_token_hints import read_hint
from poolhouse.userpools.step_up import still_serves

OPERATION = ("operation", "authorize")


async def authorize(parts: Parts, request: Request, domain: str) -> Response:
    """Send the browser on: back to the application, where its session allows that; to the provider that is named; or
    to the sign-in page."""
    answer = await told(request, _next(parts, request, domain))
    answer.labels += (OPERATION,)
    return answer


async def _next(parts: Parts, request: Request, domain: str) -> Response:
    app, asked = await read_authorize_request(parts, request, domain)
    call = call_of(parts, request, app, "Authorize")
    session = await find_browser_session(call, app, cookie_of(request, session_cookie_name(request)))
    try:
        return await _way(call, request, domain, app, asked, session)
    except AuthorizeError as refused:
        if session is None:
            refuse_unvouched(app, refused.detail)
        raise


async def _way(
    call: Call,
    request: Request,
    domain: str,
    app: AppSnapshot,
    asked: AuthorizeRequest,
    session: BrowserSession | None,
) -> Response:
    issuer = call.parts.issuer_of(app.pool)
    if asked.idp_identifier is not None and asked.identity_provider is None:
        asked = replace(asked, identity_provider=await _identified(call, app, asked, asked.idp_identifier))
    if session is not None and await _serves(call, app, asked, session):
        if await needs_consent(call, app, asked, session):
            if "none" in asked.prompt:
                raise asked.refusal(issuer, ConsentRequired())
            return redirect(f"{request.base}/consent?{asked.query}")
        return redirect(await finish_authorization(call, app, asked, session))
    if "none" in asked.prompt:
        raise asked.refusal(issuer, LoginRequired())
    if asked.identity_provider not in (None, THIS_POOL):
        return await send_to_provider(call.parts, request, domain, app, asked, str(asked.identity_provider))
    return redirect(f"{request.base}/login?{asked.query}")


async def _identified(call: Call, app: AppSnapshot, asked: AuthorizeRequest, identifier: str) -> str:
    """The name of the provider with this identifier. Raises AuthorizeError."""
    try:
        return await find_by_identifier(call, app, identifier)
    except FederationFailed as failed:
        raise refusal(call.parts, app, asked, failed) from failed


async def _serves(call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession) -> bool:
    """Whether nothing has to be asked. Who is meant by a hint must be who is signed in (OIDC Core §3.1.2.1)."""
    if asked.id_token_hint is not None:
        hint = read_hint(call.parts, app.pool, asked.id_token_hint)
        if hint is None or hint.sub != session.sub:
            return False
    return await still_serves(call, app, asked, session)
