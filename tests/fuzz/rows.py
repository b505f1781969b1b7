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
Things = frozenset[tuple[Any, ...]]
OF_PEOPLE = {
    "pool_user": ("sub", "username_key", "status", "enabled"),
    "user_password": ("sub", "hash"),
    "user_code": ("sub", "purpose", "hash"),
    "user_totp": ("sub",),
    "user_device": ("sub", "key"),
    "user_passkey": ("sub", "credential_id"),
    "group_member": ("sub", "group_name"),
    "user_identity": ("sub", "provider_name", "attribute_name", "value_key"),
    "token_family": ("id", "hash", "revoked_at"),
    "auth_session": ("id", "hash"),
}
"""What must stay as it is, lest a good request for it is good no more."""
COUNTED = ("attempt", "audit", "auth_event")
"""Where a refusal may leave its mark: wrong passwords and codes are counted, and security events told."""
COUNTED_ERRORS = frozenset(
    {"CodeMismatchException", "ExpiredCodeException", "NotAuthorizedException", "UserNotFoundException"}
)
"""Of guesses at somebody's proof, or at who is there."""


def but_for_counts(rows: Rows) -> Rows:
    return {name: found for name, found in rows.items() if name not in COUNTED}


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

    def things_of_people(self, pool_id: str) -> Things:
        with self._engine.connect() as connection:
            return frozenset(
                (name, *row)
                for name, columns in OF_PEOPLE.items()
                for row in connection.execute(
                    sa.select(*(metadata.tables[name].c[column] for column in columns)).where(
                        metadata.tables[name].c.pool_id == pool_id
                    )
                )
            )

    def subs_of(self, pool_id: str) -> list[str]:
        """Of all people of a pool."""
        table = metadata.tables["pool_user"]
        with self._engine.connect() as connection:
            return list(
                connection.execute(sa.select(table.c.sub).where(table.c.pool_id == pool_id)).scalars()
            )

    def forget_attempts(self) -> None:
        """As if the time of all locks and counts were over: for a test that means the proof and not the lock."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(metadata.tables["attempt"]))

    def count(self, table: str) -> int:
        with self._engine.connect() as connection:
            statement = sa.select(sa.func.count()).select_from(metadata.tables[table])
            return connection.execute(statement).scalar_one()

    def close(self) -> None:
        self._engine.dispose()
