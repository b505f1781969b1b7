"""User pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from poolhouse.core.errors import InvalidParameterException, ResourceNotFoundException
from poolhouse.core.pools import UserPool
from poolhouse.store import rows
from poolhouse.store.changes import Changes
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import user_pool, user_pool_domain


class Pools:
    """Rows of `user_pool`; each has its data key beside it."""

    def __init__(self, connection: sa.Connection, changes: Changes, data_keys: DataKeys) -> None:
        self._connection = connection
        self._changes = changes
        self._data_keys = data_keys

    def get(self, account_id: str, region: str, pool_id: str) -> UserPool:
        return self._get(account_id, region, pool_id, sa.select(user_pool))

    def lock(self, account_id: str, region: str, pool_id: str) -> UserPool:
        """The pool, its row locked until the transaction ends: what is counted against a limit is counted
        under this lock. SQLite's writer is alone, so there it is a plain read."""
        return self._get(account_id, region, pool_id, sa.select(user_pool).with_for_update())

    def find(self, pool_id: str) -> UserPool | None:
        row = rows.find(self._connection, user_pool, id=pool_id)
        return None if row is None else _from_row(row)

    def add(self, pool: UserPool) -> None:
        values = {
            "id": pool.id,
            "account_id": pool.account_id,
            "region": pool.region,
            "document": write_document("user_pool", pool.to_document()),
            "version": pool.version,
        }
        if not rows.add(self._connection, user_pool, values):
            raise InvalidParameterException(f"User pool {pool.id} already exists.")
        self._data_keys.add(pool.id)
        self._changes.append(pool.id, "pool", pool.id)

    def replace(self, pool: UserPool) -> None:
        rows.replace_document(self._connection, user_pool, {"id": pool.id}, pool.to_document(), pool.version)
        self._changes.append(pool.id, "pool", pool.id)

    def remove(self, pool_id: str) -> None:
        """Remove the pool with everything in it, its data key too."""
        names = sa.select(user_pool_domain.c.name).where(user_pool_domain.c.pool_id == pool_id)
        for name in self._connection.scalars(names):
            self._changes.append(pool_id, "domain", name)
        if rows.remove(self._connection, user_pool, id=pool_id):
            self._data_keys.remove(pool_id)
            self._changes.append(pool_id, "pool", pool_id)

    def page(self, account_id: str, region: str, *, after: str = "", size: int) -> Sequence[UserPool]:
        """The next `size` pools by id; `after` is the last one seen, "" at the start."""
        found = rows.page(
            self._connection, user_pool, "id", after, size, account_id=account_id, region=region
        )
        return [_from_row(row) for row in found]

    def count(self, account_id: str, region: str) -> int:
        return rows.count(self._connection, user_pool, account_id=account_id, region=region)

    def _get(self, account_id: str, region: str, pool_id: str, select: sa.Select[Any]) -> UserPool:
        unknown = ResourceNotFoundException(f"User pool {pool_id} does not exist.")
        if not rows.is_storable(pool_id):
            raise unknown
        mine = (user_pool.c.account_id == account_id) & (user_pool.c.region == region)
        row = self._connection.execute(select.where(user_pool.c.id == pool_id, mine)).one_or_none()
        if row is None:
            raise unknown
        return _from_row(row)


def _from_row(row: Row) -> UserPool:
    return UserPool.from_document(
        read_document("user_pool", row.document),
        id=row.id,
        account_id=row.account_id,
        region=row.region,
        version=row.version,
    )
