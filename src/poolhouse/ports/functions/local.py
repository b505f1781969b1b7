"""A function that runs here: as many processes as it may have, each with one event at a time."""

from __future__ import annotations

import asyncio
import logging
from collections import deque

from poolhouse.ports.functions.port import FunctionUnavailable
from poolhouse.ports.functions.process import About, FunctionProcess
from poolhouse.ports.functions.watching import Watcher

FIRST_DELAY, LAST_DELAY = 0.1, 30.0
"""Seconds until a process is started again that could not live; doubled each time."""
WORTH_WAITING = 1.0
"""Seconds. Where it takes longer until there is a process, who asks hears so at once."""

log = logging.getLogger("poolhouse.functions")


class LocalFunction:
    """Belongs to one event loop."""

    def __init__(self, about: About, concurrency: int, watcher: Watcher | None = None) -> None:
        self._about = about
        self._concurrency = concurrency
        self._watcher = watcher
        self._processes: set[FunctionProcess] = set()
        self._idle: deque[FunctionProcess] = deque()
        self._waiting: deque[asyncio.Future[FunctionProcess]] = deque()
        self._lives: set[asyncio.Task[None]] = set()
        self._failures = 0
        """Processes one after the other that ended before they asked for an event."""
        self._reason = ""
        self._not_before = 0.0
        self._is_closed = False
        self._again: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to keep one process ready, so that the first event need not wait for it."""
        self._start_process()
        if self._watcher is not None:
            self._watcher.start(self.replace)

    async def ask(self, arn: str, event: bytes, seconds: float) -> bytes:
        """Whoever asks says how long they wait; a process that takes longer than it may is killed by itself.

        Raises:
            FunctionFailed, FunctionTimeout, FunctionUnavailable
        """
        while True:
            process = await self._a_process()
            if process.is_idle:
                return await asyncio.shield(process.give(event, seconds))

    def replace(self) -> None:
        """New processes for all: the code has changed. What is being answered may finish."""
        log.info("%s has changed: its processes are replaced", self._about.name)
        self._failures, self._not_before = 0, 0.0
        for process in list(self._processes):
            process.retire()
        self._start_process()

    async def aclose(self) -> None:
        self._is_closed = True
        if self._watcher is not None:
            await self._watcher.aclose()
        if self._again is not None:
            self._again.cancel()
        for process in list(self._processes):
            process.kill("the server stops")
        if self._lives:
            await asyncio.wait(self._lives, timeout=5)

    async def _a_process(self) -> FunctionProcess:
        while self._idle:
            process = self._idle.popleft()
            if process.is_idle:
                return process
        loop = asyncio.get_running_loop()
        if not self._processes and self._not_before - loop.time() > WORTH_WAITING:
            raise FunctionUnavailable(f"no process of it lives: {self._reason}")
        place: asyncio.Future[FunctionProcess] = loop.create_future()
        self._waiting.append(place)
        try:
            self._start_more()
            return await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self._ready(place.result())  # it was given to one who has gone
            raise
        finally:
            if place in self._waiting:
                self._waiting.remove(place)

    def _start_more(self) -> None:
        starting = sum(not process.was_ready for process in self._processes)
        if len(self._waiting) > starting:
            self._start_process()

    def _start_process(self) -> None:
        living = sum(not process.is_retired for process in self._processes)
        if self._is_closed or living >= self._concurrency:
            return
        loop = asyncio.get_running_loop()
        wait = self._not_before - loop.time()
        if wait > 0:
            if self._again is None:
                self._again = loop.call_later(wait, self._try_again)
            return
        process = FunctionProcess(self._about, self._ready, self._ended)
        self._processes.add(process)
        life = process.start()
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)

    def _try_again(self) -> None:
        self._again = None
        self._start_process()

    def _ready(self, process: FunctionProcess) -> None:
        self._failures = 0
        if not process.is_idle:
            return
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(process)
                return
        if process not in self._idle:
            self._idle.append(process)

    def _ended(self, process: FunctionProcess) -> None:
        self._processes.discard(process)
        if process in self._idle:
            self._idle.remove(process)
        if self._is_closed:
            return
        if process.is_retired:
            self._start_more_or_one()
            return
        if not process.was_ready:
            self._failures += 1
            delay = min(FIRST_DELAY * 2 ** (self._failures - 1), LAST_DELAY)
            self._not_before = asyncio.get_running_loop().time() + delay
            self._reason = process.reason
        log.warning("a process of %s is gone: %s", self._about.name, process.reason)
        self._start_more_or_one()
        if not self._processes and self._not_before - asyncio.get_running_loop().time() > WORTH_WAITING:
            for place in self._waiting:
                if not place.done():
                    place.set_exception(FunctionUnavailable(f"no process of it lives: {self._reason}"))

    def _start_more_or_one(self) -> None:
        if not self._processes or self._waiting:
            self._start_process()
