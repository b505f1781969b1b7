"""The load generator: a process of its own that keeps some connections busy, each with one request at a time.

It reads a `Job` as JSON from its input and writes an `Outcome` as JSON. Every answer must be 200 and hold what
is expected, so that a fast error is not counted as a fast answer; some answers come back whole, to be verified.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import uvloop

from bench.people.dialogues import dialogue
from bench.processes import cpu_seconds

HEAD_END = b"\r\n\r\n"
OK = b"HTTP/1.1 200"
LENGTH = b"content-length:"


@dataclass(frozen=True, slots=True)
class Job:
    port: int
    requests_file: str
    """A JSON array of raw requests as text: one is sent again and again, or those of many clients."""
    expect: str
    """Stands in the body of every right answer."""
    connections: int
    requests: int
    """How many are measured; bounded, whatever the server does."""
    warm_up: int = 0
    """How many are sent before, unmeasured."""
    in_order: bool = False
    """Each request of the file in turn; otherwise at random, each time another."""
    seed: int = 0
    watch: list[int] = field(default_factory=list)
    """Processes whose CPU time is read at the beginning and the end of the measured part."""
    samples: int = 8
    dialogue: str = ""
    """What becomes of an answer: another request, now or the next time (see `bench.people.dialogues`)."""
    limit: float = 120.0
    """Seconds for all of it."""


@dataclass(frozen=True, slots=True)
class Sample:
    request: int
    body: str


@dataclass(frozen=True, slots=True)
class Outcome:
    requests: int
    seconds: float
    p50: float
    """Seconds."""
    p99: float
    cpu: dict[int, float]
    """CPU seconds by watched process, over the measured part."""
    own_cpu: float
    """CPU seconds that the generator itself took meanwhile."""
    samples: list[Sample]


class LoadFailed(Exception):
    pass


class Load:
    """The requests still to be sent, and what came of those that were."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.requests = [text.encode("latin-1") for text in json.loads(Path(job.requests_file).read_text())]
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.latencies: list[float] = []
        self.samples: list[Sample] = []
        self.started = self.ended = self.own_cpu = 0.0
        self.cpu: dict[int, float] = {}
        self._expect = job.expect.encode()
        self._answered = -job.warm_up
        self._sent = 0
        self._under_way = 0
        self._dialogue = dialogue(job.dialogue)
        self._random = random.Random(job.seed)
        self._sample_every = max(1, job.requests // max(1, job.samples))

    def next(self) -> tuple[int, bytes]:
        if self._answered == 0 and not self.started:
            self._begin()
        count = len(self.requests)
        index = self._sent % count if self.job.in_order else int(self._random.random() * count)
        self._sent += 1
        self._under_way += 1
        return index, self.requests[index]

    def reply(self, index: int, body: bytes) -> bytes | None:
        """What is to be sent after this answer, where it is not the last one of its request."""
        return self._dialogue.reply(self.requests[index], body)

    def answered(self, index: int, seconds: float, head: bytes, body: bytes) -> bool:
        """Take an answer; whether another request is to follow it."""
        if not head.startswith(OK) or self._expect not in body:
            self.fail(f"wrong answer: {head[:200]!r} {body[:200]!r}")
            return False
        self._under_way -= 1
        renewed = self._dialogue.renewed(self.requests[index], body)
        if renewed is not None:
            self.requests[index] = renewed
        if self.ended:
            self._end_if_all_is_answered()
            return False
        self._answered += 1
        if self._answered <= 0:
            return True
        self.latencies.append(seconds)
        if self._answered % self._sample_every == 0 and len(self.samples) < self.job.samples:
            self.samples.append(Sample(index, body.decode()))
        if self._answered == self.job.requests:
            self._finish()
            return False
        return True

    def fail(self, reason: str) -> None:
        if not self.done.done():
            self.done.set_exception(LoadFailed(reason))

    def _begin(self) -> None:
        self.cpu = {pid: cpu_seconds(pid) for pid in self.job.watch}
        self.own_cpu = time.process_time()
        self.started = time.perf_counter()

    def _finish(self) -> None:
        self.ended = time.perf_counter()
        self.own_cpu = time.process_time() - self.own_cpu
        self.cpu = {pid: cpu_seconds(pid) - before for pid, before in self.cpu.items()}
        self._end_if_all_is_answered()

    def _end_if_all_is_answered(self) -> None:
        """What is under way is waited for: it may hold what the next request needs."""
        if self._under_way == 0 and not self.done.done():
            self.done.set_result(None)

    def keep(self) -> None:
        """Write the requests back, where answers have changed them."""
        if self._dialogue.renews:
            texts = [request.decode("latin-1") for request in self.requests]
            Path(self.job.requests_file).write_text(json.dumps(texts))

    def outcome(self) -> Outcome:
        ordered = sorted(self.latencies)
        return Outcome(
            requests=len(ordered),
            seconds=self.ended - self.started,
            p50=ordered[len(ordered) // 2],
            p99=ordered[len(ordered) * 99 // 100],
            cpu=self.cpu,
            own_cpu=self.own_cpu,
            samples=self.samples,
        )


class Connection(asyncio.Protocol):
    """One caller that keeps its connection alive and asks again as soon as it is answered."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._index = 0
        self._sent_at = 0.0
        self._write: Callable[[bytes], None]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._write = cast(asyncio.Transport, transport).write
        self._ask()

    def _ask(self) -> None:
        self._index, request = self._load.next()
        self._received = b""
        self._sent_at = time.perf_counter()
        self._write(request)

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(HEAD_END)
        if not found or len(body) < _content_length(head):
            return
        reply = self._load.reply(self._index, body)
        if reply is not None:
            self._received = b""
            self._write(reply)
            return
        seconds = time.perf_counter() - self._sent_at
        if self._load.answered(self._index, seconds, head, body):
            self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.fail(f"the server closed a connection: {exc!r}")


def _content_length(head: bytes) -> int:
    lower = head.lower()
    at = lower.find(LENGTH)
    if at < 0:
        raise LoadFailed(f"an answer without Content-Length: {head!r}")
    return int(lower[at + len(LENGTH) :].split(b"\r\n", 1)[0])


async def run(job: Job) -> Outcome:
    load = Load(job)
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: load.fail(repr(context)))
    async with asyncio.timeout(job.limit):
        for _ in range(job.connections):
            await loop.create_connection(lambda: Connection(load), "127.0.0.1", job.port)
        await load.done
    load.keep()
    return load.outcome()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(asdict(runner.run(run(Job(**json.load(sys.stdin))))), sys.stdout)
