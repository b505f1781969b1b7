"""Statements of a fixed text, compiled once for each engine and run on the driver's own cursor.

SQLAlchemy writes them, and knows how values go in and come out; but to find the compiled statement again and to set
up an execution takes it 40 µs, where SQLite reads the row in 3. What is made anew each time, such as the listing's
filters, goes by SQLAlchemy itself. Both ways fail alike, take part in one transaction, and are heard by who listens to
`before_cursor_execute`.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol, TypeAlias

import sqlalchemy as sa

Values: TypeAlias = Mapping[str, Any]
Executable: TypeAlias = sa.Select[Any] | sa.Insert | sa.Update | sa.Delete | sa.TextualSelect
Convert: TypeAlias = Callable[[Any], Any]


class Row(Protocol):
    """A row, its columns by name."""

    def __getattr__(self, name: str) -> Any: ...


class Prepared:
    """A statement whose values all have names. `columns` are those that an INSERT is given."""

    def __init__(
        self, statement: Executable | Callable[[str], Executable], columns: Iterable[str] | None = None
    ) -> None:
        """`statement` may also be made for an engine: ON CONFLICT is in no common SQL."""
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: sa.Connection, values: Values) -> Sequence[Row]:
        compiled = self._for(connection.dialect)
        return compiled.rows(_execute(connection, compiled, values).fetchall())

    def one_or_none(self, connection: sa.Connection, values: Values) -> Row | None:
        """The row; None where there is none. Its key is unique."""
        found = self.all(connection, values)
        if len(found) > 1:
            raise sa.exc.MultipleResultsFound
        return found[0] if found else None

    def run(self, connection: sa.Connection, values: Values) -> int:
        """How many rows it wrote."""
        count: int = _execute(connection, self._for(connection.dialect), values).rowcount
        return count

    def _for(self, dialect: sa.Dialect) -> _Compiled:
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            statement = self._statement(dialect.name) if callable(self._statement) else self._statement
            compiled = self._compiled.setdefault(dialect.name, _Compiled(statement, self._columns, dialect))
        return compiled


class Joined:
    """A join of whole tables. It answers with one row of each; None for one of which an outer join found nothing."""

    def __init__(self, *tables: sa.Table, finish: Callable[[sa.Select[Any]], sa.Select[Any]]) -> None:
        """`finish` is given the SELECT of all columns, without a FROM."""
        columns = [column.label(f"{table.name}_{column.name}") for table in tables for column in table.c]
        self._prepared = Prepared(finish(sa.select(*columns)))
        self._parts: list[tuple[int, int, int, Callable[[Iterable[Any]], Any]]] = []
        begin = 0
        for table in tables:
            names = [column.name for column in table.c]
            key = begin + names.index(next(iter(table.primary_key.columns)).name)
            self._parts.append((begin, begin + len(names), key, _row_of(*names)))
            begin += len(names)

    def all(self, connection: sa.Connection, values: Values) -> list[list[Row | None]]:
        found: Sequence[Any] = self._prepared.all(connection, values)
        return [
            [None if row[key] is None else make(row[begin:end]) for begin, end, key, make in self._parts]
            for row in found
        ]


class _Compiled:
    def __init__(self, statement: Executable, columns: list[str] | None, dialect: sa.Dialect) -> None:
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        self.text: str = compiled.string
        self._fixed: dict[str, Any] = compiled.params
        self._order: list[str] | None = compiled.positiontup
        self._bind = [
            (name, convert)
            for name, parameter in compiled.binds.items()
            if (convert := parameter.type.dialect_impl(dialect).bind_processor(dialect)) is not None
        ]
        results = list(statement.exported_columns)
        self._result = [
            (index, convert)
            for index, column in enumerate(results)
            if (convert := column.type.dialect_impl(dialect).result_processor(dialect, None)) is not None
        ]
        self._make = _row_of(*(column.key for column in results))

    def parameters(self, values: Values) -> Any:
        """As the driver takes them."""
        named = {**self._fixed, **values}
        for name, convert in self._bind:
            named[name] = convert(named[name])
        return named if self._order is None else [named[name] for name in self._order]

    def rows(self, found: Iterable[Sequence[Any]]) -> list[Row]:
        if not self._result:
            return [self._make(row) for row in found]
        return [self._make(self._converted(row)) for row in found]

    def _converted(self, row: Sequence[Any]) -> list[Any]:
        values = list(row)
        for index, convert in self._result:
            values[index] = convert(values[index])
        return values


def command(connection: sa.Connection, text: str, parameters: tuple[()] | None = ()) -> Any:
    """Statements without values, such as SAVEPOINT: the driver's cursor after them. Without even an empty `parameters`
    PostgreSQL takes several in one message. Raises sqlalchemy.exc.DBAPIError."""
    return _run(connection, text, parameters)


def _execute(connection: sa.Connection, compiled: _Compiled, values: Values) -> Any:
    return _run(connection, compiled.text, compiled.parameters(values))


def _run(connection: sa.Connection, text: str, parameters: Any) -> Any:
    """The driver's cursor, after the statement. Raises sqlalchemy.exc.DBAPIError."""
    if not connection.in_transaction():
        connection.begin()
    driver: Any = connection.connection.driver_connection
    for listener in connection.dispatch.before_cursor_execute:
        text, parameters = listener(connection, None, text, parameters, None, False)
    try:
        return driver.execute(text, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        raise _wrapped(error, text, connection.dialect, driver) from error


def _wrapped(error: Any, text: str, dialect: sa.Dialect, driver: Any) -> Any:
    """The error as SQLAlchemy would raise it, without the values, which no log may show."""
    return sa.exc.DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=dialect.is_disconnect(error, driver, None),
        dialect=dialect,
    )


@cache
def _row_of(*names: str) -> Callable[[Iterable[Any]], Any]:
    kind: Any = namedtuple("Row", names)  # type: ignore[misc]  # the names are known only here
    make: Callable[[Iterable[Any]], Any] = kind._make
    return make
