"""Posts to a function's address, on connections that stay open.

A sign-in waits for each of these, so they go by llhttp: an HTTP library takes ten times the processor's time. The
addresses are the operator's. No redirect is followed, an answer is read up to a limit, TLS is checked against the
machine's authorities.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import httptools

from poolhouse import __version__
from poolhouse.ports.functions.port import FunctionUnavailable, FunctionUnreachable

IDLE_AT_MOST = 20.0
"""Seconds that a connection is kept: less than servers do, so that it is we who close it."""
MAX_HEADERS = 64 * 1024
"""Bytes of an answer beside its body."""


@dataclass(frozen=True, slots=True)
class Posted:
    status: int
    body: bytes = field(repr=False)
    headers: Mapping[str, str]
    """Names in small letters."""


class AnswerTooLong(FunctionUnavailable):
    pass


class Poster:
    """Posts to one address. Belongs to one event loop."""

    def __init__(self, url: str, max_answer: int) -> None:
        parts = urlsplit(url)
        assert parts.hostname is not None, "the configuration takes no other"
        self._host, self._is_tls = parts.hostname, parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._authority = parts.netloc
        self._max_answer = max_answer
        self._idle: list[_Connection] = []
        self._open: set[_Connection] = set()
        self._tls: ssl.SSLContext | None = None

    async def post(self, target: str, body: bytes, headers: Mapping[str, str]) -> Posted:
        """The answer to a post to `target`, a path and perhaps a query, whatever its status.

        Raises:
            FunctionUnreachable: there was none.
            AnswerTooLong
        """
        request = self._request(target, body, headers)
        connection = self._kept() or await self._connect()
        try:
            answer = await connection.ask(request)
        except BaseException:
            connection.abort()
            raise
        if connection.is_good:
            connection.idle_since = asyncio.get_running_loop().time()
            self._idle.append(connection)
        else:
            connection.abort()
        return answer

    async def aclose(self) -> None:
        for connection in list(self._open):
            connection.abort()

    def _request(self, target: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        lines = [
            f"POST {target} HTTP/1.1",
            f"host: {self._authority}",
            f"user-agent: poolhouse/{__version__}",
            "accept-encoding: identity",
            f"content-length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items() if name.lower() != "host"),
        ]
        return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body

    def _kept(self) -> _Connection | None:
        now = asyncio.get_running_loop().time()
        while self._idle:
            connection = self._idle.pop()
            if connection.is_good and now - connection.idle_since < IDLE_AT_MOST:
                return connection
            connection.abort()
        return None

    async def _connect(self) -> _Connection:
        if self._is_tls and self._tls is None:
            self._tls = ssl.create_default_context()
        try:
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: _Connection(self._max_answer, self._open), self._host, self._port, ssl=self._tls
            )
        except (OSError, ssl.SSLError) as failed:
            raise FunctionUnreachable(
                f"no connection to {self._authority}: {type(failed).__name__}"
            ) from None
        return connection


class _Connection(asyncio.Protocol):
    """One request at a time, and its answer."""

    def __init__(self, max_answer: int, among: set[_Connection]) -> None:
        self._max_answer, self._among = max_answer, among
        self._transport: asyncio.Transport | None = None
        self._answer: asyncio.Future[Posted] | None = None
        self._size, self._has_headers = 0, False
        self.is_good = True
        self.idle_since = 0.0

    async def ask(self, request: bytes) -> Posted:
        assert self._transport is not None
        self._answer = asyncio.get_running_loop().create_future()
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._size, self._has_headers = 0, False
        self._transport.write(request)
        return await self._answer

    def abort(self) -> None:
        self.is_good = False
        if self._transport is not None:
            self._transport.abort()

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none of its subclasses
        self._among.add(self)

    def data_received(self, data: bytes) -> None:
        if self._answer is None or self._answer.done():
            self.abort()  # nobody asked: the next answer must not be this one
            return
        self._size += len(data)
        if self._size > self._max_answer + MAX_HEADERS:
            self._fail(AnswerTooLong("the answer is too long"))
            return
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail(FunctionUnreachable("the answer is no HTTP"))

    def connection_lost(self, reason: Exception | None) -> None:
        self.is_good = False
        self._among.discard(self)
        is_framed = self._has_headers and self._headers.keys() & {"content-length", "transfer-encoding"}
        if reason is None and self._has_headers and not is_framed:
            self.on_message_complete()  # RFC 9112 §6.3: the end of the connection is the end of the body
        self._fail(FunctionUnreachable("the connection broke"))

    # What the parser calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._has_headers = self._parser.get_status_code() >= 200

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # RFC 9110 §15.2: the answer is still to come
            self._headers = {}
            return
        self.is_good = self.is_good and self._parser.should_keep_alive()
        body = b"".join(self._body)
        if len(body) > self._max_answer:
            self._fail(AnswerTooLong("the answer is too long"))
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(Posted(status, body, self._headers))

    def _fail(self, reason: FunctionUnavailable) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(reason)
        self.abort()
