"""Confirmed devices: whose they are, and the sealed verifiers that they prove themselves against."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from poolhouse.core.devices import Device
from poolhouse.core.sealing import Place
from poolhouse.core.srp import Verifier
from poolhouse.store import rows
from poolhouse.store.documents import read_document, write_document
from poolhouse.store.repositories.data_keys import DataKeys
from poolhouse.store.statements import Row
from poolhouse.store.tables import user_device


class Devices:
    """Rows of `user_device`, each of one person."""

    def __init__(self, connection: sa.Connection, data_keys: DataKeys) -> None:
        self._connection = connection
        self._data_keys = data_keys

    def find(self, pool_id: str, sub: str, key: str) -> Device | None:
        row = rows.find(self._connection, user_device, pool_id=pool_id, sub=sub, key=key)
        return None if row is None else self._from_row(row)

    def add(self, device: Device) -> bool:
        """Keep a new device; False if the person has one of this key."""
        place = _place(device.pool_id, device.sub, device.key)
        verifier = None if device.verifier is None else device.verifier.to_secret()
        values = {
            "pool_id": device.pool_id,
            "sub": device.sub,
            "key": device.key,
            "sealed": None if verifier is None else self._data_keys.seal(verifier, place),
            "document": write_document("user_device", device.to_document()),
            "version": device.version,
        }
        return rows.add(self._connection, user_device, values)

    def replace(self, device: Device) -> None:
        """Write what may change of it; its verifier never does. Raises ConcurrentModificationException."""
        key = {"pool_id": device.pool_id, "sub": device.sub, "key": device.key}
        rows.replace_document(self._connection, user_device, key, device.to_document(), device.version)

    def remove(self, pool_id: str, sub: str, key: str) -> bool:
        return rows.remove(self._connection, user_device, pool_id=pool_id, sub=sub, key=key)

    def page(self, pool_id: str, sub: str, *, after: str = "", size: int) -> Sequence[Device]:
        """The next `size` devices of a person by key; `after` is the last one seen, "" at the start."""
        found = rows.page(self._connection, user_device, "key", after, size, pool_id=pool_id, sub=sub)
        return [self._from_row(row) for row in found]

    def _from_row(self, row: Row) -> Device:
        place = _place(row.pool_id, row.sub, row.key)
        verifier = None if row.sealed is None else self._data_keys.open(row.sealed, place)
        return Device.from_document(
            read_document("user_device", row.document),
            pool_id=row.pool_id,
            sub=row.sub,
            key=row.key,
            verifier=None if verifier is None else Verifier.from_secret(verifier),
            version=row.version,
        )


def _place(pool_id: str, sub: str, key: str) -> Place:
    return Place("user_device", "sealed", pool_id, f"{sub}/{key}")
