"""A disk that takes no more, or a database that another process has locked: tokens go on, writes are told at once."""

from __future__ import annotations

import os
import resource
import sqlite3
import stat
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.processes.serving import Node, Serve, a_machine, another_client, run_to_its_end, token_of


def allow_files_up_to(node: Node, size: int) -> None:
    """As a full disk: what would make a file longer than this fails (Python ignores SIGXFSZ)."""
    resource.prlimit(node.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def write_until_refused(cognito: Any, machine: Any, made: list[Any]) -> tuple[ClientError, float]:
    while True:
        asked_at = time.monotonic()
        try:
            made.append(another_client(cognito, machine.pool_id, machine.domain))
        except ClientError as refused:
            return refused, time.monotonic() - asked_at


def test_a_full_disk_stops_writes_alone(serve: Serve) -> None:
    node = serve()
    cognito = node.cognito()
    machine = a_machine(cognito, "full")
    made = [another_client(cognito, machine.pool_id, machine.domain)]
    allow_files_up_to(node, (node.data_dir / "poolhouse.db-wal").stat().st_size + 50_000)
    for _ in range(5):
        refused, took = write_until_refused(cognito, machine, made)
        assert refused.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert refused.response["Error"]["Code"] == "ServiceUnavailableException"
        assert took < 3
    for client in (machine, *made):
        assert token_of(node, client)[0] == 200
    assert node.get(f"/{machine.pool_id}/.well-known/jwks.json")[0] == 200
    assert node.get("/healthz")[0] == 200
    allow_files_up_to(node, resource.RLIM_INFINITY)
    freed_at = time.monotonic()
    while True:
        try:
            made.append(another_client(cognito, machine.pool_id, machine.domain))
            break
        except ClientError:
            assert time.monotonic() - freed_at < 5
    for client in (machine, *made):
        assert token_of(node, client)[0] == 200
    node.kill()
    assert run_to_its_end(node.home, "check").returncode == 0
    again = serve(home=node.home)
    for client in (machine, *made):
        assert token_of(again, client)[0] == 200, "what was acknowledged beside the full disk is there"


def test_another_process_that_holds_the_lock_stops_writes_alone(serve: Serve) -> None:
    node = serve()
    cognito = node.cognito()
    machine = a_machine(cognito, "locked")
    with closing(sqlite3.connect(node.data_dir / "poolhouse.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        asked_at = time.monotonic()
        with pytest.raises(ClientError) as refused:
            another_client(cognito, machine.pool_id, machine.domain)
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
        assert time.monotonic() - asked_at < 9
        assert token_of(node, machine)[0] == 200
        assert node.get("/readyz")[0] == 200
        other.execute("ROLLBACK")
    assert token_of(node, another_client(cognito, machine.pool_id, machine.domain))[0] == 200


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write whatever the mode says")
def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True, mode=0o700)
    (home / "data").chmod(stat.S_IRUSR | stat.S_IXUSR)
    ended = run_to_its_end(home, "serve", port=0)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert str(home / "data") in ended.stderr
