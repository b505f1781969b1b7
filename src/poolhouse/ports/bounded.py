"""A few threads for work that keeps a processor busy, and a queue that does not grow without end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar

from poolhouse.core.errors import TooManyRequestsException

Result = TypeVar("Result")


class BoundedPool:
    """Runs functions in at most `threads` threads. Beyond `waiting` more, the next one is refused at once: who
    would wait so long is served best by an answer that says so."""

    def __init__(self, name: str, threads: int, waiting: int) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._places = threading.Semaphore(threads + waiting)

    async def run(self, work: Callable[..., Result], *arguments: object) -> Result:
        """Raises TooManyRequestsException: too many wait already."""
        if not self._places.acquire(blocking=False):
            raise TooManyRequestsException
        try:
            future = self._executor.submit(work, *arguments)
        except BaseException:
            self._places.release()
            raise
        # When the work ends, and not when the one who asked gives up: till then it takes a thread or a place.
        future.add_done_callback(self._release)
        return await asyncio.wrap_future(future)

    def _release(self, _: Future[Result]) -> None:
        self._places.release()

    def close(self) -> None:
        """Let what runs end; what waits is dropped."""
        self._executor.shutdown(wait=False, cancel_futures=True)


class Turns:
    """Lets in at most `at_once` of one key; the others wait. Belongs to one event loop. What nobody uses is not
    remembered, and those who wait are bounded by what bounds requests."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._gates: dict[str, tuple[asyncio.Semaphore, int]] = {}

    @asynccontextmanager
    async def of(self, key: str) -> AsyncIterator[None]:
        gate, users = self._gates.get(key) or (asyncio.Semaphore(self._at_once), 0)
        self._gates[key] = gate, users + 1
        try:
            async with gate:
                yield
        finally:
            gate, users = self._gates[key]
            if users == 1:
                del self._gates[key]
            else:
                self._gates[key] = gate, users - 1
