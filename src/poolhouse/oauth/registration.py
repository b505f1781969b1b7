"""`POST /oauth2/register` (RFC 7591 §3)."""

from __future__ import annotations

from typing import Any

import orjson

from poolhouse.core.domains import Domain
from poolhouse.core.errors import InsufficientScope, InvalidClientMetadata, InvalidRequest, InvalidToken
from poolhouse.core.scopes import DCR_SCOPE
from poolhouse.core.snapshots import PoolSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import error_answer, json_answer
from poolhouse.oauth.calls import call_of_pool
from poolhouse.operation import Parts
from poolhouse.userpools.registration import register_client

OPERATION = "RegisterClient"
CREATED, UNAUTHORIZED, FORBIDDEN, NOT_FOUND = 201, 401, 403, 404
JSON = "application/json"
MAX_BODY = 64 * 1_024
"""Bytes."""


async def register(parts: Parts, request: Request, domain: str) -> Response:
    """Register a client at the domain's pool. Where it lets none be registered, there is nothing at this address.

    Raises:
        InvalidClientMetadata, InvalidRedirectUri: RFC 7591 §3.2.2.
        InvalidRequest: two ways to say who asks.
        SlowDown: too many from one address.
    """
    found = await parts.cache.get("domain", domain)
    pool = await parts.cache.get("pool", found.pool_id) if isinstance(found, Domain) else None
    if not isinstance(pool, PoolSnapshot) or not pool.registers_clients:
        return json_answer({"error": "not_found"}, NOT_FOUND)
    call = call_of_pool(parts, request, pool, OPERATION)
    try:
        answer = json_answer(
            await register_client(call, pool.id, _document(request), _bearer(request)), CREATED
        )
    except (InvalidToken, InsufficientScope) as refused:
        answer = error_answer(refused)
        answer.status = UNAUTHORIZED if isinstance(refused, InvalidToken) else FORBIDDEN
        answer.headers.append(
            (b"www-authenticate", _challenge(refused, had_token=_bearer(request) is not None))
        )
    answer.labels += (("operation", OPERATION), ("pool_id", pool.id))
    return answer


def _document(request: Request) -> Any:
    if request.media_type != JSON:
        raise InvalidClientMetadata("The content type must be application/json.")
    if len(request.body) > MAX_BODY:
        raise InvalidClientMetadata(f"The metadata can have {MAX_BODY} bytes at most.")
    try:
        return orjson.loads(request.body)
    except orjson.JSONDecodeError:
        raise InvalidClientMetadata("The metadata must be a JSON object.") from None


def _bearer(request: Request) -> str | None:
    authorization = request.header(b"authorization")
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(" ")
    if request.count(b"authorization") > 1 or scheme.lower() != "bearer" or not token.strip():
        raise InvalidRequest(detail="not one bearer token")
    return token.strip()


def _challenge(refused: InvalidToken | InsufficientScope, *, had_token: bool) -> bytes:
    """RFC 6750 §3: a request that showed nothing is not told of an error."""
    error = f'error="{refused.error}", ' if had_token else ""
    return f'Bearer {error}scope="{DCR_SCOPE}"'.encode()
