"""Callers that send slowly, never read, say nothing or say too much: the others don't feel it."""

from __future__ import annotations

import http.client
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from statistics import quantiles
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.harness import RunningServer
from tests.processes.serving import (
    Machine,
    Node,
    Serve,
    a_machine,
    another_client,
    ask_for_a_token,
    resident_mib,
    token_of,
    token_request,
)

WANTED_IDLE = 10_000
SPARE = 500
"""Descriptors of this process for all else."""


@pytest.fixture(scope="module", autouse=True)
def _as_many_files_as_allowed() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def percentiles(node: Node, machine: Machine, count: int = 300) -> tuple[float, float]:
    """p50 and p99 of a token request, in milliseconds."""
    connection = node.connect()
    took = []
    for _ in range(count):
        asked_at = time.perf_counter()
        assert ask_for_a_token(connection, machine)[0] == 200
        took.append((time.perf_counter() - asked_at) * 1000)
    cuts = quantiles(took, n=100)
    return cuts[49], cuts[98]


@contextmanager
def idle_connections(node: Node, count: int) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        made = []
        for number in range(count):
            connection = stack.enter_context(socket.socket())
            # Of several addresses: one has not more than 28,000 ports.
            connection.bind((f"127.0.0.{2 + number % 8}", 0))
            connection.settimeout(20)
            connection.connect((node.host, node.port))
            made.append(connection)
        yield made


def connections_of(node: Node) -> int:
    text = node.get("/metrics")[1].decode()
    (line,) = [line for line in text.splitlines() if line.startswith("poolhouse_connections ")]
    return int(float(line.split()[1]))


