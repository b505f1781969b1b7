"""The history of each person: what they did to get in, and how it went."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.auth_events import AuthEvent, Kind
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Prepared, Row
from poolhouse.store.tables import auth_event


class AuthEvents:
    """Rows of `auth_event`. Ids sort by time; the rows go with their person."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, pool_id: str, sub: str, id: str) -> AuthEvent | None:
        row = rows.find(self._connection, auth_event, pool_id=pool_id, id=id)
        return None if row is None or row.sub != sub else _from_row(row)

    def latest(self, pool_id: str, sub: str, kind: Kind) -> AuthEvent | None:
        """The person's newest of one kind."""
        found = _LATEST.all(self._connection, {"pool_id": pool_id, "sub": sub, "kind": kind})
        return _from_row(found[0]) if found else None

    def add(self, event: AuthEvent) -> None:
        """Raises ResourceNotFoundException: the person is gone."""
        values = {
            "pool_id": event.pool_id,
            "sub": event.sub,
            "id": event.id,
            "kind": event.kind,
            "created_at": event.created_at,
            "document": _document(event),
        }
        rows.add(self._connection, auth_event, values)

    def replace(self, event: AuthEvent) -> None:
        """Write what became of it. Of two at once, the last one's stays."""
        values = {"pool_id": event.pool_id, "id": event.id, "new_document": _document(event)}
        _REPLACE.run(self._connection, values)

    def page(self, pool_id: str, sub: str, *, before: str = "", size: int) -> Sequence[AuthEvent]:
        """The `size` events before the id `before`, newest first; the newest of all where it is ""."""
        conditions = [auth_event.c.pool_id == pool_id, auth_event.c.sub == sub]
        if before:
            conditions.append(auth_event.c.id < before)
        statement = sa.select(auth_event).where(*conditions).order_by(auth_event.c.id.desc()).limit(size)
        return [_from_row(row) for row in self._connection.execute(statement)]

    def remove_older(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, auth_event, "created_at", before, limit)


_LATEST = Prepared(
    sa.select(auth_event)
    .where(*rows.is_key(auth_event, ("pool_id", "sub", "kind")))
    .order_by(auth_event.c.id.desc())
    .limit(1)
)
_REPLACE = Prepared(
    sa.update(auth_event)
    .where(*rows.is_key(auth_event, ("pool_id", "id")))
    .values(document=sa.bindparam("new_document"))
)


def _document(event: AuthEvent) -> str:
    return write_document("auth_event", event.to_document())


def _from_row(row: Row) -> AuthEvent:
    return AuthEvent.from_document(
        read_document("auth_event", row.document),
        pool_id=row.pool_id,
        sub=row.sub,
        id=row.id,
        kind=row.kind,
        created_at=row.created_at,
    )
