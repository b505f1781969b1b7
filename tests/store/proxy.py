"""A proxy before PostgreSQL that can do what networks, poolers and hanging servers do."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.engines import PostgresServer

Message = tuple[bytes, bytes]
"""The type of a protocol message, and the whole of it."""


class Proxy:
    """Listens on a socket of its own and passes messages on, both ways, until told otherwise."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self.folder = folder
        self._server = server
        self._flowing = threading.Event()
        self._flowing.set()
        self._connections: list[socket.socket] = []
        self._listener: socket.socket | None = None
        self.attempts = 0
        self.to_client: Callable[[Message], bool] = lambda message: True
        """Whether a message from the server is passed on."""
        self.to_server: Callable[[Message], bool] = lambda message: True
        self.open()

    def url_of(self, database_url: str) -> str:
        """The same database, by way of this proxy."""
        return database_url.partition("host=")[0] + f"host={self.folder}"

    def open(self) -> None:
        path = self.folder / ".s.PGSQL.5432"
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(100)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def freeze(self) -> None:
        """Connections stand, new ones are accepted, and nothing is answered."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    def cut(self) -> None:
        """End all connections."""
        connections, self._connections = self._connections, []
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def shut(self) -> None:
        """As a server that is down: connections end, new ones are refused."""
        if self._listener is not None:
            with contextlib.suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            self._listener = None
            (self.folder / ".s.PGSQL.5432").unlink(missing_ok=True)
        self.cut()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.attempts += 1
            server = socket.socket(socket.AF_UNIX)
            try:
                server.connect(str(self._server.socket_path))
            except OSError:
                client.close()
                continue
            self._connections += [client, server]
            both = threading.Barrier(2)
            for source, target, to_server in ((client, server, True), (server, client, False)):
                arguments = (source, target, to_server, both)
                threading.Thread(target=self._pass_on, args=arguments, daemon=True).start()

    def _pass_on(
        self, source: socket.socket, target: socket.socket, to_server: bool, both: threading.Barrier
    ) -> None:
        try:
            with source.makefile("rb") as stream:
                if to_server:
                    (size,) = struct.unpack("!i", _exactly(stream, 4))
                    self._send(target, struct.pack("!i", size) + _exactly(stream, size - 4))
                while True:
                    kind = _exactly(stream, 1)
                    (size,) = struct.unpack("!i", _exactly(stream, 4))
                    message = kind + struct.pack("!i", size) + _exactly(stream, size - 4)
                    if (self.to_server if to_server else self.to_client)((kind, message)):
                        self._send(target, message)
        except (OSError, EOFError):
            for end in (source, target):
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        finally:
            # Closed when both directions have ended, so that a number is not reused under the other.
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(30)
            source.close()

    def _send(self, target: socket.socket, data: bytes) -> None:
        self._flowing.wait()
        target.sendall(data)


def _exactly(stream: object, size: int) -> bytes:
    data: bytes = stream.read(size)  # type: ignore[attr-defined]
    if len(data) < size:
        raise EOFError
    return data


@contextmanager
def a_proxy(folder: Path, server: PostgresServer) -> Iterator[Proxy]:
    proxy = Proxy(folder, server)
    try:
        yield proxy
    finally:
        proxy.thaw()
        proxy.shut()
