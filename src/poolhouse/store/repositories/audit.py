"""The audit records: who changed what, when, from where. They are only ever added."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.audit import AuditRecord
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
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


class Audit:
    """Rows of `audit`. Ids sort by time."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, record: AuditRecord) -> None:
        document = {name: getattr(record, name) for name in _IN_DOCUMENT}
        values = {
            "id": record.id,
            "at": record.at,
            "account_id": record.account_id,
            "pool_id": record.pool_id,
            "document": write_document("audit", document),
        }
        rows.write_new(self._connection, audit, values)

    def page(
        self, account_id: str, *, pool_id: str | None = None, after: str = "", size: int
    ) -> Sequence[AuditRecord]:
        """The next `size` records, oldest first; `after` is the last one seen, "" at the start."""
        scope = {"account_id": account_id} | ({} if pool_id is None else {"pool_id": pool_id})
        return [_from_row(row) for row in rows.page(self._connection, audit, "id", after, size, **scope)]


def _from_row(row: Row) -> AuditRecord:
    return AuditRecord(
        id=row.id,
        at=row.at,
        account_id=row.account_id,
        pool_id=row.pool_id,
        **read_document("audit", row.document),
    )
