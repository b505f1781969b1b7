"""A real server for a test, in the test's own process, on a free port, gone when the test is over.

    with running_server() as server:
        cognito = boto3.client("cognito-idp", **server.client_options())

It is the whole server: signatures are checked, secrets are checked, the database is a real one in a temporary
folder. With pytest, the fixture `poolhouse_server` is such a server for the session.
"""

from __future__ import annotations

import asyncio
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from poolhouse.app import Server, build
from poolhouse.config import Settings
from poolhouse.core.ids import new_access_key_id, new_secret_access_key
from poolhouse.core.secret import Secret
from poolhouse.edge.listener import bind
from poolhouse.operation import Clock, SystemRandom

STARTS_WITHIN = 60
"""Seconds."""


class LocalServer:
    """A server that runs in a thread of this process."""

    def __init__(self, settings: Settings, loop: asyncio.AbstractEventLoop, server: Server) -> None:
        assert settings.root_access_key_id is not None
        assert settings.root_secret_access_key is not None
        self.settings = settings
        self.loop = loop
        self.server = server
        self.access_key_id = settings.root_access_key_id
        self.secret_access_key = settings.root_secret_access_key.reveal()
        self.region = settings.region

    @property
    def url(self) -> str:
        """`http://localhost:PORT`: the endpoint of the AWS APIs, and what every issuer begins with."""
        return self.settings.public_url

    def client_options(self) -> dict[str, str]:
        """What `boto3.client(…)` needs to speak to this server as its root."""
        return {
            "endpoint_url": self.url,
            "region_name": self.region,
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
        }

    def environment(self) -> dict[str, str]:
        """The same for a program of its own, as environment variables."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_ACCESS_KEY_ID": self.access_key_id,
            "AWS_SECRET_ACCESS_KEY": self.secret_access_key,
        }


@contextmanager
def running_server(
    data_dir: Path | None = None, *, clock: Clock | None = None, **settings: Any
) -> Iterator[LocalServer]:
    """Run a server on a free port of both loopback addresses.

    Its data are in `data_dir`, or in a temporary folder. `settings` are fields of `poolhouse.config.Settings`;
    `clock` is asked for the time instead of the system, so that a test need not wait for what expires.
    """
    with tempfile.TemporaryDirectory(prefix="poolhouse-") as folder:
        sockets = bind("localhost", 0)
        port = sockets[0].getsockname()[1]
        random = SystemRandom()
        chosen: dict[str, Any] = {
            "data_dir": data_dir or Path(folder) / "data",
            "port": port,
            "public_url": f"http://localhost:{port}",
            "root_access_key_id": new_access_key_id(random),
            "root_secret_access_key": Secret(new_secret_access_key(random)),
            **settings,
        }
        thread = _Thread(Settings(**chosen), sockets, clock)
        thread.start()
        try:
            yield thread.wait_until_ready()
        finally:
            thread.stop()


class _Thread(threading.Thread):
    """Runs the server's event loop."""

    def __init__(self, settings: Settings, sockets: list[Any], clock: Clock | None) -> None:
        super().__init__(name="poolhouse", daemon=True)
        self._settings = settings
        self._sockets = sockets
        self._clock = clock
        self._ready = threading.Event()
        self._running: LocalServer | None = None
        self._failure: BaseException | None = None
        self._told_to_stop: asyncio.Event

    def run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:
            self._failure = failure
        finally:
            for listening in self._sockets:
                listening.close()
            self._ready.set()

    async def _serve(self) -> None:
        self._told_to_stop = asyncio.Event()
        server = build(self._settings, clock=self._clock)
        await server.start(self._sockets, [])
        self._running = LocalServer(self._settings, asyncio.get_running_loop(), server)
        self._ready.set()
        await self._told_to_stop.wait()
        await server.stop()

    def wait_until_ready(self) -> LocalServer:
        self._ready.wait(STARTS_WITHIN)
        if self._running is None:
            raise RuntimeError("the server did not start") from self._failure
        return self._running

    def stop(self) -> None:
        if self._running is not None:
            self._running.loop.call_soon_threadsafe(self._told_to_stop.set)
        self.join(STARTS_WITHIN)
        if self._failure is not None and self._running is not None:
            raise RuntimeError("the server failed") from self._failure
