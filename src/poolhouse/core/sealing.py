"""Sealing: what must not be read in the database is encrypted, and bound to the place where it stands.

AES-256-GCM. The associated data names table, column, pool and row, so a sealed value that is moved to
another row does not open there. A sealed value is `version (1) · key id (8) · nonce (12) · ciphertext and tag`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_SIZE = 32
NONCE_SIZE = 12
VERSION = b"\x01"
_ID_SIZE = 8
_HEADER_SIZE = len(VERSION) + _ID_SIZE


class SealBroken(Exception):
    """The value is not what was sealed at this place: changed, moved, or sealed with another key."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed value stands. `pool_id` is "" for what belongs to the whole server."""

    table: str
    column: str
    pool_id: str
    row_id: str

    def associated_data(self, header: bytes) -> bytes:
        # JSON, so that no two places have one spelling.
        return header + json.dumps([self.table, self.column, self.pool_id, self.row_id]).encode()


@final
class SealingKey:
    """An AES-256 key, ready to use. Its id is derived from it, so one key has one name everywhere."""

    __slots__ = ("_cipher", "id")

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_SIZE:
            raise ValueError(f"a sealing key has {KEY_SIZE} bytes, not {len(key)}")
        self.id = hashlib.sha256(b"poolhouse sealing key id\x00" + key).digest()[:_ID_SIZE]
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, place: Place, nonce: bytes) -> bytes:
        """`plain`, sealed at `place`. A nonce is used once: twelve fresh random bytes."""
        header = VERSION + self.id
        return header + nonce + self._cipher.encrypt(nonce, plain, place.associated_data(header))

    def open(self, sealed: bytes, place: Place) -> bytes:
        """What was sealed at `place`. Raises SealBroken."""
        header, nonce = sealed[:_HEADER_SIZE], sealed[_HEADER_SIZE : _HEADER_SIZE + NONCE_SIZE]
        if header != VERSION + self.id:
            raise SealBroken(f"{place}: sealed with another key or by a newer version")
        try:
            return self._cipher.decrypt(
                nonce, sealed[_HEADER_SIZE + NONCE_SIZE :], place.associated_data(header)
            )
        except (InvalidTag, ValueError) as broken:
            raise SealBroken(f"{place}: the seal is broken") from broken

    def __repr__(self) -> str:
        return f"SealingKey({self.id.hex()})"


def key_id_of(sealed: bytes) -> bytes:
    """The id of the key with which the value was sealed."""
    return sealed[len(VERSION) : _HEADER_SIZE]
