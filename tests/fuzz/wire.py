"""Requests as bytes on a connection that stays open, each answered in time or the test fails."""

from __future__ import annotations

import http.client
import json
import re
import select
import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.harness import RunningServer

SECONDS = 10
"""In which every request is answered, on a machine that is busy with other tests."""
PREFIXES = {
    "cognito-idp": "AWSCognitoIdentityProviderService",
    "cognito-identity": "AWSCognitoIdentityService",
    "kms": "TrentService",
    "poolhouse": "Poolhouse_20261101",
}
JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded"

INSIDE = re.compile(
    rb"Traceback|File \"|\.py\b|/src/|site-packages|poolhouse\.(?:aws|core|edge|oauth|store|userpools)"
    rb"|sqlalchemy|sqlite|psycopg|SELECT |INSERT |UPDATE |user_pool\b|KeyError|TypeError|ValueError"
    rb"|AttributeError|RecursionError|IntegrityError|JSONDecodeError|UnicodeDecodeError|orjson",
)
"""What an answer would say if it let the inside show."""


PAGE = "a page"
"""What stands for the name of an error that a domain's pages tell in words."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The name of an error of AWS or of OAuth; "" for a success."""
        if self.status < 400:
            return ""
        if (self.headers.get("content-type") or "").startswith("text/html"):
            return PAGE
        document = self.document
        return str(document.get("__type") or document.get("error") or document.get("code"))


class Wire:
    """A connection to a server, made anew when the server has closed it."""

    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self._connection: http.client.HTTPConnection | None = None

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str | bytes] | Iterable[tuple[str, str | bytes]] = (),
        body: bytes = b"",
    ) -> Reply:
        pairs = list(headers.items()) if isinstance(headers, Mapping) else list(headers)
        is_fresh = self._connection is None
        try:
            return self._exchange(method, path, pairs, body)
        except (ConnectionError, http.client.RemoteDisconnected):
            self.close()
            if is_fresh:
                raise
            return self._exchange(method, path, pairs, body)

    def aws(
        self,
        service: str,
        operation: str,
        body: bytes | Mapping[str, Any],
        *,
        is_signed: bool = True,
        **signing: Any,
    ) -> Reply:
        """A call of an operation, signed by the root unless told otherwise."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        target = f"{PREFIXES[service]}.{operation}"
        headers = {"Content-Type": JSON, "X-Amz-Target": target}
        if is_signed:
            headers = signed(self.server, service, headers, sent, **signing)
        return self.send("POST", "/", headers, sent)

    def _exchange(self, method: str, path: str, headers: list[tuple[str, str | bytes]], body: bytes) -> Reply:
        if self._connection is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=SECONDS)
        connection = self._connection
        names = {name.lower() for name, _ in headers}
        connection.putrequest(method, path, skip_host="host" in names, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        if "content-length" not in names:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        reply = Reply(response.status, response.headers, response.read())
        if response.will_close:
            self.close()
        return reply


def signed(
    server: RunningServer,
    service: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    key_id: str | None = None,
    secret: str | None = None,
    region: str | None = None,
) -> dict[str, str]:
    """`headers` with botocore's signature; the root's, of the server's region, unless told otherwise."""
    request = AWSRequest("POST", f"http://127.0.0.1:{server.port}/", dict(headers), body)
    credentials = Credentials(key_id or server.access_key_id, secret or server.secret_access_key)
    SigV4Auth(credentials, service, region or server.region).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}


def check_harmless(reply: Reply) -> None:
    """Holds of every answer to whatever request: no failure, an id, nothing of the inside."""
    assert reply.status < 500, (reply.status, reply.body[:500])
    assert reply.headers.get("x-amzn-RequestId") or reply.document["code"] == "BadRequest"
    assert not INSIDE.search(reply.body), reply.body[:500]
    if reply.status >= 400:
        assert reply.error, reply.body[:500]


def raw(server: RunningServer, request: bytes, *, patience: float = SECONDS) -> bytes:
    """What the server says to these bytes, until it closes. If it is silent for as long
    as our `patience`, it is told that nothing more comes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=SECONDS) as connection:
        received = b""
        try:
            connection.sendall(request)
            while True:
                if not select.select([connection], [], [], patience)[0]:
                    connection.shutdown(socket.SHUT_WR)
                part = connection.recv(65_536)
                if not part:
                    return received
                received += part
        except (ConnectionResetError, BrokenPipeError):
            return received
