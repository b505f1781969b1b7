"""By what threat protection knows a person again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.risk import MOST_KNOWN, Known, Place
from poolhouse.store import rows
from poolhouse.store.statements import Prepared
from poolhouse.store.tables import known_place


class KnownPlaces:
    """Rows of `known_place`, a bounded number of each person, whose row is locked by who writes."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def of(self, pool_id: str, sub: str) -> Sequence[Known]:
        return [
            Known(Place(row.kind, row.value), row.is_trusted)
            for row in rows.select(self._connection, known_place, pool_id=pool_id, sub=sub)
        ]

    def learn(self, pool_id: str, sub: str, places: Iterable[Place], now: datetime) -> None:
        """The person has come from there. What is not trusted stays so."""
        for place in places:
            self._put(pool_id, sub, place, True, now, overrides=False)

    def judge(self, pool_id: str, sub: str, places: Iterable[Place], is_trusted: bool, now: datetime) -> None:
        """Somebody has said whether it was the person who came from there."""
        for place in places:
            self._put(pool_id, sub, place, is_trusted, now, overrides=True)

    def forget(self, pool_id: str, sub: str, places: Iterable[Place]) -> None:
        for place in places:
            key = {"pool_id": pool_id, "sub": sub, "kind": place.kind, "value": place.value}
            rows.remove(self._connection, known_place, **key)

    def remove_older(self, before: datetime, limit: int) -> int:
        return rows.remove_oldest(self._connection, known_place, "seen_at", before, limit)

    def _put(
        self, pool_id: str, sub: str, place: Place, is_trusted: bool, now: datetime, *, overrides: bool
    ) -> None:
        key = {"pool_id": pool_id, "sub": sub, "kind": place.kind, "value": place.value}
        values = {**key, "is_trusted": is_trusted, "seen_at": now}
        (_JUDGE if overrides else _LEARN).run(self._connection, values)
        # Each by themselves: who comes from many places forgets none that is not trusted, nor the other way round.
        of_kind = {"pool_id": pool_id, "sub": sub, "kind": place.kind}
        known = rows.select(self._connection, known_place, **of_kind)
        if sum(row.is_trusted == is_trusted for row in known) > MOST_KNOWN:
            _FORGET.run(self._connection, {**of_kind, "is_trusted": is_trusted})


def _upsert(*written: str) -> Prepared:
    def statement(dialect: str) -> sa.Insert:
        insert = rows.insert_of(dialect, known_place)
        return insert.on_conflict_do_update(
            index_elements=["pool_id", "sub", "kind", "value"],
            set_={name: insert.excluded[name] for name in written},
        )

    return Prepared(statement, [column.name for column in known_place.c])


_LEARN = _upsert("seen_at")
_JUDGE = _upsert("seen_at", "is_trusted")
_OF_KIND = tuple(rows.is_key(known_place, ("pool_id", "sub", "kind", "is_trusted")))
_FORGET = Prepared(
    sa.delete(known_place).where(
        *_OF_KIND,
        known_place.c.value.not_in(
            sa.select(known_place.c.value)
            .where(*_OF_KIND)
            .order_by(known_place.c.seen_at.desc(), known_place.c.value)
            .limit(MOST_KNOWN)
        ),
    )
)
