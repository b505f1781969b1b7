"""HTTP/1.1 on a socket: uvicorn's protocol, with the bounds that it leaves to others.

llhttp refuses ambiguous framing; here the sizes of a head are bounded, slow senders and idle connections are
cut, and what can't be understood is answered in JSON, as an SDK wants it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from poolhouse.edge.exchange import CLOSE, Exchange, render_head

MAX_HEAD = 32 * 1024
"""Bytes of request line and headers."""
MAX_HEADERS = 100


MAX_PIPELINED = 256
"""Requests of one connection that wait behind the one being answered. A caller gets as many into one read."""
MAX_UNREAD = 16 * 1024 * 1024
"""Bytes of a body that are taken and thrown away after the request was refused without them. Were the connection
closed at once, a caller that still sends would see it reset, and never read why."""
LINGER = 5.0
"""Seconds for that, and for a caller to read the end of its answer before the connection is cut."""


class Phase(Enum):
    IDLE = auto()
    HEAD = auto()
    BODY = auto()
    ANSWER = auto()
    UNREAD = auto()
    """Answered for good, while the caller still sends."""
    CLOSING = auto()


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds a connection may stay in a phase."""

    idle: float
    head: float
    body: float
    answer: float
    """For making it, and for a caller that is slow to read it."""

    def of(self, phase: Phase) -> float:
        match phase:
            case Phase.IDLE:
                return self.idle
            case Phase.HEAD:
                return self.head
            case Phase.BODY:
                return self.body
            case Phase.ANSWER:
                return self.answer
            case Phase.UNREAD | Phase.CLOSING:
                return LINGER


class HeadTooLarge(Exception):
    pass


class TooManyAtOnce(Exception):
    pass


class BadHead(Exception):
    pass


class Protocol(HttpToolsProtocol):
    """One connection. Instead of a timer for each phase of each request, the phase and its beginning are kept,
    and one sweep a second looks at every connection: a request costs two assignments."""

    phase = Phase.IDLE
    since = 0.0
    on_end: Callable[[], None] | None = None
    """Called once when the connection is over."""
    is_last = False
    """No request is taken after the one under way, or after the first of a new connection."""
    _discarded = 0
    _hosts = 0
    _head_size = 0
    _unfinished = 0
    _begun = False
    _refused: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn narrows it
        super().connection_made(transport)
        self._enter(Phase.IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        if self.on_end is not None:
            self.on_end()

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self.since = self.loop.time()

    def sweep(self, now: float, timeouts: Timeouts) -> None:
        """Close the connection if it has been in its phase for too long."""
        if self.transport.is_closing() and self.phase is not Phase.CLOSING:
            self._enter(Phase.CLOSING)
        if now - self.since <= timeouts.of(self.phase):
            return
        if self.phase is Phase.HEAD:
            self._refuse(408, "Request Timeout")
        elif self.phase in (Phase.ANSWER, Phase.CLOSING):
            self.transport.abort()  # it would wait for ever for a caller that does not read
        else:
            self.transport.close()

    def finish(self) -> None:
        """The server stops: what is under way is answered, then the connection closed."""
        self.is_last = True
        if self.cycle is None:
            return  # nothing has come yet, but may be on its way
        self.cycle.keep_alive = False
        if self.phase is Phase.IDLE:
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        if self.phase is Phase.UNREAD:
            self._discarded += len(data)
            if self._discarded > MAX_UNREAD:
                self.transport.close()
            return
        self._begun = False
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            # No protocol to change over to is offered (RFC 9110 §7.8: the offer may be ignored); the request
            # itself is answered, and what follows it on this connection is not understood any more.
            if self.cycle is not None:
                self.cycle.keep_alive = False
        except httptools.HttpParserError:
            self._refuse(self._refused or 400, "Bad Request")
            return
        # A head that is not whole yet: what is in a header that has no end is not handed over before it ends.
        # Where it began in these bytes, they may be other requests for the most part.
        if self.phase is Phase.HEAD and not self._begun:
            self._unfinished += len(data)
            if self._unfinished > MAX_HEAD:
                self._refuse(431, "Request Header Fields Too Large")

    def on_message_begin(self) -> None:
        self.url = b""
        self.headers = []
        self.expect_100_continue = False
        self._head_size = self._unfinished = self._hosts = 0
        self._begun = True
        self._enter(Phase.HEAD)

    def on_url(self, url: bytes) -> None:
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        self._count(len(name) + len(value))
        name = name.lower()
        if name == b"host":
            self._hosts += 1
        elif name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def _count(self, size: int) -> None:
        self._head_size += size
        if self._head_size > MAX_HEAD or len(self.headers) >= MAX_HEADERS:
            self._refused = 431
            raise HeadTooLarge

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        # RFC 9112 §3.2: a request of HTTP/1.1 without exactly one Host is refused.
        if self._hosts > 1 or (self._hosts == 0 and version != "1.0"):
            raise BadHead
        url = httptools.parse_url(self.url)
        self._enter(Phase.BODY)
        self.scope = {  # type: ignore[typeddict-item]  # what our application reads of ASGI's scope
            "type": "http",
            "http_version": version,
            "method": self.parser.get_method().decode("ascii"),
            "scheme": self.scheme,
            "client": self.client,
            "raw_path": url.path,
            "query_string": url.query or b"",
            "headers": self.headers,
        }
        earlier = self.cycle
        self.cycle = Exchange(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive() and not self.is_last,
            on_response=self.on_response_complete,
        )
        if earlier is None or earlier.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        elif len(self.pipeline) >= MAX_PIPELINED:
            raise TooManyAtOnce
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_message_complete(self) -> None:
        self._enter(Phase.ANSWER)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        # uvicorn arms a timer here for each answer; the sweep does its work.
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            # Nothing more is read before they are all answered: a caller may not pile them up.
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
            if self.phase is Phase.ANSWER:
                self._enter(Phase.ANSWER)
            return
        self.flow.resume_reading()
        if not self.cycle.keep_alive and self.cycle.more_body:
            self._enter(Phase.UNREAD)
            if self.transport.can_write_eof():
                self.transport.write_eof()
        elif self.phase is Phase.ANSWER:
            self._enter(Phase.IDLE)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, msg)

    def _refuse(self, status: int, text: str) -> None:
        if self.transport.is_closing():
            return
        if self.cycle is not None and self.cycle.response_started and not self.cycle.response_complete:
            self.transport.close()  # in the middle of another answer nothing can be said any more
            return
        body = b'{"code":"BadRequest","message":"%s","type":"client"}' % text.encode("ascii")
        headers = [
            *self.server_state.default_headers,
            (b"content-type", b"application/json"),
            (b"access-control-allow-origin", b"*"),
            (b"content-length", str(len(body)).encode()),
            CLOSE,
        ]
        self.transport.write(render_head(status, headers) + body)
        self.transport.close()
