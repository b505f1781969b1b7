"""`POST /oauth2/token` (RFC 6749 §3.2)."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.core.errors import (
    InvalidClient,
    InvalidRequest,
    SlowDown,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import json_answer
from poolhouse.oauth.authorization_code import AUTHORIZATION_CODE
from poolhouse.oauth.client_authentication import authenticate_client
from poolhouse.oauth.client_credentials import CLIENT_CREDENTIALS
from poolhouse.oauth.forms import parse_form
from poolhouse.oauth.refresh_token import REFRESH_TOKEN
from poolhouse.operation import Parts

GRANTS = {grant.name: grant for grant in (CLIENT_CREDENTIALS, AUTHORIZATION_CODE, REFRESH_TOKEN)}


async def token(parts: Parts, request: Request, domain: str) -> Response:
    """Issue a token to an authenticated client.

    Raises:
        OAuthError: any error of RFC 6749 §5.2.
    """
    form = parse_form(request)
    client = await authenticate_client(parts, request, form, domain)
    _refuse_rate(parts, client, form)
    grant_type = form.get("grant_type")
    if grant_type is None:
        raise InvalidRequest(detail="no grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise UnsupportedGrantType(detail="grant_type")
    if not client.secrets and not grant.is_for_public:
        raise InvalidClient(detail="client without a secret")
    if grant.flow is not None and grant.flow not in client.oauth_flows:
        raise UnauthorizedClient(detail="the client has not this flow")
    answer = json_answer(await grant.authorize(parts, request, client, form))
    answer.labels = (("operation", "token"), ("pool_id", client.pool.id))
    return answer


def _refuse_rate(parts: Parts, client: ClientSnapshot, form: Mapping[str, str]) -> None:
    """A client that proved to be itself has a rate of its own. Of one that did not, what it shows has: else anybody
    could use up what the client's people need."""
    if client.secrets:
        allowed = parts.limits.allows_token(client.id, client.pool.id)
    else:
        shown = form.get("refresh_token") or form.get("code") or ""
        allowed = parts.limits.allows_person(client.pool.id, shown[-128:])
    if not allowed:
        raise SlowDown(detail="token rate of the client")
