"""The Lambda Runtime API, as the process of a function speaks it: it asks for an event, and posts what it made of it.

Each process has a listener of its own on loopback: the API names no process, its address does. Whoever connects is
looked at (`peers.py`): events carry people's attributes, and passwords, and other users of the machine can connect too.

Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import re
import time
from collections.abc import Awaitable, Callable
from typing import Protocol, cast

import httptools
import orjson

from poolhouse.ports.functions.peers import End

BASE = b"/2018-06-01/runtime"
NEXT, INIT_ERROR = BASE + b"/invocation/next", BASE + b"/init/error"
OUTCOME = re.compile(BASE + rb"/invocation/([A-Za-z0-9-]{1,64})/(response|error)")
MAX_ERROR = 256 * 1024
"""Bytes of what a function says of its failure."""
MAX_HEAD = 64 * 1024
"""Bytes of a request's headers."""
MAX_CONNECTIONS = 8
MAX_REFUSED = 20
"""Requests of one connection that make no sense. A process that goes on and on must not keep the server busy."""
REASONS = {
    200: b"OK",
    202: b"Accepted",
    400: b"Bad Request",
    403: b"Forbidden",
    404: b"Not Found",
    413: b"Content Too Large",
}
ACCEPTED = b'{"status":"OK"}'


class Talk(Protocol):
    """The server's side of the talk with one process."""

    def wants_event(self, conversation: Conversation) -> bool:
        """False: it waits for one here already."""

    def answered(self, invocation: str, answer: bytes) -> bool:
        """False: no such invocation is under way."""

    def threw(self, invocation: str, error: bytes, kind: str) -> bool: ...

    def too_long(self, invocation: str) -> bool: ...

    def failed_to_start(self, error: bytes) -> None: ...


