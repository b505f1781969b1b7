"""Arithmetic that is done on the event loop: what all requests of one turn want is done in a row.

A signature or a power finds the CPU's caches full of what reads and answers requests, and leaves them full of numbers.
One at a time, between a request's reading and its answer, both would run cold; gathered, both run warm. So a token costs
a tenth of a signature less, and nobody waits for others to come: what came alone is done alone.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, TypeVar

Result = TypeVar("Result")


class InARow:
    """At most `at_once` are done before everybody else has a turn of the loop, which should be a few milliseconds."""

    def __init__(self, at_once: int) -> None:
        self._at_once = at_once
        self._wanted: deque[tuple[asyncio.Future[Any], Callable[[], Any]]] = deque()

    def __len__(self) -> int:
        """How many wait."""
        return len(self._wanted)

    def do(self, work: Callable[[], Result]) -> asyncio.Future[Result]:
        """The result of `work`, which is done in this turn of the loop or, behind others, in one of the next."""
        loop = asyncio.get_running_loop()
        result = loop.create_future()
        if not self._wanted:
            loop.call_soon(self._do_some, loop)
        self._wanted.append((result, work))
        return result

    def _do_some(self, loop: asyncio.AbstractEventLoop) -> None:
        wanted = self._wanted
        for _ in range(min(len(wanted), self._at_once)):
            result, work = wanted.popleft()
            if result.done():
                continue  # who asked has been cancelled
            try:
                result.set_result(work())
            except BaseException as failed:
                # A library that panics raises what is no Exception; it is the caller's too, and the others' turn comes.
                result.set_exception(failed)
        if wanted:
            loop.call_soon(self._do_some, loop)
