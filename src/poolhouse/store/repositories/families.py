"""Families of tokens: what a sign-in gave, and whether it still stands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.families import LONGEST_GRACE, Family
from poolhouse.core.sealing import Place
from poolhouse.core.secret import Secret
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Prepared, Row
from poolhouse.store.tables import pool_user, retired_refresh_token, token_family


class Families:
    """Rows of `token_family`, and of `retired_refresh_token`, which go with them. No cache holds them: what a
    sign-out ended is refused on every node from its commit on."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def add(self, family: Family) -> None:
        values = {
            "pool_id": family.pool_id,
            "sub": family.sub,
            "id": family.id,
            "client_id": family.client_id,
            "hash": family.current,
            "sealed": None,
            "expires_at": family.expires_at,
            "revoked_at": family.revoked_at,
            "document": write_document("token_family", family.to_document()),
            "version": 1,
        }
        rows.write_new(self._connection, token_family, values)

    def find(self, pool_id: str, id: str) -> Family | None:
        row = rows.find(self._connection, token_family, pool_id=pool_id, id=id)
        return None if row is None else family_from_row(row)

    def retired(self, family: Family) -> Mapping[bytes, datetime]:
        """Hashes of the refresh tokens that were exchanged last, and when each was."""
        mine = {"pool_id": family.pool_id, "family_id": family.id}
        found = rows.select(self._connection, retired_refresh_token, **mine)
        return {row.hash: row.retired_at for row in found}

    def replacement(self, family: Family) -> Secret:
        """The family's refresh token, where `is_repeatable` says that it is kept."""
        mine = (token_family.c.pool_id == family.pool_id) & (token_family.c.id == family.id)
        sealed = self._connection.execute(sa.select(token_family.c.sealed).where(mine)).scalar_one()
        return self._data_keys.open(sealed, _place(family))

    def rotate(self, family: Family, current: bytes, now: datetime, *, repeatable: Secret | None) -> bool:
        """Put the refresh token of the hash `current` in the place of the one that the family has; False where
        somebody else was first, or ended the family. `repeatable` is the token itself, to be given again."""
        mine = {"of_pool": family.pool_id, "of_id": family.id}
        change = {
            "before": family.current,
            "hash": current,
            "sealed": None if repeatable is None else self._data_keys.seal(repeatable, _place(family)),
        }
        if _ROTATE.run(self._connection, mine | change) != 1:
            return False
        _FORGET_RETIRED.run(self._connection, mine | {"until": now - LONGEST_GRACE})
        if repeatable is not None:
            values = {
                "pool_id": family.pool_id,
                "family_id": family.id,
                "hash": family.current,
                "retired_at": now,
            }
            rows.write_new(self._connection, retired_refresh_token, values)
        return True

    def revoke(self, pool_id: str, id: str, now: datetime) -> bool:
        """End a family; False where it had ended before, or is not there."""
        mine = (token_family.c.pool_id == pool_id) & (token_family.c.id == id)
        statement = sa.update(token_family).where(mine, token_family.c.revoked_at.is_(None))
        return self._connection.execute(statement.values(revoked_at=now, sealed=None)).rowcount == 1

    def revoke_all(self, pool_id: str, sub: str, now: datetime) -> int:
        """End every family of a person; how many there were.

        The person's row is locked first, as by whoever issues tokens: a sign-in that is being answered is ended
        too, or begins after this.
        """
        person = (pool_user.c.pool_id == pool_id) & (pool_user.c.sub == sub)
        self._connection.execute(sa.select(pool_user.c.sub).where(person).with_for_update())
        theirs = (token_family.c.pool_id == pool_id) & (token_family.c.sub == sub)
        statement = sa.update(token_family).where(theirs, token_family.c.revoked_at.is_(None))
        return self._connection.execute(statement.values(revoked_at=now, sealed=None)).rowcount

    def remove_expired(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, token_family, "expires_at", before, limit)


_ROTATE = Prepared(
    sa.update(token_family)
    .where(
        token_family.c.pool_id == sa.bindparam("of_pool"),
        token_family.c.id == sa.bindparam("of_id"),
        token_family.c.hash == sa.bindparam("before"),
        token_family.c.revoked_at.is_(None),
    )
    .values(hash=sa.bindparam("hash"), sealed=sa.bindparam("sealed"))
)
_FORGET_RETIRED = Prepared(
    sa.delete(retired_refresh_token).where(
        retired_refresh_token.c.pool_id == sa.bindparam("of_pool"),
        retired_refresh_token.c.family_id == sa.bindparam("of_id"),
        retired_refresh_token.c.retired_at <= sa.bindparam("until"),
    )
)


def _place(family: Family) -> Place:
    return Place("token_family", "sealed", family.pool_id, family.id)


def family_from_row(row: Row) -> Family:
    return Family.from_document(
        read_document("token_family", row.document),
        pool_id=row.pool_id,
        id=row.id,
        sub=row.sub,
        client_id=row.client_id,
        current=row.hash,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        is_repeatable=row.sealed is not None,
    )
