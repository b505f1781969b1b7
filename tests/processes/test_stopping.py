"""Signals and what they leave behind: requests under way are answered, nothing is left running."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.processes.serving import (
    FORM,
    Machine,
    Node,
    Serve,
    a_machine,
    ask_for_a_token,
    is_alive,
    token_of,
    token_request,
)


class SlowSender:
    """A token request in two halves."""

    def __init__(self, node: Node, machine: Machine) -> None:
        self._connection = socket.create_connection((node.host, node.port), timeout=20)
        method, path, body, headers = token_request(machine)
        lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self._head = "\r\n".join(lines).encode() + b"\r\n\r\n"

    def send_half_of_the_head(self) -> None:
        self._connection.sendall(self._head[:50])

    def send_the_rest_of_the_head(self) -> None:
        self._connection.sendall(self._head[50:])

    def send_half_of_the_body(self) -> None:
        self._connection.sendall(FORM[:10])

    def finish(self) -> bytes:
        """The whole answer; the server closes behind it."""
        self._connection.sendall(FORM[10:])
        answer = b""
        while part := self._connection.recv(65_536):
            answer += part
        self.close()
        return answer

    def close(self) -> None:
        self._connection.close()


def wait_until_it_accepts_no_more(node: Node) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection((node.host, node.port), timeout=5).close()
        except ConnectionRefusedError:
            return
        time.sleep(0.02)
    raise AssertionError("still accepting")


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_requests_under_way_are_answered(serve: Serve, workers: int, number: signal.Signals) -> None:
    node = serve(workers=workers)
    machine = a_machine(node.cognito(), "graceful")
    in_the_head, in_the_body = SlowSender(node, machine), SlowSender(node, machine)
    in_the_head.send_half_of_the_head()
    in_the_body.send_half_of_the_head()
    in_the_body.send_the_rest_of_the_head()
    in_the_body.send_half_of_the_body()
    idle = node.connect()
    assert ask_for_a_token(idle, machine)[0] == 200
    family = node.workers()

    # As a terminal does it: to the whole group.
    os.killpg(node.pid, number)
    wait_until_it_accepts_no_more(node)
    assert idle.sock.recv(1) == b"", "an idle connection is closed at once"
    in_the_head.send_the_rest_of_the_head()
    in_the_head.send_half_of_the_body()
    for answer in (in_the_head.finish(), in_the_body.finish()):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), answer
        assert b"connection: close" in head.lower()
        assert "access_token" in json.loads(body)
    assert node.process.wait(10) == 0
    assert not any(is_alive(pid) for pid in family)
    assert node.log.count('"stopping; what is being answered may finish"') == 1
    assert "Traceback" not in node.log


@pytest.mark.parametrize("workers", [1, 2])
def test_a_stop_under_load_answers_whatever_it_accepted(serve: Serve, workers: int) -> None:
    node = serve(workers=workers)
    machine = a_machine(node.cognito(), "loaded")
    warm = node.connect()
    ask_for_a_token(warm, machine)
    begun = threading.Event()
    # Those that have sent a request and got a reset or nothing instead of an answer.
    lost: list[BaseException] = []
    answered = [0] * 8

    def ask_again_and_again(lane: int) -> None:
        while True:
            connection = node.connect()
            try:
                connection.connect()
            except OSError:
                return
            try:
                assert ask_for_a_token(connection, machine)[0] == 200
            except OSError as error:
                # Connected before the address was given up, but never accepted.
                lost.append(error)
                return
            answered[lane] += 1
            if answered[lane] == 20:
                begun.set()
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        lanes = [threads.submit(ask_again_and_again, lane) for lane in range(8)]
        assert begun.wait(30)
        node.process.terminate()
        for lane in lanes:
            lane.result(30)
    assert node.process.wait(10) == 0
    print(f"{sum(answered)} answered, {len(lost)} lost in the queue of the address")
    assert len(lost) <= 8, "no more than one a caller, in the moment of closing"


@pytest.mark.parametrize("workers", [1, 2])
def test_one_that_never_ends_is_cut_off_after_the_grace_time(serve: Serve, workers: int) -> None:
    node = serve(workers=workers, shutdown_grace="1s")
    machine = a_machine(node.cognito(), "endless")
    endless = SlowSender(node, machine)
    endless.send_half_of_the_head()
    endless.send_the_rest_of_the_head()
    time.sleep(0.2)
    stopped_at = time.monotonic()
    assert node.stop() == 0
    assert time.monotonic() - stopped_at < 8
    endless.close()


@pytest.mark.parametrize("workers", [1, 2])
def test_a_hang_up_does_not_end_a_service(serve: Serve, workers: int) -> None:
    node = serve(workers=workers)
    machine = a_machine(node.cognito(), "hang-up")
    os.killpg(node.pid, signal.SIGHUP)
    time.sleep(0.2)
    assert token_of(node, machine)[0] == 200
    assert "SIGHUP changes nothing" in node.log
    assert node.stop() == 0


def test_a_server_on_a_terminal_ends_with_it(serve: Serve) -> None:
    ours, theirs = pty.openpty()
    try:
        node = serve(popen={"stdin": theirs})
        node.process.send_signal(signal.SIGHUP)
        assert node.process.wait(20) == 0
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_service_manager_is_told(serve: Serve, tmp_path: Path, workers: int) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        address = str(tmp_path / "n")
        manager.bind(address)
        manager.settimeout(20)
        node = serve(wait=False, workers=workers, variables={"NOTIFY_SOCKET": address})
        assert manager.recv(100) == b"READY=1"
        assert node.get("/readyz")[0] == 200
        node.process.terminate()
        assert manager.recv(100) == b"STOPPING=1"
        assert node.process.wait(20) == 0
        manager.setblocking(False)
        with pytest.raises(BlockingIOError):
            manager.recv(100)
