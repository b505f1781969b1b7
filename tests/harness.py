"""A real server in the test's own process, on a real socket, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from poolhouse.core.secret import Secret
from poolhouse.testing import LocalServer
from poolhouse.testing import running_server as local_server

ROOT_ID = "AKIAROOTROOTROOTROOT"
ROOT_SECRET = "root-secret-of-the-tests-0123456789abcdef"
REGION = "us-east-1"


class MovableClock:
    """The real time, moved on by what the test says."""

    def __init__(self) -> None:
        self._offset = timedelta()
        self._stopped: datetime | None = None

    def now(self) -> datetime:
        return (self._stopped or datetime.now(UTC)) + self._offset

    def stop(self) -> None:
        """From now on only `advance` moves it: what lasts a second lasts as long as the test wants."""
        self._stopped = datetime.now(UTC)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """For a server that other tests share."""
        self.stop()
        try:
            yield
        finally:
            self._stopped = None

    def advance(self, **by: float) -> None:
        self._offset += timedelta(**by)


def once_more(response: Any, attempts: int, **_: Any) -> float | None:
    """Ask a second time, as an SDK does by itself, where the database did not answer in time: with two test runs on
    its processors the machine can be busy for a second. Nothing else is asked again."""
    is_away = (
        response is not None and response[1].get("Error", {}).get("Code") == "ServiceUnavailableException"
    )
    return 0.5 if is_away and attempts == 1 else None


class RunningServer:
    """A local server, and what the tests do with it."""

    def __init__(self, local: LocalServer, clock: MovableClock) -> None:
        self.local = local
        self.clock = clock
        self.settings = local.settings
        self.server = local.server
        self.loop = local.loop
        self.port = local.settings.port
        self.access_key_id = local.access_key_id
        self.secret_access_key = local.secret_access_key
        self.region = local.region
        self.engine = "sqlite"
        self.clients: list[Any] = []
        self._shared: dict[str, Any] = {}
        # One for all clients: each session reads the service models for itself, ten megabytes of them.
        self._session = boto3.session.Session()
        self._lock = threading.Lock()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self, service: str = "cognito-idp", **options: Any) -> Any:
        """A boto3 client of this server. The root's is the same for all who ask: thousands of tests do, and each of
        its own would hold two sockets and some thousands of objects until the end."""
        with self._lock:  # a session is no thing to share between threads; its clients are
            if options:
                return self._new_client(service, options)
            if service not in self._shared:
                self._shared[service] = self._new_client(service, {})
            return self._shared[service]

    def _new_client(self, service: str, options: dict[str, Any]) -> Any:
        options = {
            **self.local.client_options(),
            "endpoint_url": self.base_url,
            "config": Config(retries={"total_max_attempts": 1}, parameter_validation=False),
            **options,
        }
        client = self._session.client(service, **options)
        client.meta.events.register_last("needs-retry", once_more)
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
    clock = clock or MovableClock()
    chosen = {
        "root_access_key_id": ROOT_ID,
        "root_secret_access_key": Secret(ROOT_SECRET),
        "log_format": "json",
        **settings,
    }
    with local_server(data_dir, clock=clock, **chosen) as local:
        server = RunningServer(local, clock)
        try:
            yield server
        finally:
            for client in server.clients:
                client.close()
