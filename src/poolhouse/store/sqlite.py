"""The embedded engine: one writer thread with group commit, and a few reader threads. Few rows by key are read by none
of them, but by who asks (`sqlite_look_ups`).

Up to 64 units of work share one commit, and so one fsync; each has a savepoint of its own, so that one that
fails takes nothing back but itself, and each caller is answered after the commit that holds its work. Always
`BEGIN IMMEDIATE`: a transaction that reads first and asks for the lock later fails at once when another
process wrote in between.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any, TypeVar

import sqlalchemy as sa

from poolhouse.core.errors import StoreUnavailable
from poolhouse.store import rows
from poolhouse.store.database import Begin, Bell, Forget
from poolhouse.store.in_use import InUse
from poolhouse.store.sqlite_bell import SqliteBell
from poolhouse.store.sqlite_look_ups import LookUps, NotNow
from poolhouse.store.statements import command
from poolhouse.store.threads import Workers
from poolhouse.store.units import Kind, Mailboxes, Unit, Work

Result = TypeVar("Result")

MAX_GROUP = 64
MAX_WAITING = 10_000
READERS = 4
BUSY_LIMIT = 5.0
"""Seconds that a write waits for another process's lock."""
_BUSY_SLICE = 0.1
"""Seconds of one attempt: between two, those who have waited too long are told."""


def connect(path: Path, *, busy: float = _BUSY_SLICE) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
    try:
        _switch_to_wal(connection)
        # FULL: an acknowledged commit survives a loss of power; NORMAL may lose the last ones in WAL mode.
        connection.executescript("PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY;")
    except BaseException:
        connection.close()
        raise
    return connection


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """A file keeps its mode: this does something on its first opening only.

    SQLite does not wait for the lock that the switch takes, whatever the connection's timeout: of several
    processes that open a new file at once, all but one would be told that it is locked.
    """
    deadline = monotonic() + BUSY_LIMIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or monotonic() > deadline:
                raise
            sleep(0.01)


def create_engine(path: Path, *, busy: float = _BUSY_SLICE) -> sa.Engine:
    """An engine whose transactions are begun by those who use it: the driver begins none by itself."""
    # Parameters are hidden: an error that reaches the log must not bring a value along.
    return sa.create_engine(
        "sqlite://",
        creator=lambda: connect(path, busy=busy),
        poolclass=sa.pool.NullPool,
        hide_parameters=True,
    )


