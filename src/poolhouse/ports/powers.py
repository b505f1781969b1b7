"""Where the powers of SRP are taken, in a time that does not depend on the secrets."""

from __future__ import annotations

import warnings
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from poolhouse.core.errors import TooManyRequestsException
from poolhouse.core.srp import N, g, k, scrambler
from poolhouse.ports.bounded import BoundedPool
from poolhouse.ports.in_a_row import InARow

AT_ONCE = 4
"""Requests whose powers, one or two each, are taken before anybody else has a turn: 5 ms."""

Result = TypeVar("Result")
Power = Callable[[int, int], int]
"""base^exponent mod N, for an exponent above 0."""


class Powers(Protocol):
    """Every method can raise TooManyRequestsException: too many wait already. Names as in `core.srp`."""

    async def verifier(self, x: int) -> int:
        """`v`, the power g^x."""

    async def public(self, v: int, b: int) -> int:
        """`B`, which the server answers with."""

    async def shared(self, A: int, B: int, v: int, b: int) -> tuple[int, int]:
        """(`u`, `S`): what both sides come to know if the client knows the password."""

    def close(self) -> None: ...


def powers(threads: int, waiting: int) -> Powers:
    """The quickest that there are."""
    try:
        return OpenSslPowers(waiting)
    except ImportError:
        return GmpPowers(threads, waiting)


class OpenSslPowers:
    """By OpenSSL's Diffie-Hellman, whose shared key is a power: 0.6 ms for one, on the event loop as a signature is.
    It holds the interpreter's lock, so another thread would make it dearer and let nobody run meanwhile.

    OpenSSL takes a private key's power in constant time (BN_mod_exp_mont_consttime).
    """

    def __init__(self, waiting: int) -> None:
        """Raises ImportError: the library has no finite fields any more; it says that one day it will not."""
        self._power = _openssl_power()
        self._row = InARow(AT_ONCE)
        self._places = waiting + 1

    async def verifier(self, x: int) -> int:
        return await self._in_turn(partial(self._power, g, x))

    async def public(self, v: int, b: int) -> int:
        return await self._in_turn(partial(_public, self._power, v, b))

    async def shared(self, A: int, B: int, v: int, b: int) -> tuple[int, int]:
        return await self._in_turn(partial(_shared, self._power, A, B, v, b))

    def _in_turn(self, work: Callable[[], Result]) -> Awaitable[Result]:
        if len(self._row) >= self._places:
            raise TooManyRequestsException
        return self._row.do(work)

    def close(self) -> None:
        pass


class GmpPowers:
    """By GMP's mpz_powm_sec, which takes its steps whatever the bits of the exponent are, and with the
    interpreter's lock given away. 1 ms a power here, six times as fast as Python's own."""

    def __init__(self, threads: int, waiting: int) -> None:
        self._pool = BoundedPool("power", threads, waiting)

    async def verifier(self, x: int) -> int:
        return await self._pool.run(_gmp_power, g, x)

    async def public(self, v: int, b: int) -> int:
        return await self._pool.run(_public, _gmp_power, v, b)

    async def shared(self, A: int, B: int, v: int, b: int) -> tuple[int, int]:
        return await self._pool.run(_shared, _gmp_power, A, B, v, b)

    def close(self) -> None:
        self._pool.close()


def _public(power: Power, v: int, b: int) -> int:
    return (k * v + power(g, b)) % N


def _shared(power: Power, A: int, B: int, v: int, b: int) -> tuple[int, int]:
    u = scrambler(A, B)
    return u, power(A * power(v, u) % N, b)


def _openssl_power() -> Power:
    from cryptography.hazmat.primitives.asymmetric import dh

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # each name warns that it will go
        public, private, parameters = dh.DHPublicNumbers, dh.DHPrivateNumbers, dh.DHParameterNumbers
    group = parameters(N, g)
    any_public = public(g, group)

    def power(base: int, exponent: int) -> int:
        if not 1 < base < N - 1 or exponent < 1:
            # OpenSSL takes no such numbers, and these powers are no secret.
            return pow(base, exponent, N)
        key = private(exponent, any_public).private_key()
        return int.from_bytes(key.exchange(public(base, group).public_key()))

    return power


def _gmp_power(base: int, exponent: int) -> int:
    # Imported here: a server that has another way never needs it.
    import gmpy2

    with gmpy2.context(allow_release_gil=True):
        return int(gmpy2.powmod_sec(base, exponent, N))
