"""A worker's end of the channel: takes the connections, reports their ends, and sees the supervisor go.

What is said on the channel: the supervisor sends one byte with each connection; the worker sends `READY` once it
can answer, and `CLOSED` for each connection that has ended.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable

from poolhouse.edge.listener import Listener

log = logging.getLogger("poolhouse")

CONNECTION = b"n"
CLOSED = b"c"
READY = b"r"
AT_ONCE = 64


class Inbox:
    def __init__(self, channel: socket.socket, listener: Listener, on_orphaned: Callable[[], None]) -> None:
        self._channel = channel
        self._listener = listener
        self._on_orphaned = on_orphaned
        self._unsaid = b""
        channel.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._taking: set[asyncio.Task[None]] = set()
        self._loop.add_reader(channel.fileno(), self._read_some)
        self._say(READY)

    async def close(self) -> None:
        """Takes what was sent already, then no more."""
        while self._read():
            pass
        self._loop.remove_reader(self._channel.fileno())
        if self._taking:
            await asyncio.wait(self._taking, timeout=1)

    def _read_some(self) -> None:
        for _ in range(AT_ONCE):
            if not self._read():
                return

    def _read(self) -> bool:
        """Whether there may be more."""
        try:
            said, descriptors, _, _ = socket.recv_fds(self._channel, AT_ONCE, AT_ONCE)
        except BlockingIOError:
            return False
        except OSError:  # the supervisor died with something of ours unread
            said, descriptors = b"", []
        if not said:
            self._loop.remove_reader(self._channel.fileno())
            self._on_orphaned()
            return False
        for descriptor in descriptors:
            task = asyncio.create_task(self._take(socket.socket(fileno=descriptor)))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)
        for _ in range(len(said) - len(descriptors)):
            # The kernel closed it on the way here.
            log.warning("a connection is lost: this process has no file descriptor left for it")
            self._say(CLOSED)
        return True

    async def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            await self._listener.take(connection, self._ended)
        except OSError:
            connection.close()
            self._ended()

    def _ended(self) -> None:
        self._say(CLOSED)

    def _say(self, word: bytes) -> None:
        self._unsaid += word
        try:
            sent = self._channel.send(self._unsaid)
        except BlockingIOError:
            return  # said together with the next
        except OSError:
            sent = len(self._unsaid)  # nobody hears it any more
        self._unsaid = self._unsaid[sent:]
