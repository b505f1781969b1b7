"""`/passkeys/add`: a passkey for who is signed in. The application sends them here, and has them back afterwards.

Source: Cognito developer guide, "Passkey sign-in" (managed login: `client_id` and `redirect_uri`).
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import replace
from typing import Any

import orjson

from poolhouse.core.authorize_request import AuthorizeRequest, CannotRedirect, render_query
from poolhouse.core.errors import (
    CognitoError,
    InvalidParameterException,
    LimitExceededException,
    NotAuthorizedException,
    WebAuthnChallengeNotFoundException,
    WebAuthnConfigurationMissingException,
    WebAuthnNotEnabledException,
)
from poolhouse.http import Response
from poolhouse.pages.flow import Flow
from poolhouse.pages.names import called
from poolhouse.pages.page import Visit, leave, render
from poolhouse.pages.starting import sign_in_at
from poolhouse.pages.texts import N_
from poolhouse.userpools.passkeys import complete_registration, start_registration
from poolhouse.userpools.visitors import Visitor, find_visitor

NOT_OFFERED = N_("Passkeys are not in use here.")
TOO_MANY = N_("You have as many passkeys as you may. Remove one first.")
TOOK_TOO_LONG = N_("That took too long, or was done in another window. Try again.")
THERE_ALREADY = N_("This passkey is registered already.")
FAILED = N_("The passkey was not accepted. Try again, or use another device.")


async def add_passkey(visit: Visit) -> Response:
    redirect_uri = visit.parameters.get("redirect_uri", "")
    if redirect_uri not in visit.app.client.settings.get("CallbackURLs", ()):
        raise CannotRedirect(
            "redirect_mismatch", "redirect_uri is not registered", client_id=visit.app.client.id
        )
    # What a form may lead to is told by what was asked.
    visit.known_request = AuthorizeRequest(
        visit.app.client.id, "code", redirect_uri, (), query=render_query(visit.parameters.items())
    )
    if elsewhere := _by_name(visit):
        return render(visit, "passkey_address.html", address=elsewhere)
    operation = "CompleteWebAuthnRegistration" if visit.is_post else "StartWebAuthnRegistration"
    call = replace(visit.call, operation=operation)
    visitor = await find_visitor(call, visit.app, visit.session_cookie)
    if visitor is None:
        return render(visit, "passkey_signed_out.html", 403, sign_in=sign_in_at(visit, redirect_uri))
    if visit.is_post:
        return await _add(visit, visitor, redirect_uri)
    return await _ask(visit, visitor, redirect_uri)


async def _ask(visit: Visit, visitor: Visitor, redirect_uri: str) -> Response:
    options = ""
    try:
        options = json.dumps(await start_registration(visitor.call, visitor), separators=(",", ":"))
    except CognitoError as error:
        reason = refusal_of(error)
        visit.flow = (visit.flow or Flow()).refusing(form=reason)
    return render(
        visit,
        "passkey_add.html",
        options=options,
        who=called(visitor.user),
        redirect_uri=redirect_uri,
    )


async def _add(visit: Visit, visitor: Visitor, redirect_uri: str) -> Response:
    try:
        await complete_registration(visitor.call, visitor, _credential(visit))
    except CognitoError as error:
        visit.keep((visit.flow or Flow()).refusing(form=refusal_of(error)))
        response = visit.to("/passkeys/add")
        response.reason = error.reason
        return response
    return leave(redirect_uri)


def refusal_of(error: CognitoError) -> str:
    match error:
        case WebAuthnNotEnabledException() | WebAuthnConfigurationMissingException():
            return NOT_OFFERED
        case LimitExceededException():
            return TOO_MANY
        case WebAuthnChallengeNotFoundException() | NotAuthorizedException():
            return TOOK_TOO_LONG
        case InvalidParameterException() if "already" in error.message:
            return THERE_ALREADY
        case _:
            return FAILED


def _credential(visit: Visit) -> Any:
    try:
        return orjson.loads(visit.form.get("credential", ""))
    except ValueError:
        raise InvalidParameterException("The credential is no JSON.") from None


def _by_name(visit: Visit) -> str | None:
    """Where this page is found under this machine's name, for who came by its number: browsers make no passkey for
    a number (WebAuthn L3 §5.1.2)."""
    host = visit.request.header(b"host") or ""
    name, colon, port = host.rpartition(":") if not host.endswith("]") else (host, "", "")
    if not colon:
        name = host
    try:
        is_loopback = ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return None
    if not is_loopback:
        return None
    here = f"localhost:{port}" if colon else "localhost"
    return f"{visit.request.scheme}://{here}{visit.address('/passkeys/add')}"
