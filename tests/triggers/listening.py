"""A small HTTP server of the tests, for what posts to functions."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes
    connection: int


@dataclass
class Listening:
    url: str
    asked: list[Asked] = field(default_factory=list)


@contextmanager
def listening(
    answer: Callable[[Asked], Answer | None], tls: ssl.SSLContext | None = None
) -> Iterator[Listening]:
    """A server whose answers are made by `answer`; None hangs up instead."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.path, headers, body, self.client_address[1])
            found.asked.append(asked)
            answered = answer(asked)
            if answered is None:
                self.close_connection = True
                return
            status, more, content = answered
            self.send_response(status)
            for name, value in more.items():
                self.send_header(name, value)
            if "transfer-encoding" not in more and "connection" not in more:
                self.send_header("content-length", str(len(content)))
            self.end_headers()
            try:
                self.wfile.write(content)
            except OSError:
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    found = Listening(f"{'http' if tls is None else 'https'}://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
