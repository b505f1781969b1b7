"""The signing keys of pools, their private halves sealed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.keys import KeyUse, SigningKey
from poolhouse.core.sealing import Place
from poolhouse.store import rows
from poolhouse.store.changes import Changes
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import signing_key


class SigningKeys:
    """Rows of `signing_key`."""

    def __init__(self, connection: sa.Connection, changes: Changes, data_keys: DataKeys) -> None:
        self._connection = connection
        self._changes = changes
        self._data_keys = data_keys

    def of(self, pool_id: str) -> list[SigningKey]:
        """The pool's keys, oldest first."""
        statement = sa.select(signing_key).where(signing_key.c.pool_id == pool_id)
        ordered = statement.order_by(signing_key.c.created_at, signing_key.c.kid)
        return [self._from_row(row) for row in self._connection.execute(ordered)]

    def add(self, key: SigningKey) -> None:
        values = {
            "kid": key.kid,
            "pool_id": key.pool_id,
            "use": key.use.value,
            "n": key.n,
            "sealed": self._data_keys.seal(key.private, _place(key.pool_id, key.kid)),
            "created_at": key.created_at,
            "signs_from": key.signs_from,
            "withdrawn_at": key.withdrawn_at,
        }
        if not rows.add(self._connection, signing_key, values):
            raise InvalidParameterException(f"Signing key {key.kid} already exists.")
        self._changes.append(key.pool_id, "pool", key.pool_id)

    def withdraw(self, kid: str, at: datetime) -> None:
        """Let the key leave the JWKS at `at`. An earlier time that it already has stays."""
        later = signing_key.c.withdrawn_at.is_(None) | (signing_key.c.withdrawn_at > at)
        statement = sa.update(signing_key).where(signing_key.c.kid == kid, later).values(withdrawn_at=at)
        self._tell(self._connection.scalars(statement.returning(signing_key.c.pool_id)).all())

    def remove_withdrawn(self, before: datetime, limit: int) -> int:
        """Remove up to `limit` keys that were withdrawn before `before`; how many were."""
        old = sa.select(signing_key.c.kid).where(signing_key.c.withdrawn_at < before)
        batch = old.order_by(signing_key.c.withdrawn_at).limit(limit)
        statement = sa.delete(signing_key).where(signing_key.c.kid.in_(batch))
        removed = self._connection.scalars(statement.returning(signing_key.c.pool_id)).all()
        self._tell(removed)
        return len(removed)

    def _tell(self, pool_ids: Iterable[str]) -> None:
        for pool_id in pool_ids:
            self._changes.append(pool_id, "pool", pool_id)

    def _from_row(self, row: Row) -> SigningKey:
        return SigningKey(
            kid=row.kid,
            pool_id=row.pool_id,
            use=KeyUse(row.use),
            private=self._data_keys.open(row.sealed, _place(row.pool_id, row.kid)),
            n=row.n,
            created_at=row.created_at,
            signs_from=row.signs_from,
            withdrawn_at=row.withdrawn_at,
        )


def _place(pool_id: str, kid: str) -> Place:
    return Place("signing_key", "sealed", pool_id, kid)
