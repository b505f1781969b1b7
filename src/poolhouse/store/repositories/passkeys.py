"""The passkeys of people: public keys, and how far each has counted."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.passkeys import Passkey
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import user_passkey


class Passkeys:
    """Rows of `user_passkey`, one a credential; a pool has each credential once."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, pool_id: str, id: str) -> Passkey | None:
        row = rows.find(self._connection, user_passkey, pool_id=pool_id, credential_id=id)
        return None if row is None else _from_row(row)

    def of(self, pool_id: str, sub: str) -> list[Passkey]:
        """All of a person, the oldest first."""
        found = [
            _from_row(row) for row in self._connection.execute(_OF_USER, {"pool_id": pool_id, "sub": sub})
        ]
        return sorted(found, key=lambda passkey: (passkey.created_at, passkey.id))

    def page(self, pool_id: str, sub: str, *, after: str, size: int) -> Sequence[Passkey]:
        """The next `size` by id; `after` is the last one seen, "" at the start."""
        found = rows.page(
            self._connection, user_passkey, "credential_id", after, size, pool_id=pool_id, sub=sub
        )
        return [_from_row(row) for row in found]

    def count(self, pool_id: str, sub: str) -> int:
        return rows.count(self._connection, user_passkey, pool_id=pool_id, sub=sub)

    def add(self, passkey: Passkey) -> bool:
        """False where somebody in the pool has this credential."""
        values = {
            "pool_id": passkey.pool_id,
            "sub": passkey.sub,
            "credential_id": passkey.id,
            "sign_count": passkey.sign_count,
            "document": write_document("user_passkey", passkey.to_document()),
            "version": passkey.version,
        }
        return rows.add(self._connection, user_passkey, values)

    def use(self, used: Passkey) -> bool:
        """Keep a use and its counter; False where the passkey is gone, or a later use was faster.

        The counter is compared in the row itself: of two answers that count the same, on whatever nodes, one wins.
        """
        column = user_passkey.c.sign_count
        counts_on = (column < used.sign_count) | ((column == 0) & (sa.literal(used.sign_count) == 0))
        statement = (
            sa.update(user_passkey)
            .where(
                user_passkey.c.pool_id == used.pool_id,
                user_passkey.c.credential_id == used.id,
                user_passkey.c.sub == used.sub,
                counts_on,
            )
            .values(
                sign_count=used.sign_count,
                document=write_document("user_passkey", used.to_document()),
                version=user_passkey.c.version + 1,
            )
        )
        return self._connection.execute(statement).rowcount == 1

    def remove(self, pool_id: str, sub: str, id: str) -> bool:
        """Whether this person had it."""
        return rows.remove(self._connection, user_passkey, pool_id=pool_id, sub=sub, credential_id=id)


_OF_USER = sa.select(user_passkey).where(
    user_passkey.c.pool_id == sa.bindparam("pool_id"), user_passkey.c.sub == sa.bindparam("sub")
)


def _from_row(row: Row) -> Passkey:
    return Passkey.from_document(
        read_document("user_passkey", row.document),
        pool_id=row.pool_id,
        sub=row.sub,
        id=row.credential_id,
        sign_count=row.sign_count,
        version=row.version,
    )
