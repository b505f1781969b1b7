"""What a transaction changed, told to every cache: rows of `change`, written at the end of the transaction.

A repository that changes what a cache may hold calls `append`; a caller can't forget it. On PostgreSQL the
transaction notifies as well.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from poolhouse.store import rows
from poolhouse.store.tables import change, server_fact

CHANNEL = "poolhouse_change"
MAX_PAYLOAD = 7900
"""Bytes of one notification; PostgreSQL refuses 8000 and more."""
HORIZON = "change_horizon"
"""The server fact that holds the highest `seq` that was trimmed."""


class Change(NamedTuple):
    pool_id: str
    kind: str
    key: str

    @property
    def tag(self) -> tuple[str, str]:
        return self.kind, self.key


class Changes:
    """The changes of one transaction, and the rows of `change`."""

    def __init__(self, connection: sa.Connection, now: Callable[[], datetime]) -> None:
        self._connection = connection
        self._now = now
        self._appended: dict[Change, None] = {}

    def append(self, pool_id: str, kind: str, key: str) -> None:
        self._appended[Change(pool_id, kind, key)] = None

    @property
    def appended(self) -> tuple[Change, ...]:
        return tuple(self._appended)

    def flush(self) -> None:
        """Write the rows. The store calls it when the unit of work has returned."""
        if not self._appended:
            return
        at = self._now()
        values = [{**appended._asdict(), "at": at} for appended in self._appended]
        statement = sa.insert(change)
        if self._connection.dialect.name == "postgresql":
            transaction_id = sa.text("pg_current_xact_id()::text::bigint")
            statement = statement.values({change.c.xid: transaction_id})
        self._connection.execute(statement, values)

    def trim(self, before: datetime, limit: int) -> int:
        """Remove rows older than `before`, at most `limit`, and remember how far that went."""
        old = sa.select(change.c.seq).where(change.c.at < before).order_by(change.c.at, change.c.seq)
        trimmed = [seq for (seq,) in self._connection.execute(old.limit(limit))]
        if not trimmed:
            return 0
        self._connection.execute(sa.delete(change).where(change.c.seq.in_(trimmed)))
        self._raise_horizon(max(trimmed))
        return len(trimmed)

    def _raise_horizon(self, seq: int) -> None:
        known = self._connection.execute(
            sa.select(server_fact.c.value).where(server_fact.c.name == HORIZON)
        ).scalar_one_or_none()
        horizon = str(max(seq, int(known or 0)))
        statement = rows.insert(self._connection, server_fact).values(name=HORIZON, value=horizon)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_={"value": horizon})
        )


def payloads(changes: Iterable[Change]) -> Iterator[str]:
    """The changes as notifications: JSON arrays of [pool_id, kind, key], each short enough."""
    batch: list[str] = []
    size = 2
    for appended in changes:
        text = json.dumps(appended, separators=(",", ":"))
        if batch and size + len(text) + 1 > MAX_PAYLOAD:
            yield "[" + ",".join(batch) + "]"
            batch, size = [], 2
        batch.append(text)
        size += len(text) + 1
    if batch:
        yield "[" + ",".join(batch) + "]"


def parse_payload(payload: str) -> list[Change] | None:
    """What a notification tells; None, which stands for anything, where it is none of ours."""
    try:
        return [Change(*item) for item in json.loads(payload)]
    except (ValueError, TypeError):
        return None
