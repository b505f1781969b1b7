"""The log: its form, that nothing of the caller's acts on a terminal, and that no reader can hold it up."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.config import Settings
from poolhouse.core.secret import Secret
from poolhouse.edge.lines import KEPT_AT_MOST, LineWriter, Stamp, encode, harmless
from poolhouse.edge.log import ERRORS_KEPT, MESSAGES_KEPT, AccessLog, MessageHandler
from poolhouse.http import Response

TOKEN = Response(200, labels=(("operation", "token"), ("client_id", "abc"), ("pool_id", "us-east-1_a")))
HOSTILE = "\x1b[2J\x9b31m\x7f\n{}\u202e\ud800é"


class Pipe(NamedTuple):
    reader: int
    writer: int

    def text(self) -> str:
        return os.read(self.reader, 1 << 20).decode()

    def documents(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self.text().splitlines()]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    reader, writer = os.pipe()
    yield Pipe(reader, writer)
    for end in (reader, writer):
        try:
            os.close(end)
        except OSError:
            pass


def an_access_log(
    pipe: Pipe, log_format: str = "json", log_level: str = "info", monotonic=lambda: 0.0
) -> AccessLog:
    settings = Settings(log_format=log_format, log_level=log_level)
    return AccessLog(settings, pipe.writer, now=lambda: 1795555845.1234, monotonic=monotonic)


def test_a_request_is_one_json_line(pipe):
    log = an_access_log(pipe)
    log.write("id-1", "POST", "domain", TOKEN, 0.0012344, "127.0.0.1")
    log.close()
    assert pipe.documents() == [
        {
            "time": "2026-11-24T21:30:45.123Z",
            "level": "info",
            "event": "request",
            "request_id": "id-1",
            "method": "POST",
            "face": "domain",
            "status": 200,
            "duration_ms": 1.234,
            "peer": "127.0.0.1",
            "operation": "token",
            "client_id": "abc",
            "pool_id": "us-east-1_a",
        }
    ]


def test_a_request_is_a_readable_line_on_a_terminal(pipe):
    log = an_access_log(pipe, "text")
    log.write("id-1", "POST", "domain", TOKEN, 0.0012344, "127.0.0.1")
    refused = Response(400, labels=(("error", "invalid_client"),), reason="no such client")
    log.write("id-2", "POST", "domain", refused, 0.001, "127.0.0.1")
    log.close()
    assert pipe.text().splitlines() == [
        "21:30:45.123 POST domain token 200 1.2 ms 127.0.0.1 client_id=abc pool_id=us-east-1_a",
        "21:30:45.123 POST domain - 400 1.0 ms 127.0.0.1 error=invalid_client request_id=id-2 (no such client)",
    ]


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_what_a_caller_chose_leaves_encoded(pipe, log_format):
    log = an_access_log(pipe, log_format)
    log.write("id", HOSTILE, "aws", Response(400, reason=HOSTILE, labels=(("error", "x"),)), 0, HOSTILE)
    log.close()
    text = pipe.text()
    assert text.count("\n") == 1
    assert text.replace("é", "").removesuffix("\n").isascii()
    assert text.removesuffix("\n").isprintable()


@given(st.text(st.characters(exclude_categories=())))
def test_every_text_survives_a_line_and_leaves_harmless(text):
    line = encode({"reason": text})
    assert line.endswith(b"\n")
    assert line[:-1].isascii()
    assert line[:-1].decode().isprintable()
    assert utf16(json.loads(line)["reason"]) == utf16(text)
    assert harmless(text).isprintable()


def utf16(text: str) -> bytes:
    """JSON's escapes are UTF-16: two surrogates that stand together come back as one character."""
    return text.encode("utf-16-le", "surrogatepass")


def test_a_flood_of_one_error_is_cut_and_counted(pipe):
    now = [100.0]
    log = an_access_log(pipe, monotonic=lambda: now[0])
    flood = Response(400, labels=(("error", "invalid_client"),))
    for _ in range(ERRORS_KEPT + 50):
        log.write("id", "POST", "domain", flood, 0, "127.0.0.1")
    log.write("other", "POST", "domain", Response(404, labels=(("error", "x"),)), 0, "127.0.0.1")
    now[0] += 10
    log.write("later", "POST", "domain", TOKEN, 0, "127.0.0.1")
    log.close()
    documents = pipe.documents()
    assert sum(document.get("error") == "invalid_client" for document in documents) == ERRORS_KEPT + 1
    left_out = [document for document in documents if document["event"] == "requests left out"]
    assert [(document["count"], document["status"]) for document in left_out] == [(50, 400)]
    assert [document.get("request_id") for document in documents[-3:]] == ["other", None, "later"]


