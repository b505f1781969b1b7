"""Reads of a few rows that the embedded engine does at once, on the thread that asks.

SQLite reads a row by its key in some microseconds; to hand that to another thread and take its answer back costs ten
times as much, and the two then fight for the interpreter at every statement. Nothing here waits: for what is locked
just now, or does not work, the reader threads are asked, who wait for the one and tell of the other.
"""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from poolhouse.store.database import Begin
from poolhouse.store.units import Work

Result = TypeVar("Result")


class NotNow(Exception):
    """It can't be read at once. Nothing is said of why."""


class LookUps:
    """One connection for each thread that asks: event loops, of which a process has few."""

    def __init__(self, path: Path, begin: Begin) -> None:
        self._engine = sa.create_engine(
            "sqlite://",
            creator=lambda: _connect(path),
            poolclass=sa.pool.NullPool,
            hide_parameters=True,
        )
        self._begin = begin
        self._by_thread: dict[int, _Reader] = {}
        self._is_closed = False

    def read(self, work: Work[Result]) -> Result:
        """The answer of `work`, which sees one state of the database. What it raises is raised.

        Raises:
            NotNow: it may be asked again elsewhere; nothing was done.
        """
        thread = threading.get_ident()
        reader = self._by_thread.get(thread)
        if reader is None:
            reader = self._by_thread.setdefault(thread, _Reader(self._engine, self._begin))
        with reader.lock:
            # Looked at under the lock: `close` sets it before it takes the locks, one after the other.
            if self._is_closed:
                raise NotNow
            try:
                return reader.read(work)
            except (sa.exc.DBAPIError, sqlite3.Error) as error:
                reader.close()
                raise NotNow from error

    def close(self) -> None:
        self._is_closed = True
        for reader in list(self._by_thread.values()):
            with reader.lock:
                reader.close()


class _Reader:
    def __init__(self, engine: sa.Engine, begin: Begin) -> None:
        self.lock = threading.Lock()
        self._engine = engine
        self._begin = begin
        self._connection: sa.Connection | None = None

    def read(self, work: Work[Result]) -> Result:
        connection = self._connection
        if connection is None:
            connection = self._connection = self._engine.connect()
            # To SQLAlchemy it is one transaction for ever: the real ones are begun and ended below it.
            connection.begin()
        driver: Any = connection.connection.driver_connection
        driver.execute("BEGIN")
        try:
            return work(self._begin(connection))
        finally:
            # Nothing was written, but a snapshot that is kept keeps the log from shrinking.
            driver.rollback()

    def close(self) -> None:
        if self._connection is not None:
            self._connection.invalidate()
            self._connection.close()
            self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    # No time to wait for a lock, and no switch to WAL, which may wait: the file has been opened before.
    connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA query_only=ON").close()
    except BaseException:
        connection.close()
        raise
    return connection
