"""Who is in which group."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from poolhouse.core.groups import Group
from poolhouse.core.users import User
from poolhouse.store import rows
from poolhouse.store.repositories.groups import group_from_row
from poolhouse.store.repositories.users import user_from_row
from poolhouse.store.statements import Prepared
from poolhouse.store.tables import group_member, pool_user, user_group


class Memberships:
    """Rows of `group_member`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, pool_id: str, group: str, sub: str, now: datetime) -> bool:
        """Put a person into a group; False if they were in it."""
        values = {"pool_id": pool_id, "group_name": group, "sub": sub, "added_at": now}
        return rows.add(self._connection, group_member, values)

    def remove(self, pool_id: str, group: str, sub: str) -> bool:
        return rows.remove(self._connection, group_member, pool_id=pool_id, group_name=group, sub=sub)

    def count(self, pool_id: str, sub: str) -> int:
        return rows.count(self._connection, group_member, pool_id=pool_id, sub=sub)

    def of(self, pool_id: str, sub: str, *, after: str = "", size: int = 10_000) -> Sequence[Group]:
        """The groups of a person by name; `after` is the last one seen, "" at the start."""
        about = {"pool_id": pool_id, "sub": sub, "after": after, "size": size}
        return [group_from_row(row) for row in _GROUPS_OF.all(self._connection, about)]

    def members(self, pool_id: str, group: str, *, after: str = "", size: int) -> Sequence[User]:
        """The people of a group by sub; `after` is the last one seen, "" at the start."""
        statement = (
            sa.select(pool_user)
            .join(
                group_member,
                (group_member.c.pool_id == pool_user.c.pool_id) & (group_member.c.sub == pool_user.c.sub),
            )
            .where(
                group_member.c.pool_id == pool_id,
                group_member.c.group_name == group,
                group_member.c.sub > after,
            )
            .order_by(group_member.c.sub)
            .limit(size)
        )
        return [user_from_row(row) for row in self._connection.execute(statement)]


_GROUPS_OF = Prepared(
    sa.select(user_group)
    .join(
        group_member,
        (group_member.c.pool_id == user_group.c.pool_id) & (group_member.c.group_name == user_group.c.name),
    )
    .where(
        group_member.c.pool_id == sa.bindparam("pool_id"),
        group_member.c.sub == sa.bindparam("sub"),
        group_member.c.group_name > sa.bindparam("after"),
    )
    .order_by(group_member.c.group_name)
    .limit(sa.bindparam("size"))
)
