"""People in pages, by what a filter may name: each page is one range of one index, however many people there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from poolhouse.core.pools import UserPool
from poolhouse.core.user_filter import SUB, UserFilter, end_of_prefix
from poolhouse.core.users import User, search_key, username_key
from poolhouse.store import rows
from poolhouse.store.repositories.users import user_from_row
from poolhouse.store.tables import pool_user, user_attribute

COUNTED_EXACTLY = 10_000


@dataclass(frozen=True, slots=True)
class Found:
    user: User
    key: str
    """What the list is ordered by; where two have the same, their subs decide."""

    @property
    def place(self) -> tuple[str, str]:
        return self.key, self.user.sub


class UserListing:
    """Pages of `pool_user`, in the order of the attribute that is searched by, else of the sub."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def page(
        self, pool: UserPool, wanted: UserFilter | None, *, after: tuple[str, str] | None, size: int
    ) -> Sequence[Found]:
        """The next `size` people whose key is in the range of the filter; `after` is the place of the last one
        seen, None at the start. Where the key is not the whole value, some may not be meant: see
        `UserFilter.matches`."""
        statement = page_statement(pool, wanted, after, size)
        if statement is None:
            return []
        return [Found(user_from_row(row), row.list_key) for row in self._connection.execute(statement)]

    def estimate(self, pool_id: str) -> int:
        """How many people a pool has: exactly, up to ten thousand; of more, within a few per cent.

        Subs are random, so how far the ten thousandth lies from the beginning tells how many there are.
        """
        subs = sa.select(pool_user.c.sub).where(pool_user.c.pool_id == pool_id).order_by(pool_user.c.sub)
        last = self._connection.execute(subs.offset(COUNTED_EXACTLY).limit(1)).scalar_one_or_none()
        if last is None:
            return rows.count(self._connection, pool_user, pool_id=pool_id)
        share = _share(last)
        return round(COUNTED_EXACTLY / share) if share else COUNTED_EXACTLY


def page_statement(
    pool: UserPool, wanted: UserFilter | None, after: tuple[str, str] | None, size: int
) -> sa.Select[Any] | None:
    """None where nobody can be meant."""
    wanted = wanted or UserFilter(SUB, "", is_prefix=True)
    match wanted.attribute:
        case "sub":
            return _own(pool, pool_user.c.sub, wanted.value.lower(), wanted, after, size)
        case "username":
            key = username_key(pool, wanted.value)
            return _own(pool, pool_user.c.username_key, key, wanted, after, size)
        case "cognito:user_status":
            return _own(pool, pool_user.c.status, wanted.value.upper(), wanted, after, size)
        case "status":
            return _by_enabled(pool, wanted.enabled(), after, size)
    return _by_attribute(pool, wanted, after, size)


def _own(
    pool: UserPool,
    column: sa.Column[str],
    key: str,
    wanted: UserFilter,
    after: tuple[str, str] | None,
    size: int,
) -> sa.Select[Any] | None:
    """By a column of the person's row."""
    if not rows.is_storable(key):
        return None
    order = [column, pool_user.c.sub] if column is pool_user.c.status else [column]
    return (
        sa.select(pool_user, column.label("list_key"))
        .where(pool_user.c.pool_id == pool.id, *_range(order, key, wanted.is_prefix, after))
        .order_by(*order)
        .limit(size)
    )


def _by_enabled(
    pool: UserPool, meant: frozenset[bool], after: tuple[str, str] | None, size: int
) -> sa.Select[Any] | None:
    if not meant:
        return None
    statement = sa.select(pool_user, sa.literal("").label("list_key")).where(pool_user.c.pool_id == pool.id)
    if len(meant) == 1:
        statement = statement.where(pool_user.c.enabled == sa.literal(next(iter(meant))))
    if after is not None:
        statement = statement.where(pool_user.c.sub > after[1])
    return statement.order_by(pool_user.c.sub).limit(size)


def _by_attribute(
    pool: UserPool, wanted: UserFilter, after: tuple[str, str] | None, size: int
) -> sa.Select[Any]:
    order = [user_attribute.c.value_key, user_attribute.c.sub]
    # The keys of the page first, then the people: so no planner can think of reading all people instead.
    keys = (
        sa.select(user_attribute.c.value_key.label("list_key"), user_attribute.c.sub)
        .where(
            user_attribute.c.pool_id == pool.id,
            user_attribute.c.name == wanted.attribute,
            *_range(order, search_key(wanted.value), wanted.is_prefix, after),
        )
        .order_by(*order)
        .limit(size)
        .subquery()
    )
    return (
        sa.select(pool_user, keys.c.list_key)
        .join(keys, (pool_user.c.pool_id == pool.id) & (pool_user.c.sub == keys.c.sub))
        .order_by(keys.c.list_key, keys.c.sub)
    )


def _range(
    order: Sequence[sa.Column[str]], key: str, is_prefix: bool, after: tuple[str, str] | None
) -> list[sa.ColumnElement[bool]]:
    """The rows behind `after` whose first column of the order is `key`, or begins with it."""
    column, seen = order[0], (after or ())[: len(order)]
    if not is_prefix:
        return [column == key, *([order[-1] > seen[-1]] if seen else [])]
    end = end_of_prefix(key)
    below = [] if end is None else [column < end]
    if len(seen) == 2:
        return [sa.tuple_(*order) > sa.tuple_(*map(sa.literal, seen)), *below]
    if seen:
        return [column > seen[0], *below]
    return [column >= key, *below] if key else below


def _share(sub: str) -> float:
    """How far a UUID lies between the first and the last."""
    try:
        return int(sub.replace("-", "")[:12], 16) / 16**12
    except ValueError:
        return 0.0