@pytest.mark.parametrize("workers", [1, 2])
def test_ten_thousand_idle_connections_do_not_stop_others(serve: Serve, workers: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    # With several workers what matters is the burst; each connection costs the same.
    count = min(WANTED_IDLE if workers == 1 else WANTED_IDLE // 3, hard - SPARE)
    # The server is given the usual soft limit and must help itself.
    node = serve(
        workers=workers,
        popen={"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (1024, hard))},
    )
    machine = a_machine(node.cognito(), "idle")
    before = percentiles(node, machine)
    family = node.workers() or [node.pid]
    memory = sum(map(resident_mib, family))
    begun = time.monotonic()
    with idle_connections(node, count) as idle:
        until(lambda: connections_of(node) >= count)
        opened = time.monotonic() - begun
        with_them = percentiles(node, machine)
        grown = sum(map(resident_mib, family)) - memory
        print(
            f"{workers} workers, {count} idle connections in {opened:.1f} s: {grown:.0f} MiB more"
            f" ({grown * 1024 / count:.1f} KiB each); p50/p99 {before[0]:.1f}/{before[1]:.1f} ms before,"
            f" {with_them[0]:.1f}/{with_them[1]:.1f} ms with them"
        )
        assert grown < 200
        assert with_them[1] < 1_000
        # Each of them is a connection like any other.
        for connection in idle[:: count // 20]:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4_096).startswith(b"HTTP/1.1 200")
    until(lambda: connections_of(node) < 100)
    assert node.stop() == 0
    assert "Traceback" not in node.log


def test_slow_senders_and_large_bodies_do_not_stop_others(serve: Serve) -> None:
    node = serve(header_timeout="3s", body_timeout="3s")
    machine = a_machine(node.cognito(), "slow")
    before = percentiles(node, machine)
    stop = threading.Event()

    def send_large_bodies() -> int:
        sent = 0
        while not stop.is_set():
            connection = http.client.HTTPConnection(node.host, node.port, timeout=20)
            connection.request("POST", "/", b"x" * 10_000_000, {"Content-Type": "application/x-amz-json-1.1"})
            answer = connection.getresponse()
            assert (answer.status, answer.read()[:11]) == (413, b'{"__type":"')
            connection.close()
            sent += 1
        return sent

    method, path, *_ = token_request(machine)
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n".encode()
    with idle_connections(node, 600) as slow, ThreadPoolExecutor(2) as threads:
        sending = [threads.submit(send_large_bodies) for _ in range(2)]
        for connection in slow[:300]:
            connection.sendall(head[:20])
        for connection in slow[300:]:
            connection.sendall(head + b"grant")
        with_them = percentiles(node, machine)
        stop.set()
        large = sum(future.result(30) for future in sending)
        print(
            f"{large} bodies of 10 MB; p50/p99 {before[0]:.1f}/{before[1]:.1f} ms before,"
            f" {with_them[0]:.1f}/{with_them[1]:.1f} ms with them"
        )
        assert large
        assert with_them[1] < 2_000
        for connection in slow[::50]:
            # Cut, with a word where the request had no whole head.
            answer = connection.recv(4_096)
            assert answer == b"" or answer.startswith(b"HTTP/1.1 408")
    assert connections_of(node) < 20
    assert resident_mib(node.pid) < 200


def test_one_who_never_reads_is_cut_off(own_server: Callable[..., RunningServer]) -> None:
    """Else each such caller would hold a connection and a task for ever."""
    server = own_server()
    listener = server.server.listener
    listener._timeouts = replace(listener._timeouts, answer=1.0)
    pool_id = server.client().create_user_pool(PoolName="deaf")["UserPool"]["Id"]
    asking = f"GET /{pool_id}/.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    before = listener.connections
    with socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        deaf.connect(("127.0.0.1", server.port))
        for _ in range(20):
            try:
                deaf.sendall(asking * 200)
            except ConnectionError:
                break
            time.sleep(0.02)
        until(lambda: listener.connections == before)


def test_requests_are_not_piled_up(serve: Serve) -> None:
    """One who sends request after request and reads no answer fills neither memory nor queue."""
    node = serve()
    machine = a_machine(node.cognito(), "piled")
    request = f"GET /{machine.pool_id}/.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()
    for _ in range(10):
        with socket.create_connection((node.host, node.port)) as greedy, pytest.raises(ConnectionError):
            send_for_ever(greedy, request * 10_000)
    assert resident_mib(node.pid) < 150
    connection = node.connect()
    # As many as a sensible caller has under way are answered.
    connection.connect()
    connection.sock.sendall(request * 200)
    answered = b""
    while answered.count(b"HTTP/1.1 200 OK") < 200:
        answered += connection.sock.recv(1_000_000)


@pytest.mark.parametrize("workers", [1, 2])
def test_descriptors_that_run_out_come_back(serve: Serve, engine: dict[str, Any], workers: int) -> None:
    node = serve(workers=workers, **engine)
    cognito = node.cognito()
    machine = a_machine(cognito, "descriptors")
    old = [node.connect() for _ in range(4)]
    for connection in old:
        assert ask_for_a_token(connection, machine)[0] == 200
    family = {node.pid, *node.workers()}
    for pid in family:
        hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)[1]
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (highest_file_of(pid) + 12, hard))
    waiting = []
    try:
        for _ in range(100):
            connection = socket.create_connection((node.host, node.port), timeout=5)
            connection.setblocking(False)
            waiting.append(connection)
        begun = time.monotonic()
        while time.monotonic() - begun < 2:
            for connection in old:
                status, document = ask_for_a_token(connection, machine)
                # Where the database must be asked and can't: for now, not for good.
                assert status == 200 or (status, document["error"]) == (503, "temporarily_unavailable")
    finally:
        for connection in waiting:
            connection.close()
    back_at = time.monotonic()
    until(lambda: all(token_of_or_none(node, machine) == 200 for _ in range(4)))
    print(f"new connections again after {time.monotonic() - back_at:.2f} s, {len(node.log)} bytes of log")
    # The way by which changes are heard of has survived too.
    client = once_possible(lambda: another_client(cognito, machine.pool_id, machine.domain))
    for connection in old:
        until(lambda connection=connection: ask_for_a_token(connection, client)[0] == 200)
    once_possible(
        lambda: cognito.delete_user_pool_client(UserPoolId=client.pool_id, ClientId=client.client_id)
    )
    time.sleep(1)
    for connection in old:
        assert ask_for_a_token(connection, client)[0] == 400
        assert ask_for_a_token(connection, machine)[0] == 200
    assert {node.pid, *node.workers()} == family
    said = [line for line in node.log.splitlines() if '"event":"request"' not in line]
    assert len(said) < 200


def send_for_ever(connection: socket.socket, data: bytes) -> None:
    while True:
        connection.sendall(data)


def highest_file_of(pid: int) -> int:
    return max(int(name) for name in os.listdir(f"/proc/{pid}/fd"))


def once_possible(do: Callable[[], Any], within: float = 5) -> Any:
    """Each worker finds its way back by itself, and to the database not more than a few times a second."""
    deadline = time.monotonic() + within
    while True:
        try:
            return do()
        except ClientError as refused:
            if refused.response["ResponseMetadata"]["HTTPStatusCode"] != 503 or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def token_of_or_none(node: Node, machine: Machine) -> int | None:
    try:
        return token_of(node, machine)[0]
    except (OSError, http.client.HTTPException):
        return None


def until(condition: Any, within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
