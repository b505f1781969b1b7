"""Leases: which process does a job that only one is to do. They work on both engines and behind poolers."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from poolhouse.store import rows
from poolhouse.store.tables import lease


class Leases:
    """Rows of `lease`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, until: datetime, now: datetime) -> bool:
        """Take or prolong the lease; False while another holds it.

        The holder of one that ran out must not go on with its work: another may have it by then.
        """
        values = {"holder": holder, "until": until}
        statement = rows.insert(self._connection, lease).values(name=name, **values)
        free = (lease.c.until <= now) | (lease.c.holder == holder)
        taken = statement.on_conflict_do_update(index_elements=["name"], set_=values, where=free)
        wanted = {"preserve_rowcount": True}
        return self._connection.execute(taken, execution_options=wanted).rowcount == 1

    def release(self, name: str, holder: str) -> None:
        """Give the lease back, if it is still `holder`'s."""
        rows.remove(self._connection, lease, name=name, holder=holder)
