"""An application on loopback, as the browser sees one: it remembers what it is sent, and serves what it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

ARRIVED = b"<!doctype html><html lang=en><title>Arrived</title><h1>Arrived</h1>"


@dataclass
class Application:
    address: str
    pages: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """path -> (content type, content); whatever is not here says that one has arrived."""
    visits: list[str] = field(default_factory=list)
    """Each path with its query, in order."""

    @property
    def callback(self) -> str:
        return f"{self.address}/callback"

    def answers(self) -> list[dict[str, str]]:
        """The queries that its callback was called with."""
        found = [urlsplit(visit) for visit in self.visits]
        return [dict(parse_qsl(parts.query)) for parts in found if parts.path == "/callback"]


@contextmanager
def an_application(host: str = "127.0.0.1") -> Iterator[Application]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if path == "/favicon.ico":
                self.send_response(204)
                self.end_headers()
                return
            application.visits.append(self.path)
            content_type, content = application.pages.get(path, ("text/html; charset=utf-8", ARRIVED))
            self.send_response(200)
            self.send_header("content-type", content_type)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *parts: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET

    server = Server((host, 0), Handler)
    name = f"[{host}]" if ":" in host else "localhost"
    application = Application(f"http://{name}:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield application
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