class SqliteDatabase:
    def __init__(self, path: Path, begin: Begin, *, busy_limit: float = BUSY_LIMIT) -> None:
        self.path = path
        self._in_use = InUse(path.parent)
        self.engine = create_engine(path)
        self._begin = begin
        self._busy_limit = busy_limit
        self._mailboxes = Mailboxes()
        self._look_ups = LookUps(path, begin)
        self._readers = Workers("poolhouse-read", READERS, MAX_WAITING, self._serve_reads)
        self._writer = Workers("poolhouse-write", 1, MAX_WAITING, self._serve_writes)

    async def read(self, work: Work[Result], patience: float | None = None) -> Result:
        unit = Unit.of(Kind.READ, work, self._mailboxes, patience or self._busy_limit)
        self._readers.put(unit)
        result: Result = await unit.future
        return result

    async def look_up(self, work: Work[Result], *, of_one_state: bool = False) -> Result:
        # Here it costs nothing to see one state.
        try:
            return self._look_ups.read(work)
        except NotNow:
            return await self.read(work)

    async def write(self, work: Work[Result], patience: float | None = None) -> Result:
        unit = Unit.of(Kind.WRITE, work, self._mailboxes, patience or self._busy_limit)
        self._writer.put(unit)
        result: Result = await unit.future
        return result

    def write_now(self, work: Work[Result], patience: float | None = None) -> Result:
        engine = create_engine(self.path, busy=patience or self._busy_limit)
        try:
            with engine.connect() as connection:
                command(connection, "BEGIN IMMEDIATE")
                result = self._perform(connection, work)
                connection.commit()
                return result
        except sa.exc.DBAPIError as error:
            raise translated(error) from error

    def bell(self, forget: Forget) -> Bell:
        return SqliteBell(self.path, forget)

    def close(self) -> None:
        self._writer.close()
        self._readers.close()
        self._look_ups.close()
        self._in_use.close()

    def _serve_reads(self, next_unit: Callable[[], Unit | None]) -> None:
        connection: sa.Connection | None = None
        while (unit := next_unit()) is not None:
            if unit.is_abandoned:
                continue
            try:
                if connection is None:
                    connection = self.engine.connect()
                    connection.exec_driver_sql("PRAGMA query_only=ON")
                connection.exec_driver_sql("BEGIN")
                unit.succeed(unit.work(self._begin(connection)))
            except BaseException as error:
                # Whatever it is, it is the caller's, and not this thread's.
                unit.fail(translated(error))
            finally:
                if connection is not None:
                    connection = _rolled_back(connection)
        if connection is not None:
            connection.close()

    def _serve_writes(self, next_unit: Callable[[], Unit | None]) -> None:
        connection: sa.Connection | None = None
        waiting: list[Unit] = []
        while True:
            if not waiting:
                unit = next_unit()
                if unit is None:
                    break
                waiting.append(unit)
            try:
                if connection is None:
                    connection = self.engine.connect()
                command(connection, "BEGIN IMMEDIATE")
            except BaseException as error:
                waiting = self._those_who_wait_on(waiting, error)
                connection = None if connection is None else _rolled_back(connection)
                continue
            self._gather(waiting)
            connection = self._write_group(connection, waiting[:MAX_GROUP])
            del waiting[:MAX_GROUP]
        if connection is not None:
            connection.close()

    def _gather(self, waiting: list[Unit]) -> None:
        while len(waiting) < MAX_GROUP and (unit := self._writer.next_if_any()) is not None:
            waiting.append(unit)

    def _those_who_wait_on(self, waiting: list[Unit], error: BaseException) -> list[Unit]:
        """While another process holds the lock, those who have time left wait on; the others are told."""
        # Those still in the queue wait as long: they are looked at too.
        while (unit := self._writer.next_if_any()) is not None:
            waiting.append(unit)
        still_waiting = []
        for unit in waiting:
            if _is_busy(error) and monotonic() < unit.asked_at + unit.patience:
                still_waiting.append(unit)
            else:
                unit.fail(translated(error))
        return still_waiting

    def _write_group(self, connection: sa.Connection, units: list[Unit]) -> sa.Connection | None:
        done: list[tuple[Unit, Any]] = []
        try:
            if len(units) == 1 and not units[0].is_abandoned:
                # Alone it needs no savepoint: what is taken back is the transaction.
                done.append((units[0], self._perform(connection, units[0].work)))
            else:
                for unit in units:
                    if not unit.is_abandoned:
                        self._write_one(connection, unit, done)
            connection.commit()
        except BaseException as error:
            # The commit failed, or the engine took the whole transaction back: nothing of it was done.
            for unit in units:
                unit.fail(translated(error))
            return _rolled_back(connection)
        for unit, result in done:
            unit.succeed(result)
        return connection

    def _write_one(self, connection: sa.Connection, unit: Unit, done: list[tuple[Unit, Any]]) -> None:
        command(connection, "SAVEPOINT unit")
        try:
            result = self._perform(connection, unit.work)
        except BaseException as error:
            if not _in_transaction(connection):
                # A full disk or a failed write can make SQLite give up the transaction of the whole group.
                unit.fail(translated(error))
                raise StoreUnavailable("the transaction of the whole group was taken back") from error
            command(connection, "ROLLBACK TO unit")
            command(connection, "RELEASE unit")
            unit.fail(translated(error))
            return
        command(connection, "RELEASE unit")
        done.append((unit, result))

    def _perform(self, connection: sa.Connection, work: Work[Result]) -> Result:
        transaction = self._begin(connection)
        result = work(transaction)
        transaction.changes.flush()
        return result


def translated(error: BaseException) -> BaseException:
    """StoreUnavailable where the database can't do it now (locked, full, broken); else the error itself:
    what the work raised, or a defect of ours."""
    if not isinstance(error, sa.exc.DBAPIError):
        return error
    if (gone := rows.missing_parent(error)) is not None:
        return gone
    if isinstance(error.orig, sqlite3.OperationalError | sqlite3.InterfaceError):
        return StoreUnavailable(str(error.orig))
    # The bare class stands for a file that is damaged or no database at all.
    return StoreUnavailable(str(error.orig)) if type(error.orig) is sqlite3.DatabaseError else error


def _is_busy(error: BaseException) -> bool:
    if not isinstance(error, sa.exc.DBAPIError):
        return False
    # The low byte is the primary code; the rest tells how it came about.
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _in_transaction(connection: sa.Connection) -> bool:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver.in_transaction


def _rolled_back(connection: sa.Connection) -> sa.Connection | None:
    """The connection, free for the next transaction; None if it is not to be used again."""
    try:
        connection.rollback()
        if _in_transaction(connection):
            connection.exec_driver_sql("ROLLBACK")
            connection.rollback()
    except sa.exc.DBAPIError:
        connection.invalidate()
        connection.close()
        return None
    return connection
