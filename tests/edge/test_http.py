"""HTTP as bytes on a socket: ambiguous framing, sizes, slow senders, hosts, methods."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import Machine, a_machine
from tests.harness import RunningServer
from tests.oauth.test_token import a_token, basic, send

from poolhouse.edge.client_address import ClientAddress


def exchange(server: RunningServer, request: bytes, *, wait: float = 5) -> bytes:
    """What the server says to these bytes until it closes or goes quiet."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=wait) as connection:
        connection.sendall(request)
        received = b""
        while True:
            try:
                part = connection.recv(65_536)
            except (TimeoutError, ConnectionResetError):
                return received
            if not part:
                return received
            received += part


def status_of(answer: bytes) -> int:
    assert answer.startswith(b"HTTP/1.1 "), answer
    return int(answer[9:12])


TOKEN = b"POST /domains/nobody/oauth2/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        TOKEN + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
        TOKEN + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SMUGGLED,
        TOKEN + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        TOKEN + b"Content-Length: 5, 5\r\n\r\nabcde",
        TOKEN + b"Content-Length: +5\r\n\r\nabcde",
        TOKEN + b"Content-Length: -1\r\n\r\n",
        TOKEN + b"Content-Length: 99999999999999999999999\r\n\r\n",
        TOKEN + b"Content-Length : 5\r\n\r\nabcde",
        TOKEN + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        TOKEN + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n0\r\n\r\n",
        TOKEN + b"X-Folded: a\r\n b\r\n\r\n",
        TOKEN + b"Bad\x00Name: a\r\n\r\n",
        TOKEN + b"X-Null: a\x00b\r\n\r\n",
        TOKEN + b"X-Bare: a\nX-Other: b\r\n\r\n",
        TOKEN + b"Host: other\r\n\r\n",
        b"POST / HTTP/1.1\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"NONSENSE\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 64 + b"\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"CONNECT example.com:443 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_broken_framing_is_refused_and_nothing_behind_it_is_answered(
    server: RunningServer, request_bytes: bytes
) -> None:
    answer = exchange(server, request_bytes, wait=2)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert 400 <= status_of(answer) < 500
    assert b"connection: close" in answer.lower()
    json.loads(answer.partition(b"\r\n\r\n")[2])


def test_a_head_without_bounds_is_refused(server: RunningServer) -> None:
    many = TOKEN + b"".join(b"X-%d: a\r\n" % number for number in range(200)) + b"\r\n"
    assert status_of(exchange(server, many)) == 431
    long = TOKEN + b"X: " + b"a" * 200_000 + b"\r\n\r\n"
    assert status_of(exchange(server, long)) == 431
    path = b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert status_of(exchange(server, path)) == 431


def test_a_body_without_bounds_is_refused(server: RunningServer) -> None:
    for body in (
        b"Content-Length: 10485760\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"a" * 65_536 + b"\r\n") * 3,
    ):
        answer = exchange(server, TOKEN + b"Content-Type: application/x-www-form-urlencoded\r\n" + body)
        assert status_of(answer) == 413
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"] == "invalid_request"


def test_a_body_in_chunks_is_read(server: RunningServer, machine: Machine) -> None:
    credentials = basic(machine.client_id, machine.client_secret)["Authorization"].encode()
    path = f"/domains/{machine.domain}/oauth2/token".encode()
    answer = exchange(
        server,
        b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: " + credentials
        + b"\r\nContent-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\ngrant\r\n18\r\n_type=client_credentials\r\n0\r\n\r\n",
    )  # fmt: skip
    assert status_of(answer) == 200


def test_requests_in_a_row_are_answered_in_a_row(server: RunningServer) -> None:
    health = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    answer = exchange(server, (health + b"\r\n") * 3 + health + b"Connection: close\r\n\r\n")
    assert answer.count(b"HTTP/1.1 200 OK") == 4


def test_every_answer_carries_a_request_id_and_a_date(server: RunningServer) -> None:
    for path in ("/healthz", "/", "/nothing", "/us-east-1_x/.well-known/jwks.json"):
        answer = send(server.base_url + path)
        assert answer.headers["x-amzn-RequestId"]
        assert answer.headers["Date"]


def test_an_offer_to_change_protocols_is_ignored(server: RunningServer) -> None:
    answer = exchange(
        server,
        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade, HTTP2-Settings\r\n"
        b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
        wait=2,
    )
    assert status_of(answer) == 200


@pytest.fixture
def hasty(own_server: Any) -> RunningServer:
    server: RunningServer = own_server(
        keep_alive=timedelta(seconds=2),
        header_timeout=timedelta(seconds=1),
        body_timeout=timedelta(seconds=1),
    )
    return server


def test_slow_senders_and_idle_connections_are_cut(hasty: RunningServer) -> None:
    started = time.monotonic()
    assert status_of(exchange(hasty, b"POST / HTTP/1.1\r\nHost: loc", wait=10)) == 408
    assert exchange(hasty, TOKEN + b"Content-Length: 5\r\n\r\nab", wait=10) == b""
    assert exchange(hasty, b"", wait=10) == b""
    assert time.monotonic() - started < 12


