"""Browsers that are signed in, the person's on whichever node."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import browser_session


class BrowserSessions:
    """Rows of `browser_session`. No cache holds them: one that ended is refused on every node from the commit on."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, session: BrowserSession, hash: bytes) -> None:
        values = {
            "pool_id": session.pool_id,
            "sub": session.sub,
            "id": session.id,
            "hash": hash,
            "expires_at": session.expires_at,
            "document": write_document("browser_session", session.to_document()),
            "version": 1,
        }
        rows.write_new(self._connection, browser_session, values)

    def find(self, pool_id: str, id: str) -> tuple[BrowserSession, bytes] | None:
        """The session, and the hash of its cookie."""
        row = rows.find(self._connection, browser_session, pool_id=pool_id, id=id)
        return None if row is None else (_from_row(row), row.hash)

    def remove(self, pool_id: str, id: str) -> bool:
        """End a session; False where it had ended."""
        return rows.remove(self._connection, browser_session, pool_id=pool_id, id=id)

    def remove_of(self, pool_id: str, sub: str) -> None:
        """End every session of a person."""
        rows.remove(self._connection, browser_session, pool_id=pool_id, sub=sub)

    def remove_expired(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, browser_session, "expires_at", before, limit)


def _from_row(row: Row) -> BrowserSession:
    return BrowserSession.from_document(
        read_document("browser_session", row.document),
        pool_id=row.pool_id,
        id=row.id,
        sub=row.sub,
        expires_at=row.expires_at,
    )
