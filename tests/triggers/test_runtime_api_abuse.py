"""A process of a function that speaks the Runtime API to do harm: it keeps neither the server nor others busy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.triggers.running import ask, run, running

SPEAKS = """
import os, socket, threading

def connect():
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    return socket.create_connection((host, int(port)), timeout=2)

def flood(request):
    sent = 0
    try:
        with connect() as connection:
            for _ in range(2000):
                sent += connection.send(request * 100)
    except OSError as failed:
        return [sent, type(failed).__name__]
    return [sent, "it was all taken"]

def trail(request):
    sent = 0
    try:
        with connect() as connection:
            connection.sendall(request)
            while sent < 50_000_000:
                sent += connection.send(b"x" * 100_000)
    except OSError as failed:
        return [sent, type(failed).__name__]
    return [sent, "it was all taken"]

CHUNKED = b"POST /nothing HTTP/1.1\\r\\nhost: x\\r\\ntransfer-encoding: chunked\\r\\n\\r\\n"

def knock(_):
    for number in range(1000):
        try:
            with connect() as connection:
                connection.sendall(b"GET /nothing HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n")
                connection.recv(1)
        except OSError:
            return number
    return "for ever"

DOES = {
    "refused": lambda _: flood(b"GET /nothing HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n"),
    "next": lambda _: flood(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\\r\\nhost: x\\r\\n\\r\\n"),
    "starts": lambda _: flood(b"POST /2018-06-01/runtime/init/error HTTP/1.1\\r\\nhost: x\\r\\ncontent-length: 0\\r\\n\\r\\n"),
    "head": lambda _: trail(b"GET /nothing HTTP/1.1\\r\\nhost: "),
    "trailer": lambda _: trail(CHUNKED + b"1\\r\\nx\\r\\n0\\r\\nend: "),
    "extension": lambda _: trail(CHUNKED + b"1;"),
    "knock": knock,
    "nothing": lambda _: os.getpid(),
}

def handler(event, context):
    return DOES[event["do"]](None)
"""
TOML = '[function.hello]\nhandler = "hello.handler"\nconcurrency = 1\n'


def what_it_gets(folder: Path, do: str) -> tuple[Any, Any]:
    """What the function answers that does this, and what it answers next."""
    got: list[Any] = []

    async def work() -> None:
        async with running(folder, TOML, hello=SPEAKS) as functions:
            for what in (do, "nothing"):
                try:
                    got.append(await ask(functions, "hello", {"do": what}))
                except Exception as failed:
                    got.append(failed)

    run(work())
    return got[0], got[1]


@pytest.mark.parametrize("do", ["refused", "starts"])
def test_requests_without_sense_are_soon_heard_no_more(tmp_path: Path, do: str) -> None:
    answer, after = what_it_gets(tmp_path, do)
    sent, how = answer
    assert how in ("ConnectionResetError", "BrokenPipeError")
    assert sent < 5_000_000
    assert isinstance(after, int), "the process itself lives on"


@pytest.mark.parametrize("do", ["head", "trailer", "extension"])
def test_what_never_ends_is_not_kept(tmp_path: Path, do: str) -> None:
    """A header, before the body or behind it, would be gathered in the server's memory until its time is over."""
    (sent, how), after = what_it_gets(tmp_path, do)
    assert how in ("ConnectionResetError", "BrokenPipeError")
    assert sent < 20_000_000, "no more than lies between the two on its way"
    assert isinstance(after, int)


def test_asking_for_events_on_and_on_gets_no_more_of_them(tmp_path: Path) -> None:
    answer, after = what_it_gets(tmp_path, "next")
    # It asked for the next event while it had one, which is no answer to that one.
    assert "gave no answer" in str(answer)
    assert isinstance(after, int) or "no answer" in str(after) or "ended" in str(after)


def test_a_process_that_connects_again_and_again_is_ended(tmp_path: Path) -> None:
    answer, after = what_it_gets(tmp_path, "knock")
    assert "Runtime exited" in str(answer)
    assert isinstance(after, int), "another takes its place"
