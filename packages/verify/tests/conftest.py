"""What the tests stand on: a clock that is turned by hand, an issuer with real keys, and its real HTTP server."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from poolhouse_verify.testing import LocalIssuer

START = 1_800_000_000.0


@dataclass
class Clock:
    now: float = START

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class IssuerServer:
    """Serves a JWKS on loopback. `answer` can be replaced; `requests` are the paths asked for."""

    jwks: dict[str, Any] = field(default_factory=lambda: {"keys": []})
    cache_control: str | None = None
    answer: Answer | None = None
    requests: list[str] = field(default_factory=list)

    def start(self) -> None:
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
        )
        self.thread.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    @property
    def issuer(self) -> str:
        return f"{self.address}/eu-west-1_Test00000"

    @property
    def jwks_uri(self) -> str:
        return f"{self.issuer}/.well-known/jwks.json"

    def is_down(self) -> None:
        self.answer = lambda request: request.send_error(503)

    def is_up(self) -> None:
        self.answer = None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.requests.append(self.path)
                try:
                    (server.answer or server.send_jwks)(self)
                except OSError:
                    self.close_connection = True  # the reader went away, as some tests want

            def log_message(self, *arguments: object) -> None:
                pass

        return Handler

    def send_jwks(self, request: BaseHTTPRequestHandler) -> None:
        body = json.dumps(self.jwks).encode()
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        if self.cache_control is not None:
            request.send_header("Cache-Control", self.cache_control)
        request.end_headers()
        request.wfile.write(body)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def keys() -> list[LocalIssuer]:
    """Three issuers of one name with keys of their own: making keys is slow, so they are made once."""
    return [LocalIssuer(clock=lambda: START) for _ in range(3)]


@pytest.fixture
def issuer(keys: list[LocalIssuer]) -> LocalIssuer:
    """The issuer; its clock stands at the start."""
    return keys[0]


@pytest.fixture
def stranger(keys: list[LocalIssuer]) -> LocalIssuer:
    """Another pool's key, under the same issuer name."""
    return keys[1]


@pytest.fixture
def server() -> Iterator[IssuerServer]:
    server = IssuerServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait for what another thread does, some seconds at most."""

    def wait(condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 5
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.002)

    return wait
