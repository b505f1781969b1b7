"""The audit records: who did what, when, from where. They are only ever added, until their time is over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from poolhouse.core.audit import AuditRecord
from poolhouse.core.ids import first_uuid7
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.repositories.dispatches import Dispatches
from poolhouse.store.repositories.users import Users
from poolhouse.store.statements import Row
from poolhouse.store.tables import audit

_IN_DOCUMENT = (
    "region",
    "event_source",
    "event_name",
    "actor",
    "source_ip_address",
    "request_id",
    "request_parameters",
    "access_key_id",
)
_WHERE_KNOWN = ("client_id", "user_agent", "error_code", "additional")
MOST_LOOKED_AT = 2_000
"""Records that one page looks at, where a filter lets few through."""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which records are asked for; None is any."""

    pool_id: str | None = None
    sub: str | None = None
    event_names: frozenset[str] | None = None
    actor: str | None = None
    """A part of the ARN."""
    since: datetime | None = None
    """Inclusive."""
    until: datetime | None = None
    """Exclusive."""

    @property
    def is_narrow(self) -> bool:
        """Whether records are to be looked at that no index leaves out."""
        return self.event_names is not None or self.actor is not None

    def matches(self, record: AuditRecord) -> bool:
        """What no index knows."""
        return (self.event_names is None or record.event_name in self.event_names) and (
            self.actor is None or self.actor in record.actor
        )


class Audit:
    """Rows of `audit`. Ids sort by time."""

    def __init__(self, connection: sa.Connection, users: Users, dispatches: Dispatches) -> None:
        self._connection = connection
        self._users = users
        self._dispatches = dispatches

    def add(self, record: AuditRecord) -> None:
        """Keep it; a record that does not say whom it concerns concerns the person whose row this transaction locked
        or wrote first. Who listens outside is told after the commit."""
        if record.sub is None and record.pool_id is not None:
            record = record.about(self._users.concerned)
        rows.write_new(self._connection, audit, _values(record))
        if record.is_told:
            self._dispatches.add(record.to_dispatch())

    def add_all(self, records: Sequence[AuditRecord]) -> None:
        """Keep many at once, of requests that have nothing else to write."""
        self._connection.execute(sa.insert(audit), [_values(record) for record in records])
        for record in records:
            if record.is_told:
                self._dispatches.add(record.to_dispatch())

    def page(
        self, account_id: str, *, pool_id: str | None = None, after: str = "", size: int
    ) -> Sequence[AuditRecord]:
        """The next `size` records, oldest first; `after` is the last one seen, "" at the start."""
        scope = {"account_id": account_id} | ({} if pool_id is None else {"pool_id": pool_id})
        return [_from_row(row) for row in rows.page(self._connection, audit, "id", after, size, **scope)]

    def tells_of(self, account_id: str, pool_id: str) -> bool:
        """Whether anything is known of a pool of the account."""
        mine = (audit.c.account_id == account_id) & (audit.c.pool_id == pool_id)
        return self._connection.execute(sa.select(audit.c.id).where(mine).limit(1)).first() is not None

    def search(
        self, account_id: str, wanted: AuditFilter, *, before: str = "", size: int
    ) -> tuple[list[AuditRecord], str | None]:
        """Up to `size` records before the id `before`, newest first, and the id where to go on; None at the end.
        There can be fewer than `size`, and none, though there are more."""
        conditions: list[sa.ColumnElement[bool]] = [audit.c.account_id == account_id]
        if wanted.pool_id is not None:
            conditions.append(audit.c.pool_id == wanted.pool_id)
        if wanted.sub is not None:
            conditions.append(audit.c.sub == wanted.sub)
        if wanted.since is not None:
            conditions.append(audit.c.id >= first_uuid7(wanted.since))
        if wanted.until is not None:
            conditions.append(audit.c.id < first_uuid7(wanted.until))
        if before:
            conditions.append(audit.c.id < before)
        most = MOST_LOOKED_AT if wanted.is_narrow else size + 1
        statement = sa.select(audit).where(*conditions).order_by(audit.c.id.desc()).limit(most)
        found: list[AuditRecord] = []
        looked_at = self._connection.execute(statement).all()
        for row in looked_at:
            record = _from_row(row)
            if wanted.matches(record):
                if len(found) == size:
                    return found, found[-1].id
                found.append(record)
        return found, looked_at[-1].id if len(looked_at) == most else None

    def remove_older(self, before: datetime, limit: int) -> int:
        """By id, which sorts by time as `at` does, and has an index."""
        old = sa.select(audit.c.id).where(audit.c.id < first_uuid7(before)).order_by(audit.c.id).limit(limit)
        return self._connection.execute(sa.delete(audit).where(audit.c.id.in_(old))).rowcount


def _values(record: AuditRecord) -> dict[str, Any]:
    document = {name: getattr(record, name) for name in _IN_DOCUMENT}
    document |= {name: value for name in _WHERE_KNOWN if (value := getattr(record, name)) is not None}
    return {
        "id": record.id,
        "at": record.at,
        "account_id": record.account_id,
        "pool_id": record.pool_id,
        "sub": record.sub,
        "document": write_document("audit", document),
    }


def _from_row(row: Row) -> AuditRecord:
    return AuditRecord(
        id=row.id,
        at=row.at,
        account_id=row.account_id,
        pool_id=row.pool_id,
        sub=row.sub,
        **read_document("audit", row.document),
    )
