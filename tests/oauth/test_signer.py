"""Signatures that are asked for together are made together, and each is its own."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from poolhouse.ports.signer import AT_ONCE, HASH, PKCS1, LoopSigner

KEYS = [generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2)]


class Panic(BaseException):
    """As libraries in Rust raise it."""


class Broken:
    def __init__(self, error: type[BaseException] = ValueError) -> None:
        self._error = error

    def sign(self, *_: Any) -> bytes:
        raise self._error


def test_each_gets_the_signature_of_their_key_and_message() -> None:
    async def ask() -> list[bytes]:
        signer = LoopSigner()
        return await asyncio.gather(*(signer.sign(KEYS[n % 2], b"%d" % n) for n in range(3 * AT_ONCE)))

    for n, signature in enumerate(asyncio.run(ask())):
        KEYS[n % 2].public_key().verify(signature, b"%d" % n, PKCS1, HASH)


def test_one_after_the_other_is_answered_too() -> None:
    async def ask() -> None:
        signer = LoopSigner()
        for n in range(3):
            KEYS[0].public_key().verify(await signer.sign(KEYS[0], b"%d" % n), b"%d" % n, PKCS1, HASH)

    asyncio.run(ask())


def test_who_has_gone_costs_nothing_and_a_key_that_fails_fails_its_own_alone() -> None:
    made: list[bytes] = []

    class Counted:
        def sign(self, message: bytes, *_: Any) -> bytes:
            made.append(message)
            return message

    async def ask() -> list[Any]:
        signer, counted, broken = LoopSigner(), Counted(), Broken()
        wanted = [signer.sign(key, b"%d" % n) for n, key in enumerate((counted, broken, counted, counted))]  # type: ignore[arg-type]  # stand-ins
        wanted[2].cancel()
        return await asyncio.gather(*wanted, return_exceptions=True)

    first, failed, gone, last = asyncio.run(ask())
    assert (first, last, made) == (b"0", b"3", [b"0", b"3"])
    assert isinstance(failed, ValueError)
    assert isinstance(gone, asyncio.CancelledError)


@pytest.mark.parametrize("many", [AT_ONCE + 1, 5 * AT_ONCE])
def test_others_have_their_turn_between(many: int) -> None:
    """Of many that come at once, only so many are made before the loop turns."""

    async def ask() -> int:
        signer = LoopSigner()
        wanted = [signer.sign(KEYS[0], b"%d" % n) for n in range(many)]
        await wanted[0]
        made_at_first = sum(one.done() for one in wanted)
        await asyncio.gather(*wanted)
        return made_at_first

    assert asyncio.run(ask()) == AT_ONCE


def test_a_panic_is_its_callers_alone() -> None:
    async def ask() -> tuple[Any, bytes]:
        signer = LoopSigner()
        broken, whole = signer.sign(Broken(Panic), b"0"), signer.sign(KEYS[0], b"1")  # type: ignore[arg-type]  # a stand-in
        with pytest.raises(Panic):
            await broken
        return await whole, await signer.sign(KEYS[0], b"1")

    first, later = asyncio.run(ask())
    assert first == later
