"""One request and its answer on a connection: uvicorn's, with the answer written in one piece.

uvicorn looks at each header of an answer with two regular expressions and writes head and body apart, which
costs a token request more than anything else outside the signature. Our answers are whole when they are sent, and
their headers come from our own code: one count of line breaks is enough to be sure that none ends early.
"""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

CLOSE = (b"connection", b"close")
Headers = list[tuple[bytes, bytes]]


def render_head(status: int, headers: Headers) -> bytes:
    """The status line and the headers, to the empty line (RFC 9112 §2.1).

    Raises:
        RuntimeError: a header holds a line break, and would end the head or begin another's.
    """
    head = [STATUS_LINE[status]]
    for name, value in headers:
        head += (name, b": ", value, b"\r\n")
    head.append(b"\r\n")
    block = b"".join(head)
    if block.count(b"\n") != len(headers) + 2 or block.count(b"\r") != len(headers) + 2:
        raise RuntimeError("a header of an answer holds a line break")
    return block


class Exchange(RequestResponseCycle):
    _status = 0
    _headers: Headers

    async def send(self, message: Any) -> None:
        """ASGI's `send`, for answers of one start and one body."""
        if message["type"] == "http.response.start":
            self._status = message["status"]
            self._headers = list(message["headers"])
            self.response_started = True
            self.waiting_for_100_continue = False
            return
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        headers = self.default_headers + self._headers
        if CLOSE in headers:
            self.keep_alive = False
        elif not self.keep_alive:
            headers.append(CLOSE)
        block = render_head(self._status, headers)
        self.transport.write(block if self.scope["method"] == "HEAD" else block + message["body"])
        self.response_complete = True
        self.message_event.set()
        if not self.keep_alive and not self.more_body:
            self.transport.close()
        self.on_response()
