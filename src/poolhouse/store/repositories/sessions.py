"""Sign-ins under way: each step is taken once, on whichever node."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from poolhouse.core.sealing import Place
from poolhouse.core.secret import Secret
from poolhouse.core.sessions import Session
from poolhouse.store import rows
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Prepared, Row
from poolhouse.store.tables import auth_session


class Sessions:
    """Rows of `auth_session`. `hash` is the keyed hash of the client's ticket."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def add(self, session: Session, hash: bytes) -> None:
        values = {
            **self._values(session, hash),
            "pool_id": session.pool_id,
            "id": session.id,
            "client_id": session.client_id,
            "sub": session.sub,
            "created_at": session.created_at,
            "version": session.version,
        }
        rows.write_new(self._connection, auth_session, values)

    def find(self, pool_id: str, id: str) -> tuple[Session, bytes] | None:
        """The session, and the hash of its present ticket."""
        row = rows.find(self._connection, auth_session, pool_id=pool_id, id=id)
        return None if row is None else (self._from_row(row), row.hash)

    def client_of(self, id: str) -> str | None:
        """At which client the session was begun. Ids are random, so there is one of each over all pools."""
        statement = sa.select(auth_session.c.client_id).where(auth_session.c.id == id).limit(1)
        client_id: str | None = self._connection.execute(statement).scalar_one_or_none()
        return client_id

    def latest(self, pool_id: str, sub: str, client_id: str, step: str) -> Session | None:
        """A person's last session that waits at this step."""
        statement = (
            sa.select(auth_session)
            .where(
                auth_session.c.pool_id == pool_id,
                auth_session.c.sub == sub,
                auth_session.c.client_id == client_id,
                auth_session.c.step == step,
            )
            .order_by(auth_session.c.expires_at.desc())
            .limit(1)
        )
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else self._from_row(row)

    def replace(self, session: Session, hash: bytes) -> bool:
        """Take the session to its next step, with a new ticket; False if it is not at the version that was read."""
        values = {**self._values(session, hash), "sub": session.sub, "version": session.version + 1}
        statement = sa.update(auth_session).where(*_same(session)).values(values)
        return self._connection.execute(statement).rowcount == 1

    def remove(self, session: Session) -> bool:
        """End the session; False if it is not at the version that was read."""
        mine = {"pool_id": session.pool_id, "id": session.id, "version": session.version}
        return _REMOVE.run(self._connection, mine) == 1

    def remove_of(self, pool_id: str, sub: str, *, but: str = "") -> None:
        """End all that a person has begun, but the session of this id."""
        theirs = (auth_session.c.pool_id == pool_id) & (auth_session.c.sub == sub)
        self._connection.execute(sa.delete(auth_session).where(theirs, auth_session.c.id != but))

    def remove_expired(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, auth_session, "expires_at", before, limit)

    def _values(self, session: Session, hash: bytes) -> dict[str, Any]:
        state = Secret(json.dumps(session.state, separators=(",", ":")))
        return {
            "hash": hash,
            "step": session.step,
            "sealed": self._data_keys.seal(state, _place(session.pool_id, session.id)),
            "expires_at": session.expires_at,
        }

    def _from_row(self, row: Row) -> Session:
        return Session(
            pool_id=row.pool_id,
            id=row.id,
            client_id=row.client_id,
            sub=row.sub,
            step=row.step,
            state=json.loads(self._data_keys.open(row.sealed, _place(row.pool_id, row.id)).reveal()),
            created_at=row.created_at,
            expires_at=row.expires_at,
            version=row.version,
        )


def _same(session: Session) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        auth_session.c.pool_id == session.pool_id,
        auth_session.c.id == session.id,
        auth_session.c.version == session.version,
    )


_REMOVE = Prepared(sa.delete(auth_session).where(*rows.is_key(auth_session, ("pool_id", "id", "version"))))


def _place(pool_id: str, id: str) -> Place:
    return Place("auth_session", "sealed", pool_id, id)
