"""How we connect to PostgreSQL, and what its errors mean to us."""

from __future__ import annotations

import random
import threading
from time import monotonic
from typing import Any

import psycopg
import sqlalchemy as sa

from poolhouse.core.errors import StoreUnavailable
from poolhouse.store import rows
from poolhouse.store.migrations import SchemaError
from poolhouse.store.tables import Key, metadata

_JITTER = random.SystemRandom()
PATIENCE = 1.5
"""Seconds within which a unit of work must be done, if it names no other time."""
_CONNECT_TIMEOUT = 2
"""Seconds; the driver knows no shorter one."""
_PAUSE = 0.25
"""Seconds without a new attempt after a failed one; up to twice that, so that nodes don't come all at once."""

SERIALIZATION_FAILURE = "40001"
DEADLOCK_DETECTED = "40P01"
READ_ONLY = "25006"


def create_engine(url: sa.URL) -> sa.Engine:
    """An engine without a pool: each thread keeps its own connection. What the URL says itself goes before."""
    wanted: dict[str, Any] = {
        "connect_timeout": _CONNECT_TIMEOUT,
        # Locks that a frozen node holds are given up, and a statement that nobody waits for is ended.
        "options": f"-c statement_timeout={int(PATIENCE * 1000)} -c idle_in_transaction_session_timeout=5000",
        "keepalives_idle": 5,
        "keepalives_interval": 2,
        "keepalives_count": 3,
        "tcp_user_timeout": 5000,
        "target_session_attrs": "read-write",
        "application_name": "poolhouse",
    }
    arguments = {name: value for name, value in wanted.items() if name not in url.query}
    # No prepared statements: behind a pooler they belong to somebody else's connection.
    arguments["prepare_threshold"] = None
    # Parameters are hidden: an error that reaches the log must not bring a value along.
    return sa.create_engine(
        url,
        poolclass=sa.pool.NullPool,
        connect_args=arguments,
        use_native_hstore=False,
        hide_parameters=True,
    )


class Gate:
    """Lets one thread at a time connect, and none for a moment after a failure: no run on a database that is down."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._closed_until = 0.0
        self._reason = ""

    def connect(self) -> sa.Connection:
        """Raises StoreUnavailable."""
        with self._lock:
            if monotonic() < self._closed_until:
                raise StoreUnavailable(self._reason)
            try:
                return self._engine.connect()
            except (sa.exc.DBAPIError, OSError) as error:  # OSError: no file descriptor is left
                pause = _PAUSE * (1 + _JITTER.random())
                self._closed_until = monotonic() + pause
                cause = error.orig if isinstance(error, sa.exc.DBAPIError) else error
                self._reason = f"no connection to the database: {cause}"
                raise StoreUnavailable(self._reason) from error

    def open(self) -> None:
        """Somebody has just reached the database."""
        self._closed_until = 0.0


def driver_of(connection: sa.Connection) -> psycopg.Connection[Any]:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def sqlstate(error: sa.exc.DBAPIError) -> str | None:
    return getattr(error.orig, "sqlstate", None)


def is_to_be_repeated(error: sa.exc.DBAPIError) -> bool:
    return sqlstate(error) in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED)


def translated(error: sa.exc.DBAPIError) -> Exception:
    """StoreUnavailable where the database can't do it now (gone, too slow, full, read-only);
    ResourceNotFoundException where what a row belongs to was deleted meanwhile; else the error itself, which is a
    defect of ours."""
    if (gone := rows.missing_parent(error)) is not None:
        return gone
    if (
        isinstance(error.orig, psycopg.OperationalError | psycopg.InterfaceError)
        or sqlstate(error) == READ_ONLY
    ):
        return StoreUnavailable(str(error.orig))
    return error


def check_text_order(url: sa.URL) -> None:
    """Raises SchemaError unless all text keys compare bytewise, as SQLite's do and paging needs it."""
    wanted = [
        f"{table.name}.{column.name}"
        for table in metadata.tables.values()
        for column in table.columns
        if column.type is Key
    ]
    statement = sa.text(
        "SELECT c.relname || '.' || a.attname FROM pg_attribute a"
        " JOIN pg_class c ON c.oid = a.attrelid JOIN pg_collation o ON o.oid = a.attcollation"
        " WHERE c.oid = to_regclass(c.relname) AND c.relname || '.' || a.attname = ANY(:wanted)"
        " AND o.collname <> 'C' ORDER BY 1"
    )
    engine = create_engine(url)
    with engine.connect() as connection:
        wrong = connection.scalars(statement, {"wanted": wanted}).all()
    if wrong:
        raise SchemaError(
            f'Text keys must have the collation "C"; these have another: {", ".join(wrong)}. Let '
            "`poolhouse migrate` make the tables in an empty database."
        )
