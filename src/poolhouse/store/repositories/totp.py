"""Software tokens: their sealed seeds, and the last code that each was used with."""

from __future__ import annotations

import sqlalchemy as sa

from poolhouse.core.sealing import Place
from poolhouse.core.secret import Secret
from poolhouse.core.software_tokens import SoftwareToken
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import user_totp


class Totp:
    """Rows of `user_totp`, at most one a person."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def find(self, pool_id: str, sub: str) -> SoftwareToken | None:
        row = rows.find(self._connection, user_totp, pool_id=pool_id, sub=sub)
        return None if row is None else self._from_row(row)

    def lock(self, pool_id: str, sub: str) -> SoftwareToken | None:
        """The token, its row locked until the transaction ends."""
        row = rows.lock(self._connection, user_totp, pool_id=pool_id, sub=sub)
        return None if row is None else self._from_row(row)

    def is_verified(self, pool_id: str, sub: str) -> bool:
        """Whether the person has a token that a code proved; no seed is opened for the answer."""
        row = rows.find(self._connection, user_totp, pool_id=pool_id, sub=sub)
        return row is not None and row.sealed is not None

    def put(self, token: SoftwareToken) -> None:
        """Keep the token, whatever was there before."""
        values = {
            "pool_id": token.pool_id,
            "sub": token.sub,
            "sealed": self._seal(token.seed, token, "sealed"),
            "pending": self._seal(token.pending, token, "pending"),
            "last_step": token.last_step,
            "document": write_document("user_totp", token.to_document()),
            "version": token.version,
        }
        statement = rows.insert(self._connection, user_totp).values(values)
        self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["pool_id", "sub"], set_={**values, "version": user_totp.c.version + 1}
            )
        )

    def use(self, token: SoftwareToken, step: int) -> bool:
        """Use up the code of `step`; False if it, or a later one, was used.

        Of many that come with one code at once, on whatever nodes, one gets True: the row decides.
        """
        statement = (
            sa.update(user_totp)
            .where(
                user_totp.c.pool_id == token.pool_id,
                user_totp.c.sub == token.sub,
                sa.or_(user_totp.c.last_step.is_(None), user_totp.c.last_step < step),
            )
            .values(last_step=step)
        )
        return self._connection.execute(statement).rowcount == 1

    def remove(self, pool_id: str, sub: str) -> bool:
        return rows.remove(self._connection, user_totp, pool_id=pool_id, sub=sub)

    def _from_row(self, row: Row) -> SoftwareToken:
        return SoftwareToken(
            pool_id=row.pool_id,
            sub=row.sub,
            seed=self._open(row.sealed, row.pool_id, row.sub, "sealed"),
            pending=self._open(row.pending, row.pool_id, row.sub, "pending"),
            last_step=row.last_step,
            name=SoftwareToken.name_of(read_document("user_totp", row.document)),
            version=row.version,
        )

    def _open(self, sealed: bytes | None, pool_id: str, sub: str, column: str) -> Secret | None:
        return None if sealed is None else self._data_keys.open(sealed, _place(pool_id, sub, column))

    def _seal(self, seed: Secret | None, token: SoftwareToken, column: str) -> bytes | None:
        return None if seed is None else self._data_keys.seal(seed, _place(token.pool_id, token.sub, column))


def _place(pool_id: str, sub: str, column: str) -> Place:
    return Place("user_totp", column, pool_id, sub)
