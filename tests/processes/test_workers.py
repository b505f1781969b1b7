"""`--workers 2`: both serve, evenly; one that dies is replaced; a change through one is seen by the other at once."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.processes.serving import (
    Machine,
    Node,
    Serve,
    a_machine,
    another_client,
    ask_for_a_token,
    is_alive,
    token_of,
)


def worker_of(node: Node, connection: http.client.HTTPConnection) -> int:
    """The worker that has this connection: the one among whose files is the socket at its other end."""
    own_port = connection.sock.getsockname()[1]
    wanted = f":{node.port:04X}", f":{own_port:04X}"
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[1].endswith(wanted[0]) and fields[2].endswith(wanted[1]):
            socket_name = f"socket:[{fields[9]}]"
            break
    for pid in node.workers():
        if socket_name in files_of(pid):
            return pid
    raise AssertionError(f"no worker has {socket_name}")


def files_of(pid: int) -> set[str]:
    found = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found.add(os.readlink(f"/proc/{pid}/fd/{name}"))
        except FileNotFoundError:
            continue  # closed meanwhile
    return found


def a_connection_to_each(node: Node, machine: Machine) -> dict[int, http.client.HTTPConnection]:
    """By worker. Each has had an answer, so it has surely arrived."""
    found: dict[int, http.client.HTTPConnection] = {}
    while len(found) < len(node.workers()):
        connection = node.connect()
        assert ask_for_a_token(connection, machine)[0] == 200
        found.setdefault(worker_of(node, connection), connection)
    return found


def test_connections_that_stay_open_are_spread_evenly(serve: Serve) -> None:
    node = serve(workers=2)
    machine = a_machine(node.cognito(), "even")
    connections = [node.connect() for _ in range(30)]
    for connection in connections:
        assert ask_for_a_token(connection, machine)[0] == 200
    counts = Counter(worker_of(node, connection) for connection in connections)
    assert sorted(counts.values()) in ([14, 16], [15, 15]), "one of them has the connection of boto3 besides"

    # What one worker loses, it gets again.
    emptied = counts.most_common()[0][0]
    for connection in [c for c in connections if worker_of(node, c) == emptied]:
        connection.close()
    wait_for(lambda: sum("socket" in name for name in files_of(emptied)) < 10)
    after = [node.connect() for _ in range(8)]
    for connection in after:
        assert ask_for_a_token(connection, machine)[0] == 200
    assert Counter(worker_of(node, connection) for connection in after)[emptied] == 8


def test_a_change_through_one_worker_is_seen_by_the_other_at_once(
    serve: Serve, engine: dict[str, Any]
) -> None:
    node = serve(workers=2, **engine)
    cognito = node.cognito()
    first = a_machine(cognito, "coherent")
    connections = a_connection_to_each(node, first)
    assert len(connections) == 2
    # On PostgreSQL the notification has to travel; the lease bounds that for the worst case.
    allowed = 0.0 if "data_dir" in engine else 1.0
    for _ in range(8):
        client = another_client(cognito, first.pool_id, first.domain)
        for connection in connections.values():
            assert ask_for_a_token(connection, client)[0] == 200
        cognito.delete_user_pool_client(UserPoolId=client.pool_id, ClientId=client.client_id)
        deleted_at = time.monotonic()
        for connection in connections.values():
            asked_at = time.monotonic()
            status, document = ask_for_a_token(connection, client)
            while status == 200:
                assert asked_at - deleted_at < allowed, "a deleted client got a token"
                asked_at = time.monotonic()
                status, document = ask_for_a_token(connection, client)
            assert (status, document["error"]) == (400, "invalid_client")


def test_a_worker_that_is_killed_is_replaced_while_the_other_goes_on(serve: Serve) -> None:
    node = serve(workers=2)
    machine = a_machine(node.cognito(), "killed")
    connections = a_connection_to_each(node, machine)
    victim, survivor = connections
    os.kill(victim, signal.SIGKILL)
    # What is handed to it before its end is known is lost with it.
    wait_for(lambda: f"worker {victim} has ended" in node.log)
    killed_at = time.monotonic()
    lost = 0
    while len(node.workers()) < 2 or victim in node.workers():
        assert ask_for_a_token(connections[survivor], machine)[0] == 200
        try:
            assert token_of(node, machine)[0] == 200, "new connections go to the one that lives"
        except OSError:
            lost += 1  # handed over in the moment of its death, before the supervisor heard of it
        assert lost <= 1
        assert time.monotonic() - killed_at < 30
    assert survivor in node.workers()
    assert len(a_connection_to_each(node, machine)) == 2, "the new one serves"


def test_the_figures_count_both_workers_and_a_replaced_one(serve: Serve) -> None:
    node = serve(workers=2)
    machine = a_machine(node.cognito(), "figures")
    connections = a_connection_to_each(node, machine)
    time.sleep(0.3)  # what was answered so far is gathered, and counted then
    before = tokens_issued(node)
    for connection in connections.values():
        for _ in range(5):
            assert ask_for_a_token(connection, machine)[0] == 200
    # The figures of the worker that is not asked follow within the moment for which they are gathered.
    wait_for(lambda: tokens_issued(node) == before + 10)
    os.kill(next(iter(connections)), signal.SIGKILL)
    wait_for(lambda: "has ended" in node.log)
    # The figures of the worker that is not asked follow within the moment for which they are gathered.
    wait_for(lambda: tokens_issued(node) == before + 10)


def tokens_issued(node: Node) -> int:
    status, text = node.get("/metrics")
    assert status == 200
    (line,) = [
        line for line in text.decode().splitlines() if line.startswith("poolhouse_tokens_issued_total")
    ]
    return int(float(line.split()[1]))


def test_the_workers_of_a_killed_supervisor_end_by_themselves(serve: Serve) -> None:
    node = serve(workers=2)
    workers = node.workers()
    node.process.kill()
    wait_for(lambda: not any(is_alive(pid) for pid in workers))
    again = serve(home=node.home, port=node.port)
    assert again.get("/healthz")[0] == 200, "and the address is free"


def test_workers_that_cannot_start_are_not_tried_for_ever() -> None:
    program = """
import sys
from poolhouse.config import Settings
from poolhouse.edge.listener import bind
from poolhouse.edge.log import set_up_logging
from poolhouse.edge.supervisor import Supervisor

def work(channel):
    raise ValueError("it can't be")

set_up_logging(Settings())
sys.exit(Supervisor(bind("localhost", 0), 2, work, on_ready=lambda: None, grace=1).run())
"""
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert ended.returncode == 1
    assert "ValueError: it can't be" in ended.stdout


def wait_for(condition: Any, within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
