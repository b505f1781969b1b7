"""Who the client of a token request is (RFC 6749 §2.3): Basic, or the form, never both."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.core.errors import InvalidClient, InvalidRequest
from poolhouse.core.secret import Secret
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request
from poolhouse.oauth.forms import parse_basic
from poolhouse.operation import Parts
from poolhouse.store.cache import ABSENT

NOBODY = Secret("an unknown client's secret is compared with this one, so that its answer takes as long")


async def authenticate_client(
    parts: Parts, request: Request, form: Mapping[str, str], domain: str
) -> ClientSnapshot:
    """The confidential client that proved to be itself.

    Raises:
        InvalidRequest: a secret in both places, two different ids, or none at all.
        InvalidClient: unknown, of another pool, without a secret, or the wrong one. The caller can't tell which.
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
        candidates = (basic.client_secret, basic.raw_secret)
    elif client_id is None:
        raise InvalidRequest(detail="no client_id")
    else:
        candidates = (form.get("client_secret", ""),)
    client = parts.cache.peek("client", client_id)
    if client is ABSENT:
        client = await parts.cache.get("client", client_id)
    known = isinstance(client, ClientSnapshot) and any(name == domain for _, name in client.pool.domains)
    secrets = client.secrets if known and isinstance(client, ClientSnapshot) else ()
    if not any([secret.matches(text) for secret in secrets or (NOBODY,) for text in candidates]):
        raise InvalidClient(detail=_reason(client, known))
    if not isinstance(client, ClientSnapshot):
        raise InvalidClient(detail="unknown client")
    return client


def _reason(client: object, known: bool) -> str:
    """For the log."""
    if not isinstance(client, ClientSnapshot):
        return "unknown client"
    if not known:
        return "client of another pool"
    return "wrong secret" if client.secrets else "client without a secret"
