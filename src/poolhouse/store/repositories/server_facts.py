"""Facts about the whole server: a name and a text, some of them sealed."""

from __future__ import annotations

import base64
from collections.abc import Callable

import sqlalchemy as sa

from poolhouse.core.sealing import Place
from poolhouse.core.secret import Secret
from poolhouse.store import rows
from poolhouse.store.repositories.data_keys import SERVER, DataKeys
from poolhouse.store.tables import server_fact


class ServerFacts:
    """Rows of `server_fact`."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def find(self, name: str) -> str | None:
        row = rows.find(self._connection, server_fact, name=name)
        return None if row is None else str(row.value)

    def put(self, name: str, value: str) -> None:
        statement = rows.insert(self._connection, server_fact).values(name=name, value=value)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"value": value})
        )

    def lock(self, name: str) -> None:
        """Hold a lock of this name until the end of the transaction, for what is counted against a limit and
        has no row to lock. SQLite's writer is alone anyway."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext(name))))

    def engine(self) -> tuple[str, str]:
        """(name, version) of the database."""
        if self._connection.dialect.name == "postgresql":
            return "PostgreSQL", str(self._connection.scalar(sa.text("SHOW server_version")))
        return "SQLite", str(self._connection.scalar(sa.text("SELECT sqlite_version()")))

    def revision(self) -> str:
        """The migration that the schema stands at."""
        return str(self._connection.scalar(sa.text("SELECT version_num FROM alembic_version")))

    def find_or_add(self, name: str, value: str) -> str:
        """The fact; if there was none, `value`. Of two processes that add one, the first wins for both."""
        rows.add(self._connection, server_fact, {"name": name, "value": value})
        kept = self.find(name)
        assert kept is not None
        return kept

    def secret(self, name: str, make: Callable[[], Secret]) -> Secret:
        """A sealed fact, made when it is asked for first."""
        place = Place("server_fact", "value", SERVER, name)
        kept = self.find(name)
        if kept is None:
            sealed = self._data_keys.seal(make(), place)
            kept = self.find_or_add(name, base64.b64encode(sealed).decode())
        return self._data_keys.open(base64.b64decode(kept), place)
