"""kill -9 under a load of writes: what was acknowledged is there and works, what was not is whole or absent."""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError
from tests.processes.serving import (
    Machine,
    Node,
    a_machine,
    ask_for_a_token,
    run_to_its_end,
    served,
)

ROUNDS = 40 if os.environ.get("POOLHOUSE_TEST_SOAK") else 3
WRITERS = 3


@dataclass
class Ledger:
    """What the server said is done."""

    pools: dict[str, str] = field(default_factory=dict)
    """Domain by pool."""
    machines: list[Machine] = field(default_factory=list)
    """A client and each of its secrets."""


class Writer:
    """One administrator who makes one thing after the other until the server is gone."""

    def __init__(self, node: Node, ledger: Ledger, name: str) -> None:
        self._cognito = node.cognito()
        self._ledger = ledger
        self._name = name

    def write_until_it_fails(self) -> None:
        try:
            for number in range(1_000_000):
                machine = a_machine(self._cognito, f"{self._name}-{number}")
                self._ledger.pools[machine.pool_id] = machine.domain
                self._ledger.machines.append(machine)
                for _ in range(10):
                    self._write_a_client(machine)
        except BotoCoreError:
            return  # the connection ended: what became of this last one, nobody knows

    def _write_a_client(self, beside: Machine) -> None:
        client = self._cognito.create_user_pool_client(
            UserPoolId=beside.pool_id,
            ClientName="billing",
            GenerateSecret=True,
            AllowedOAuthFlows=["client_credentials"],
            AllowedOAuthScopes=["orders/read"],
            AllowedOAuthFlowsUserPoolClient=True,
        )["UserPoolClient"]
        client_id = client["ClientId"]
        machine = Machine(beside.pool_id, beside.domain, client_id, client["ClientSecret"])
        self._ledger.machines.append(machine)
        added = self._cognito.add_user_pool_client_secret(UserPoolId=beside.pool_id, ClientId=client_id)
        secret = added["ClientSecretDescriptor"]["ClientSecretValue"]
        self._ledger.machines.append(Machine(beside.pool_id, beside.domain, client_id, secret))


def test_every_acknowledged_write_survives_and_works(engine: dict[str, Any], tmp_path: Path) -> None:
    seed = random.randrange(10**9)
    print("seed", seed)
    chosen = random.Random(seed)
    ledger = Ledger()
    recoveries = []
    for round_ in range(ROUNDS):
        with served(tmp_path / "home", **engine) as node:
            recoveries.append(time.monotonic() - node.started_at)
            with ThreadPoolExecutor(WRITERS) as threads:
                writers = [Writer(node, ledger, f"r{round_}w{n}") for n in range(WRITERS)]
                under_way = [threads.submit(writer.write_until_it_fails) for writer in writers]
                before = len(ledger.machines)
                while len(ledger.machines) < before + 5 and not any(writer.done() for writer in under_way):
                    time.sleep(0.01)
                time.sleep(chosen.uniform(0, 0.7))
                node.kill()
                for writer in under_way:
                    writer.result(30)
    with served(tmp_path / "home", **engine) as node:
        recoveries.append(time.monotonic() - node.started_at)
        print(
            f"{len(ledger.pools)} pools, {len(ledger.machines)} secrets; ready after {max(recoveries):.2f} s at most"
        )
        connection = node.connect()
        for machine in ledger.machines:
            status, document = ask_for_a_token(connection, machine)
            assert status == 200, (machine, document)
        everything_is_whole(node, ledger)
        assert node.stop() == 0
    if "data_dir" in engine:
        checked = run_to_its_end(tmp_path / "home", "check", **engine)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        with closing(sqlite3.connect(engine["data_dir"] / "poolhouse.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def everything_is_whole(node: Node, ledger: Ledger) -> None:
    """Also what was written but not acknowledged: a pool has its keys, a client its secret."""
    cognito = node.cognito()
    pools = [pool["Id"] for page in pages(cognito, "list_user_pools", 60) for pool in page["UserPools"]]
    assert set(ledger.pools) <= set(pools)
    for pool_id in pools:
        status, keys = node.get(f"/{pool_id}/.well-known/jwks.json")
        assert status == 200
        assert keys.count(b'"kid"') == 2
        clients = [
            client["ClientId"]
            for page in pages(cognito, "list_user_pool_clients", 60, UserPoolId=pool_id)
            for client in page["UserPoolClients"]
        ]
        assert {machine.client_id for machine in ledger.machines if machine.pool_id == pool_id} <= set(
            clients
        )
        # Those that were acknowledged have had a token.
        for client_id in set(clients) - {machine.client_id for machine in ledger.machines}:
            found = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)
            assert found["UserPoolClient"]["ClientSecret"]


def pages(cognito: Any, operation: str, size: int, **parameters: Any) -> Iterator[dict[str, Any]]:
    token: dict[str, str] = {}
    while True:
        page = getattr(cognito, operation)(MaxResults=size, **parameters, **token)
        yield page
        if "NextToken" not in page:
            return
        token = {"NextToken": page["NextToken"]}