@pytest.fixture
def crowd(server: RunningServer) -> Iterator[None]:
    """Five hundred connections that say nothing, and fifty that trickle."""
    with ExitStack() as stack:
        for number in range(550):
            connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port)))
            if number >= 500:
                connection.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\na")
        yield


@pytest.mark.usefixtures("crowd")
def test_a_crowd_of_idle_and_slow_connections_stops_nobody(server: RunningServer, machine: Machine) -> None:
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda _: a_token(machine), range(40)))


def test_the_host_header_shapes_nothing(server: RunningServer, machine: Machine) -> None:
    path = f"/{machine.pool_id}/.well-known/openid-configuration"
    evil = send(server.base_url + path, headers={"Host": "evil.test"})
    assert evil.status == 404
    by_number = send(server.base_url + path, headers={"Host": "192.0.2.1", "X-Forwarded-Host": "evil.test"})
    assert by_number.document["issuer"] == machine.issuer


def test_health_is_for_everybody_and_figures_are_not(own_server: Any) -> None:
    server = own_server()
    assert send(f"{server.base_url}/healthz").status == 200
    assert send(f"{server.base_url}/readyz").document == {"status": "ready"}
    figures = send(f"{server.base_url}/metrics")
    assert figures.status == 200
    assert b"poolhouse_requests_total" in figures.body
    outside = {"X-Forwarded-For": "203.0.113.7"}
    assert send(f"{server.base_url}/metrics", headers=outside).status == 404
    assert send(f"{server.base_url}/healthz", headers=outside).status == 200


def test_figures_are_not_for_callers_that_a_proxy_speaks_for(own_server: Any) -> None:
    server = own_server()
    for header in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert send(f"{server.base_url}/metrics", headers={header: "127.0.0.1"}).status == 404


def test_with_a_listener_of_their_own_figures_are_nowhere_else(own_server: Any) -> None:
    server = own_server(admin_port=9)
    assert send(f"{server.base_url}/metrics").status == 404


@pytest.mark.parametrize(
    ("trusted", "headers", "address"),
    [
        ((), {b"x-forwarded-for": b"203.0.113.7"}, "127.0.0.1"),
        (("127.0.0.1",), {b"x-forwarded-for": b"203.0.113.7"}, "203.0.113.7"),
        (("127.0.0.1",), {b"x-forwarded-for": b"10.9.9.9, 203.0.113.7"}, "203.0.113.7"),
        (("127.0.0.1", "203.0.113.0/24"), {b"x-forwarded-for": b"10.9.9.9, 203.0.113.7"}, "10.9.9.9"),
        (("127.0.0.1",), {b"x-forwarded-for": b"nonsense"}, "127.0.0.1"),
        (("127.0.0.1",), {b"x-forwarded-for": b"203.0.113.7, ,;"}, "127.0.0.1"),
        (("10.0.0.0/8",), {b"x-forwarded-for": b"203.0.113.7"}, "127.0.0.1"),
        (("127.0.0.1",), {b"x-forwarded-for": b"fe80::1%whatever <b>anyone likes"}, "fe80::1"),
    ],
)
def test_forwarded_headers_count_from_named_proxies_only(
    trusted: tuple[str, ...], headers: dict[bytes, bytes], address: str
) -> None:
    scope = {"client": ("127.0.0.1", 1), "scheme": "http"}
    assert ClientAddress(trusted).of(scope, list(headers.items())) == (address, "http")


def test_a_client_has_its_rate(own_server: Any) -> None:
    server = own_server(token_rate_per_client=2.0)
    machine = a_machine(server, server.client())
    url = f"{machine.domain_url}/oauth2/token"
    headers = basic(machine.client_id, machine.client_secret)
    answers = [send(url, b"grant_type=client_credentials", headers) for _ in range(10)]
    assert answers[0].status == 200
    assert answers[-1].error == (429, "slow_down")


def test_the_log_says_who_asked_also_where_it_is_refused(
    own_server: Any, capfd: pytest.CaptureFixture[str]
) -> None:
    server = own_server()
    cognito = server.client()
    machine = a_machine(server, cognito)
    send(
        f"{machine.domain_url}/oauth2/token",
        b"grant_type=client_credentials",
        basic(machine.client_id, "wrong"),
    )
    with pytest.raises(ClientError):
        server.client(aws_secret_access_key="wrong").list_user_pools(MaxResults=1)
    server.loop.call_soon_threadsafe(server.server.recorder.flush)
    deadline = time.monotonic() + 10
    lines: list[dict[str, Any]] = []
    while len([line for line in lines if line.get("error")]) < 2 and time.monotonic() < deadline:
        lines += [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    refused = {line["error"]: line["actor"] for line in lines if "error" in line}
    assert refused == {
        "invalid_client": machine.client_id,
        "InvalidSignatureException": "arn:aws:iam::000000000000:root",
    }
