"""The few statements that all repositories of documents share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from poolhouse.core.errors import ConcurrentModificationException, ResourceNotFoundException
from poolhouse.store.documents import write_document

if TYPE_CHECKING:
    from sqlalchemy.dialects import postgresql, sqlite

FOREIGN_KEY_VIOLATION = "23503"
"""SQLSTATE. Source: PostgreSQL, appendix A."""


def is_storable(key: str) -> bool:
    """Whether a text can be a key: PostgreSQL takes no U+0000, and neither engine half a surrogate pair.

    A caller may ask for anything; for what can't be stored the answer is "no such thing", not a failure.
    """
    if "\x00" in key:
        return False
    try:
        key.encode()
    except UnicodeEncodeError:
        return False
    return True


def insert(connection: sa.Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """INSERT in the engine's own dialect, which knows ON CONFLICT."""
    # Imported here: PostgreSQL's takes a tenth of a start, and an embedded database never needs it.
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def affected(connection: sa.Connection, statement: sa.Insert) -> int:
    """Run it; how many rows it wrote."""
    return connection.execute(statement, execution_options={"preserve_rowcount": True}).rowcount


def add(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Add the row, unless one of its unique keys is taken: then False, and the transaction can go on.

    Raises:
        ResourceNotFoundException: what it belongs to is not there.
    """
    statement = insert(connection, table).values(values).on_conflict_do_nothing()
    try:
        return affected(connection, statement) == 1
    except sa.exc.IntegrityError as error:
        if not _is_missing_parent(error):
            raise
        missing = f"client {values['client_id']}" if "client_id" in values else values["pool_id"]
        raise ResourceNotFoundException(f"User pool {missing} does not exist.") from error


def replace_document(
    connection: sa.Connection,
    table: sa.Table,
    key: Mapping[str, str],
    content: Mapping[str, Any],
    version: int,
) -> None:
    """Write the document if the row still has the version that was read.

    Raises:
        ConcurrentModificationException: it has not, or is gone.
    """
    conditions = [table.c[name] == value for name, value in key.items()]
    statement = (
        sa.update(table)
        .where(*conditions, table.c.version == version)
        .values(document=write_document(table.name, content), version=version + 1)
    )
    if connection.execute(statement).rowcount != 1:
        raise ConcurrentModificationException


def find(connection: sa.Connection, table: sa.Table, **key: str) -> sa.Row[Any] | None:
    if not all(is_storable(value) for value in key.values()):
        return None
    return connection.execute(_select(table, *key), key).one_or_none()


@cache
def _select(table: sa.Table, *names: str) -> sa.Select[Any]:
    """Made once: making a statement takes longer than running it."""
    return sa.select(table).where(*(table.c[name] == sa.bindparam(name) for name in names))


def page(
    connection: sa.Connection, table: sa.Table, column: str, after: str, size: int, **scope: str
) -> Sequence[sa.Row[Any]]:
    """The next `size` rows by `column`; `after` is the last one seen, "" at the start."""
    if not all(is_storable(value) for value in (after, *scope.values())):
        return []
    conditions = [table.c[name] == value for name, value in scope.items()]
    statement = sa.select(table).where(*conditions, table.c[column] > after)
    return connection.execute(statement.order_by(table.c[column]).limit(size)).all()


def count(connection: sa.Connection, table: sa.Table, **scope: str) -> int:
    conditions = [table.c[name] == value for name, value in scope.items()]
    return connection.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar_one()


def remove(connection: sa.Connection, table: sa.Table, **key: str) -> bool:
    if not all(is_storable(value) for value in key.values()):
        return False
    conditions = [table.c[name] == value for name, value in key.items()]
    return connection.execute(sa.delete(table).where(*conditions)).rowcount > 0


def remove_oldest(
    connection: sa.Connection, table: sa.Table, column: str, before: datetime, limit: int
) -> int:
    """Remove up to `limit` rows whose time in `column` is before `before`; how many were removed."""
    key = list(table.primary_key.columns)
    old = sa.select(*key).where(table.c[column] < before).order_by(table.c[column]).limit(limit)
    statement = sa.delete(table).where(sa.tuple_(*key).in_(old))
    return connection.execute(statement).rowcount


def _is_missing_parent(error: sa.exc.IntegrityError) -> bool:
    """Whether a row was refused because what it belongs to is not there."""
    if getattr(error.orig, "sqlstate", None) == FOREIGN_KEY_VIOLATION:
        return True
    return getattr(error.orig, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_FOREIGNKEY"
