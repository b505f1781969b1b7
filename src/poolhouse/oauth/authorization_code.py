"""The authorization_code grant (RFC 6749 §4.1.3): a browser brought the client a code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.core.errors import InvalidGrant, InvalidRequest
from poolhouse.core.snapshots import AppSnapshot, ClientSnapshot
from poolhouse.http import Request
from poolhouse.oauth.calls import call_of
from poolhouse.oauth.client_credentials import client_metadata
from poolhouse.oauth.grants import Grant
from poolhouse.operation import Parts
from poolhouse.shapes.cognito_idp import AuthenticationResultType
from poolhouse.userpools.authorization_codes import redeem


async def authorize(
    parts: Parts, request: Request, client: ClientSnapshot, form: Mapping[str, str]
) -> Mapping[str, Any]:
    """The tokens of the code.

    Raises:
        InvalidRequest: no code or no redirect_uri.
        InvalidGrant, UnauthorizedClient: as `redeem`.
    """
    client_metadata(form.get("aws_client_metadata"))  # taken, and passed on to nobody, as in Cognito
    for name in ("code", "redirect_uri"):
        if name not in form:
            raise InvalidRequest(detail=f"no {name}")
    app = await app_of(parts, client)
    result = await redeem(
        call_of(parts, request, app, "AuthorizationCodeGrant"),
        app,
        form["code"],
        redirect_uri=form["redirect_uri"],
        verifier=form.get("code_verifier"),
    )
    return token_members(result)


async def app_of(parts: Parts, client: ClientSnapshot) -> AppSnapshot:
    """The client with its pool, whole.

    Raises:
        InvalidGrant: it was deleted this moment.
    """
    app: AppSnapshot | None = await parts.cache.get("app", client.id)
    if app is None:
        raise InvalidGrant(detail="the client was deleted")
    return app


MEMBERS = {
    "id_token": "IdToken",
    "access_token": "AccessToken",
    "refresh_token": "RefreshToken",
    "expires_in": "ExpiresIn",
    "token_type": "TokenType",
}


def token_members(result: AuthenticationResultType) -> dict[str, Any]:
    """Tokens as the endpoint answers them (RFC 6749 §5.1)."""
    given: Mapping[str, Any] = result
    return {name: given[member] for name, member in MEMBERS.items() if member in given}


AUTHORIZATION_CODE = Grant(name="authorization_code", flow="code", authorize=authorize)
