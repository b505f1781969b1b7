"""The keys that are open in this process: the master keys, and the data keys opened so far.

A data key is named by its id and never changes, so one that was opened once need not be asked for again; one
whose transaction was rolled back can stand here unused and harm nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from poolhouse.core.sealing import KEY_SIZE, NONCE_SIZE, Place, SealBroken, SealingKey, key_id_of

MAX_OPEN_KEYS = 10_000


class Keyring:
    """Opens with every master key; seals with the first."""

    def __init__(self, master_keys: Sequence[SealingKey]) -> None:
        self._first = master_keys[0]
        self._master_keys = {key.id: key for key in master_keys}
        self._data_keys: dict[tuple[str, bytes], SealingKey] = {}

    @property
    def master_key_id(self) -> str:
        """The id of the key that seals now, as the database writes it."""
        return self._first.id.hex()

    @property
    def master_key_ids(self) -> frozenset[str]:
        return frozenset(key_id.hex() for key_id in self._master_keys)

    def new_data_key(self, pool_id: str) -> bytes:
        """A new data key, sealed under the first master key."""
        return seal(self._first, secrets.token_bytes(KEY_SIZE), _place(pool_id))

    def reseal_data_key(self, pool_id: str, sealed: bytes) -> bytes:
        """The same data key, sealed under the first master key."""
        return seal(self._first, self._open(pool_id, sealed), _place(pool_id))

    def data_key(self, pool_id: str, sealed: bytes) -> SealingKey:
        """Open a data key and keep it. Raises SealBroken."""
        key = SealingKey(self._open(pool_id, sealed))
        if len(self._data_keys) >= MAX_OPEN_KEYS:
            self._data_keys.clear()
        self._data_keys[pool_id, key.id] = key
        return key

    def opened(self, pool_id: str, key_id: bytes) -> SealingKey | None:
        return self._data_keys.get((pool_id, key_id))

    def _open(self, pool_id: str, sealed: bytes) -> bytes:
        master_key = self._master_keys.get(key_id_of(sealed))
        if master_key is None:
            raise SealBroken(f"{_place(pool_id)}: sealed with a master key that was not given")
        return master_key.open(sealed, _place(pool_id))


def seal(key: SealingKey, plain: bytes, place: Place) -> bytes:
    return key.seal(plain, place, secrets.token_bytes(NONCE_SIZE))


def _place(pool_id: str) -> Place:
    return Place("data_key", "sealed", pool_id, pool_id)
