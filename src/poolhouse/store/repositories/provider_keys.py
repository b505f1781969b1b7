"""A pool's keys towards SAML providers, their private halves sealed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from poolhouse.core.provider_keys import ALL_PROVIDERS, ProviderKey, ProviderKeyUse
from poolhouse.core.sealing import Place
from poolhouse.store import rows
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.tables import provider_key


class ProviderKeys:
    """Rows of `provider_key`."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def of(
        self, pool_id: str, use: ProviderKeyUse, now: datetime, provider_name: str = ALL_PROVIDERS
    ) -> list[ProviderKey]:
        """Those that have not expired, oldest first."""
        statement = sa.select(provider_key).where(
            provider_key.c.pool_id == pool_id,
            provider_key.c.use == use.value,
            provider_key.c.provider_name == provider_name,
            provider_key.c.expires_at > now,
        )
        ordered = statement.order_by(provider_key.c.created_at, provider_key.c.id)
        return [self._from_row(row) for row in self._connection.execute(ordered)]

    def add(self, key: ProviderKey) -> None:
        """Raises ResourceNotFoundException: the pool is gone."""
        values = {
            "pool_id": key.pool_id,
            "id": key.id,
            "provider_name": key.provider_name,
            "use": key.use.value,
            "certificate": key.certificate,
            "sealed": self._data_keys.seal(key.private, _place(key.pool_id, key.id)),
            "created_at": key.created_at,
            "expires_at": key.expires_at,
        }
        rows.add(self._connection, provider_key, values)

    def remove_of(self, pool_id: str, provider_name: str) -> None:
        """Whatever was one provider's alone."""
        rows.remove(self._connection, provider_key, pool_id=pool_id, provider_name=provider_name)

    def _from_row(self, row: sa.Row[Any]) -> ProviderKey:
        return ProviderKey(
            pool_id=row.pool_id,
            id=row.id,
            provider_name=row.provider_name,
            use=ProviderKeyUse(row.use),
            certificate=row.certificate,
            private=self._data_keys.open(row.sealed, _place(row.pool_id, row.id)),
            created_at=row.created_at,
            expires_at=row.expires_at,
        )


def _place(pool_id: str, id: str) -> Place:
    return Place("provider_key", "sealed", pool_id, id)
