"""Codes on their way from a browser to its application: each gives tokens once, on whichever node."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.authorization_codes import AuthorizationCode
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Prepared, Row
from poolhouse.store.tables import authorization_code


class AuthorizationCodes:
    """Rows of `authorization_code`. One that was used stays until it is swept: its second use says that it leaked."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, code: AuthorizationCode) -> None:
        values = {
            "pool_id": code.pool_id,
            "hash": code.hash,
            "sub": code.sub,
            "client_id": code.client_id,
            "expires_at": code.expires_at,
            "used_at": None,
            "family_id": None,
            "document": write_document("authorization_code", code.to_document()),
            "version": 1,
        }
        rows.write_new(self._connection, authorization_code, values)

    def find(self, pool_id: str, hash: bytes) -> AuthorizationCode | None:
        row = _FIND.one_or_none(self._connection, {"pool_id": pool_id, "hash": hash})
        return None if row is None else _from_row(row)

    def use(self, code: AuthorizationCode, family_id: str, now: datetime) -> bool:
        """Use the code up; False where another was first, or it is gone."""
        values = {"of_pool": code.pool_id, "of_hash": code.hash, "used_at": now, "family_id": family_id}
        return _USE.run(self._connection, values) == 1

    def remove_of(self, pool_id: str, sub: str) -> None:
        """Forget every code of a person that was not used: nothing comes of it any more."""
        _REMOVE_OF.run(self._connection, {"of_pool": pool_id, "of_sub": sub})

    def remove_expired(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, authorization_code, "expires_at", before, limit)


_OF = authorization_code.c
_FIND = Prepared(
    sa.select(authorization_code).where(
        _OF.pool_id == sa.bindparam("pool_id"), _OF.hash == sa.bindparam("hash")
    )
)
_USE = Prepared(
    sa.update(authorization_code)
    .where(
        _OF.pool_id == sa.bindparam("of_pool"),
        _OF.hash == sa.bindparam("of_hash"),
        _OF.used_at.is_(None),
    )
    .values(used_at=sa.bindparam("used_at"), family_id=sa.bindparam("family_id"))
)
_REMOVE_OF = Prepared(
    sa.delete(authorization_code).where(
        _OF.pool_id == sa.bindparam("of_pool"), _OF.sub == sa.bindparam("of_sub"), _OF.used_at.is_(None)
    )
)


def _from_row(row: Row) -> AuthorizationCode:
    return AuthorizationCode.from_document(
        read_document("authorization_code", row.document),
        pool_id=row.pool_id,
        hash=row.hash,
        sub=row.sub,
        client_id=row.client_id,
        expires_at=row.expires_at,
        used_at=row.used_at,
        family_id=row.family_id,
    )
