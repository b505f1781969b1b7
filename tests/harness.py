"""A real server in the test's own process, on a real socket, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from poolhouse.app import Server, build
from poolhouse.config import Settings
from poolhouse.core.secret import Secret
from poolhouse.edge.listener import bind

ROOT_ID = "AKIAROOTROOTROOTROOT"
ROOT_SECRET = "root-secret-of-the-tests-0123456789abcdef"
REGION = "us-east-1"


class MovableClock:
    """The real time, moved on by what the test says."""

    def __init__(self) -> None:
        self._offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance(self, **by: float) -> None:
        self._offset += timedelta(**by)


@dataclass
class RunningServer:
    settings: Settings
    clock: MovableClock
    loop: asyncio.AbstractEventLoop
    server: Server
    port: int
    access_key_id: str = ROOT_ID
    secret_access_key: str = ROOT_SECRET
    region: str = REGION
    engine: str = "sqlite"
    clients: list[Any] = field(default_factory=list)

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str = "cognito-idp", **options: Any) -> Any:
        """A boto3 client of this server; by default the root's."""
        options = {
            "endpoint_url": self.base_url,
            "region_name": self.region,
            "aws_access_key_id": self.access_key_id,
            "aws_secret_access_key": self.secret_access_key,
            "config": Config(retries={"total_max_attempts": 1}, parameter_validation=False),
            **options,
        }
        client = boto3.session.Session().client(service, **options)
        self.clients.append(client)
        return client

    async def sweep(self) -> int:
        return await self.server.sweeper.sweep_once()

    def run(self, coroutine: Any) -> Any:
        """Run a coroutine on the server's own loop."""
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)


@contextmanager
def running_server(
    data_dir: Path, *, clock: MovableClock | None = None, **settings: Any
) -> Iterator[RunningServer]:
    sockets = bind("localhost", 0)
    port = sockets[0].getsockname()[1]
    chosen: dict[str, Any] = {
        "data_dir": data_dir,
        "port": port,
        "public_url": f"http://localhost:{port}",
        "root_access_key_id": ROOT_ID,
        "root_secret_access_key": Secret(ROOT_SECRET),
        "log_format": "json",
        **settings,
    }
    clock = clock or MovableClock()
    ready: threading.Event = threading.Event()
    stop: asyncio.Event = asyncio.Event()
    made: list[Any] = []

    async def serve() -> None:
        try:
            server = build(Settings(**chosen), clock=clock)
            await server.start(sockets, [])
            made.extend((asyncio.get_running_loop(), server))
        finally:
            ready.set()
        await stop.wait()
        await server.stop()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="server")
    thread.start()
    assert ready.wait(30)
    loop, server = made
    running = RunningServer(server.parts.settings, clock, loop, server, port)
    try:
        yield running
    finally:
        for client in running.clients:
            client.close()
        loop.call_soon_threadsafe(stop.set)
        thread.join(30)
        assert not thread.is_alive()
