"""`python -m bench.triggers`: what it costs to ask a trigger's function, beside the function's own time.

A warm function here and a webhook, each by one who asks again and again: the time that a call adds, and the server's
processor time. Then a well function beside one that is stuck, with all its places taken.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from typing import cast

import uvloop

from poolhouse.config import Settings
from poolhouse.core.trigger_samples import sample
from poolhouse.ports.functions import FunctionUnavailable
from poolhouse.ports.functions.build import functions_from
from poolhouse.ports.functions.configured import ConfiguredFunctions

SOURCE = "PreSignUp_SignUp"
AIM_MS, AIM_CPU_MS = 1.0, 0.3
STUCK = 100
"""Calls that wait for the stuck function."""
HANDLERS = """
import time

def plain(event, context):
    event["response"]["autoConfirmUser"] = True
    return event

def stuck(event, context):
    time.sleep(600)
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """In milliseconds."""

    name: str
    p50: float
    p99: float
    cpu: float
    """Of the server's process, a call."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.triggers", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the calls, for a look")
    parser.add_argument("--json", action="store_true", help="print JSON")
    arguments = parser.parse_args()
    count = 300 if arguments.quick else 3_000
    with tempfile.TemporaryDirectory(prefix="poolhouse-bench-") as folder, webhook() as url:
        costs = uvloop.run(measure(Path(folder), url, count))
    if arguments.json:
        print(json.dumps([described(cost) for cost in costs], indent=2))
        return 0
    print(f"| asking {SOURCE} | p50 | p99 | CPU of the server |\n| --- | ---: | ---: | ---: |")
    for cost in costs:
        print(f"| {cost.name} | {cost.p50:.2f} ms | {cost.p99:.2f} ms | {cost.cpu:.3f} ms |")
    print(f"\nAims, for what a warm function or a webhook adds: {AIM_MS} ms at p50, {AIM_CPU_MS} ms of CPU.")
    return 0


def described(cost: Cost) -> dict[str, float | str]:
    return {"name": cost.name, "p50_ms": cost.p50, "p99_ms": cost.p99, "cpu_ms": cost.cpu}


async def measure(folder: Path, url: str, count: int) -> list[Cost]:
    (folder / "handlers.py").write_text(HANDLERS)
    toml = '[function.plain]\nhandler = "handlers.plain"\nconcurrency = 1\n'
    toml += f'[function.ric]\ncommand = ["{sys.executable}", "-m", "awslambdaric", "handlers.plain"]\nconcurrency = 1\n'
    toml += f'[function.hook]\nurl = "{url}"\nsecret = "bench"\n'
    toml += f'[function.stuck]\nhandler = "handlers.stuck"\nconcurrency = 1\nwaiting = {STUCK}\n'
    file = folder / "functions.toml"
    file.write_text(toml)
    file.chmod(0o600)
    settings = Settings(data_dir=folder / "data", functions_file=file)
    functions = functions_from(settings, lambda: datetime.now(UTC))
    functions.start()
    try:
        return [
            await cost_of(functions, "plain", "a plain Python handler", count),
            await cost_of(functions, "ric", "AWS's runtime for Python", count),
            await cost_of(functions, "hook", "a webhook", count),
            await beside_a_stuck_one(functions, count),
        ]
    finally:
        await functions.aclose()


async def cost_of(functions: ConfiguredFunctions, name: str, title: str, count: int) -> Cost:
    event = json.dumps(sample(SOURCE)).encode()
    for _ in range(50):
        await ask(functions, name, event)
    took = []
    used = time.process_time()
    for _ in range(count):
        started = time.perf_counter()
        await ask(functions, name, event)
        took.append((time.perf_counter() - started) * 1000)
    cpu = (time.process_time() - used) * 1000 / count
    took.sort()
    return Cost(title, took[count // 2], took[count * 99 // 100], cpu)


async def beside_a_stuck_one(functions: ConfiguredFunctions, count: int) -> Cost:
    event = json.dumps(sample(SOURCE)).encode()
    stuck = [asyncio.create_task(ask(functions, "stuck", event)) for _ in range(STUCK)]
    try:
        return await cost_of(
            functions, "plain", f"the same, while {STUCK} calls wait for a stuck function", count
        )
    finally:
        for call in stuck:
            call.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


async def ask(functions: ConfiguredFunctions, name: str, event: bytes) -> bytes:
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    try:
        return await functions.invoke(arn, event, pool_id="us-east-1_SampleOne")
    except FunctionUnavailable:
        if name != "stuck":
            raise
        return b""


@contextmanager
def webhook() -> Iterator[str]:
    """A server in a process of its own that gives each event back."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve_webhook, args=(theirs,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}/"
    finally:
        process.terminate()
        process.join()


def serve_webhook(channel: Connection) -> None:
    class Echo(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self._transport, self._read = cast(asyncio.Transport, transport), b""

        def data_received(self, data: bytes) -> None:
            self._read += data
            head, found, body = self._read.partition(b"\r\n\r\n")
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or 0)
            if found and len(body) >= length:
                self._read = b""
                self._transport.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body))

    async def serve() -> None:
        server = await asyncio.get_running_loop().create_server(Echo, "127.0.0.1", 0)
        channel.send(server.sockets[0].getsockname()[1])
        await asyncio.Event().wait()

    uvloop.run(serve())


if __name__ == "__main__":
    sys.exit(main())
