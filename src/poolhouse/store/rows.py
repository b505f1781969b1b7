"""The few statements that all repositories of documents share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from poolhouse.core.errors import ConcurrentModificationException, ResourceNotFoundException
from poolhouse.store.documents import write_document
from poolhouse.store.statements import Prepared, Row

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
    return insert_of(connection.dialect.name, table)


def insert_of(dialect: str, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    # Imported here: PostgreSQL's takes a tenth of a start, and an embedded database never needs it.
    if dialect == "sqlite":
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)


def add(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> bool:
    """Add the row, unless one of its unique keys is taken: then False, and the transaction can go on.

    Raises:
        ResourceNotFoundException: what it belongs to is not there.
    """
    try:
        return _add(table, *values).run(connection, values) == 1
    except sa.exc.IntegrityError as error:
        if not is_missing_parent(error):
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


@cache
def _add(table: sa.Table, *names: str) -> Prepared:
    return Prepared(lambda dialect: insert_of(dialect, table).on_conflict_do_nothing(), names)


def write_new(connection: sa.Connection, table: sa.Table, values: Mapping[str, Any]) -> None:
    """Add the row, whose keys are surely not taken."""
    _new(table, *values).run(connection, values)


@cache
def _new(table: sa.Table, *names: str) -> Prepared:
    return Prepared(sa.insert(table), names)


def find(connection: sa.Connection, table: sa.Table, **key: str) -> Row | None:
    if not all(map(is_storable, key.values())):
        return None
    return _select(table, *key).one_or_none(connection, key)


def select(connection: sa.Connection, table: sa.Table, **key: str) -> Sequence[Row]:
    """All rows of a key that was read."""
    return _select(table, *key).all(connection, key)


def lock(connection: sa.Connection, table: sa.Table, **key: str) -> Row | None:
    """The row, locked until the transaction ends. Its key is one that was read, so it is storable."""
    return _select_for_update(table, *key).one_or_none(connection, key)


@cache
def _select_for_update(table: sa.Table, *names: str) -> Prepared:
    return Prepared(sa.select(table).where(*is_key(table, names)).with_for_update())


@cache
def _select(table: sa.Table, *names: str) -> Prepared:
    return Prepared(sa.select(table).where(*is_key(table, names)))


def is_key(table: sa.Table, names: Iterable[str]) -> Iterator[sa.ColumnElement[bool]]:
    """Conditions on columns by values of the same names."""
    return (table.c[name] == sa.bindparam(name) for name in names)


def page(
    connection: sa.Connection, table: sa.Table, column: str, after: str, size: int, **scope: str
) -> Sequence[Row]:
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
    if not all(map(is_storable, key.values())):
        return False
    return _delete(table, *key).run(connection, key) > 0


@cache
def _delete(table: sa.Table, *names: str) -> Prepared:
    return Prepared(sa.delete(table).where(*is_key(table, names)))


def remove_oldest(
    connection: sa.Connection, table: sa.Table, column: str, before: datetime, limit: int
) -> int:
    """Remove up to `limit` rows whose time in `column` is before `before`; how many were removed."""
    key = list(table.primary_key.columns)
    old = sa.select(*key).where(table.c[column] < before).order_by(table.c[column]).limit(limit)
    statement = sa.delete(table).where(sa.tuple_(*key).in_(old))
    return connection.execute(statement).rowcount


def missing_parent(error: BaseException) -> ResourceNotFoundException | None:
    """What a write is answered with when the pool or the person that its row belongs to was deleted meanwhile."""
    if isinstance(error, sa.exc.IntegrityError) and is_missing_parent(error):
        return ResourceNotFoundException("The resource does not exist.", detail="deleted meanwhile")
    return None


def is_missing_parent(error: sa.exc.IntegrityError) -> bool:
    """Whether a row was refused because what it belongs to is not there."""
    if getattr(error.orig, "sqlstate", None) == FOREIGN_KEY_VIOLATION:
        return True
    return getattr(error.orig, "sqlite_errorname", None) == "SQLITE_CONSTRAINT_FOREIGNKEY"
