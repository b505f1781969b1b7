"""`POST /oauth2/revoke` (RFC 7009): a client ends a sign-in of which it has the refresh token."""

from __future__ import annotations

from poolhouse.core.errors import (
    InvalidClient,
    InvalidRequest,
    OAuthError,
    UnauthorizedClient,
    UnauthorizedException,
    UnsupportedOperationException,
    UnsupportedTokenType,
    UnsupportedTokenTypeException,
)
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import NOT_KEPT, error_answer
from poolhouse.oauth.authorization_code import app_of
from poolhouse.oauth.calls import call_of
from poolhouse.oauth.client_authentication import authenticate_client
from poolhouse.oauth.forms import parse_form
from poolhouse.operation import Parts
from poolhouse.userpools.sign_out import end_sign_in


async def revoke(parts: Parts, request: Request, domain: str) -> Response:
    """End the sign-in; nothing to end is no error (§2.2).

    Raises:
        OAuthError
    """
    form = parse_form(request)
    client = await authenticate_client(parts, request, form, domain)
    token = form.get("token")
    if token is None:
        raise InvalidRequest(detail="no token")
    app = await app_of(parts, client)
    try:
        await end_sign_in(call_of(parts, request, app, "RevokeToken"), app, token)
    except UnsupportedOperationException as off:
        raise InvalidRequest(detail=off.message) from off
    except UnsupportedTokenTypeException as other:
        raise UnsupportedTokenType(detail="an access or ID token") from other
    except UnauthorizedException as theirs:
        raise UnauthorizedClient(detail=theirs.message) from theirs
    headers = [header for header in NOT_KEPT if header[0] != b"content-type"]
    return Response(200, b"", headers, labels=(("operation", "revoke"), ("pool_id", client.pool.id)))


def revocation_refused(error: OAuthError) -> Response:
    """Unlike the token endpoint's, Cognito's page has 401 for a client that is not itself."""
    answer = error_answer(error)
    if isinstance(error, InvalidClient):
        answer.status = 401
        answer.headers.append((b"www-authenticate", b'Basic realm="oauth2/revoke"'))
    return answer
