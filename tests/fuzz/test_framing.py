"""Bytes that are no HTTP, at every endpoint: one answer at most, then the connection ends; never a wait."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import examples
from tests.fuzz.house import House
from tests.fuzz.wire import INSIDE, SECONDS, raw

HEAD = b"Host: localhost\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SMUGGLED = b"DELETE /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"
BROKEN = [
    b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: identity\r\nContent-Length: 4\r\n\r\na=b&" + SMUGGLED,
    b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: identity, chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n" + SMUGGLED,
    b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nabcde\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffff\r\na\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n5\nabcde\n0\n\n" + SMUGGLED,
    b"Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n",
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X-Trailer: a\r\n" * 3_000 + b"\r\n",
    b"Content-Length: 5, 5\r\n\r\nabcde" + SMUGGLED,
    b"Content-Length: 1\r\nContent-Length: 5\r\n\r\nabcde",
    b"Content-Length: 0x5\r\n\r\nabcde",
    b"Content-Length: 5 5\r\n\r\nabcde",
    b"Content-Length:\r\n\r\nabcde",
    b"Content-Length: 18446744073709551617\r\n\r\na",
    b"X: a\r\n\tfolded: b\r\n\r\n",
    b"X\x00: a\r\n\r\n",
    b"X: a\x00\r\n\r\n",
    b"X: a\rY: b\r\n\r\n",
    b": a\r\n\r\n",
    b"X a\r\n\r\n",
    b"\xff: a\r\n\r\n",
]
"""The rest of a request, whose framing can be read in two ways or in none."""


def endpoints(house: House) -> Iterator[bytes]:
    yield b"POST / HTTP/1.1\r\n"
    yield f"POST /domains/{house.machine.domain}/oauth2/token HTTP/1.1\r\n".encode()
    yield f"GET /{house.machine.pool_id}/.well-known/jwks.json HTTP/1.1\r\n".encode()
    yield b"GET /healthz HTTP/1.1\r\n"


@pytest.mark.parametrize("rest", BROKEN, ids=lambda rest: repr(rest[:40]))
def test_framing_that_is_no_framing_is_refused_at_every_endpoint(house: House, rest: bytes) -> None:
    for line in endpoints(house):
        answer = raw(house.server, line + HEAD + rest, patience=0.3)
        assert answer.count(b"HTTP/1.1 ") <= 1, (line, answer)
        assert answer == b"" or 400 <= int(answer[9:12]) < 500, (line, answer)
        assert not INSIDE.search(answer)


@examples(80)
@given(data=st.data())
def test_any_bytes_end_in_an_answer_or_in_silence(house: House, data: st.DataObject) -> None:
    line = data.draw(st.sampled_from(list(endpoints(house))))
    good = bytearray(line + HEAD + b"Content-Length: 3\r\n\r\na=b")
    for _ in range(data.draw(st.integers(1, 4))):
        position = data.draw(st.integers(0, len(good) - 1))
        piece = data.draw(
            st.binary(max_size=3)
            | st.sampled_from([b"\r\n", b"\n", b"\0", b" ", b":", b"\r\n\r\n", b"HTTP/1.1"])
        )
        good[position : position + data.draw(st.integers(0, 3))] = piece
    started = time.monotonic()
    answer = raw(house.server, bytes(good), patience=0.05)
    assert time.monotonic() - started < SECONDS
    assert b"HTTP/1.1 5" not in answer
    assert not INSIDE.search(answer)
    assert answer == b"" or answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 4", b"HTTP/1.1 3")), answer


def test_the_server_is_unharmed_by_all_of_it(house: House) -> None:
    house.mend()
    house.check_all_answers()
