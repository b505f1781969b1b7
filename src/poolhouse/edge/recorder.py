"""What is said of a request after its answer is out: a line in the log, the metrics, a span.

Said at once, each would run cold, between two signatures that leave nothing else in the CPU's caches, at several times
its cost. So the facts are gathered, and worked off together: a few dozen at a time, at the latest after 50 ms.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import NamedTuple

from poolhouse.edge.log import AccessLog
from poolhouse.edge.metrics import Metrics
from poolhouse.edge.tracing import Tracing
from poolhouse.http import Request, Response

log = logging.getLogger("poolhouse")

AT_ONCE = 32
AT_LATEST = 0.05
"""Seconds."""


class Answered(NamedTuple):
    at: float
    """Seconds since 1970, when the answer was sent."""
    seconds: float
    face: str
    request: Request
    response: Response


class Recorder:
    """Belongs to one event loop. What it still holds when a process is killed is lost, as the log's buffer is."""

    def __init__(self, access_log: AccessLog, metrics: Metrics, tracing: Tracing | None) -> None:
        self._access_log = access_log
        self._metrics = metrics
        self._tracing = tracing
        self._waiting: list[Answered] = []

    def record(self, face: str, request: Request, response: Response, seconds: float) -> None:
        waiting = self._waiting
        waiting.append(Answered(time.time(), seconds, face, request, response))
        if len(waiting) == 1:
            asyncio.get_running_loop().call_later(AT_LATEST, self.flush)
        elif len(waiting) >= AT_ONCE:
            self.flush()

    def flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for at, seconds, face, request, response in waiting:
            try:
                self._metrics.observe(face, response, seconds)
            except OSError as problem:
                # Workers share a figure in a file, and a new figure needs one: no descriptor, or no room, is left.
                log.warning("a request is not counted: %s", problem)
            if request.actor:
                response.labels += (("actor", request.actor),)
            self._access_log.write(request.id, request.method, face, response, seconds, request.peer, at=at)
            if self._tracing is not None:
                self._tracing.record(request, face, response, at - seconds, seconds)

    def figures(self) -> bytes:
        """The metrics, of all that was answered so far."""
        self.flush()
        return self._metrics.exposition()

    def close(self) -> None:
        self.flush()
        self._access_log.close()
        if self._tracing is not None:
            self._tracing.close()