def test_requests_that_went_well_are_left_out_above_info(pipe):
    log = an_access_log(pipe, log_level="warning")
    log.write("well", "POST", "domain", TOKEN, 0, "127.0.0.1")
    log.write("ill", "POST", "domain", Response(500), 0, "127.0.0.1")
    log.close()
    assert [document["request_id"] for document in pipe.documents()] == ["ill"]


def test_lines_leave_by_themselves_within_a_moment(pipe):
    async def serve() -> str:
        log = an_access_log(pipe)
        log.write("id-1", "GET", "pool", Response(200), 0, "::1")
        reader = asyncio.StreamReader()
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(os.dup(pipe.reader), "rb")
        )
        async with asyncio.timeout(5):
            line = await reader.readline()
        transport.close()
        return line.decode()

    assert json.loads(asyncio.run(serve()))["request_id"] == "id-1"


def test_a_reader_that_stands_still_holds_nothing_up_and_gets_whole_lines_later(pipe):
    writer = LineWriter(pipe.writer)
    line = b"x" * 999 + b"\n"
    for _ in range(KEPT_AT_MOST // len(line) + 500):
        writer.write(line)
    assert writer.dropped > 0
    got = b""
    while os.get_blocking(pipe.reader) and len(got) < KEPT_AT_MOST:
        writer.flush()
        got += os.read(pipe.reader, 1 << 20)
    assert set(got.split(b"\n")) <= {line[:-1], b""}


def test_a_full_disk_costs_lines_not_requests():
    with open("/dev/full", "wb") as full:
        log = AccessLog(Settings(log_format="json"), full.fileno())
        log.write("id", "GET", "pool", Response(200), 0, "::1")
        log._writer.flush()
        assert log._writer.dropped == 1


def test_a_reader_that_is_gone_costs_lines_not_requests(pipe):
    os.close(pipe.reader)
    writer = LineWriter(pipe.writer)
    writer.write(b"a\nb\n")
    writer.flush()
    assert writer.dropped == 2


def test_a_line_longer_than_a_pipe_takes_at_once_is_whole(pipe):
    writer = LineWriter(pipe.writer)
    writer.write(b"y" * 10_000 + b"\n")
    writer.write(b"z\n")
    writer.flush()
    assert pipe.text() == "y" * 10_000 + "\nz\n"


@given(st.integers(min_value=0, max_value=4 * 10**12))
def test_times_are_utc_to_the_millisecond(milliseconds):
    text = Stamp().of(milliseconds / 1000)
    assert len(text) == 24
    assert text.endswith("Z")


class TestMessages:
    @pytest.fixture
    def logger(self, pipe: Pipe) -> logging.Logger:
        logger = logging.Logger("poolhouse.test")
        logger.addHandler(MessageHandler(pipe.writer, as_json=True, monotonic=lambda: 0.0))
        return logger

    def test_are_json_with_their_extras_and_no_others(self, logger, pipe):
        logger.warning("pool %s is odd", "a", extra={"request_id": "id-1", "header": "Authorization: x"})
        (document,) = pipe.documents()
        assert document.pop("time")
        assert document == {"level": "warning", "event": "pool a is odd", "request_id": "id-1"}

    def test_carry_the_trace_of_an_error_but_no_secret(self, logger, pipe):
        secret = Secret("canary7f3a")
        try:
            raise ValueError(f"bad {secret}")
        except ValueError:
            logger.exception("failed with %s", secret)
        text = pipe.text()
        assert "Traceback" in text
        assert "canary7f3a" not in text

    def test_a_flood_of_one_message_is_cut_whatever_it_names(self, logger, pipe):
        for number in range(MESSAGES_KEPT + 30):
            logger.warning("refused %s", number)
        logger.warning("another")
        assert len(pipe.documents()) == MESSAGES_KEPT + 1

    def test_that_do_not_fit_their_arguments_are_written_all_the_same(self, logger, pipe):
        logger.warning("%d of %d", "x")
        assert pipe.documents()[0]["event"] == "%d of %d"

    def test_are_readable_on_a_terminal_and_encoded(self, pipe):
        logger = logging.Logger("poolhouse.test")
        logger.addHandler(MessageHandler(pipe.writer, as_json=False))
        logger.warning("odd: %s", HOSTILE, extra={"address": "::1"})
        line = pipe.text()
        assert line.removesuffix("\n").isprintable()
        assert " warning: odd: " in line
        assert line.endswith(" address=::1\n")


def test_two_threads_may_write_out_at_once(pipe: Pipe) -> None:
    """At the server's end what is left is written by another thread, while the loop's may do the same."""
    writer = LineWriter(pipe.writer)
    failures: list[BaseException] = []

    def flush() -> None:
        try:
            for _ in range(2_000):
                writer.write(b"x\n")
                writer.flush()
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=flush) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
