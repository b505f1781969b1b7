"""Who of a provider is who of a pool."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.federation import SUBJECT, UserIdentity
from poolhouse.core.users import storable_key
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import user_identity


class UserIdentities:
    """Rows of `user_identity`. The value is compared as it is: a provider's subject heeds case, whatever the pool
    does (OIDC Core §2; Cognito developer guide on NameID)."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, pool_id: str, provider_name: str, attribute_name: str, value: str) -> UserIdentity | None:
        key = {
            "pool_id": pool_id,
            "provider_name": provider_name,
            "attribute_name": attribute_name,
            "value_key": storable_key(value),
        }
        row = rows.find(self._connection, user_identity, **key)
        return None if row is None else _from_row(row)

    def of(self, pool_id: str, sub: str) -> Sequence[UserIdentity]:
        """All of a person's."""
        return [
            _from_row(row) for row in rows.select(self._connection, user_identity, pool_id=pool_id, sub=sub)
        ]

    def attribute_names(self, pool_id: str, provider_name: str | None = None) -> frozenset[str]:
        """By which people are linked, besides their subject: to one provider, or to any."""
        statement = (
            sa.select(user_identity.c.attribute_name)
            .where(user_identity.c.pool_id == pool_id, user_identity.c.attribute_name != SUBJECT)
            .distinct()
        )
        if provider_name is not None:
            statement = statement.where(user_identity.c.provider_name == provider_name)
        return frozenset(self._connection.scalars(statement))

    def add(self, identity: UserIdentity) -> bool:
        """False if it is somebody's already."""
        values = {
            "pool_id": identity.pool_id,
            "sub": identity.sub,
            "provider_name": identity.provider_name,
            "attribute_name": identity.attribute_name,
            "value_key": storable_key(identity.value),
            "document": write_document("user_identity", identity.to_document()),
            "version": identity.version,
        }
        return rows.add(self._connection, user_identity, values)

    def replace(self, identity: UserIdentity) -> None:
        """Raises ConcurrentModificationException: it was changed meanwhile, or is gone."""
        rows.replace_document(
            self._connection, user_identity, _key(identity), identity.to_document(), identity.version
        )

    def remove(self, identity: UserIdentity) -> bool:
        return rows.remove(self._connection, user_identity, **_key(identity))


def _key(identity: UserIdentity) -> dict[str, str]:
    return {
        "pool_id": identity.pool_id,
        "provider_name": identity.provider_name,
        "attribute_name": identity.attribute_name,
        "value_key": storable_key(identity.value),
    }


def _from_row(row: Row) -> UserIdentity:
    return UserIdentity.from_document(
        read_document("user_identity", row.document),
        pool_id=row.pool_id,
        sub=row.sub,
        provider_name=row.provider_name,
        attribute_name=row.attribute_name,
        version=row.version,
    )
