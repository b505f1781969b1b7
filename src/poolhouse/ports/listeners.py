"""Who is told of events: a webhook of the operator's, and files of exported logs."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

from poolhouse.core.dispatches import Dispatch
from poolhouse.core.documents import to_iso
from poolhouse.core.log_delivery import place_of
from poolhouse.core.secret import Secret
from poolhouse.ports.carriers import Unavailable
from poolhouse.ports.outbound import Outbound
from poolhouse.ports.standard_webhooks import signed_headers, signing_key

LONGEST_NAME = 200
"""Characters of a destination's name that its file is called by; file systems take about 250."""


class Listener(Protocol):
    async def hear(self, event: Dispatch) -> None:
        """Raises Unavailable: it has not; it is to be told again."""

    async def aclose(self) -> None: ...


class EventWebhook:
    """Posts each event to the operator's address."""

    def __init__(self, url: str, secret: Secret, now: Callable[[], datetime]) -> None:
        self._url = url
        self._key = signing_key(secret)
        self._now = now
        self._outbound = Outbound()

    async def hear(self, event: Dispatch) -> None:
        body = json.dumps(_told(event)).encode()
        headers = signed_headers(self._key, event.id, self._now(), body)
        answer = await self._outbound.post(self._url, body, headers)
        if not 200 <= answer.status < 300:
            raise Unavailable(f"webhook: {answer.status}")

    async def aclose(self) -> None:
        await self._outbound.aclose()


class LogFiles:
    """Writes exported logs, one file of JSON lines for each destination: `cloudwatch/{group}.jsonl`,
    `s3/{bucket}.jsonl`, `firehose/{stream}.jsonl`, a slash in a name as `%2F`. A file that was moved away is made
    anew, so any tool may rotate them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def hear(self, event: Dispatch) -> None:
        kind, name = place_of(event.destination)
        line = json.dumps(dict(event.data), separators=(",", ":")) + "\n"
        path = self._folder / kind / f"{_as_file(name)}.jsonl"
        try:
            await asyncio.to_thread(_append, path, line.encode())
        except OSError as failed:
            raise Unavailable(f"{path.name}: {failed.strerror}") from None

    async def aclose(self) -> None:
        pass


def _as_file(name: str) -> str:
    """A name is of an ARN's characters; with its slashes gone it names nothing but a file in its folder."""
    quoted = quote(name, safe="")
    if len(quoted) <= LONGEST_NAME:
        return quoted
    return f"{quoted[:LONGEST_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _append(path: Path, line: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        end = os.fstat(descriptor).st_size
        if end and os.pread(descriptor, 1, end - 1) != b"\n":
            line = b"\n" + line  # after one that a full disk has cut off
        # One call for the whole line: lines of several processes do not mix.
        if os.write(descriptor, line) != len(line):
            raise OSError(28, "No space left on device")
    finally:
        os.close(descriptor)


def _told(event: Dispatch) -> dict[str, object]:
    return {"type": event.type, "timestamp": to_iso(event.created_at), "data": dict(event.data)}
