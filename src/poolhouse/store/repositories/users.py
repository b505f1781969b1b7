"""People, found by every name that they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from poolhouse.core.errors import (
    AliasExistsException,
    ConcurrentModificationException,
    UsernameExistsException,
    UserNotFoundException,
)
from poolhouse.core.pools import UserPool
from poolhouse.core.users import SEARCHABLE, User, aliases, search_key, username_key, value_key
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import pool_user, user_alias, user_attribute

ALIAS_KINDS = ("email", "phone_number", "preferred_username")


class Users:
    """Rows of `pool_user`, with those of `user_alias` and `user_attribute`, which follow from them."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.concerned: str | None = None
        """The sub of the person whose row this transaction locked or wrote first: whom its audit record concerns."""

    def get(self, pool: UserPool, name: str) -> User:
        """Raises UserNotFoundException."""
        user = self.find(pool, name)
        if user is None:
            raise UserNotFoundException
        return user

    def find(self, pool: UserPool, name: str) -> User | None:
        """Whoever has this user name; else who has it as another name."""
        row = rows.find(self._connection, pool_user, pool_id=pool.id, username_key=username_key(pool, name))
        return user_from_row(row) if row is not None else self._find_by_alias(pool, name)

    def by_sub(self, pool_id: str, sub: str) -> User | None:
        row = rows.find(self._connection, pool_user, pool_id=pool_id, sub=sub)
        return None if row is None else user_from_row(row)

    def lock(self, pool_id: str, sub: str) -> User | None:
        """The person, their row locked until the transaction ends."""
        self.concerned = self.concerned or sub
        row = rows.lock(self._connection, pool_user, pool_id=pool_id, sub=sub)
        return None if row is None else user_from_row(row)

    def owner_of_alias(self, pool: UserPool, kind: str, value: str) -> str | None:
        """The sub of who has this value of an alias as a name."""
        key = {"pool_id": pool.id, "kind": kind, "value_key": value_key(pool, kind, value)}
        row = rows.find(self._connection, user_alias, **key)
        return None if row is None else str(row.sub)

    def add(self, pool: UserPool, user: User) -> None:
        """Raises UsernameExistsException, AliasExistsException: a name is taken."""
        self.concerned = self.concerned or user.sub
        values = {
            "pool_id": user.pool_id,
            "sub": user.sub,
            "username_key": username_key(pool, user.username),
            "status": user.status.value,
            "enabled": user.enabled,
            "document": write_document("pool_user", user.to_document()),
            "version": user.version,
        }
        if not rows.add(self._connection, pool_user, values):
            raise UsernameExistsException
        self._add_aliases(user, aliases(pool, user))
        self._add_attributes(user, _searchable(user))

    def replace(self, pool: UserPool, user: User) -> User:
        """Write the user if the row still has the version that was read; the user with the new version.

        Raises:
            ConcurrentModificationException: it has not, or is gone.
            AliasExistsException: a name that the person would get is another's.
        """
        self.concerned = self.concerned or user.sub
        before = self.by_sub(user.pool_id, user.sub)
        statement = (
            sa.update(pool_user)
            .where(
                pool_user.c.pool_id == user.pool_id,
                pool_user.c.sub == user.sub,
                pool_user.c.version == user.version,
            )
            .values(
                status=user.status.value,
                enabled=user.enabled,
                document=write_document("pool_user", user.to_document()),
                version=user.version + 1,
            )
        )
        if before is None or self._connection.execute(statement).rowcount != 1:
            raise ConcurrentModificationException
        old, new = set(aliases(pool, before)), set(aliases(pool, user))
        self._remove_aliases(user, old - new)
        self._add_aliases(user, sorted(new - old))
        old, new = set(_searchable(before)), set(_searchable(user))
        self._remove_attributes(user, old - new)
        self._add_attributes(user, sorted(new - old))
        return replace(user, version=user.version + 1)

    def remove(self, pool_id: str, sub: str) -> bool:
        """Remove the person with everything that is theirs."""
        self.concerned = self.concerned or sub
        return rows.remove(self._connection, pool_user, pool_id=pool_id, sub=sub)

    def page(self, pool_id: str, *, after: str = "", size: int) -> Sequence[User]:
        """The next `size` people by sub; `after` is the last one seen, "" at the start."""
        found = rows.page(self._connection, pool_user, "sub", after, size, pool_id=pool_id)
        return [user_from_row(row) for row in found]

    def count(self, pool_id: str) -> int:
        return rows.count(self._connection, pool_user, pool_id=pool_id)

    def _find_by_alias(self, pool: UserPool, name: str) -> User | None:
        if not rows.is_storable(name):
            return None
        names = [
            (user_alias.c.kind == kind) & (user_alias.c.value_key == value_key(pool, kind, name))
            for kind in ALIAS_KINDS
        ]
        statement = (
            sa.select(pool_user)
            .join(
                user_alias,
                (user_alias.c.pool_id == pool_user.c.pool_id) & (user_alias.c.sub == pool_user.c.sub),
            )
            .where(user_alias.c.pool_id == pool.id, sa.or_(*names))
        )
        # A phone number can be another's preferred user name: then neither of them is meant.
        found = {row.sub: row for row in self._connection.execute(statement)}
        return user_from_row(found.popitem()[1]) if len(found) == 1 else None

    def _add_aliases(self, user: User, names: Iterable[tuple[str, str]]) -> None:
        for kind, key in names:
            values = {"pool_id": user.pool_id, "sub": user.sub, "kind": kind, "value_key": key}
            if not rows.add(self._connection, user_alias, values):
                raise AliasExistsException(f"An account with the {kind} already exists.")

    def _remove_aliases(self, user: User, names: Iterable[tuple[str, str]]) -> None:
        for kind, key in names:
            rows.remove(
                self._connection, user_alias, pool_id=user.pool_id, kind=kind, value_key=key, sub=user.sub
            )

    def _add_attributes(self, user: User, keys: Iterable[tuple[str, str]]) -> None:
        values = [
            {"pool_id": user.pool_id, "sub": user.sub, "name": name, "value_key": key} for name, key in keys
        ]
        if values:
            self._connection.execute(sa.insert(user_attribute), values)

    def _remove_attributes(self, user: User, keys: Iterable[tuple[str, str]]) -> None:
        for name, key in keys:
            rows.remove(
                self._connection, user_attribute, pool_id=user.pool_id, name=name, value_key=key, sub=user.sub
            )


def _searchable(user: User) -> list[tuple[str, str]]:
    return [(name, search_key(value)) for name in SEARCHABLE if (value := user.attributes.get(name))]


def user_from_row(row: Row) -> User:
    return User.from_document(
        read_document("pool_user", row.document),
        pool_id=row.pool_id,
        sub=row.sub,
        status=row.status,
        enabled=row.enabled,
        version=row.version,
    )
