"""App clients. Their ids are unique over everything: an unsigned call names no pool."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.auth_flows import may_use_srp
from poolhouse.core.clients import UserPoolClient
from poolhouse.core.errors import InvalidParameterException, ResourceNotFoundException
from poolhouse.store import rows
from poolhouse.store.changes import Changes
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Prepared, Row
from poolhouse.store.tables import user_pool_client

_DOCUMENTS_OF_POOL = Prepared(
    sa.select(user_pool_client.c.document).where(user_pool_client.c.pool_id == sa.bindparam("pool_id"))
)
_IS_THERE = Prepared(
    sa.select(user_pool_client.c.id).where(*rows.is_key(user_pool_client, ("pool_id", "id")))
)


class Clients:
    """Rows of `user_pool_client`."""

    def __init__(self, connection: sa.Connection, changes: Changes) -> None:
        self._connection = connection
        self._changes = changes

    def get(self, pool_id: str, client_id: str) -> UserPoolClient:
        row = rows.find(self._connection, user_pool_client, pool_id=pool_id, id=client_id)
        if row is None:
            raise ResourceNotFoundException(f"User pool client {client_id} does not exist.")
        return _from_row(row)

    def require(self, pool_id: str, client_id: str) -> None:
        """Raises ResourceNotFoundException: the client is gone."""
        key = {"pool_id": pool_id, "id": client_id}
        if _IS_THERE.one_or_none(self._connection, key) is None:
            raise ResourceNotFoundException(f"User pool client {client_id} does not exist.")

    def find(self, client_id: str) -> UserPoolClient | None:
        row = rows.find(self._connection, user_pool_client, id=client_id)
        return None if row is None else _from_row(row)

    def add(self, client: UserPoolClient) -> None:
        values = {
            "id": client.id,
            "pool_id": client.pool_id,
            "document": write_document("user_pool_client", client.to_document()),
            "version": client.version,
        }
        if not rows.add(self._connection, user_pool_client, values):
            raise InvalidParameterException(f"User pool client {client.id} already exists.")
        self._changes.append(client.pool_id, "client", client.id)

    def replace(self, client: UserPoolClient) -> None:
        key = {"id": client.id, "pool_id": client.pool_id}
        rows.replace_document(self._connection, user_pool_client, key, client.to_document(), client.version)
        self._changes.append(client.pool_id, "client", client.id)

    def remove(self, pool_id: str, client_id: str) -> None:
        """Remove the client with its secrets."""
        if rows.remove(self._connection, user_pool_client, pool_id=pool_id, id=client_id):
            self._changes.append(pool_id, "client", client_id)

    def page(self, pool_id: str, *, after: str = "", size: int) -> Sequence[UserPoolClient]:
        """The next `size` clients by id; `after` is the last one seen, "" at the start."""
        found = rows.page(self._connection, user_pool_client, "id", after, size, pool_id=pool_id)
        return [_from_row(row) for row in found]

    def any_may_use_srp(self, pool_id: str) -> bool:
        """Whether one of the pool's clients may. Also true of a pool without clients: its first one may, if its owner
        does not say otherwise."""
        has_client = False
        for row in _DOCUMENTS_OF_POOL.all(self._connection, {"pool_id": pool_id}):
            has_client = True
            settings = read_document("user_pool_client", row.document)["settings"]
            if may_use_srp(settings.get("ExplicitAuthFlows", ())):
                return True
        return not has_client

    def count(self, pool_id: str) -> int:
        return rows.count(self._connection, user_pool_client, pool_id=pool_id)


def _from_row(row: Row) -> UserPoolClient:
    return UserPoolClient.from_document(
        read_document("user_pool_client", row.document), id=row.id, pool_id=row.pool_id, version=row.version
    )
