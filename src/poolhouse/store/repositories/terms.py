"""Terms of use and privacy policies of app clients."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.errors import (
    ConcurrentModificationException,
    ResourceNotFoundException,
    TermsExistsException,
)
from poolhouse.core.terms import Terms
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import terms


class TermsDocuments:
    """Rows of `terms`, one a (pool_id, id); a client has one of each name."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, pool_id: str, id: str) -> Terms:
        row = rows.find(self._connection, terms, pool_id=pool_id, id=id)
        if row is None:
            raise ResourceNotFoundException(f"Terms {id} do not exist.")
        return _from_row(row)

    def of_client(self, pool_id: str, client_id: str) -> dict[str, Terms]:
        """By name."""
        found = rows.select(self._connection, terms, pool_id=pool_id, client_id=client_id)
        return {row.name: _from_row(row) for row in found}

    def add(self, added: Terms) -> None:
        """Raises TermsExistsException: the client has terms of this name."""
        values = {
            "pool_id": added.pool_id,
            "id": added.id,
            "client_id": added.client_id,
            "name": added.name,
            "document": write_document("terms", added.to_document()),
            "version": added.version,
        }
        if not rows.add(self._connection, terms, values):
            raise TermsExistsException

    def replace(self, changed: Terms) -> None:
        """Raises TermsExistsException: the client has other terms of the new name."""
        statement = (
            sa.update(terms)
            .where(
                terms.c.pool_id == changed.pool_id,
                terms.c.id == changed.id,
                terms.c.version == changed.version,
            )
            .values(
                name=changed.name,
                document=write_document("terms", changed.to_document()),
                version=changed.version + 1,
            )
        )
        try:
            count = self._connection.execute(statement).rowcount
        except sa.exc.IntegrityError as taken:
            raise TermsExistsException from taken
        if count != 1:
            raise ConcurrentModificationException

    def remove(self, pool_id: str, id: str) -> None:
        rows.remove(self._connection, terms, pool_id=pool_id, id=id)

    def page(self, pool_id: str, *, after: str = "", size: int) -> Sequence[Terms]:
        """The next `size` documents by id; `after` is the last one seen, "" at the start."""
        found = rows.page(self._connection, terms, "id", after, size, pool_id=pool_id)
        return [_from_row(row) for row in found]


def _from_row(row: Row) -> Terms:
    return Terms.from_document(
        read_document("terms", row.document),
        pool_id=row.pool_id,
        id=row.id,
        client_id=row.client_id,
        name=row.name,
        version=row.version,
    )
