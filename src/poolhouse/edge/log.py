"""The log: one line a request, and what the server has to say about itself.

Both go to standard output, as JSON lines, or as text for a person at a terminal. No query, header or body is
ever written; a secret can't be, since `Secret` has no text. Time is UTC. A flood of like errors is sampled.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
import traceback
from collections.abc import Callable, Hashable

from poolhouse.config import Settings
from poolhouse.edge.lines import LineWriter, Stamp, encode, harmless
from poolhouse.edge.sampling import Sampler
from poolhouse.http import Response

EXTRAS = (
    "request_id",
    "pool_id",
    "client_id",
    "access_key_id",
    "error",
    "address",
    "count",
    "message_id",
    "purpose",
    "destination",
    "function",
)
"""What a message of the server's may carry besides its text, by `extra={…}`."""

REASON_AT_MOST = 300
TRACE_AT_MOST = 16_000
ERRORS_KEPT = 100
"""Requests with one kind of error, of one face, that are written in ten seconds."""
MESSAGES_KEPT = 20
LIBRARIES = logging.WARNING
"""Libraries are never asked for more: at lower levels some write headers and statements."""


def is_json(settings: Settings, descriptor: int = 1) -> bool:
    return settings.log_format == "json" or (settings.log_format == "auto" and not os.isatty(descriptor))


def set_up_logging(settings: Settings, descriptor: int = 1) -> None:
    """Sends what is logged by `logging` to the same place and in the same form as the access log."""
    handler = MessageHandler(descriptor, as_json=is_json(settings, descriptor))
    logging.basicConfig(handlers=[handler], level=LIBRARIES, force=True)
    logging.getLogger("poolhouse").setLevel(settings.log_level.upper())
    logging.captureWarnings(True)


class MessageHandler(logging.Handler):
    """Messages are rare, so each is written at once: the last one before a crash is not lost."""

    def __init__(
        self, descriptor: int, *, as_json: bool, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._writer = LineWriter(descriptor)
        self._as_json = as_json
        self._monotonic = monotonic
        self._stamp = Stamp()
        self._sampler = Sampler(MESSAGES_KEPT)

    def emit(self, record: logging.LogRecord) -> None:
        for kind, count in self._sampler.ended(self._monotonic()):
            self._write(self._line(record.created, "WARNING", f"left out {count} more like: {kind}", {}))
        # The template, not the text: a flood with a different address in each message is one flood.
        if not self._sampler.keeps(str(record.msg)):
            return
        extras = {name: str(record.__dict__[name]) for name in EXTRAS if name in record.__dict__}
        try:
            message = record.getMessage()
        except (TypeError, ValueError):
            message = str(record.msg)
        if record.exc_info:
            extras["trace"] = "".join(traceback.format_exception(*record.exc_info))[-TRACE_AT_MOST:]
        self._write(self._line(record.created, record.levelname, message, extras))

    def _line(self, at: float, level: str, message: str, extras: dict[str, str]) -> bytes:
        if self._as_json:
            return encode({"time": self._stamp.of(at), "level": level.lower(), "event": message, **extras})
        trace = extras.pop("trace", "")
        facts = "".join(f" {name}={harmless(value)}" for name, value in extras.items())
        lines = [f"{self._stamp.of(at)[11:23]} {level.lower()}: {harmless(message)}{facts}"]
        lines += [f"    {harmless(line)}" for line in trace.splitlines()]
        return ("\n".join(lines) + "\n").encode()

    def _write(self, line: bytes) -> None:
        self._writer.write(line)
        self._writer.flush()


class AccessLog:
    """One line a request. Made in the process that serves, after it has forked."""

    def __init__(
        self,
        settings: Settings,
        descriptor: int = 1,
        *,
        now: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._as_json = is_json(settings, descriptor)
        self._only_failures = settings.log_level in ("warning", "error")
        self._with_probes = settings.log_level == "debug"
        self._now = now
        self._monotonic = monotonic
        self._stamp = Stamp()
        self._sampler = Sampler(ERRORS_KEPT)
        self._writer = LineWriter(descriptor)

    def write(
        self,
        request_id: str,
        method: str,
        face: str,
        response: Response,
        seconds: float,
        peer: str,
        at: float | None = None,
    ) -> None:
        """A few µs. `face` and the names in `response.labels` are ours; all else may be the caller's choice."""
        status = response.status
        level = "info"
        if left_out := self._sampler.ended(self._monotonic()):
            for kind, count in left_out:
                self._write_left_out(kind, count)
        if status >= 400:
            if not self._sampler.keeps((face, status, _error(response))):
                return
            if status >= 500:
                level = "error"
        if level == "info" and (self._only_failures or (face == "server" and not self._with_probes)):
            return  # a probe each few seconds, and a scrape, would hide all else
        line: dict[str, str | int | float] = {
            "time": self._stamp.of(self._now() if at is None else at),
            "level": level,
            "event": "request",
            "request_id": request_id,
            "method": method,
            "face": face,
            "status": status,
            "duration_ms": round(seconds * 1000, 3),
            "peer": peer,
        }
        line.update(response.labels)
        if response.reason:
            line["reason"] = response.reason[:REASON_AT_MOST]
        self._writer.write(encode(line) if self._as_json else _as_text(line))

    def close(self) -> None:
        """At exit: writes what was left out and what still waits."""
        for kind, count in self._sampler.ended(float("inf")):
            self._write_left_out(kind, count)
        self._writer.flush()
        if self._writer.dropped:
            text = f"{self._writer.dropped} lines of the log could not be written\n"
            with contextlib.suppress(
                OSError
            ):  # not through `sys.stderr`, which would try again at exit and fail
                os.write(2, text.encode())

    def _write_left_out(self, kind: Hashable, count: int) -> None:
        face, status, error = kind if isinstance(kind, tuple) else ("", 0, "")
        line = {
            "time": self._stamp.of(self._now()),
            "level": "warning",
            "event": "requests left out",
            "count": count,
            "face": face,
            "status": status,
            "error": error,
        }
        text = f"{line['time'][11:23]} left out {count} more of {face} {status} {error}\n"
        self._writer.write(encode(line) if self._as_json else text.encode())


def _error(response: Response) -> str:
    return next((value for name, value in response.labels if name == "error"), "")


def _as_text(line: dict[str, str | int | float]) -> bytes:
    """`21:04:05.123 POST domain token 200 1.2 ms 127.0.0.1 client_id=…`"""
    shown = {
        "time",
        "level",
        "event",
        "method",
        "face",
        "operation",
        "status",
        "duration_ms",
        "peer",
        "reason",
    }
    head = [
        str(line["time"])[11:23],
        line["method"],
        line["face"],
        line.get("operation", "-"),
        line["status"],
    ]
    facts = [f"{name}={value}" for name, value in line.items() if name not in shown and name != "request_id"]
    tail = [f"{line['duration_ms']:.1f} ms", line["peer"], *facts]
    if int(line["status"]) >= 400:
        tail.append(f"request_id={line['request_id']}")
    if "reason" in line:
        tail.append(f"({line['reason']})")
    return (" ".join(harmless(str(word)) for word in [*head, *tail]) + "\n").encode(
        "utf-8", "backslashreplace"
    )
