"""Several worker processes behind one address: the supervisor accepts, the workers answer.

Were the workers to accept from one shared queue, the one that wakes first would take most of the connections,
and as callers keep them open for hours, another would stay idle. So the supervisor accepts, and hands each
connection to the worker that has the fewest; a worker says with one byte that a connection has ended. It
costs nothing per request. A worker that dies is replaced; the connections of the others go on.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import selectors
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from poolhouse.edge.listener import Listener
from poolhouse.edge.metrics import forget_worker

log = logging.getLogger("poolhouse")

CLOSED = b"c"
RESTART_DELAY = 1.0
"""Seconds between a worker's death and the next try, so that one that can't live does not spin."""
ACCEPTS_AT_ONCE = 64


@dataclass(slots=True)
class Worker:
    pid: int
    channel: socket.socket
    connections: int = 0


class Supervisor:
    """Runs `work(channel)` in each of `count` forked processes.

    Forks, so it must be made before any thread is started, and `work` must open its own database.
    """

    def __init__(
        self, sockets: list[socket.socket], count: int, work: Callable[[socket.socket], int], grace: float
    ) -> None:
        self._sockets = sockets
        self._count = count
        self._work = work
        self._grace = grace
        self._workers: list[Worker] = []
        self._stopping = False
        self._born_again_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._accepting = False

    def run(self) -> int:
        """Returns the exit code when told to stop (SIGTERM, SIGINT)."""
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(woken, selectors.EVENT_READ)
        for _ in range(self._count):
            self._start_worker()
        while not self._stopping:
            self._keep_workers()
            for key, _ in self._selector.select(timeout=0.5):
                if key.fileobj is woken:
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4_096)
                elif isinstance(key.data, Worker):
                    self._hear(key.data)
                elif isinstance(key.fileobj, socket.socket):
                    self._accept(key.fileobj)
        return self._end_workers()

    def _stop(self) -> None:
        self._stopping = True

    def _start_worker(self) -> None:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            self._become_worker(ours, theirs)
        theirs.close()
        ours.setblocking(False)
        worker = Worker(pid, ours)
        self._workers.append(worker)
        self._selector.register(ours, selectors.EVENT_READ, worker)
        self._listen()

    def _become_worker(self, ours: socket.socket, channel: socket.socket) -> None:
        """In the child: shed what is the supervisor's, work, and leave without running its exit handlers."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            ours.close()
            self._selector.close()
            for worker in self._workers:
                worker.channel.close()
            for listening in self._sockets:
                listening.close()
            code = self._work(channel)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _listen(self) -> None:
        if not self._accepting:
            for listening in self._sockets:
                self._selector.register(listening, selectors.EVENT_READ)
            self._accepting = True

    def _pause(self) -> None:
        if self._accepting:
            for listening in self._sockets:
                self._selector.unregister(listening)
            self._accepting = False

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(ACCEPTS_AT_ONCE):
            try:
                connection, _ = listening.accept()
            except BlockingIOError:
                return
            except OSError as problem:  # out of descriptors: callers wait in the queue meanwhile
                log.warning("can't accept connections: %s", problem)
                time.sleep(0.05)
                return
            with connection:
                self._hand_over(connection)

    def _hand_over(self, connection: socket.socket) -> None:
        for worker in sorted(self._workers, key=lambda worker: worker.connections):
            try:
                socket.send_fds(worker.channel, [b"n"], [connection.fileno()])
            except OSError:
                continue  # this one is full or dying; the next takes it
            worker.connections += 1
            return

    def _hear(self, worker: Worker) -> None:
        try:
            said = worker.channel.recv(4_096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if said:
            worker.connections = max(0, worker.connections - len(said))
        else:
            self._bury(worker)

    def _bury(self, worker: Worker) -> None:
        self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        self._born_again_at = time.monotonic() + RESTART_DELAY
        if not self._workers:
            self._pause()
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGTERM)
        forget_worker(worker.pid)
        log.error("worker %d has ended; it is replaced", worker.pid)

    def _keep_workers(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        if len(self._workers) < self._count and time.monotonic() >= self._born_again_at:
            self._start_worker()

    def _end_workers(self) -> int:
        for listening in self._sockets:
            listening.close()
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGTERM)
        ends = time.monotonic() + self._grace + 2
        left = {worker.pid for worker in self._workers}
        while left and time.monotonic() < ends:
            try:
                pid, _ = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return 0
            left.discard(pid)
            if not pid:
                time.sleep(0.02)
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return 0


class Inbox:
    """A worker's end of the channel: takes the connections, reports their ends, and sees the supervisor go."""

    def __init__(self, channel: socket.socket, listener: Listener, on_orphaned: Callable[[], None]) -> None:
        self._channel = channel
        self._listener = listener
        self._on_orphaned = on_orphaned
        self._unsaid = 0
        channel.setblocking(False)
        self._loop = asyncio.get_running_loop()
        self._taking: set[asyncio.Task[None]] = set()
        self._loop.add_reader(channel.fileno(), self._read)

    def close(self) -> None:
        self._loop.remove_reader(self._channel.fileno())
        self._channel.close()

    def _read(self) -> None:
        try:
            said, descriptors, _, _ = socket.recv_fds(self._channel, ACCEPTS_AT_ONCE, ACCEPTS_AT_ONCE)
        except BlockingIOError:
            return
        if not said:
            self._loop.remove_reader(self._channel.fileno())
            self._on_orphaned()
            return
        for descriptor in descriptors:
            task = asyncio.create_task(self._take(socket.socket(fileno=descriptor)))
            self._taking.add(task)
            task.add_done_callback(self._taking.discard)

    async def _take(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        try:
            await self._listener.take(connection, self._ended)
        except OSError:
            connection.close()
            self._ended()

    def _ended(self) -> None:
        try:
            self._channel.send(CLOSED * (self._unsaid + 1))
        except BlockingIOError:
            self._unsaid += 1  # said together with the next
        except OSError:
            return
        else:
            self._unsaid = 0
