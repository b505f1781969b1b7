"""A few threads that take units of work from one bounded queue."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable

from poolhouse.core.errors import StoreUnavailable
from poolhouse.store.units import Unit


class Workers:
    """Threads, each running `serve(next_unit)` until `next_unit` gives None."""

    def __init__(
        self, name: str, count: int, max_waiting: int, serve: Callable[[Callable[[], Unit | None]], None]
    ) -> None:
        # The queue that is written in C, which knows no bound: the other's locks, in Python, cost a thread five times the
        # interpreter. The bound is looked at by who puts; two at once may go over it by one.
        self._queue: queue.SimpleQueue[Unit | None] = queue.SimpleQueue()
        self._max_waiting = max_waiting
        self._is_closed = False
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=serve, args=(self._queue.get,), name=f"{name}-{n}", daemon=True)
            for n in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def put(self, unit: Unit) -> None:
        """Raises StoreUnavailable: too many wait already, or the store is closed."""
        if self._is_closed:
            raise StoreUnavailable("the store is closed")
        if self._queue.qsize() >= self._max_waiting:
            raise StoreUnavailable("too many units of work wait for the database")
        self._queue.put(unit)

    def next_if_any(self) -> Unit | None:
        """Another unit that waits already."""
        try:
            unit = self._queue.get_nowait()
        except queue.Empty:
            return None
        if unit is None:
            # The sign to stop is for the one who waits.
            self._queue.put(None)
        return unit

    def close(self) -> None:
        """Let what waits be done, then stop the threads."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()
