"""One thread's connection to PostgreSQL: transactions, repeated where that is safe.

The driver begins none by itself: a look-up's statements go alone, one round trip each, and all else says what it begins.

A transaction is repeated after a serialization failure or a deadlock, and after a connection lost before the
commit was sent. Lost after that, its outcome is unknown: the next connection is asked what became of its id.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from time import monotonic
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa

from poolhouse.core.errors import StoreUnavailable
from poolhouse.store.changes import CHANNEL, Change, payloads
from poolhouse.store.database import Begin
from poolhouse.store.deadlines import Deadlines
from poolhouse.store.postgresql_connection import (
    PATIENCE,
    Gate,
    driver_of,
    is_to_be_repeated,
    translated,
)
from poolhouse.store.statements import Prepared, command
from poolhouse.store.units import Work

Result = TypeVar("Result")

MAX_ATTEMPTS = 6
_JITTER = random.SystemRandom()
_PAUSE = 0.02
"""Seconds, about, before another attempt; longer each time."""

_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
_BEGIN_WRITING = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
_NAME = "SELECT pg_current_xact_id()::text, pg_backend_pid()"
_NOTIFY = Prepared(
    sa.text(
        "SELECT count(pg_notify(:channel, payload)) AS told FROM unnest(CAST(:payloads AS text[])) AS payload"
    ).columns(told=sa.Integer)
)
_OUTCOME = sa.text("SELECT pg_xact_status(CAST(:id AS xid8))")
_END = sa.text("SELECT pg_terminate_backend(:pid)")


class _Name(NamedTuple):
    """How PostgreSQL calls a transaction."""

    id: str
    pid: int | None
    """The backend that has it, where it is surely ours (behind a pooler it may not be)."""


class _OutcomeUnknown(Exception):
    def __init__(self, name: _Name, result: Any, changes: tuple[Change, ...]) -> None:
        self.name = name
        self.result = result
        self.changes = changes


class Session:
    """Belongs to one thread."""

    def __init__(self, gate: Gate, begin: Begin, deadlines: Deadlines) -> None:
        self._gate = gate
        self._begin = begin
        self._deadlines = deadlines
        self._connection: sa.Connection | None = None

    def read(self, work: Work[Result], patience: float = PATIENCE) -> Result:
        """The answer of `work`, which sees one state of the database."""

        def once(connection: sa.Connection) -> Result:
            command(connection, _BEGIN_READING)
            result = work(self._begin(connection))
            connection.rollback()
            return result

        return self._repeated(once, monotonic() + patience)

    def look_up(self, work: Work[Result], patience: float = PATIENCE) -> Result:
        """The answer of `work`, each of whose statements sees what is committed by then. Nothing here keeps it from
        writing, as the embedded engine does."""

        def once(connection: sa.Connection) -> Result:
            result = work(self._begin(connection))
            connection.rollback()  # of SQLAlchemy's, who takes them for one transaction
            return result

        return self._repeated(once, monotonic() + patience)

    def write(self, work: Work[Result], patience: float = PATIENCE) -> tuple[Result, tuple[Change, ...]]:
        """The answer of `work`, and what it changed, after the commit."""
        until = monotonic() + patience

        def once(connection: sa.Connection) -> tuple[Result, tuple[Change, ...]]:
            driver = driver_of(connection)
            name = _begin_writing(connection, patience)
            transaction = self._begin(connection)
            result = work(transaction)
            transaction.changes.flush()
            changes = transaction.changes.appended
            if changes:
                _NOTIFY.all(connection, {"channel": CHANNEL, "payloads": list(payloads(changes))})
            try:
                connection.commit()
            except sa.exc.DBAPIError as error:
                if not driver.closed:
                    raise
                raise _OutcomeUnknown(name, result, changes) from error
            return result, changes

        while True:
            try:
                return self._repeated(once, until)
            except _OutcomeUnknown as unknown:
                if self._is_committed(unknown.name, until):
                    return unknown.result, unknown.changes

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _repeated(self, once: Callable[[sa.Connection], Result], until: float) -> Result:
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                # Two that met once are not to meet again.
                time.sleep(_JITTER.uniform(0.5, 1) * _PAUSE * attempt)
            if monotonic() >= until:
                break
            connection = self._connected()
            try:
                with self._deadlines.within(until - monotonic(), driver_of(connection).fileno()):
                    try:
                        return once(connection)
                    except BaseException:
                        _roll_back(connection)
                        raise
            except sa.exc.DBAPIError as error:
                was_lost = self._drop_if_lost()
                if not was_lost and not is_to_be_repeated(error):
                    raise translated(error) from error
            except OSError as error:
                self._drop_if_lost()
                raise StoreUnavailable(
                    f"no file descriptor to speak to the database with: {error}"
                ) from error
            except BaseException:
                self._drop_if_lost()
                raise
        raise StoreUnavailable("the database did not do it in time")

    def _connected(self) -> sa.Connection:
        self._drop_if_lost()
        if self._connection is None:
            self._connection = self._gate.connect()
            driver_of(self._connection).autocommit = True
        return self._connection

    def _drop_if_lost(self) -> bool:
        if self._connection is None or not (
            self._connection.invalidated or driver_of(self._connection).closed
        ):
            return False
        self._connection.invalidate()
        self.close()
        return True

    def _is_committed(self, name: _Name, until: float) -> bool:
        """What became of a transaction whose connection was lost while it committed.

        Raises:
            StoreUnavailable: that can't be learnt in time.
        """
        while monotonic() < until:
            try:
                status = self._repeated(lambda connection: _outcome(connection, name), until)
            except StoreUnavailable:
                # The database may just be starting again.
                time.sleep(_PAUSE)
                continue
            if status != "in progress":
                return status == "committed"
            time.sleep(_PAUSE)
        raise StoreUnavailable("the connection was lost at the commit, and its outcome is not known")


def _begin_writing(connection: sa.Connection, patience: float) -> _Name:
    """Begin, and learn how the transaction is called: one round trip for all."""
    statements = [_BEGIN_WRITING, _NAME]
    if patience > PATIENCE:
        statements.insert(1, f"SET LOCAL statement_timeout = {int(patience * 1000)}")
    cursor = command(connection, ";".join(statements), None)
    while cursor.nextset():
        pass
    id, pid = cursor.fetchone()
    return _Name(id, pid if pid == driver_of(connection).info.backend_pid else None)


def _outcome(connection: sa.Connection, name: _Name) -> str | None:
    status: str | None = connection.execute(_OUTCOME, {"id": name.id}).scalar_one()
    if status == "in progress" and name.pid is not None:
        # Its backend waits for a commit that was lost on the way; ended, it has an outcome.
        connection.execute(_END, {"pid": name.pid})
    connection.rollback()
    return status


def _roll_back(connection: sa.Connection) -> None:
    try:
        connection.rollback()
    except sa.exc.DBAPIError:
        # Lost: it is dropped by the one who sees that next.
        pass
