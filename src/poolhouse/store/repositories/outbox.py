"""The outbox: messages that are still to be delivered, each written with the change that it tells of.

Whoever is about to deliver one claims it for a while by compare-and-set, so two nodes never hold the same; a
claim that runs out, because its holder died, makes the message due again. Nothing but delivery, a definite
refusal or its end takes it out: it is delivered at least once.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.ids import uuid7
from poolhouse.core.outgoing import Outgoing
from poolhouse.core.sealing import Place, SealBroken
from poolhouse.core.secret import Secret
from poolhouse.store import rows
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import outbox

MESSAGE, FOR_FUNCTION = "message", "for function"
"""The kinds: what a carrier takes, and what a function of the pool is told of."""
LONGEST_ERROR = 500

_log = logging.getLogger("poolhouse.store")


class Outbox:
    """Rows of `outbox`."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    @staticmethod
    def new_id(now: datetime) -> str:
        # Made here: a unit of work runs in the store's threads, and a call's randomness belongs to the loop's.
        return uuid7(now, secrets)

    def add(self, message: Outgoing, next_at: datetime) -> None:
        """Keep it; the worker takes it from `next_at` on, unless it is gone by then."""
        content = Secret(json.dumps(message.to_document()))
        values = {
            "id": message.id,
            "pool_id": message.pool_id,
            "kind": MESSAGE if message.told is None else FOR_FUNCTION,
            "sealed": self._data_keys.seal(content, _place(message.pool_id, message.id)),
            "created_at": message.created_at,
            "next_at": next_at,
            "expires_at": message.expires_at,
            "attempts": 0,
        }
        self._connection.execute(sa.insert(outbox).values(values))

    def claim_new(self, message_id: str, until: datetime) -> Outgoing | None:
        """Claim one that nobody tried yet; None where somebody did."""
        row = self._claim((outbox.c.id == message_id) & (outbox.c.attempts == 0), until)
        return self._from_row(row[0]) if row else None

    def claim_due(
        self, now: datetime, until: datetime, limit: int, kind: str, busy: Collection[str] = ()
    ) -> list[Outgoing]:
        """Claim up to `limit` of a kind that are due, those that wait longest first; none of the `busy` pools."""
        due = sa.select(outbox.c.id).where(_due(now, kind, busy)).order_by(outbox.c.next_at).limit(limit)
        # The time is asked again: on PostgreSQL another node may have claimed a row after it was found.
        claimed = self._claim(outbox.c.id.in_(due) & (outbox.c.next_at <= now), until)
        messages = []
        for row in claimed:
            try:
                messages.append(self._from_row(row))
            except SealBroken:
                # Nobody can ever read it: what it was about stays undelivered, and the queue goes on.
                about = {"message_id": row.id, "pool_id": row.pool_id}
                _log.error("a message is lost: it can't be unsealed", extra=about)
                self.remove(row.id)
        return messages

    def has_due(self, now: datetime, kind: str, busy: Collection[str] = ()) -> bool:
        """Whether `claim_due` would find any."""
        first = sa.select(outbox.c.id).where(_due(now, kind, busy)).limit(1)
        return self._connection.execute(first).first() is not None

    def put_off(self, message: Outgoing, next_at: datetime, error: str) -> None:
        """To be tried again from `next_at` on. Nothing happens where a later attempt was begun meanwhile."""
        mine = (outbox.c.id == message.id) & (outbox.c.attempts == message.attempts)
        values = {"next_at": next_at, "last_error": error.replace("\x00", "")[:LONGEST_ERROR]}
        self._connection.execute(sa.update(outbox).where(mine).values(values))

    def remove(self, message_id: str) -> bool:
        return rows.remove(self._connection, outbox, id=message_id)

    def count(self) -> int:
        """How many wait."""
        return rows.count(self._connection, outbox)

    def _claim(self, which: sa.ColumnElement[bool], until: datetime) -> Sequence[Row]:
        claim = sa.update(outbox).where(which).values(next_at=until, attempts=outbox.c.attempts + 1)
        return self._connection.execute(claim.returning(outbox)).all()

    def _from_row(self, row: Row) -> Outgoing:
        content = self._data_keys.open(row.sealed, _place(row.pool_id, row.id))
        return Outgoing.from_document(
            json.loads(content.reveal()),
            id=row.id,
            pool_id=row.pool_id,
            created_at=row.created_at,
            expires_at=row.expires_at,
            attempts=row.attempts,
        )


def _due(now: datetime, kind: str, busy: Collection[str]) -> sa.ColumnElement[bool]:
    is_due = (outbox.c.next_at <= now) & (outbox.c.kind == kind)
    return is_due & outbox.c.pool_id.not_in(busy) if busy else is_due


def _place(pool_id: str, message_id: str) -> Place:
    return Place("outbox", "sealed", pool_id, message_id)
