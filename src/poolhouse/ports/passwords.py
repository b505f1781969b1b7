"""Where passwords are hashed, and compared with their hashes."""

from __future__ import annotations

import base64
import functools
import os
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Protocol

from poolhouse.ports.bounded import BoundedPool, Turns

if TYPE_CHECKING:
    import argon2

MEMORY_KIB = 47_104
"""46 MiB, one pass, one lane. Source: OWASP ASVS 5.0, appendix C; RFC 9106 §4 says how to weigh them."""
PASSES = 1
LANES = 1
AT_ONCE = 5
"""Guesses at one person's password: as many as may be wrong before a lock stands."""


class PasswordHasher(Protocol):
    """Slow by design, and so off the event loop. Every method but `needs_rehash` can raise
    TooManyRequestsException: too many wait already."""

    async def hash(self, password: str) -> str:
        """A new salted hash, in a text that says how it was made."""

    async def verify(self, hash: str, password: str) -> bool:
        """Whether the hash is of this password."""

    async def verify_nobody(self, password: str) -> bool:
        """False, after as long as a comparison takes: for somebody who isn't there."""

    def needs_rehash(self, hash: str) -> bool:
        """Whether the hash was made with other parameters than a new one would be."""

    def turn(self, key: str) -> AbstractAsyncContextManager[None]:
        """For as long as it lasts, at most a few others have a turn with the same key."""

    def close(self) -> None: ...


class Argon2Hasher:
    """Argon2id (RFC 9106). It needs 46 MiB a thread while it runs, and gives the interpreter's lock away."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._pool = BoundedPool("password", threads, waiting)
        self._turns = Turns(AT_ONCE)

    async def hash(self, password: str) -> str:
        return await self._pool.run(_hash, password)

    async def verify(self, hash: str, password: str) -> bool:
        return await self._pool.run(_verify, hash, password)

    async def verify_nobody(self, password: str) -> bool:
        await self._pool.run(_verify_nobody, password)
        return False

    def needs_rehash(self, hash: str) -> bool:
        return _hasher().check_needs_rehash(hash)

    def turn(self, key: str) -> AbstractAsyncContextManager[None]:
        return self._turns.of(key)

    def close(self) -> None:
        self._pool.close()


@functools.cache
def _hasher() -> argon2.PasswordHasher:
    # Imported here: a server without people never needs it.
    import argon2

    return argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


def _bytes(password: str) -> bytes:
    # A password is any text that JSON can carry, lone surrogates too, used as it was sent.
    return password.encode("utf-8", "surrogatepass")


def _hash(password: str) -> str:
    return _hasher().hash(_bytes(password))


def _verify(hash: str, password: str) -> bool:
    import argon2

    try:
        return _hasher().verify(hash, _bytes(password))
    except argon2.exceptions.VerifyMismatchError:
        return False


def _verify_nobody(password: str) -> None:
    _verify(_hash_of_nobody(), password)


@functools.cache
def _hash_of_nobody() -> str:
    """Of no password that anybody knows. Random bytes take the place of a computed hash: to compare takes as long,
    and to compute one would give the first caller away."""
    salt, digest = (base64.b64encode(os.urandom(size)).rstrip(b"=").decode() for size in (16, 32))
    return f"$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${salt}${digest}"
