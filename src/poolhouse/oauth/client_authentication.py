"""Who the client of a request is (RFC 6749 §2.3): Basic, or the form, never both; its bare name, where it has no secret."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from poolhouse.core.errors import InvalidClient, InvalidRequest
from poolhouse.core.secret import Secret
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request
from poolhouse.oauth.forms import parse_basic
from poolhouse.operation import Parts
from poolhouse.store.cache import ABSENT

CLIENT_ID = re.compile(r"[\w+]{1,128}", re.ASCII)
"""The model's `ClientIdType`. What is of no client's form is not looked up, nor remembered as unknown."""
NOBODY = (Secret(secrets.token_urlsafe(48)),)
"""What is presented for a client without a secret is compared with this one, so that its answer takes as long.
To match it gives nothing: it is random, and it is asked besides whether the client has a secret at all."""
NO_SECRET = ("",)


async def authenticate_client(
    parts: Parts, request: Request, form: Mapping[str, str], domain: str
) -> ClientSnapshot:
    """The client that proved to be itself, or the public one that is named.

    Raises:
        InvalidRequest: a secret in both places, two different ids, or none at all.
        InvalidClient: unknown, of another pool, or not with a secret of its own, which of a client without one is
            none. The caller can't tell which.
    """
    authorization = request.header(b"authorization")
    client_id = form.get("client_id")
    candidates: tuple[str, ...]
    if authorization is not None:
        if request.count(b"authorization") > 1 or "client_secret" in form:
            raise InvalidRequest(detail="two client authentications")  # RFC 6749 §2.3
        basic = parse_basic(authorization)
        if client_id is not None and client_id != basic.client_id:
            raise InvalidRequest(detail="two different client ids")
        client_id = basic.client_id
        candidates = tuple({basic.client_secret, basic.raw_secret})  # nearly always one and the same
    elif client_id is None:
        raise InvalidRequest(detail="no client_id")
    else:
        candidates = (form["client_secret"],) if "client_secret" in form else NO_SECRET
    if CLIENT_ID.fullmatch(client_id):
        request.actor = client_id
    client = await _find(parts, client_id)
    is_known = client is not None and client.pool.has_domain(domain)
    own = client.secrets if client is not None and is_known else ()
    is_right = any([secret.matches(text) for secret in own or NOBODY for text in candidates])
    is_public = is_known and not own and candidates == NO_SECRET
    if client is None or not (is_public or (own and is_right)):
        raise InvalidClient(detail=_reason(client, is_known))
    return client


async def _find(parts: Parts, client_id: str) -> ClientSnapshot | None:
    if not CLIENT_ID.fullmatch(client_id):
        return None
    client = parts.cache.peek("client", client_id)
    if client is ABSENT:
        client = await parts.cache.get("client", client_id)
    return client if isinstance(client, ClientSnapshot) else None


def _reason(client: ClientSnapshot | None, is_known: bool) -> str:
    """For the log."""
    if client is None:
        return "unknown client"
    if not is_known:
        return "client of another pool"
    return "wrong secret" if client.secrets else "a secret for a client without one"
