"""The listening sockets of one process, and what becomes of the connections they bring."""

from __future__ import annotations

import asyncio
import errno
import logging
import socket
import time
from collections.abc import Callable
from email.utils import formatdate
from typing import Any

from uvicorn import Config
from uvicorn.server import ServerState

from poolhouse.config import Settings
from poolhouse.edge.protocol import Phase, Protocol, Timeouts
from poolhouse.edge.tls import Certificate

BACKLOG = 2_048
SLOW_READER = 10.0
"""Seconds beyond the deadline of a request that its answer may take to be read."""
TLS_CLOSE = 5.0
NEW_CONNECTION = 0.5
"""Seconds for which a connection that has brought nothing yet is waited for when the server stops."""
log = logging.getLogger("poolhouse")


class CannotListen(OSError):
    """The text says where, why, and what to do."""

    def __str__(self) -> str:
        return str(self.strerror)


def bind(host: str, port: int) -> list[socket.socket]:
    """Sockets on every address of `host`; `localhost` is both loopback addresses, the second where there is one.

    Port 0 takes a free one, the same on each.

    Raises:
        CannotListen: an address is in use, or not this machine's.
    """
    sockets: list[socket.socket] = []
    infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    if host == "localhost":
        infos = [
            (socket.AF_INET, socket.SOCK_STREAM, 0, "", ("127.0.0.1", port)),
            (socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("::1", port, 0, 0)),
        ]
    for family, kind, number, _, address in infos:
        if sockets and port == 0:
            address = (address[0], sockets[0].getsockname()[1], *address[2:])
        try:
            listening = socket.socket(family, kind, number)
        except OSError:
            continue  # the machine has not this family at all
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listening.bind(address)
            listening.listen(BACKLOG)
        except OSError as problem:
            listening.close()
            if problem.errno == errno.EADDRNOTAVAIL and host == "localhost" and sockets:
                continue  # IPv6 is off here; the other loopback address serves
            for earlier in sockets:
                earlier.close()
            raise _cannot_listen(address, problem) from problem
        listening.setblocking(False)
        sockets.append(listening)
    return sockets


def _cannot_listen(address: tuple[Any, ...], problem: OSError) -> CannotListen:
    where = f"can't listen on port {address[1]} of {address[0]}"
    match problem.errno:
        case errno.EADDRINUSE:
            text = (
                f"{where}: something else does. Stop that, or choose another port (POOLHOUSE_PORT, --port)."
            )
        case errno.EADDRNOTAVAIL:
            text = f"{where}: this machine has no such address. Choose another (POOLHOUSE_HOST, --host)."
        case errno.EACCES:
            text = f"{where}: this user may not. Choose a port from 1024 on (POOLHOUSE_PORT, --port)."
        case _:
            text = f"{where}: {problem.strerror}."
    return CannotListen(problem.errno, text)


class Listener:
    """Connections of one process: from sockets of its own, or handed over by a supervisor."""

    def __init__(self, application: Any, settings: Settings, certificate: Certificate | None) -> None:
        self._config = Config(
            application,
            http=Protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
        )
        self._config.load()
        self._state = ServerState()
        self._max_connections = settings.max_connections
        self._certificate = certificate
        self._timeouts = Timeouts(
            idle=settings.keep_alive.total_seconds(),
            head=settings.header_timeout.total_seconds(),
            body=settings.body_timeout.total_seconds(),
            answer=settings.request_deadline.total_seconds() + SLOW_READER,
        )
        self._is_stopping = False
        self._servers: list[asyncio.Server] = []
        self._ticking: asyncio.Task[None] | None = None
        self._loop: asyncio.AbstractEventLoop

    @property
    def connections(self) -> int:
        return len(self._state.connections)

    async def start(self, sockets: list[socket.socket]) -> None:
        self._loop = asyncio.get_running_loop()
        self._tick()
        self._ticking = asyncio.create_task(self._tick_for_ever())
        for listening in sockets:
            self._servers.append(
                await self._loop.create_server(self._protocol, sock=listening, backlog=BACKLOG, **self._tls())
            )

    async def take(self, connection: socket.socket, on_end: Callable[[], None]) -> None:
        """Serve a connection that somebody else accepted; `on_end` is called once when it is over."""

        def protocol() -> asyncio.Protocol:
            made = self._protocol()
            if isinstance(made, Protocol):
                made.on_end = on_end
            else:
                on_end()
            return made

        await self._loop.connect_accepted_socket(protocol, connection, **self._tls())

    async def stop(self, grace: float) -> None:
        """Accept no more, let what is being answered be answered for `grace` seconds, then close."""
        self._is_stopping = True
        for server in self._servers:
            server.close()
        for connection in self._open():
            connection.finish()
        now = self._loop.time()
        ends = now + grace
        while now < ends and any(_is_busy(connection, now) for connection in self._open()):
            await asyncio.sleep(0.02)
            now = self._loop.time()
        for task in list(self._state.tasks):
            task.cancel()
        await asyncio.sleep(0)  # what was just answered is written out
        for connection in self._open():
            connection.transport.close()
        if self._ticking is not None:
            self._ticking.cancel()

    def _protocol(self) -> asyncio.Protocol:
        if len(self._state.connections) >= self._max_connections:
            return Refusing()
        made = Protocol(config=self._config, server_state=self._state, app_state={}, _loop=self._loop)
        made.is_last = self._is_stopping
        return made

    def _open(self) -> list[Protocol]:
        return [connection for connection in self._state.connections if isinstance(connection, Protocol)]

    def _tls(self) -> dict[str, Any]:
        if self._certificate is None:
            return {}
        return {
            "ssl": self._certificate.context,
            "ssl_handshake_timeout": self._timeouts.head,
            "ssl_shutdown_timeout": TLS_CLOSE,
        }

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(1)
            self._tick()

    def _tick(self) -> None:
        """Once a second: the Date header (an SDK corrects its clock by it), slow connections, a renewed certificate."""
        date = formatdate(time.time(), usegmt=True).encode()
        self._state.default_headers = [(b"date", date)]
        now = self._loop.time()
        for connection in self._open():
            connection.sweep(now, self._timeouts)
        if self._certificate is not None:
            self._certificate.reload_if_renewed()


def _is_busy(connection: Protocol, now: float) -> bool:
    """Whether a stop waits for it."""
    match connection.phase:
        case Phase.HEAD | Phase.BODY | Phase.ANSWER:
            return not connection.transport.is_closing()
        case Phase.IDLE:
            return connection.cycle is None and now - connection.since < NEW_CONNECTION
        case Phase.UNREAD | Phase.CLOSING:
            return False


class Refusing(asyncio.Protocol):
    """A connection over the limit: closed at once, so that those within it go on."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()