class Conversation(asyncio.Protocol):
    """One connection of the process. Requests on it come one after the other."""

    def __init__(
        self,
        talk: Talk,
        arn: str,
        max_answer: int,
        may_speak: Callable[[End], Awaitable[bool]],
        among: set[Conversation],
    ) -> None:
        self._talk, self._arn, self._max_answer, self._may_speak = talk, arn, max_answer, may_speak
        self._among = among
        self._transport: asyncio.Transport
        self._parser = httptools.HttpRequestParser(self)
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_admitted = False
        self._early = b""
        self._refused = 0
        self._unread = 0
        self._begin_request()

    def _begin_request(self) -> None:
        self._url, self._kind, self._size, self._head = b"", "", 0, 0
        self._is_in_head, self._failed_midway = True, False
        self._body: list[bytes] = []
        self._error = b""

    def give(self, invocation: str, event: bytes, seconds: float) -> None:
        """The event, to the process that waits for one here."""
        digits = invocation.replace("-", "")  # 32, as a trace's id has
        headers = (
            f"Lambda-Runtime-Aws-Request-Id: {invocation}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {int((time.time() + seconds) * 1000)}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {self._arn}\r\n"
            f"Lambda-Runtime-Trace-Id: Root=1-{digits[:8]}-{digits[8:]};Sampled=0\r\n"
        )
        self._say(200, event, headers.encode("latin-1"))

    def is_open(self) -> bool:
        return not self._transport.is_closing()

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is none of its subclasses
        self._among.add(self)
        if len(self._among) > MAX_CONNECTIONS:
            self._transport.abort()
            return
        self._transport.pause_reading()
        task = asyncio.get_running_loop().create_task(self._admit())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def connection_lost(self, reason: Exception | None) -> None:
        self._among.discard(self)

    async def _admit(self) -> None:
        peer = self._transport.get_extra_info("peername")
        if peer is None or not await self._may_speak((peer[0], peer[1])):
            self._transport.abort()
        elif not self._transport.is_closing():
            self._is_admitted = True
            self._transport.resume_reading()
            early, self._early = self._early, b""
            if early:
                self.data_received(early)

    def data_received(self, data: bytes) -> None:
        if not self._is_admitted:
            # Some is read already: uvloop begins to read after it was told not to, where that was here.
            self._early += data
            self._transport.pause_reading()
            return
        try:
            self._head += len(data)
            self._unread += len(data)
            self._parser.feed_data(data)
            # The parser gathers a header until its end, and what stands behind a body has such, too.
            if (self._is_in_head and self._head > MAX_HEAD) or self._unread > MAX_HEAD:
                self._transport.abort()
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._transport.abort()

    def pause_writing(self) -> None:
        # It does not read what it is told: what it says meanwhile waits, and what it is told does not pile up here.
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        if not self._transport.is_closing():
            self._transport.resume_reading()

    # What the parser calls.

    def on_message_begin(self) -> None:
        self._begin_request()

    def on_url(self, url: bytes) -> None:
        self._url += url
        if len(self._url) > 1024:
            self._transport.abort()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Of the head, or of the trailer: there it says that an answer failed midway."""
        self._unread = 0
        match name.lower():
            case b"lambda-runtime-function-error-type":
                self._kind = value[:256].decode("latin-1")
                self._failed_midway = not self._is_in_head
            case b"lambda-runtime-function-error-body" if not self._is_in_head:
                self._error = value[:MAX_ERROR]

    def on_headers_complete(self) -> None:
        self._is_in_head = False

    def on_chunk_header(self) -> None:
        self._unread = 0

    def on_body(self, body: bytes) -> None:
        self._unread = 0
        self._size += len(body)
        if self._size <= self._max_answer:
            self._body.append(body)
        else:
            self._body.clear()  # read to its end, so that the process hears why, but not kept

    def on_message_complete(self) -> None:
        method, body = self._parser.get_method(), b"".join(self._body)
        outcome = OUTCOME.fullmatch(self._url)
        if method == b"GET" and self._url == NEXT:
            if not self._talk.wants_event(self):
                self._refuse(403, "InvalidStateTransition", "the process waits for an event already")
        elif method == b"POST" and self._url == INIT_ERROR:
            if self._is_heard():  # there is no sense in saying it again
                self._say(202, ACCEPTED)
                self._talk.failed_to_start(body[:MAX_ERROR])
        elif method == b"POST" and outcome is not None:
            self._settle(outcome[1].decode(), body, is_answer=outcome[2] == b"response")
        else:
            self._refuse(404, "NotFound", "there is nothing at this path")

    def _settle(self, invocation: str, body: bytes, *, is_answer: bool) -> None:
        if is_answer and self._size > self._max_answer:
            self._talk.too_long(invocation)
            most = f"Exceeded maximum allowed payload size ({self._max_answer} bytes)."
            self._refuse(413, "RequestEntityTooLarge", most)
            return
        if is_answer and self._failed_midway:
            is_known = self._talk.threw(invocation, _decoded(self._error), self._kind)
        elif is_answer:
            is_known = self._talk.answered(invocation, body)
        else:
            is_known = self._talk.threw(invocation, body[:MAX_ERROR], self._kind)
        if is_known:
            self._say(202, ACCEPTED)
        else:
            self._refuse(400, "InvalidRequestID", "Invalid request ID")

    def _refuse(self, status: int, kind: str, message: str) -> None:
        if self._is_heard():
            self._say(status, orjson.dumps({"errorMessage": message, "errorType": kind}))

    def _is_heard(self) -> bool:
        """Whether one more request without sense is answered; the connection ends with the first that is not."""
        self._refused += 1
        if self._refused > MAX_REFUSED:
            self._transport.abort()
        return self._refused <= MAX_REFUSED

    def _say(self, status: int, body: bytes, headers: bytes = b"") -> None:
        self._transport.write(
            b"HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n%s"
            % (status, REASONS[status], len(body), headers, body)
        )


def _decoded(error: bytes) -> bytes:
    """The document of a failure as a trailer has it; nothing where it is none."""
    try:
        return base64.b64decode(error, validate=True)
    except binascii.Error:
        return b""
