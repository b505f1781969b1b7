"""What a person has at hand who signs in by a client of another language: messages, an authenticator app, a passkey.

A script asks for them over HTTP, as a person looks at their phone. Nothing of it is part of Poolhouse.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from tests.harness import RunningServer
from tests.people.authenticator import Authenticator
from tests.people.authenticator_app import AuthenticatorApp
from tests.people.people import wait_for_message


class Pocket:
    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.read: Counter[str] = Counter()
        self.passkey = Authenticator(origin="http://localhost:3000")
        self.url = ""

    def code(self, to: str) -> str:
        """The code in the next message to an address: each is read once, in the order in which they came."""
        self.read[to] += 1
        code: str = wait_for_message(self.server, to, self.read[to])["Code"]
        return code

    def totp(self, seed: str) -> str:
        """What the authenticator app shows, once its last code is gone."""
        return AuthenticatorApp(self.server, seed).code()

    def look(self, wanted: dict[str, Any]) -> Any:
        match wanted:
            case {"to": to}:
                return self.code(to)
            case {"seed": seed}:
                return self.totp(seed)
            case {"create": options}:
                return self.passkey.create(options)
            case {"get": options}:
                return self.passkey.get(options)
        raise AssertionError(f"there is no {wanted} in the pocket")


@contextmanager
def a_pocket(server: RunningServer) -> Iterator[Pocket]:
    pocket = Pocket(server)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            try:
                status, answer = 200, pocket.look(wanted)
            except AssertionError as error:
                status, answer = 404, str(error)
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """pytest shows what matters."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        pocket.url = f"http://127.0.0.1:{listener.server_port}/"
        thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield pocket
        finally:
            listener.shutdown()
            thread.join()
