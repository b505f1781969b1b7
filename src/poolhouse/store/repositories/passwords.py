"""Passwords: their hashes, and the sealed verifiers of SRP."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.credentials import Password
from poolhouse.core.errors import ConcurrentModificationException
from poolhouse.core.sealing import Place
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import user_password


class Passwords:
    """Rows of `user_password`, at most one a person."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def find(self, pool_id: str, sub: str) -> Password | None:
        row = rows.find(self._connection, user_password, pool_id=pool_id, sub=sub)
        return None if row is None else self.from_row(row)

    def from_row(self, row: Row) -> Password:
        return Password(
            pool_id=row.pool_id,
            sub=row.sub,
            hash=row.hash,
            set_at=row.set_at,
            verifier=None
            if row.sealed is None
            else self._data_keys.open(row.sealed, _place(row.pool_id, row.sub)),
            expires_at=row.expires_at,
            history=Password.history_of(read_document("user_password", row.document)),
            version=row.version,
        )

    def set_at(self, pool_id: str, sub: str) -> datetime | None:
        """When the person's password was set; nothing is opened for the answer."""
        row = rows.find(self._connection, user_password, pool_id=pool_id, sub=sub)
        return None if row is None else row.set_at

    def put(self, password: Password) -> None:
        """Set the password, whatever it was before."""
        values = self._values(password)
        statement = rows.insert(self._connection, user_password).values(values)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["pool_id", "sub"],
                set_={**values, "version": user_password.c.version + 1},
            )
        )

    def replace(self, password: Password) -> None:
        """Set it if the row still has the version that was read. Raises ConcurrentModificationException."""
        statement = (
            sa.update(user_password)
            .where(
                user_password.c.pool_id == password.pool_id,
                user_password.c.sub == password.sub,
                user_password.c.version == password.version,
            )
            .values({**self._values(password), "version": password.version + 1})
        )
        if self._connection.execute(statement).rowcount != 1:
            raise ConcurrentModificationException

    def remove(self, pool_id: str, sub: str) -> bool:
        """Leave the person without one."""
        return rows.remove(self._connection, user_password, pool_id=pool_id, sub=sub)

    def forget_verifiers(self, pool_id: str, after: str, limit: int) -> tuple[str | None, int]:
        """Forget the SRP verifiers among the pool's next `limit` passwords by sub; `after` is the last one seen, "" at
        the start. The last one seen, None at the end, and how many were looked at.

        By sub, not by what is left: no index knows who has a verifier, and none is needed for what is done so seldom.
        """
        following = (user_password.c.pool_id == pool_id) & (user_password.c.sub > after)
        statement = sa.select(user_password.c.sub).where(following).order_by(user_password.c.sub).limit(limit)
        subs = self._connection.execute(statement).scalars().all()
        if not subs:
            return None, 0
        seen = following & (user_password.c.sub <= subs[-1]) & user_password.c.sealed.is_not(None)
        # A new version: who has read the password with its verifier must not put that back.
        forgotten = {"sealed": None, "version": user_password.c.version + 1}
        self._connection.execute(sa.update(user_password).where(seen).values(forgotten))
        return (subs[-1] if len(subs) == limit else None), len(subs)

    def _values(self, password: Password) -> dict[str, object]:
        place = _place(password.pool_id, password.sub)
        verifier = password.verifier
        return {
            "pool_id": password.pool_id,
            "sub": password.sub,
            "hash": password.hash,
            "sealed": None if verifier is None else self._data_keys.seal(verifier, place),
            "set_at": password.set_at,
            "expires_at": password.expires_at,
            "document": write_document("user_password", password.to_document()),
            "version": password.version,
        }


def _place(pool_id: str, sub: str) -> Place:
    return Place("user_password", "sealed", pool_id, sub)
