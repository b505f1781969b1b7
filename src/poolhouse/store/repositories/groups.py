"""The definitions of groups."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.errors import GroupExistsException, ResourceNotFoundException
from poolhouse.core.groups import Group
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import user_group


class Groups:
    """Rows of `user_group`, one a (pool_id, name). No cache holds them, so they append no changes."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, pool_id: str, name: str) -> Group:
        found = self.find(pool_id, name)
        if found is None:
            raise ResourceNotFoundException("Group not found.")
        return found

    def find(self, pool_id: str, name: str) -> Group | None:
        row = rows.find(self._connection, user_group, pool_id=pool_id, name=name)
        return None if row is None else group_from_row(row)

    def add(self, group: Group) -> None:
        if not self.add_if_missing(group):
            raise GroupExistsException

    def add_if_missing(self, group: Group) -> bool:
        """False if it was there: of two who make one group at once, both have it."""
        values = {
            "pool_id": group.pool_id,
            "name": group.name,
            "document": write_document("user_group", group.to_document()),
            "version": group.version,
        }
        return rows.add(self._connection, user_group, values)

    def replace(self, group: Group) -> None:
        key = {"pool_id": group.pool_id, "name": group.name}
        rows.replace_document(self._connection, user_group, key, group.to_document(), group.version)

    def remove(self, pool_id: str, name: str) -> None:
        rows.remove(self._connection, user_group, pool_id=pool_id, name=name)

    def page(self, pool_id: str, *, after: str = "", size: int) -> Sequence[Group]:
        """The next `size` groups by name; `after` is the last one seen, "" at the start."""
        found = rows.page(self._connection, user_group, "name", after, size, pool_id=pool_id)
        return [group_from_row(row) for row in found]

    def count(self, pool_id: str) -> int:
        return rows.count(self._connection, user_group, pool_id=pool_id)


def group_from_row(row: Row) -> Group:
    return Group.from_document(
        read_document("user_group", row.document), pool_id=row.pool_id, name=row.name, version=row.version
    )
