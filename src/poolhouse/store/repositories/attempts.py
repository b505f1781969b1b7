"""How often something was tried: counted for all nodes together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from poolhouse.core.credentials import Attempts as Counted
from poolhouse.store import rows
from poolhouse.store.statements import Prepared
from poolhouse.store.tables import attempt

KEPT = timedelta(hours=1)
"""The longest window that anything is counted in."""


class Attempts:
    """Rows of `attempt`. `key` is a sub, or what stands for a name that nobody has."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, pool_id: str, kind: str, key: str, now: datetime) -> Counted:
        row = rows.find(self._connection, attempt, pool_id=pool_id, kind=kind, key=key)
        return Counted(0, now) if row is None else Counted(row.tries, row.since, row.locked_until)

    def lock(self, pool_id: str, kind: str, key: str, now: datetime) -> Counted:
        """The count, its row locked until the transaction ends: two at once are counted as two."""
        values = {
            "pool_id": pool_id, "kind": kind, "key": key, "tries": 0, "since": now, "expires_at": now + KEPT
        }  # fmt: skip
        # One statement, for a row that is there may be gone by the next: forgotten by who got in.
        (row,) = _LOCK.all(self._connection, values)
        return Counted(row.tries, row.since, row.locked_until)

    def put(self, pool_id: str, kind: str, key: str, counted: Counted) -> None:
        mine = (attempt.c.pool_id == pool_id) & (attempt.c.kind == kind) & (attempt.c.key == key)
        self._connection.execute(
            sa.update(attempt)
            .where(mine)
            .values(
                tries=counted.count,
                since=counted.since,
                locked_until=counted.locked_until,
                expires_at=(counted.locked_until or counted.since) + KEPT,
            )
        )

    def forget(self, pool_id: str, kind: str, key: str) -> None:
        rows.remove(self._connection, attempt, pool_id=pool_id, kind=kind, key=key)

    def remove_expired(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, attempt, "expires_at", before, limit)


def _lock(dialect: str) -> sa.sql.dml.ReturningInsert[Any]:
    statement = rows.insert_of(dialect, attempt)
    return statement.on_conflict_do_update(
        index_elements=["pool_id", "kind", "key"], set_={"tries": attempt.c.tries}
    ).returning(attempt)


_LOCK = Prepared(_lock, ("pool_id", "kind", "key", "tries", "since", "expires_at"))
