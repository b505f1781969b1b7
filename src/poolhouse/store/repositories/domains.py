"""Domains: a name is unique over the whole server, and a pool has at most one of each kind."""

from __future__ import annotations

import sqlalchemy as sa

from poolhouse.core.domains import Domain, DomainKind
from poolhouse.core.errors import InvalidParameterException
from poolhouse.store import rows
from poolhouse.store.changes import Changes
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import user_pool, user_pool_domain


class Domains:
    """Rows of `user_pool_domain`."""

    def __init__(self, connection: sa.Connection, changes: Changes) -> None:
        self._connection = connection
        self._changes = changes

    def find(self, name: str) -> Domain | None:
        row = rows.find(self._connection, user_pool_domain, name=name)
        return None if row is None else _from_row(row)

    def of(self, pool_id: str) -> list[Domain]:
        """The pool's domains, the prefix one last."""
        statement = sa.select(user_pool_domain).where(user_pool_domain.c.pool_id == pool_id)
        found = self._connection.execute(statement.order_by(user_pool_domain.c.kind))
        return [_from_row(row) for row in found]

    def count_custom(self, account_id: str, region: str) -> int:
        """The custom domains of all pools of an account and region."""
        pools = sa.select(user_pool.c.id).where(
            user_pool.c.account_id == account_id, user_pool.c.region == region
        )
        custom = sa.select(sa.func.count()).where(
            user_pool_domain.c.kind == DomainKind.CUSTOM.value, user_pool_domain.c.pool_id.in_(pools)
        )
        return int(self._connection.scalar(custom) or 0)

    def add(self, domain: Domain) -> None:
        values = {
            "name": domain.name,
            "pool_id": domain.pool_id,
            "kind": domain.kind.value,
            "document": write_document("user_pool_domain", domain.to_document()),
            "version": domain.version,
        }
        if not rows.add(self._connection, user_pool_domain, values):
            if self.find(domain.name) is not None:
                raise InvalidParameterException("Domain already associated with another user pool.")
            raise InvalidParameterException("User pool already has a domain configured.")
        self._changed(domain.pool_id, domain.name)

    def replace(self, domain: Domain) -> None:
        key = {"name": domain.name, "pool_id": domain.pool_id}
        rows.replace_document(self._connection, user_pool_domain, key, domain.to_document(), domain.version)
        self._changed(domain.pool_id, domain.name)

    def remove(self, name: str) -> None:
        if not rows.is_storable(name):
            return
        removed = sa.delete(user_pool_domain).where(user_pool_domain.c.name == name)
        pool_id = self._connection.execute(removed.returning(user_pool_domain.c.pool_id)).scalar_one_or_none()
        if pool_id is not None:
            self._changed(pool_id, name)

    def _changed(self, pool_id: str, name: str) -> None:
        self._changes.append(pool_id, "domain", name)
        self._changes.append(pool_id, "pool", pool_id)


def _from_row(row: Row) -> Domain:
    return Domain.from_document(
        read_document("user_pool_domain", row.document),
        name=row.name,
        pool_id=row.pool_id,
        kind=DomainKind(row.kind),
        version=row.version,
    )
