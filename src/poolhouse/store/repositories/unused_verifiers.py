"""Pools whose clients may no longer use SRP, and whose verifiers are therefore to be forgotten."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from poolhouse.store import rows
from poolhouse.store.repositories.clients import Clients
from poolhouse.store.repositories.passwords import Passwords
from poolhouse.store.tables import unused_verifier


class UnusedVerifiers:
    """Rows of `unused_verifier`, at most one a pool."""

    def __init__(self, connection: sa.Connection, clients: Clients, passwords: Passwords) -> None:
        self._connection = connection
        self._clients = clients
        self._passwords = passwords

    def suspect(self, pool_id: str, now: datetime) -> None:
        """After a client was added, changed or removed: unless one of the pool's may use SRP, its verifiers are to be
        forgotten, if that is still so when `forget` comes to it. A time that is noted already stays."""
        if not self._clients.any_may_use_srp(pool_id):
            values = {"pool_id": pool_id, "since": now, "after": ""}
            rows.add(self._connection, unused_verifier, values)

    def forget(self, before: datetime, limit: int) -> int:
        """Go through up to `limit` passwords of one pool that was suspected before `before`. How much was done: less
        than `limit` when nothing is left."""
        oldest = sa.select(unused_verifier).where(unused_verifier.c.since < before)
        done = 0
        while done < limit:
            row = self._connection.execute(oldest.order_by(unused_verifier.c.since).limit(1)).one_or_none()
            if row is None:
                break
            last = None
            if not self._clients.any_may_use_srp(row.pool_id):
                last, seen = self._passwords.forget_verifiers(row.pool_id, row.after, limit - done)
                done += seen
            if last is None:
                done += 1
                rows.remove(self._connection, unused_verifier, pool_id=row.pool_id)
            else:
                mine = unused_verifier.c.pool_id == row.pool_id
                self._connection.execute(sa.update(unused_verifier).where(mine).values(after=last))
        return done
