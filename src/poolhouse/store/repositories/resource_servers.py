"""Resource servers."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.errors import InvalidParameterException, ResourceNotFoundException
from poolhouse.core.resource_servers import ResourceServer
from poolhouse.store import rows
from poolhouse.store.changes import Changes
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import resource_server


class ResourceServers:
    """Rows of `resource_server`, one a (pool_id, identifier)."""

    def __init__(self, connection: sa.Connection, changes: Changes) -> None:
        self._connection = connection
        self._changes = changes

    def get(self, pool_id: str, identifier: str) -> ResourceServer:
        found = self.find(pool_id, identifier)
        if found is None:
            raise ResourceNotFoundException(f"Resource server {identifier} does not exist.")
        return found

    def find(self, pool_id: str, identifier: str) -> ResourceServer | None:
        row = rows.find(self._connection, resource_server, pool_id=pool_id, identifier=identifier)
        return None if row is None else _from_row(row)

    def of(self, pool_id: str) -> list[ResourceServer]:
        """All of the pool, by identifier."""
        statement = sa.select(resource_server).where(resource_server.c.pool_id == pool_id)
        found = self._connection.execute(statement.order_by(resource_server.c.identifier))
        return [_from_row(row) for row in found]

    def add(self, server: ResourceServer) -> None:
        values = {
            "pool_id": server.pool_id,
            "identifier": server.identifier,
            "document": write_document("resource_server", server.to_document()),
            "version": server.version,
        }
        if not rows.add(self._connection, resource_server, values):
            raise InvalidParameterException(
                f"{server.identifier} already exists in user pool {server.pool_id}."
            )
        self._changed(server.pool_id)

    def replace(self, server: ResourceServer) -> None:
        key = {"pool_id": server.pool_id, "identifier": server.identifier}
        rows.replace_document(self._connection, resource_server, key, server.to_document(), server.version)
        self._changed(server.pool_id)

    def remove(self, pool_id: str, identifier: str) -> None:
        if rows.remove(self._connection, resource_server, pool_id=pool_id, identifier=identifier):
            self._changed(pool_id)

    def page(self, pool_id: str, *, after: str = "", size: int) -> Sequence[ResourceServer]:
        """The next `size` servers by identifier; `after` is the last one seen, "" at the start."""
        found = rows.page(self._connection, resource_server, "identifier", after, size, pool_id=pool_id)
        return [_from_row(row) for row in found]

    def count(self, pool_id: str) -> int:
        return rows.count(self._connection, resource_server, pool_id=pool_id)

    def _changed(self, pool_id: str) -> None:
        # The pool's snapshot holds the scopes that its servers declare.
        self._changes.append(pool_id, "pool", pool_id)


def _from_row(row: Row) -> ResourceServer:
    return ResourceServer.from_document(
        read_document("resource_server", row.document),
        pool_id=row.pool_id,
        identifier=row.identifier,
        version=row.version,
    )
