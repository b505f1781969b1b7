"""Deadlines for a database that accepts and never answers.

The server's own time-outs are of no use when it hangs, and a driver waits as long as the connection stands. So
whoever talks to the database names the time by which it must have answered; after that the connection is cut,
and the one who waits on it gets the driver's error.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

TICK = 0.2
"""Seconds between two looks: how late a connection may be cut."""


class _Guard:
    __slots__ = ("deadline", "descriptor")

    def __init__(self, descriptor: int, deadline: float) -> None:
        self.descriptor = descriptor
        self.deadline = deadline


class Deadlines:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._guards: set[_Guard] = set()
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="poolhouse-deadlines", daemon=True)
        self._thread.start()

    @contextmanager
    def within(self, seconds: float, descriptor: int) -> Iterator[None]:
        """Cut the connection of this socket if the block takes longer than `seconds`."""
        # A descriptor of our own: the driver may close its, and the number may then be another's.
        guard = _Guard(os.dup(descriptor), monotonic() + seconds)
        with self._lock:
            self._guards.add(guard)
        try:
            yield
        finally:
            with self._lock:
                self._guards.discard(guard)
            os.close(guard.descriptor)

    def close(self) -> None:
        self._is_closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._is_closed.wait(TICK):
            now = monotonic()
            with self._lock:
                for guard in [guard for guard in self._guards if guard.deadline < now]:
                    _cut(guard.descriptor)
                    self._guards.discard(guard)


def _cut(descriptor: int) -> None:
    # Lent to the socket, not given: another descriptor might be the one that is not left.
    connection = socket.socket(fileno=descriptor)
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        # The connection is gone already.
        pass
    finally:
        connection.detach()
