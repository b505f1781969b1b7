"""What may be used once and was: an assertion's id, say, of whoever made it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from poolhouse.store import rows
from poolhouse.store.tables import used_once


class UsedOnce:
    """Rows of `used_once`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def use(self, pool_id: str, kind: str, key: str, expires_at: datetime) -> bool:
        """Use it up; False where that was done before. `expires_at` is when it is refused as too old anyway. `key`
        is storable: the hash of what somebody else chose."""
        values = {"pool_id": pool_id, "kind": kind, "key": key, "expires_at": expires_at}
        return rows.add(self._connection, used_once, values)

    def remove_expired(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, used_once, "expires_at", before, limit)
