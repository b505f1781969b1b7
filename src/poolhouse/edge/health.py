"""Whether the server lives, whether it should be given work, and its figures."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import orjson

from poolhouse.core.errors import StoreUnavailable
from poolhouse.core.loopback import is_near
from poolhouse.http import Request, Response
from poolhouse.oauth.face import method_not_allowed, not_found
from poolhouse.operation import Parts

NOT_KEPT = (b"cache-control", b"no-store")
JSON = (b"content-type", b"application/json")
SPOKEN_FOR = frozenset(
    {b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip", b"via"}
)
"""Headers that a proxy adds when it passes somebody else's request on."""
DATABASE_ANSWERS_WITHIN = 2.0
"""Seconds."""
ANSWER_IS_GOOD_FOR = timedelta(seconds=1)
"""From when the database was asked. Whoever asks meanwhile hears the same: nobody counts the callers of readiness,
so their number must cost the database nothing."""


class Health:
    def __init__(self, parts: Parts, figures: Callable[[], bytes]) -> None:
        """`figures` gives the metrics in Prometheus's text."""
        self._parts = parts
        self._all_figures = figures
        self._asked: asyncio.Task[str | None] | None = None
        self._asked_at = parts.clock.now()
        self.is_stopping = False

    async def answer(self, request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            return method_not_allowed("GET, HEAD")
        if request.path.endswith("/healthz"):
            return Response(200, b'{"status":"ok"}', [JSON, NOT_KEPT])
        if request.path.endswith("/readyz"):
            return await self._readiness(request)
        return self._figures(request)

    async def _readiness(self, request: Request) -> Response:
        """200 while new work is welcome; 503 while the server stops or its database does not answer."""
        problem = "stopping" if self.is_stopping else await self._database_problem()
        document = {"status": "ready" if problem is None else "not ready"}
        if problem is not None and self._may_see(request):
            document["reason"] = problem
        return Response(200 if problem is None else 503, orjson.dumps(document), [JSON, NOT_KEPT])

    async def _database_problem(self) -> str | None:
        """What the database said within the last second, or is about to say; else it is asked."""
        now = self._parts.clock.now()
        asked = self._asked
        # A clock that is set back makes an answer old, not good for longer.
        if asked is None or (asked.done() and not timedelta() <= now - self._asked_at < ANSWER_IS_GOOD_FOR):
            asked = self._asked = asyncio.create_task(self._ask_database())
            self._asked_at = now
        # A caller that hangs up must not take the answer of the others along.
        return await asyncio.shield(asked)

    async def _ask_database(self) -> str | None:
        try:
            async with asyncio.timeout(DATABASE_ANSWERS_WITHIN):
                await self._parts.store.read(lambda tx: tx.server.find("ready"))
        except (StoreUnavailable, TimeoutError):
            return "the database does not answer"
        return None

    def _figures(self, request: Request) -> Response:
        """Prometheus's text. Not for everybody: without a listener of its own it is for loopback alone."""
        if not self._may_see(request):
            return not_found()
        return Response(
            200,
            self._all_figures(),
            [(b"content-type", b"text/plain; version=0.0.4; charset=utf-8"), NOT_KEPT],
        )

    def _may_see(self, request: Request) -> bool:
        """By the operator's own listener; where there is none, from this machine, and for nobody else: a proxy on
        it, trusted or not, says so in its headers."""
        if request.is_admin:
            return True
        if self._parts.settings.admin_port is not None or not is_near(request.peer):
            return False
        return not any(name in SPOKEN_FOR for name, _ in request.headers)
