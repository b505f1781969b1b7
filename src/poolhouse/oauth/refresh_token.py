"""The refresh_token grant (RFC 6749 §6): a sign-in goes on, of the pages or of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.core.errors import CognitoError, InvalidGrant, InvalidRequest
from poolhouse.core.scopes import parse_scope
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request
from poolhouse.oauth.authorization_code import app_of, token_members
from poolhouse.oauth.calls import call_of
from poolhouse.oauth.grants import Grant
from poolhouse.operation import Parts
from poolhouse.userpools.refresh import continue_sign_in
from poolhouse.userpools.triggers.token_generation import is_of_function


async def authorize(
    parts: Parts, request: Request, client: ClientSnapshot, form: Mapping[str, str]
) -> Mapping[str, Any]:
    """New tokens; a refresh token only where the client rotates them.

    Raises:
        InvalidRequest: no refresh token.
        InvalidScope: more than the sign-in has.
        InvalidGrant: the token is none of this client's, was used or has ended; the person is disabled; or the pool's
            function refuses, whose words the answer has.
    """
    if "refresh_token" not in form:
        raise InvalidRequest(detail="no refresh_token")
    scopes = parse_scope(form["scope"]) if "scope" in form else ()
    app = await app_of(parts, client)
    call = call_of(parts, request, app, "RefreshTokenGrant")
    try:
        result = await continue_sign_in(call, app, form["refresh_token"], scopes=scopes)
    except CognitoError as refused:
        if is_of_function(refused):
            raise InvalidGrant(refused.message) from refused
        raise InvalidGrant(detail=f"{refused.message} {refused.detail}".strip()) from refused
    return token_members(result)


REFRESH_TOKEN = Grant(name="refresh_token", flow=None, authorize=authorize)
