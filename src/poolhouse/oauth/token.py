"""`POST /oauth2/token` (RFC 6749 §3.2)."""

from __future__ import annotations

from poolhouse.core.errors import (
    InvalidRequest,
    SlowDown,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import json_answer
from poolhouse.oauth.client_authentication import authenticate_client
from poolhouse.oauth.client_credentials import CLIENT_CREDENTIALS
from poolhouse.oauth.forms import parse_form
from poolhouse.operation import Parts

GRANTS = {grant.name: grant for grant in (CLIENT_CREDENTIALS,)}


async def token(parts: Parts, request: Request, domain: str) -> Response:
    """Issue a token to an authenticated client.

    Raises:
        OAuthError: any error of RFC 6749 §5.2.
    """
    form = parse_form(request)
    client = await authenticate_client(parts, request, form, domain)
    if not parts.limits.allows_token(client.id, client.pool.id):
        raise SlowDown(detail="token rate of the client")
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise InvalidRequest(detail="no grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise UnsupportedGrantType(detail="grant_type")
    if grant.flow not in client.oauth_flows:
        raise UnauthorizedClient(detail="the client has not this flow")
    issued = await grant.authorize(parts, client, form)
    answer = json_answer(
        {"access_token": issued.access_token, "expires_in": issued.expires_in, "token_type": "Bearer"}
    )
    answer.labels = (("operation", "token"), ("pool_id", client.pool.id))
    return answer
