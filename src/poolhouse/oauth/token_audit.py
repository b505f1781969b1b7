"""`POST /oauth2/token` where the audit tells of every token: no answer goes out before its record is committed."""

from __future__ import annotations

import orjson

from poolhouse.core.errors import InvalidClient, OAuthError, SlowDown
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.calls import call_of_pool
from poolhouse.oauth.forms import parse_form
from poolhouse.oauth.token import token
from poolhouse.operation import Parts
from poolhouse.userpools.token_audit import OPERATIONS, tell_given, tell_refused


async def token_and_tell(parts: Parts, request: Request, domain: str) -> Response:
    """As `token`. What is malformed, or of a client that nobody knows, is not told of.

    Raises:
        OAuthError: any error of RFC 6749 §5.2.
        StoreUnavailable: the record could not be written; nothing is given.
    """
    form = parse_form(request)
    grant_type, records = form.get("grant_type", ""), parts.token_records
    if records is None or grant_type not in OPERATIONS:
        return await token(parts, request, domain)
    try:
        answer = await token(parts, request, domain)
    except SlowDown:
        raise
    except OAuthError as refused:
        client = await _client(parts, request)
        if client is not None:
            call = call_of_pool(parts, request, client.pool, OPERATIONS[grant_type])
            shown = form.get("refresh_token")
            await tell_refused(records, call, client, grant_type, refused, refused.error, shown)
        raise
    document = orjson.loads(answer.body)
    # One that rotates gives a refresh token, and its transaction has told of it.
    if "refresh_token" not in document:
        client = await _client(parts, request)
        if client is None:
            raise InvalidClient(detail="deleted meanwhile")
        call = call_of_pool(parts, request, client.pool, OPERATIONS[grant_type])
        await tell_given(records, call, client, grant_type, document["access_token"])
    return answer


async def _client(parts: Parts, request: Request) -> ClientSnapshot | None:
    """The one that the request named, by an id of the right form."""
    client = await parts.cache.get("client", request.actor) if request.actor else None
    return client if isinstance(client, ClientSnapshot) else None
