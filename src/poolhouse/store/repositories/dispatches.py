"""What is still to be told outside, each written with what it tells of. It is claimed as messages are (`outbox`)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.dispatches import Dispatch, DispatchKind
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import dispatch

LONGEST_ERROR = 500


class Dispatches:
    """Rows of `dispatch`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, event: Dispatch) -> None:
        values = {
            "id": event.id,
            "kind": event.kind.value,
            "document": write_document("dispatch", event.to_document()),
            "created_at": event.created_at,
            "next_at": event.created_at,
            "attempts": 0,
        }
        rows.write_new(self._connection, dispatch, values)

    def has_due(self, now: datetime) -> bool:
        first = sa.select(dispatch.c.id).where(dispatch.c.next_at <= now).limit(1)
        return self._connection.execute(first).first() is not None

    def claim_due(self, now: datetime, until: datetime, limit: int) -> list[Dispatch]:
        """Claim up to `limit` that are due, oldest first."""
        order = (dispatch.c.next_at, dispatch.c.id)
        due = sa.select(dispatch.c.id).where(dispatch.c.next_at <= now).order_by(*order).limit(limit)
        claim = (
            sa.update(dispatch)
            # The time is asked again: on PostgreSQL another node may have claimed a row after it was found.
            .where(dispatch.c.id.in_(due) & (dispatch.c.next_at <= now))
            .values(next_at=until, attempts=dispatch.c.attempts + 1)
            .returning(dispatch)
        )
        claimed = [_from_row(row) for row in self._connection.execute(claim).all()]
        return sorted(claimed, key=lambda event: event.id)

    def put_off(self, event: Dispatch, next_at: datetime, error: str) -> None:
        """To be tried again from `next_at` on. Nothing happens where a later attempt was begun meanwhile."""
        mine = (dispatch.c.id == event.id) & (dispatch.c.attempts == event.attempts)
        values = {"next_at": next_at, "last_error": error.replace("\x00", "")[:LONGEST_ERROR]}
        self._connection.execute(sa.update(dispatch).where(mine).values(values))

    def remove(self, ids: Collection[str]) -> None:
        if ids:
            self._connection.execute(sa.delete(dispatch).where(dispatch.c.id.in_(ids)))

    def count(self) -> int:
        """How many wait."""
        return rows.count(self._connection, dispatch)


def _from_row(row: Row) -> Dispatch:
    return Dispatch(
        id=row.id,
        kind=DispatchKind(row.kind),
        created_at=row.created_at,
        attempts=row.attempts,
        **read_document("dispatch", row.document),
    )
