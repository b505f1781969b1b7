"""The styles of clients' managed login, and their images."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from poolhouse.core.branding import Asset, Image, ManagedLoginBranding
from poolhouse.core.errors import ManagedLoginBrandingExistsException, ResourceNotFoundException
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.statements import Row
from poolhouse.store.tables import branding_asset, managed_login_branding

_WITHOUT_CONTENT = [column for column in branding_asset.c if column.name != "content"]
_ORDER = (branding_asset.c.category, branding_asset.c.color_mode, branding_asset.c.resource_id)


class Branding:
    """Rows of `managed_login_branding`, one a (pool_id, id) and at most one a client, with those of `branding_asset`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, pool_id: str, id: str) -> ManagedLoginBranding:
        row = rows.find(self._connection, managed_login_branding, pool_id=pool_id, id=id)
        if row is None:
            raise ResourceNotFoundException(f"Managed login branding {id} does not exist.")
        return _from_row(row)

    def find_of_client(self, pool_id: str, client_id: str) -> ManagedLoginBranding | None:
        row = rows.find(self._connection, managed_login_branding, pool_id=pool_id, client_id=client_id)
        return None if row is None else _from_row(row)

    def add(self, style: ManagedLoginBranding) -> None:
        """Raises ManagedLoginBrandingExistsException: the client has a style."""
        values = {
            "pool_id": style.pool_id,
            "id": style.id,
            "client_id": style.client_id,
            "document": write_document("managed_login_branding", style.to_document()),
            "version": style.version,
        }
        if not rows.add(self._connection, managed_login_branding, values):
            raise ManagedLoginBrandingExistsException

    def replace(self, style: ManagedLoginBranding) -> None:
        key = {"pool_id": style.pool_id, "id": style.id}
        rows.replace_document(
            self._connection, managed_login_branding, key, style.to_document(), style.version
        )

    def remove(self, pool_id: str, id: str) -> None:
        rows.remove(self._connection, managed_login_branding, pool_id=pool_id, id=id)

    def assets(self, pool_id: str, id: str) -> list[Asset]:
        """What is known of the images, without their bytes."""
        statement = sa.select(*_WITHOUT_CONTENT).where(*_of(pool_id, id)).order_by(*_ORDER)
        return [_asset(row) for row in self._connection.execute(statement)]

    def images(self, pool_id: str, id: str) -> list[Image]:
        statement = sa.select(branding_asset).where(*_of(pool_id, id)).order_by(*_ORDER)
        return [Image(_asset(row), row.content) for row in self._connection.execute(statement)]

    def find_image(self, pool_id: str, hash: str) -> Image | None:
        """Any image of the pool with this hash: they are all the same."""
        statement = sa.select(branding_asset).where(
            branding_asset.c.pool_id == pool_id, branding_asset.c.hash == hash
        )
        row = self._connection.execute(statement.limit(1)).one_or_none()
        return None if row is None else Image(_asset(row), row.content)

    def put_images(self, pool_id: str, id: str, images: Iterable[Image]) -> None:
        """Add them, each in the place of the one with its key."""
        for image in images:
            key = {
                "pool_id": pool_id,
                "branding_id": id,
                "category": image.asset.category,
                "color_mode": image.asset.color_mode,
                "resource_id": image.asset.resource_id,
            }
            rows.remove(self._connection, branding_asset, **key)
            rows.write_new(
                self._connection,
                branding_asset,
                {
                    **key,
                    "extension": image.asset.extension,
                    "hash": image.asset.hash,
                    "content": image.content,
                },
            )

    def remove_images(self, pool_id: str, id: str) -> None:
        rows.remove(self._connection, branding_asset, pool_id=pool_id, branding_id=id)


def _of(pool_id: str, id: str) -> Sequence[sa.ColumnElement[bool]]:
    return branding_asset.c.pool_id == pool_id, branding_asset.c.branding_id == id


def _asset(row: Row | sa.Row[Any]) -> Asset:
    return Asset(row.category, row.color_mode, row.extension, row.resource_id, row.hash)


def _from_row(row: Row) -> ManagedLoginBranding:
    return ManagedLoginBranding.from_document(
        read_document("managed_login_branding", row.document),
        pool_id=row.pool_id,
        id=row.id,
        client_id=row.client_id,
        version=row.version,
    )
