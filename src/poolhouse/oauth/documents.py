"""The public documents of a pool, rendered once and kept while the pool stays as it is."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from poolhouse.core.snapshots import PoolSnapshot
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import CORS
from poolhouse.oauth.discovery import MAX_AGE, jwks, openid_configuration
from poolhouse.operation import Parts

MAX_KEPT = 4_096
OPERATIONS = {
    "jwks.json": "jwks",
    "openid-configuration": "discovery",
    "oauth-authorization-server": "discovery",
}
"""What the log and the metrics call them."""


@dataclass(frozen=True, slots=True)
class Rendered:
    pool: PoolSnapshot
    """The very snapshot that was rendered: another one means that something changed."""
    good_until: float
    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    tag: str


class Documents:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._kept: dict[tuple[str, str], Rendered] = {}
        self._render: Mapping[str, Callable[[PoolSnapshot, float], Mapping[str, Any]]] = {
            "jwks.json": jwks,
            "openid-configuration": lambda pool, now: openid_configuration(parts, pool),
            "oauth-authorization-server": lambda pool, now: openid_configuration(parts, pool),
        }

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._render)

    def answer(self, request: Request, pool: PoolSnapshot, name: str) -> Response:
        """The document, or 304 where the caller has it already (RFC 9110 §13.1.2)."""
        now = self._parts.clock.now().timestamp()
        kept = self._kept.get((pool.id, name))
        if kept is None or kept.pool is not pool or kept.good_until <= now:
            kept = self._rendered(pool, name, now)
        if _has_it(request.header(b"if-none-match"), kept.tag):
            return Response(304, b"", list(kept.headers))
        return Response(200, kept.body, list(kept.headers), labels=(("operation", OPERATIONS[name]),))

    def _rendered(self, pool: PoolSnapshot, name: str, now: float) -> Rendered:
        body = orjson.dumps(self._render[name](pool, now))
        tag = '"' + hashlib.sha256(body).hexdigest()[:32] + '"'
        headers = (
            (b"content-type", b"application/json"),
            (b"cache-control", b"public, max-age=%d" % MAX_AGE),
            (b"etag", tag.encode()),
            (b"x-content-type-options", b"nosniff"),
            CORS,
        )
        withdrawals = [
            key.withdrawn_at
            for key in pool.published_keys
            if key.withdrawn_at is not None and key.withdrawn_at > now
        ]
        rendered = Rendered(pool, min(withdrawals, default=float("inf")), body, headers, tag)
        if len(self._kept) >= MAX_KEPT:
            self._kept.pop(next(iter(self._kept)))
        self._kept[pool.id, name] = rendered
        return rendered


def _has_it(if_none_match: str | None, tag: str) -> bool:
    if if_none_match is None:
        return False
    tags = [part.strip().removeprefix("W/") for part in if_none_match.split(",")]
    return "*" in tags or tag in tags
