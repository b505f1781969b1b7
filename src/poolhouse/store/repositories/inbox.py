"""The local inbox: messages that nothing is configured to carry, for the developer who runs the server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.outgoing import Outgoing
from poolhouse.core.sealing import Place
from poolhouse.core.secret import Secret
from poolhouse.store import rows
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import inbox_message, user_pool

MAX_MESSAGES = 1_000
"""Of the server; beyond them the oldest go."""


class Inbox:
    """Rows of `inbox_message`. Ids sort by time."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def add(self, message: Outgoing) -> None:
        content = Secret(json.dumps(message.to_document()))
        values = {
            "id": message.id,
            "pool_id": message.pool_id,
            "sealed": self._data_keys.seal(content, _place(message.pool_id, message.id)),
            "created_at": message.created_at,
        }
        if rows.add(self._connection, inbox_message, values):
            self._forget_the_oldest()

    def page(
        self, account_id: str, *, pool_id: str | None = None, before: str = "", size: int
    ) -> list[Outgoing]:
        """The `size` messages before the id `before`, newest first; the newest of all where it is ""."""
        of_account = sa.select(user_pool.c.id).where(user_pool.c.account_id == account_id)
        conditions: list[sa.ColumnElement[bool]] = [inbox_message.c.pool_id.in_(of_account)]
        if pool_id is not None:
            conditions.append(inbox_message.c.pool_id == pool_id)
        if before:
            conditions.append(inbox_message.c.id < before)
        statement = sa.select(inbox_message).where(*conditions).order_by(inbox_message.c.id.desc())
        return self._from_rows(self._connection.execute(statement.limit(size)).all())

    def remove_expired(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, inbox_message, "created_at", before, limit)

    def _forget_the_oldest(self) -> None:
        newest = sa.select(inbox_message.c.id).order_by(inbox_message.c.id.desc())
        last_kept = newest.offset(MAX_MESSAGES - 1).limit(1).scalar_subquery()
        self._connection.execute(sa.delete(inbox_message).where(inbox_message.c.id < last_kept))

    def _from_rows(self, found: Sequence[Row]) -> list[Outgoing]:
        messages = []
        for row in found:
            content = self._data_keys.open(row.sealed, _place(row.pool_id, row.id))
            messages.append(
                Outgoing.from_document(
                    json.loads(content.reveal()),
                    id=row.id,
                    pool_id=row.pool_id,
                    created_at=row.created_at,
                    expires_at=row.created_at,
                )
            )
        return messages


def _place(pool_id: str, message_id: str) -> Place:
    return Place("inbox_message", "sealed", pool_id, message_id)
