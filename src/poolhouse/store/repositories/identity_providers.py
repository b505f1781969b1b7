"""Identity providers, and the identifiers by which one is found. Their secrets are sealed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from poolhouse.core.errors import (
    ConcurrentModificationException,
    DuplicateProviderException,
    InvalidParameterException,
    ResourceNotFoundException,
)
from poolhouse.core.identity_providers import IdentityProvider
from poolhouse.core.sealing import Place
from poolhouse.core.secret import Secret
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import identity_provider, provider_identifier


class IdentityProviders:
    """Rows of `identity_provider`, one a (pool_id, name), with those of `provider_identifier`."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def get(self, pool_id: str, name: str) -> IdentityProvider:
        found = self.find(pool_id, name)
        if found is None:
            raise ResourceNotFoundException(f"Identity provider {name} does not exist.")
        return found

    def find(self, pool_id: str, name: str) -> IdentityProvider | None:
        row = rows.find(self._connection, identity_provider, pool_id=pool_id, name=name)
        return None if row is None else self._from_row(row)

    def by_identifier(self, pool_id: str, identifier: str) -> IdentityProvider | None:
        key = {"pool_id": pool_id, "identifier": identifier}
        row = rows.find(self._connection, provider_identifier, **key)
        return None if row is None else self.find(pool_id, row.provider_name)

    def identifiers(self, pool_id: str, names: Collection[str]) -> Sequence[tuple[str, str]]:
        """(identifier, provider) of the providers of these names, sorted."""
        table = provider_identifier.c
        statement = sa.select(table.identifier, table.provider_name).where(
            table.pool_id == pool_id, table.provider_name.in_(names)
        )
        return sorted((row.identifier, row.provider_name) for row in self._connection.execute(statement))

    def names(self, pool_id: str) -> frozenset[str]:
        statement = sa.select(identity_provider.c.name).where(identity_provider.c.pool_id == pool_id)
        return frozenset(self._connection.scalars(statement))

    def of(self, pool_id: str, names: Iterable[str]) -> Sequence[IdentityProvider]:
        """Those of these names that there are, in this order."""
        found = (self.find(pool_id, name) for name in names)
        return [provider for provider in found if provider is not None]

    def count(self, pool_id: str) -> int:
        return rows.count(self._connection, identity_provider, pool_id=pool_id)

    def page(self, pool_id: str, *, after: str = "", size: int) -> Sequence[IdentityProvider]:
        """The next `size` providers by name; `after` is the last one seen, "" at the start."""
        found = rows.page(self._connection, identity_provider, "name", after, size, pool_id=pool_id)
        return [self._from_row(row) for row in found]

    def add(self, provider: IdentityProvider) -> None:
        """Raises DuplicateProviderException; InvalidParameterException: an identifier is another provider's."""
        values = {
            "pool_id": provider.pool_id,
            "name": provider.name,
            "sealed": self._seal(provider),
            "document": write_document("identity_provider", provider.to_document()),
            "version": provider.version,
        }
        if not rows.add(self._connection, identity_provider, values):
            raise DuplicateProviderException(f"Provider {provider.name} already exists in user pool.")
        self._add_identifiers(provider)

    def replace(self, provider: IdentityProvider) -> None:
        """Write it if the row still has the version that was read.

        Raises:
            ConcurrentModificationException: it has not, or is gone.
            InvalidParameterException: an identifier is another provider's.
        """
        statement = (
            sa.update(identity_provider)
            .where(
                identity_provider.c.pool_id == provider.pool_id,
                identity_provider.c.name == provider.name,
                identity_provider.c.version == provider.version,
            )
            .values(
                sealed=self._seal(provider),
                document=write_document("identity_provider", provider.to_document()),
                version=provider.version + 1,
            )
        )
        if self._connection.execute(statement).rowcount != 1:
            raise ConcurrentModificationException
        self._remove_identifiers(provider)
        self._add_identifiers(provider)

    def remove(self, pool_id: str, name: str) -> bool:
        return rows.remove(self._connection, identity_provider, pool_id=pool_id, name=name)

    def _add_identifiers(self, provider: IdentityProvider) -> None:
        for identifier in provider.identifiers:
            values = {"pool_id": provider.pool_id, "provider_name": provider.name, "identifier": identifier}
            if not rows.add(self._connection, provider_identifier, values):
                raise InvalidParameterException(f"Identifier {identifier} is used by another provider.")

    def _remove_identifiers(self, provider: IdentityProvider) -> None:
        key = {"pool_id": provider.pool_id, "provider_name": provider.name}
        rows.remove(self._connection, provider_identifier, **key)

    def _seal(self, provider: IdentityProvider) -> bytes | None:
        if not provider.secrets:
            return None
        text = json.dumps({name: secret.reveal() for name, secret in sorted(provider.secrets.items())})
        return self._data_keys.seal(Secret(text), _place(provider.pool_id, provider.name))

    def _from_row(self, row: Row) -> IdentityProvider:
        secrets = {}
        if row.sealed is not None:
            opened = self._data_keys.open(row.sealed, _place(row.pool_id, row.name))
            secrets = {name: Secret(value) for name, value in json.loads(opened.reveal()).items()}
        key = {"pool_id": row.pool_id, "provider_name": row.name}
        identifiers = rows.select(self._connection, provider_identifier, **key)
        return IdentityProvider.from_document(
            read_document("identity_provider", row.document),
            pool_id=row.pool_id,
            name=row.name,
            secrets=secrets,
            identifiers=tuple(sorted(found.identifier for found in identifiers)),
            version=row.version,
        )


def _place(pool_id: str, name: str) -> Place:
    return Place("identity_provider", "sealed", pool_id, name)
