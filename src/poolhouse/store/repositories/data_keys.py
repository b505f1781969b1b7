"""The data keys: one a pool and one for the server, each sealed under the master key."""

from __future__ import annotations

import sqlalchemy as sa

from poolhouse.core.sealing import Place, SealBroken, SealingKey, key_id_of
from poolhouse.core.secret import Secret
from poolhouse.store import rows
from poolhouse.store.keyring import Keyring, seal
from poolhouse.store.tables import data_key

SERVER = ""
"""The `pool_id` of what belongs to the whole server."""


class DataKeys:
    """Rows of `data_key`, and what is sealed and opened with them."""

    def __init__(self, connection: sa.Connection, keyring: Keyring) -> None:
        self._connection = connection
        self._keyring = keyring

    def add(self, pool_id: str) -> bool:
        """Make the pool's data key; False if it has one."""
        sealed = self._keyring.new_data_key(pool_id)
        values = {"pool_id": pool_id, "master_key_id": self._keyring.master_key_id, "sealed": sealed}
        return rows.add(self._connection, data_key, values)

    def remove(self, pool_id: str) -> None:
        """After this, what was sealed for the pool can't be opened by anybody."""
        rows.remove(self._connection, data_key, pool_id=pool_id)

    def seal(self, secret: Secret, place: Place) -> bytes:
        return seal(self._current(place.pool_id), secret.reveal().encode(), place)

    def open(self, sealed: bytes, place: Place) -> Secret:
        """What was sealed at `place`. Raises SealBroken."""
        key = self._keyring.opened(place.pool_id, key_id_of(sealed))
        if key is None:
            key = self._current(place.pool_id)
        return Secret(key.open(sealed, place).decode())

    def master_key_ids(self) -> frozenset[str]:
        """The master keys under which some data key is sealed now."""
        return frozenset(self._connection.scalars(sa.select(data_key.c.master_key_id).distinct()))

    def rewrap(self, limit: int) -> int:
        """Seal up to `limit` data keys anew under the first master key; how many were not yet."""
        current = self._keyring.master_key_id
        old = data_key.c.master_key_id != current
        found = self._connection.execute(sa.select(data_key).where(old).limit(limit)).all()
        for row in found:
            sealed = self._keyring.reseal_data_key(row.pool_id, row.sealed)
            self._connection.execute(
                sa.update(data_key)
                .where(data_key.c.pool_id == row.pool_id, data_key.c.sealed == row.sealed)
                .values(master_key_id=current, sealed=sealed)
            )
        return len(found)

    def _current(self, pool_id: str) -> SealingKey:
        row = rows.find(self._connection, data_key, pool_id=pool_id)
        if row is None:
            raise SealBroken(f"there is no data key for {pool_id or 'the server'}")
        return self._keyring.data_key(pool_id, row.sealed)
