"""Lines of the log: how text becomes harmless in them, and how they leave the process cheaply."""

from __future__ import annotations

import asyncio
import json
import os
import select
import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

FLUSH_AT = 64 * 1024
FLUSH_AFTER = 0.1
"""Seconds."""
KEPT_AT_MOST = 8 * 1024 * 1024
"""Bytes that wait for a reader that does not read; what comes after them is dropped and counted."""
ATOMIC = 4096
"""PIPE_BUF on Linux: what several workers write to one pipe in pieces of this size is not mixed up."""


def encode(document: Mapping[str, Any]) -> bytes:
    """One JSON object and a line break, in ASCII wherever the text is not plain.

    What a caller chose can hold ANSI escapes, C1 controls, direction marks or lone surrogates: all of them leave
    as `\\u…`, so that no terminal and no log viewer acts on them.
    """
    try:
        line = orjson.dumps(document)
    except TypeError:  # a lone surrogate is no text for orjson
        return _encode_as_ascii(document)
    if not line.isascii() or b"\x7f" in line:
        return _encode_as_ascii(document)
    return line + b"\n"


def _encode_as_ascii(document: Mapping[str, Any]) -> bytes:
    text = json.dumps(document, separators=(",", ":"), default=str)
    return text.replace("\x7f", "\\u007f").encode() + b"\n"


def harmless(text: str) -> str:
    """`text` for a terminal: what does not print is shown as its escape."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(letter) for letter in text)


def _escape(letter: str) -> str:
    return f"\\u{ord(letter):04x}"


class Stamp:
    """RFC 3339 times in UTC, to the millisecond; the seconds' text is made once a second."""

    __slots__ = ("_prefix", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._prefix = ""

    def of(self, now: float) -> str:
        second = int(now)
        if second != self._second:
            self._second = second
            self._prefix = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        return f"{self._prefix}.{int((now - second) * 1000):03d}Z"


class LineWriter:
    """Gathers lines and writes them together, at the latest after 100 ms.

    It writes on the thread of the event loop (a thread of its own would wait 5 ms for the interpreter after each
    write, and fall behind), but never waits there: the log's reader is first asked whether it has room. A reader
    that stands still, or a full disk, costs lines, which are counted, and holds up no request.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._room = select.poll()
        self._room.register(descriptor, select.POLLOUT)
        # At the server's end another thread writes what is left, and a poll can't be asked by two.
        self._one_at_a_time = threading.Lock()
        self._lines: list[bytes] = []
        self._size = 0
        self._flush_at = FLUSH_AT
        self._is_scheduled = False
        self.dropped = 0

    def write(self, line: bytes) -> None:
        if self._size >= KEPT_AT_MOST:
            self.dropped += 1
            return
        self._lines.append(line)
        self._size += len(line)
        if not self._is_scheduled:
            self._schedule()
        if self._size >= self._flush_at:
            self.flush()

    def flush(self) -> None:
        """Writes what there is room for; the rest stays."""
        with self._one_at_a_time:
            self._write_out()

    def _write_out(self) -> None:
        left: list[bytes] = []
        for piece in _pieces(self._lines):
            if left or not self._room.poll(0):
                left.append(piece)
                continue
            try:
                written = os.write(self._descriptor, piece)
            except OSError:
                self.dropped += piece.count(b"\n")
                continue
            if written < len(piece):
                left.append(piece[written:])
        self._lines = left
        self._size = sum(map(len, left))
        self._flush_at = self._size + FLUSH_AT

    def _schedule(self) -> None:
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # no loop: the next flush writes it
        self._is_scheduled = True
        loop.call_later(FLUSH_AFTER, self._flush_on_time)

    def _flush_on_time(self) -> None:
        self._is_scheduled = False
        self.flush()
        if self._lines:
            self._schedule()


def _pieces(lines: list[bytes]) -> Iterator[bytes]:
    """Whole lines together, up to PIPE_BUF; only a line that is longer by itself is cut."""
    gathered: list[bytes] = []
    size = 0
    for line in lines:
        if size + len(line) > ATOMIC and gathered:
            yield b"".join(gathered)
            gathered, size = [], 0
        if len(line) > ATOMIC:
            yield from (line[start : start + ATOMIC] for start in range(0, len(line), ATOMIC))
            continue
        gathered.append(line)
        size += len(line)
    if gathered:
        yield b"".join(gathered)
