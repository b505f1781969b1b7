"""Codes that were sent to people: each is good once."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.credentials import Code
from poolhouse.core.sealing import Place
from poolhouse.store import rows
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.tables import user_code


class Codes:
    """Rows of `user_code`, at most one a person and purpose."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def find(self, pool_id: str, sub: str, purpose: str) -> Code | None:
        row = rows.find(self._connection, user_code, pool_id=pool_id, sub=sub, purpose=purpose)
        if row is None:
            return None
        return Code(
            pool_id=pool_id,
            sub=sub,
            purpose=purpose,
            hash=row.hash,
            detail=self._data_keys.open(row.sealed, _place(pool_id, sub, purpose)),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )

    def put(self, code: Code) -> None:
        """Keep the code in place of an earlier one."""
        values = {
            "pool_id": code.pool_id,
            "sub": code.sub,
            "purpose": code.purpose,
            "hash": code.hash,
            "sealed": self._data_keys.seal(code.detail, _place(code.pool_id, code.sub, code.purpose)),
            "created_at": code.created_at,
            "expires_at": code.expires_at,
        }
        statement = rows.insert(self._connection, user_code).values(values)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["pool_id", "sub", "purpose"], set_=values)
        )

    def take(self, code: Code) -> bool:
        """Use it up; False where somebody else was first, or a newer one has its place."""
        mine = (user_code.c.pool_id == code.pool_id) & (user_code.c.sub == code.sub)
        same = (user_code.c.purpose == code.purpose) & (user_code.c.hash == code.hash)
        return self._connection.execute(sa.delete(user_code).where(mine, same)).rowcount == 1

    def remove(self, pool_id: str, sub: str, purpose: str) -> None:
        rows.remove(self._connection, user_code, pool_id=pool_id, sub=sub, purpose=purpose)

    def remove_expired(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, user_code, "expires_at", before, limit)


def _place(pool_id: str, sub: str, purpose: str) -> Place:
    return Place("user_code", "sealed", pool_id, f"{sub}/{purpose}")
