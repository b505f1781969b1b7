"""The looks of the classic pages: of clients, and of their pool."""

from __future__ import annotations

import sqlalchemy as sa

from poolhouse.core.ui_customizations import ALL, UiCustomization
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.tables import ui_customization


class UiCustomizations:
    """Rows of `ui_customization`, one a (pool_id, client_id); the pool's own is under "ALL"."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, pool_id: str, client_id: str) -> UiCustomization | None:
        row = rows.find(self._connection, ui_customization, pool_id=pool_id, client_id=client_id)
        if row is None:
            return None
        return UiCustomization.from_document(
            read_document("ui_customization", row.document),
            pool_id=row.pool_id,
            client_id=row.client_id,
            version=row.version,
        )

    def in_force(self, pool_id: str, client_id: str) -> UiCustomization | None:
        """The client's own, which replaces the pool's as a whole, else the pool's."""
        return self.find(pool_id, client_id) or self.find(pool_id, ALL)

    def put(self, look: UiCustomization) -> None:
        """Add it, or write it over the one that is there: the last one who sets a look, sets it."""
        values = {
            "pool_id": look.pool_id,
            "client_id": look.client_id,
            "document": write_document("ui_customization", look.to_document()),
            "version": look.version,
        }
        statement = rows.insert(self._connection, ui_customization).values(values)
        changed = {name: statement.excluded[name] for name in ("document", "version")}
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["pool_id", "client_id"], set_=changed)
        )

    def remove(self, pool_id: str, client_id: str) -> None:
        rows.remove(self._connection, ui_customization, pool_id=pool_id, client_id=client_id)
