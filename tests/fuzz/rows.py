"""All that is in a server's database, to see that a refused request changed nothing."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from tests.harness import RunningServer

from poolhouse.store.master_keys import DATABASE_FILE
from poolhouse.store.tables import metadata

UNINTERESTING = frozenset({"lease"})
"""The sweeper's own, which comes and goes by the clock."""

Rows = dict[str, list[tuple[Any, ...]]]


class Database:
    """A connection of the test's own to what the server writes."""

    def __init__(self, server: RunningServer) -> None:
        url = server.settings.database_url
        if url is None:
            self._engine = sa.create_engine(f"sqlite:///{server.settings.data_dir / DATABASE_FILE}")
        else:
            self._engine = sa.create_engine(sa.make_url(url.reveal()).set(drivername="postgresql+psycopg"))

    def rows(self) -> Rows:
        with self._engine.connect() as connection:
            return {
                table.name: sorted(tuple(row) for row in connection.execute(sa.select(table)))
                for table in metadata.sorted_tables
                if table.name not in UNINTERESTING
            }

    def count(self, table: str) -> int:
        with self._engine.connect() as connection:
            statement = sa.select(sa.func.count()).select_from(metadata.tables[table])
            return connection.execute(statement).scalar_one()

    def close(self) -> None:
        self._engine.dispose()
