"""`/logout`: where a browser goes when its person signs out. Cognito's form of it, and OpenID Connect's.

    client_id, logout_uri                      Cognito: there, if it is a LogoutURL of the client
    client_id, redirect_uri, response_type     Cognito: to the sign-in page, for somebody else
    id_token_hint, post_logout_redirect_uri    OIDC: there, if it is a LogoutURL of the client that the hint is for
    client_id, post_logout_redirect_uri        OIDC: the same, after the person was asked
    none of these                              OIDC: nowhere, after the person was asked

Nobody is ever sent to an address that the client has not registered, and none is gone to when anything is wrong.

Source: Cognito developer guide, "The managed login logout endpoint"; OpenID Connect RP-Initiated Logout 1.0 §2, §3.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolhouse.core.authorize_request import CannotRedirect, redirect_address, render_query
from poolhouse.core.snapshots import AppSnapshot, PoolSnapshot
from poolhouse.http import Request
from poolhouse.oauth.authorize import (
    find_app_of_domain,
    find_pool_of_domain,
    query_and_form,
    read_parameters,
)
from poolhouse.operation import Parts
from poolhouse.userpools.id_token_hints import Hint, read_hint

LOGIN_PARAMETERS = ("response_type", "redirect_uri")


@dataclass(frozen=True, slots=True)
class Departure:
    """What is asked of the sign-out."""

    pool: PoolSnapshot
    app: AppSnapshot | None
    """The client that asks; None where nobody says which."""
    target: str | None
    """Where the browser goes then: an absolute address, or one below the domain's. None: a page says it is done."""
    sub: str | None
    """Whom the application means, by its hint."""
    needs_asking: bool
    """Whether anybody could have made the browser ask: then the person has to confirm it, if they are signed in. Also
    where `sub` is somebody else than they are."""

    def must_ask(self, sub: str) -> bool:
        """Whether the person of the session, `sub`, has to confirm that they sign out."""
        return self.needs_asking or (self.sub is not None and self.sub != sub)


async def read_logout(parts: Parts, request: Request, domain: str) -> Departure:
    """What a request to sign out asks for, by GET or by POST.

    Raises:
        CannotRedirect: no such client at this domain, an address that is not registered, or a hint that is none.
    """
    parameters, repeated = read_parameters(query_and_form(request))
    if repeated:
        raise CannotRedirect("invalid_request", "a parameter is there twice")
    if "logout_uri" in parameters:
        return await _to_logout_uri(parts, parameters, domain)
    if "client_id" in parameters and all(name in parameters for name in LOGIN_PARAMETERS):
        return await _to_login(parts, parameters, domain)
    return await _by_openid(parts, parameters, domain)


async def _to_logout_uri(parts: Parts, parameters: Mapping[str, str], domain: str) -> Departure:
    app = await find_app_of_domain(parts, parameters.get("client_id"), domain)
    target = parameters["logout_uri"]
    _refuse_unregistered(app, target)
    return Departure(app.pool, app, target, None, needs_asking=False)


async def _to_login(parts: Parts, parameters: Mapping[str, str], domain: str) -> Departure:
    app = await find_app_of_domain(parts, parameters["client_id"], domain)
    if parameters["redirect_uri"] not in app.client.settings.get("CallbackURLs", ()):
        raise CannotRedirect("redirect_mismatch", "redirect_uri is not registered", client_id=app.client.id)
    return Departure(app.pool, app, f"/login?{render_query(parameters.items())}", None, needs_asking=False)


async def _by_openid(parts: Parts, parameters: Mapping[str, str], domain: str) -> Departure:
    pool = await find_pool_of_domain(parts, domain)
    hint = _hint(parts, pool, parameters)
    client_id = parameters.get("client_id", hint.client_id if hint is not None else None)
    if hint is not None and hint.client_id != client_id:
        raise CannotRedirect("invalid_request", "the hint is another client's")
    app = None if client_id is None else await find_app_of_domain(parts, client_id, domain)
    target = parameters.get("post_logout_redirect_uri")
    if target is not None:
        if app is None:
            raise CannotRedirect("invalid_request", "neither a hint nor a client for the address")
        _refuse_unregistered(app, target)
        state = {"state": parameters["state"]} if "state" in parameters else {}
        target = redirect_address(target, state, in_fragment=False) if state else target
    return Departure(pool, app, target, None if hint is None else hint.sub, needs_asking=hint is None)


def _hint(parts: Parts, pool: PoolSnapshot, parameters: Mapping[str, str]) -> Hint | None:
    text = parameters.get("id_token_hint")
    if text is None:
        return None
    hint = read_hint(parts, pool, text)
    if hint is None:
        raise CannotRedirect("invalid_request", "id_token_hint is no ID token of this pool")
    return hint


def _refuse_unregistered(app: AppSnapshot, target: str) -> None:
    if target not in app.client.settings.get("LogoutURLs", ()):
        raise CannotRedirect(
            "redirect_mismatch", "the address to go to is not registered", client_id=app.client.id
        )
