"""Several worker processes behind one address: the supervisor accepts, the workers answer.

Were the workers to accept from one shared queue, the one that wakes first would take most of the connections,
and as callers keep them open for hours, another would stay idle. So the supervisor accepts, and hands each
connection to the worker that has the fewest; a worker says with one byte that a connection has ended. It
costs nothing per request. A worker that dies is replaced; the connections of the others go on.
"""

from __future__ import annotations

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

from poolhouse.edge import notify
from poolhouse.edge.hang_up import end_with_the_terminal
from poolhouse.edge.inbox import AT_ONCE, CLOSED, CONNECTION, READY
from poolhouse.edge.metrics import forget_worker

log = logging.getLogger("poolhouse")

RESTART_DELAY = 1.0
"""Seconds between a worker's death and the next try, so that one that can't live does not spin."""


@dataclass(slots=True)
class Worker:
    pid: int
    channel: socket.socket
    connections: int = 0
    is_ready: bool = False


class Supervisor:
    """Runs `work(channel)` in each of `count` forked processes.

    Forks, so it must be made before any thread is started, and `work` must open its own database. `on_ready` is
    called once, when all of them can answer.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        count: int,
        work: Callable[[socket.socket], int],
        *,
        on_ready: Callable[[], None],
        grace: float,
    ) -> None:
        self._sockets = sockets
        self._count = count
        self._work = work
        self._on_ready = on_ready
        self._grace = grace
        self._workers: list[Worker] = []
        self._living: set[int] = set()
        """Process numbers; what the system has told us to have ended is somebody else's number soon."""
        self._was_ready = False
        self._code: int | None = None
        self._born_again_at = 0.0
        self._selector = selectors.DefaultSelector()
        self._accepting = False
        self._held: socket.socket | None = None
        """A connection that no worker had room for."""

    def run(self) -> int:
        """Returns the exit code: 0 when told to stop (SIGTERM, SIGINT), 1 if no worker can so much as start."""
        wake, woken = socket.socketpair()
        for end in (wake, woken):
            end.setblocking(False)
        signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop(0))
        end_with_the_terminal(lambda handler: signal.signal(signal.SIGHUP, handler), lambda: self._stop(0))
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._selector.register(woken, selectors.EVENT_READ)
        for _ in range(self._count):
            self._start_worker()
        while self._code is None:
            self._keep_workers()
            for key, events in self._selector.select(timeout=0.5):
                if key.fileobj is woken:
                    with contextlib.suppress(BlockingIOError):
                        woken.recv(4_096)
                elif isinstance(key.data, Worker):
                    if events & selectors.EVENT_READ:
                        self._hear(key.data)
                    if events & selectors.EVENT_WRITE:
                        self._hand_over_held()
                elif isinstance(key.fileobj, socket.socket):
                    self._accept(key.fileobj)
        notify.stopping()
        log.info("stopping; what is being answered may finish")
        self._end_workers()
        return self._code

    def _stop(self, code: int) -> None:
        self._code = code

    def _start_worker(self) -> None:
        ours, theirs = socket.socketpair()
        pid = os.fork()
        if pid == 0:
            self._become_worker(ours, theirs)
        theirs.close()
        ours.setblocking(False)
        worker = Worker(pid, ours)
        self._workers.append(worker)
        self._living.add(pid)
        self._selector.register(ours, selectors.EVENT_READ, worker)

    def _become_worker(self, ours: socket.socket, channel: socket.socket) -> None:
        """In the child: shed what is the supervisor's, work, and leave without running its exit handlers."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            for number in (signal.SIGINT, signal.SIGHUP):  # a terminal's; the supervisor tells the workers
                signal.signal(number, signal.SIG_IGN)
            ours.close()
            self._selector.close()
            for worker in self._workers:
                worker.channel.close()
            for listening in self._sockets:
                listening.close()
            if self._held is not None:
                self._held.close()
            code = self._work(channel)
        except Exception:
            # Nobody above could say it: this process leaves from here.
            log.exception("a worker can't go on")
        finally:
            with contextlib.suppress(OSError, ValueError):  # whoever read them may be gone
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
        for _ in range(AT_ONCE):
            if not self._accepting:
                return  # paused since the selector said so
            try:
                connection, _ = listening.accept()
            except BlockingIOError:
                return
            except OSError as problem:  # out of descriptors: callers wait in the queue meanwhile
                log.warning("can't accept connections: %s", problem)
                time.sleep(0.05)
                return
            if not self._hand_over(connection):
                # In a burst the channels are full; the rest waits in the queue of the address meanwhile.
                self._held = connection
                self._pause()
                self._watch(selectors.EVENT_READ | selectors.EVENT_WRITE)
                return

    def _hand_over(self, connection: socket.socket) -> bool:
        """Whether a worker has it now."""
        ready = [worker for worker in self._workers if worker.is_ready]
        for worker in sorted(ready, key=lambda worker: worker.connections):
            try:
                socket.send_fds(worker.channel, [CONNECTION], [connection.fileno()])
            except OSError:
                continue  # this one is full or dying; the next takes it
            worker.connections += 1
            connection.close()
            return True
        return False

    def _hand_over_held(self) -> None:
        if self._held is not None and self._hand_over(self._held):
            self._held = None
            self._watch(selectors.EVENT_READ)
            self._listen()

    def _watch(self, events: int) -> None:
        for worker in self._workers:
            self._selector.modify(worker.channel, events, worker)

    def _hear(self, worker: Worker) -> None:
        try:
            said = worker.channel.recv(4_096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        if not said:
            self._bury(worker)
            return
        worker.connections -= said.count(CLOSED)
        if READY in said:
            worker.is_ready = True
            if self._held is None:
                self._listen()
            else:
                self._hand_over_held()
            if not self._was_ready and all(other.is_ready for other in self._workers):
                self._was_ready = True
                self._on_ready()

    def _bury(self, worker: Worker) -> None:
        self._selector.unregister(worker.channel)
        worker.channel.close()
        self._workers.remove(worker)
        if not any(other.is_ready for other in self._workers):
            self._pause()
        if worker.pid in self._living:
            os.kill(worker.pid, signal.SIGTERM)  # it may still be finishing something
        forget_worker(worker.pid)
        if not self._was_ready and not worker.is_ready:
            self._stop(1)  # it has said why; another would fare no better
            return
        self._born_again_at = time.monotonic() + RESTART_DELAY
        log.error("worker %d has ended; it is replaced", worker.pid)

    def _keep_workers(self) -> None:
        while self._reap():
            pass
        if len(self._workers) < self._count and time.monotonic() >= self._born_again_at:
            self._start_worker()

    def _reap(self) -> bool:
        """Whether a worker has ended that had not been known to."""
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        self._living.discard(pid)
        return pid != 0

    def _end_workers(self) -> None:
        for listening in self._sockets:
            listening.close()
        if self._held is not None:
            self._held.close()
        while self._reap():
            pass
        for pid in self._living:
            os.kill(pid, signal.SIGTERM)
        ends = time.monotonic() + self._grace + 2
        while self._living and time.monotonic() < ends:
            if not self._reap():
                time.sleep(0.02)
        for pid in self._living:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
