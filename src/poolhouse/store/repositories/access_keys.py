"""Access keys, their secrets sealed under the server's own data key."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.access_keys import AccessKey
from poolhouse.core.errors import InvalidParameterException, ResourceNotFoundException
from poolhouse.core.sealing import Place
from poolhouse.store import rows
from poolhouse.store.changes import Changes
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.repositories.data_keys import SERVER, DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import access_key


class AccessKeys:
    """Rows of `access_key`. The secret of a key never changes."""

    def __init__(self, connection: sa.Connection, changes: Changes, data_keys: DataKeys) -> None:
        self._connection = connection
        self._changes = changes
        self._data_keys = data_keys

    def get(self, key_id: str) -> AccessKey:
        found = self.find(key_id)
        if found is None:
            raise ResourceNotFoundException(f"Access key {key_id} does not exist.")
        return found

    def find(self, key_id: str) -> AccessKey | None:
        row = rows.find(self._connection, access_key, id=key_id)
        return None if row is None else self._from_row(row)

    def add(self, key: AccessKey) -> None:
        values = {
            "id": key.id,
            "account_id": key.account_id,
            "sealed": self._data_keys.seal(key.secret, _place(key.id)),
            "document": write_document("access_key", key.to_document()),
            "version": key.version,
        }
        if not rows.add(self._connection, access_key, values):
            raise InvalidParameterException(f"Access key {key.id} already exists.")
        self._changes.append(SERVER, "access_key", key.id)

    def replace(self, key: AccessKey) -> None:
        rows.replace_document(self._connection, access_key, {"id": key.id}, key.to_document(), key.version)
        self._changes.append(SERVER, "access_key", key.id)

    def remove(self, key_id: str) -> bool:
        """Whether there was one to remove."""
        removed = rows.remove(self._connection, access_key, id=key_id)
        if removed:
            self._changes.append(SERVER, "access_key", key_id)
        return removed

    def page(self, account_id: str, *, after: str = "", size: int) -> Sequence[AccessKey]:
        """The next `size` keys by id; `after` is the last one seen, "" at the start."""
        found = rows.page(self._connection, access_key, "id", after, size, account_id=account_id)
        return [self._from_row(row) for row in found]

    def count(self, account_id: str) -> int:
        return rows.count(self._connection, access_key, account_id=account_id)

    def _from_row(self, row: Row) -> AccessKey:
        return AccessKey.from_document(
            read_document("access_key", row.document),
            id=row.id,
            account_id=row.account_id,
            secret=self._data_keys.open(row.sealed, _place(row.id)),
            version=row.version,
        )


def _place(key_id: str) -> Place:
    return Place("access_key", "sealed", SERVER, key_id)
