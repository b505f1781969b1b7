"""The start: quick, for its owner alone, and refused with a reason and a remedy where it can't be."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.engines import PostgresServer, empty_postgres_database
from tests.processes.serving import (
    MASTER_KEY,
    Node,
    Serve,
    a_machine,
    another_client,
    environ_of,
    free_port,
    resident_mib,
    run_to_its_end,
    served,
    token_of,
)


@pytest.mark.parametrize("workers", [1, 2])
def test_from_an_empty_folder_to_the_first_token(serve: Serve, workers: int) -> None:
    node = serve(workers=workers)
    ready = time.monotonic() - node.started_at
    machine = a_machine(node.cognito(), "first")
    assert token_of(node, machine)[0] == 200
    first = time.monotonic() - node.started_at
    memory = ", ".join(f"{resident_mib(pid):.0f}" for pid in [node.pid, *node.workers()])
    print(f"{workers} workers: ready after {ready:.2f} s, first token after {first:.2f} s; MiB: {memory}")
    assert first < 30
    assert node.stop() == 0


def test_what_is_made_is_for_the_owner_alone(serve: Serve) -> None:
    # Whatever the mask of the one who starts it.
    node = serve(popen={"umask": 0o000})
    a_machine(node.cognito(), "mine")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in node.data_dir.iterdir()}
    assert stat.S_IMODE(node.data_dir.stat().st_mode) == 0o700
    assert {"poolhouse.db", "master.key"} <= modes.keys()
    assert set(modes.values()) == {0o600}, modes


def test_the_first_key_is_made_for_the_owner_alone(serve: Serve) -> None:
    node = serve(popen={"umask": 0o000}, root_access_key_id=None, root_secret_access_key=None)
    assert stat.S_IMODE((node.data_dir / "credentials").stat().st_mode) == 0o600


@pytest.fixture(scope="module")
def used(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that a server has used."""
    home = tmp_path_factory.mktemp("used")
    with served(home) as node:
        a_machine(node.cognito(), "there")
        assert node.stop() == 0
    return node.data_dir


@pytest.fixture
def with_data(used: Path, tmp_path: Path) -> Path:
    """A home with such a data folder."""
    shutil.copytree(used, tmp_path / "home" / "data")
    return tmp_path / "home"


def lose_the_key(home: Path) -> dict[str, Any]:
    (home / "data" / "master.key").unlink()
    return {}


def give_another_key(home: Path) -> dict[str, Any]:
    return {"master_key": MASTER_KEY}


def empty_the_key(home: Path) -> dict[str, Any]:
    (home / "data" / "master.key").write_text("")
    return {}


def show_the_key_to_others(home: Path) -> dict[str, Any]:
    (home / "data" / "master.key").chmod(0o644)
    return {}


def make_the_database_newer(home: Path) -> dict[str, Any]:
    with sqlite3.connect(home / "data" / "poolhouse.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    return {}


def damage_the_database(home: Path) -> dict[str, Any]:
    (home / "data" / "poolhouse.db").write_bytes(b"nonsense " * 1000)
    return {}


def take_the_certificate_away(home: Path) -> dict[str, Any]:
    return {"tls_cert": home / "no.pem", "tls_key": home / "no.key"}


def give_a_certificate_that_is_none(home: Path) -> dict[str, Any]:
    (home / "cert.pem").write_text("nonsense")
    return {"tls_cert": home / "cert.pem", "tls_key": home / "cert.pem"}


def open_it_to_the_network(home: Path) -> dict[str, Any]:
    return {"host": "0.0.0.0"}  # never bound: that is what is tested


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lose_the_key, ["master.key", "POOLHOUSE_MASTER_KEY"]),
        (give_another_key, ["another master key", "Give the key that the database was made with"]),
        (empty_the_key, ["master key", "openssl rand"]),
        (show_the_key_to_others, ["open to others", "chmod 600"]),
        (make_the_database_newer, ["9999", "newer release"]),
        (damage_the_database, ["poolhouse.db", "restore"]),
        (take_the_certificate_away, ["no.pem", "No such file"]),
        (give_a_certificate_that_is_none, ["cert.pem", "PEM"]),
        (open_it_to_the_network, ["0.0.0.0", "tls_cert", "insecure_http"]),
    ],
)
def test_it_refuses_to_start_with_a_reason_and_a_remedy(
    with_data: Path, spoil: Callable[[Path], dict[str, Any]], words: list[str]
) -> None:
    settings = spoil(with_data)
    before = content_of(with_data / "data")
    ended = run_to_its_end(with_data, "serve", port=free_port(), **settings)
    assert ended.returncode in (1, 2)
    assert all(word in ended.stderr for word in words), ended.stderr
    assert "Traceback" not in ended.stderr + ended.stdout
    assert content_of(with_data / "data") == before, "and changes nothing"


