"""The secrets of app clients: one or two of a client alive at once, each sealed."""

from __future__ import annotations

import sqlalchemy as sa

from poolhouse.core.clients import ClientSecret
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.sealing import Place
from poolhouse.store import rows
from poolhouse.store.changes import Changes
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Prepared, Row
from poolhouse.store.tables import client_secret

_OF_CLIENT = Prepared(
    sa.select(client_secret)
    .where(client_secret.c.client_id == sa.bindparam("client_id"))
    .order_by(client_secret.c.created_at, client_secret.c.id)
)


class ClientSecrets:
    """Rows of `client_secret`."""

    def __init__(self, connection: sa.Connection, changes: Changes, data_keys: DataKeys) -> None:
        self._connection = connection
        self._changes = changes
        self._data_keys = data_keys

    def of(self, client_id: str) -> list[ClientSecret]:
        """The client's secrets, oldest first."""
        if not rows.is_storable(client_id):
            return []
        return [self._from_row(row) for row in _OF_CLIENT.all(self._connection, {"client_id": client_id})]

    def add(self, secret: ClientSecret) -> None:
        place = _place(secret.pool_id, secret.client_id, secret.id)
        values = {
            "client_id": secret.client_id,
            "id": secret.id,
            "pool_id": secret.pool_id,
            "sealed": self._data_keys.seal(secret.value, place),
            "created_at": secret.created_at,
        }
        if not rows.add(self._connection, client_secret, values):
            raise InvalidParameterException(f"Client secret {secret.id} already exists.")
        self._changes.append(secret.pool_id, "client", secret.client_id)

    def remove(self, client_id: str, secret_id: str) -> bool:
        """Whether there was one to remove."""
        if not (rows.is_storable(client_id) and rows.is_storable(secret_id)):
            return False
        one = (client_secret.c.client_id == client_id) & (client_secret.c.id == secret_id)
        removed = sa.delete(client_secret).where(one).returning(client_secret.c.pool_id)
        pool_id = self._connection.execute(removed).scalar_one_or_none()
        if pool_id is None:
            return False
        self._changes.append(pool_id, "client", client_id)
        return True

    def _from_row(self, row: Row) -> ClientSecret:
        place = _place(row.pool_id, row.client_id, row.id)
        return ClientSecret(
            id=row.id,
            pool_id=row.pool_id,
            client_id=row.client_id,
            value=self._data_keys.open(row.sealed, place),
            created_at=row.created_at,
        )


def _place(pool_id: str, client_id: str, secret_id: str) -> Place:
    # Ids of clients have a fixed alphabet without "/", so the two parts can't be read another way.
    return Place("client_secret", "sealed", pool_id, f"{client_id}/{secret_id}")
