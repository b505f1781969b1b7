"""Listening to what a test's own stores say to their databases. Servers of other tests share the process, and have
things to say all the time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

OPENED: set[str] = set()
"""The databases of the test that runs: names, or folders of files."""


@contextmanager
def at_every(event: str, act: Callable[..., object]) -> Iterator[None]:
    """Call `act` at each event of a connection to a database that this test has opened."""

    def listener(connection: sa.Connection, *arguments: object) -> None:
        if any(_database_of(connection).startswith(opened) for opened in OPENED):
            act(connection, *arguments)

    sa.event.listen(sa.Engine, event, listener)
    try:
        yield
    finally:
        sa.event.remove(sa.Engine, event, listener)


def _database_of(connection: sa.Connection) -> str:
    raw = connection.connection.dbapi_connection
    assert raw is not None
    if connection.dialect.name == "postgresql":
        return str(raw.info.dbname)
    return str(raw.execute("PRAGMA database_list").fetchone()[2])
