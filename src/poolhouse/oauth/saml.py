"""`/saml2/idpresponse` and `/saml2/logout`: what SAML providers make a browser bring.

    POST idpresponse   an answer to our request: checked, kept; 303 to the same address, for the browser's cookie
    GET  idpresponse   the browser that began: signed in, and back to the application
    POST idpresponse   an answer that nobody asked for, with what the application would have asked in its RelayState
    POST logout        an answer to our request to sign out, or a request of the provider's

Where nobody knows which application waits, a page says that something is wrong, and no address of the message is
gone to.

Source: Amazon Cognito developer guide, "Using SAML session initiation", "SAML sign-out flow"; SAML Bindings §3.5.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qsl, quote

from poolhouse.cookies import cookie_name, drop_cookie
from poolhouse.core.authorize_request import CannotRedirect
from poolhouse.core.errors import TooManyRequestsException
from poolhouse.core.federation import FederationFailed
from poolhouse.core.sessions import ticket_of_session
from poolhouse.http import FORM, Request, Response
from poolhouse.oauth.answers import redirect
from poolhouse.oauth.authorize import find_pool_of_domain, read_authorize_request, read_parameters, told
from poolhouse.oauth.calls import call_of, call_of_nobody, call_of_pool
from poolhouse.oauth.forms import MAX_PARAMETERS
from poolhouse.oauth.idp_response import (
    NOT_OURS,
    SEE_OTHER,
    asked_before,
    browser_secret,
    find_begun,
    send_back,
)
from poolhouse.oauth.providers import refusal
from poolhouse.operation import Parts
from poolhouse.userpools.federation import saml_arrival, sign_out
from poolhouse.userpools.federation.begin import browser_cookie
from poolhouse.userpools.federation.in_vain import tell_in_vain

PATH = "/saml2/idpresponse"
OPERATION, LOGOUT = "SamlResponse", "SamlLogout"
BUSY = "Too many requests"
MAX_UNASKED = 2_048
"""Characters of a RelayState that stands for an application's request."""


async def saml_answer(parts: Parts, request: Request, domain: str) -> Response:
    """`/saml2/idpresponse`."""
    step = _posted if request.method == "POST" else _back
    return await told(request, step(parts, request, domain), SEE_OTHER)


async def saml_logout(parts: Parts, request: Request, domain: str) -> Response:
    """`/saml2/logout`."""
    return await told(request, _logout(parts, request, domain), SEE_OTHER)


async def _posted(parts: Parts, request: Request, domain: str) -> Response:
    form = _form(request)
    state, text = form.get("RelayState", ""), form.get("SAMLResponse", "")
    if ticket_of_session(state) is None:
        return await _unasked(parts, request, domain, state, text)
    begun, provider = await find_begun(parts, request, domain, state)
    app, asked = await asked_before(parts, request, domain, begun.query)
    call = call_of(parts, request, app, OPERATION)
    try:
        ticket = await saml_arrival.receive(call, begun, provider, state, text)
    except FederationFailed as failed:
        await tell_in_vain(call, app, provider.name)
        raise refusal(parts, app, asked, failed) from failed
    except TooManyRequestsException as busy:
        raise refusal(parts, app, asked, FederationFailed(BUSY)) from busy
    return redirect(f"{request.base}{PATH}?ticket={quote(ticket, safe='')}", SEE_OTHER)


async def _back(parts: Parts, request: Request, domain: str) -> Response:
    ticket = read_parameters(request.query)[0].get("ticket", "")
    try:
        begun = await saml_arrival.open_arrived(call_of_nobody(parts, request, OPERATION), ticket)
    except FederationFailed as failed:
        raise CannotRedirect("invalid_request", failed.detail) from failed
    if not begun.is_of(browser_secret(request, begun)):
        raise CannotRedirect("invalid_request", NOT_OURS)
    app, asked = await asked_before(parts, request, domain, begun.query)
    call = call_of(parts, request, app, OPERATION)
    try:
        provider, identity = await saml_arrival.take(call, begun)
    except FederationFailed as failed:
        raise refusal(parts, app, asked, failed) from failed
    answer = await send_back(parts, request, app, asked, provider, identity)
    drop_cookie(answer, request, cookie_name(request, browser_cookie(begun.session)))
    return answer


async def _unasked(parts: Parts, request: Request, domain: str, state: str, text: str) -> Response:
    """The provider begins. Its RelayState is read as the request of an application, with every check of one."""
    if not state or len(state) > MAX_UNASKED:
        raise CannotRedirect("invalid_request", "a RelayState that is nothing of ours")
    asking = replace(request, method="GET", query=quote(state, safe="=&%+"), body=b"")
    app, asked = await read_authorize_request(parts, asking, domain)
    call = call_of(parts, request, app, OPERATION)
    try:
        if asked.identity_provider is None:
            raise FederationFailed(saml_arrival.UNKNOWN, detail="RelayState names no provider")
        provider, identity = await saml_arrival.receive_unasked(call, app, asked.identity_provider, text)
    except FederationFailed as failed:
        raise refusal(parts, app, asked, failed) from failed
    except TooManyRequestsException as busy:
        raise refusal(parts, app, asked, FederationFailed(BUSY)) from busy
    return await send_back(parts, request, app, asked, provider, identity)


async def _logout(parts: Parts, request: Request, domain: str) -> Response:
    form = _form(request)
    state = form.get("RelayState")
    try:
        if "SAMLRequest" in form:
            pool = await find_pool_of_domain(parts, domain)
            call = call_of_pool(parts, request, pool, LOGOUT)
            address = await sign_out.sign_out_by_provider(call, pool, form["SAMLRequest"], state)
            return redirect(address or f"{request.base}/logout", SEE_OTHER)
        call = call_of_nobody(parts, request, LOGOUT)
        departed = await sign_out.signed_out_there(call, form.get("SAMLResponse", ""), state or "")
    except FederationFailed as failed:
        raise CannotRedirect("invalid_request", failed.detail) from failed
    except TooManyRequestsException as busy:
        raise CannotRedirect("invalid_request", BUSY) from busy
    if not departed.app.pool.has_domain(domain):
        raise CannotRedirect("invalid_request", "of another pool")
    target = departed.target or "/logout"
    return redirect(request.base + target if target.startswith("/") else target, SEE_OTHER)


def _form(request: Request) -> dict[str, str]:
    """The fields of a posted form; a message may be broken into lines.

    Raises:
        CannotRedirect: no form, or a field that is there twice.
    """
    if request.media_type != FORM:
        raise CannotRedirect("invalid_request", "no form")
    try:
        text = request.body.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise CannotRedirect("invalid_request", "the form can't be read") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise CannotRedirect("invalid_request", "a field is there twice")
    return form
