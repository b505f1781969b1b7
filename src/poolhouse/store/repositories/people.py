"""A person with what is read beside them: one statement, which sees one state, in place of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from poolhouse.core.credentials import Password
from poolhouse.core.families import Family
from poolhouse.core.groups import Group
from poolhouse.core.pools import UserPool
from poolhouse.core.users import User, username_key
from poolhouse.store import rows
from poolhouse.store.repositories.families import family_from_row
from poolhouse.store.repositories.groups import group_from_row
from poolhouse.store.repositories.passwords import Passwords
from poolhouse.store.repositories.users import Users, user_from_row
from poolhouse.store.statements import Joined
from poolhouse.store.tables import (
    group_member,
    pool_user,
    token_family,
    user_group,
    user_password,
    user_pool_client,
)


class SignedIn(NamedTuple):
    """A sign-in of the past, and what it rests on."""

    family: Family
    user: User
    has_client: bool
    """Whether the client that was asked about is still there."""
    groups: Sequence[Group]
    """Of the person, by name."""


class People:
    """Rows of `pool_user`, joined with others of the same person."""

    def __init__(self, connection: sa.Connection, users: Users, passwords: Passwords) -> None:
        self._connection = connection
        self._users = users
        self._passwords = passwords

    def named(self, pool: UserPool, name: str) -> tuple[User, Password | None] | None:
        """Whoever has this user name, else who has it as another name; and their password."""
        if rows.is_storable(name):
            key = {"pool_id": pool.id, "username_key": username_key(pool, name)}
            for user, password in _BY_NAME.all(self._connection, key):
                return self._with_password(user, password)
        found = self._users.find(pool, name)
        return None if found is None else (found, self._passwords.find(found.pool_id, found.sub))

    def by_sub(self, pool_id: str, sub: str) -> tuple[User, Password | None] | None:
        """`sub` is one that was read."""
        for user, password in _BY_SUB.all(self._connection, {"pool_id": pool_id, "sub": sub}):
            return self._with_password(user, password)
        return None

    def signed_in(
        self, pool_id: str, family_id: str, client_id: str, *, lock: bool = False
    ) -> SignedIn | None:
        """The sign-in of a family of tokens. None where the family is gone: nobody's stays behind.

        With `lock`, the rows of the person and of the family are locked until the transaction ends. What is joined to
        them is as it was when the statement began: a group that somebody leaves meanwhile may still be among them.
        """
        if not rows.is_storable(family_id):
            return None
        key = {"pool_id": pool_id, "id": family_id, "client_id": client_id}
        found: Any = (_LOCKED_SIGNED_IN if lock else _SIGNED_IN).all(self._connection, key)
        if not found:
            return None
        family, user, client, _ = found[0]
        groups = [group_from_row(group) for *_, group in found if group is not None]
        return SignedIn(family_from_row(family), user_from_row(user), client is not None, groups)

    def of_family(self, pool_id: str, family_id: str) -> tuple[Family, User] | None:
        """A family of tokens, and whose it is."""
        if not rows.is_storable(family_id):
            return None
        found: Any = _OF_FAMILY.all(self._connection, {"pool_id": pool_id, "id": family_id})
        return (family_from_row(found[0][0]), user_from_row(found[0][1])) if found else None

    def _with_password(self, user: Any, password: Any) -> tuple[User, Password | None]:
        return user_from_row(user), None if password is None else self._passwords.from_row(password)


def _same_person(table: sa.Table) -> sa.ColumnElement[bool]:
    return (table.c.pool_id == pool_user.c.pool_id) & (table.c.sub == pool_user.c.sub)


def _with_password(*names: str) -> Joined:
    return Joined(
        pool_user,
        user_password,
        finish=lambda select: select.select_from(
            sa.outerjoin(pool_user, user_password, _same_person(user_password))
        ).where(*rows.is_key(pool_user, names)),
    )


_BY_NAME = _with_password("pool_id", "username_key")
_BY_SUB = _with_password("pool_id", "sub")
_OF_FAMILY = Joined(
    token_family,
    pool_user,
    finish=lambda select: select.select_from(
        sa.join(token_family, pool_user, _same_person(token_family))
    ).where(*rows.is_key(token_family, ("pool_id", "id"))),
)
_THIS_CLIENT = (user_pool_client.c.pool_id == token_family.c.pool_id) & (
    user_pool_client.c.id == sa.bindparam("client_id")
)
_ITS_GROUP = (user_group.c.pool_id == group_member.c.pool_id) & (
    user_group.c.name == group_member.c.group_name
)


def _signed_in(finish: Callable[[sa.Select[Any]], sa.Select[Any]]) -> Joined:
    return Joined(
        token_family,
        pool_user,
        user_pool_client,
        user_group,
        finish=lambda select: finish(
            select.select_from(
                sa.join(token_family, pool_user, _same_person(token_family))
                .outerjoin(user_pool_client, _THIS_CLIENT)
                .outerjoin(group_member, _same_person(group_member))
                .outerjoin(user_group, _ITS_GROUP)
            )
            .where(*rows.is_key(token_family, ("pool_id", "id")))
            .order_by(group_member.c.group_name)
        ),
    )


_SIGNED_IN = _signed_in(lambda select: select)
_LOCKED_SIGNED_IN = _signed_in(lambda select: select.with_for_update(of=[pool_user, token_family]))