def content_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix not in (".db-shm",)}


@pytest.mark.parametrize("workers", [1, 2])
def test_a_port_that_is_taken_is_told_in_one_line(serve: Serve, tmp_path: Path, workers: int) -> None:
    node = serve()
    ended = run_to_its_end(tmp_path / "second", "serve", port=node.port, workers=workers)
    assert ended.returncode == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith(f"poolhouse: can't listen on port {node.port} of 127.0.0.1: something else does.")
    assert "--port" in line


def test_two_servers_on_one_data_folder_are_one(serve: Serve, tmp_path: Path) -> None:
    """SQLite is shared between processes, and so are they: what one changes, the other sees at once."""
    with ExitStack() as stack:
        homes = [tmp_path / "one", tmp_path / "two"]
        # At the same time in an empty folder: one makes the keys and the tables, the other takes them.
        with ThreadPoolExecutor(2) as threads:
            started = [
                threads.submit(
                    stack.enter_context,
                    served(home, data_dir=tmp_path / "data"),
                )
                for home in homes
            ]
            one, other = (node.result() for node in started)
        machine = a_machine(one.cognito(), "shared")
        assert token_of(other, machine)[0] == 200
        through_one, through_other = one.cognito(), other.cognito()
        for _ in range(10):
            client = another_client(through_other, machine.pool_id, machine.domain)
            assert token_of(one, client)[0] == token_of(other, client)[0] == 200
            through_one.delete_user_pool_client(UserPoolId=client.pool_id, ClientId=client.client_id)
            assert token_of(other, client) == (400, {"error": "invalid_client"})


def test_postgresql_is_migrated_by_its_own_command(
    serve: Serve, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    settings = {"database_url": empty_postgres_database(postgres_server), "master_key": MASTER_KEY}
    refused = run_to_its_end(tmp_path / "early", "serve", port=free_port(), **settings)
    assert refused.returncode == 1
    assert "poolhouse migrate" in refused.stderr
    assert "Traceback" not in refused.stderr
    with ThreadPoolExecutor(2) as threads:  # as two nodes' deployments may
        both = [threads.submit(run_to_its_end, tmp_path / f"m{n}", "migrate", **settings) for n in range(2)]
        assert [ended.result().returncode for ended in both] == [0, 0]
    assert run_to_its_end(tmp_path / "again", "migrate", **settings).returncode == 0
    node = serve(**settings)
    assert token_of(node, a_machine(node.cognito(), "migrated"))[0] == 200


@pytest.mark.parametrize("command", ["serve", "migrate"])
def test_a_database_that_does_not_answer_is_told(tmp_path: Path, command: str) -> None:
    nobody = f"postgresql://poolhouse:hidden-word@127.0.0.1:{free_port()}/poolhouse"
    ended = run_to_its_end(tmp_path, command, port=free_port(), database_url=nobody, master_key=MASTER_KEY)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert ended.stderr.startswith("poolhouse: ")
    assert "hidden-word" not in ended.stderr + ended.stdout


def test_closed_standard_files_are_not_given_to_others(tmp_path: Path) -> None:
    """Started with `>&- 2>&- <&-`: the log must not end up in the file that got the number 1."""
    home = tmp_path / "home"
    home.mkdir()
    port = free_port()
    program = "import os, sys; os.closerange(0, 3); os.execv(sys.executable, [sys.executable, '-m', 'poolhouse', 'serve'])"
    process = subprocess.Popen(
        [sys.executable, "-c", program], env=environ_of(home, {"port": port}), cwd=home
    )
    node = Node(process, port, home, environ_of(home, {"port": port}), time.monotonic())
    (home / "log").touch()
    try:
        node.wait_until_ready()
        for number in range(3):
            assert os.readlink(f"/proc/{process.pid}/fd/{number}") == os.devnull
        assert token_of(node, a_machine(node.cognito(), "silent"))[0] == 200
        assert node.stop() == 0
    finally:
        for client in node.clients:
            client.close()
        process.kill()
        process.wait(10)
