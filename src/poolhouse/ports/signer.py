"""Where signatures are made."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256

from poolhouse.ports.in_a_row import InARow

PKCS1 = PKCS1v15()
HASH = SHA256()

AT_ONCE = 16
"""Signatures before anybody else has a turn: 4 ms."""


class Signer(Protocol):
    def sign(self, key: RSAPrivateKey, message: bytes) -> Awaitable[bytes]:
        """The RS256 signature of `message` (RFC 7518 §3.3). It is begun with the call, so two that are asked for
        before the first is awaited are made together."""


class LoopSigner:
    """Signs on the event loop: 0.2 ms, less than two thread hops would cost.

    OpenSSL checks a CRT signature before it gives it out, so a fault in the machine can't leak the key.
    """

    def __init__(self) -> None:
        self._row = InARow(AT_ONCE)

    def sign(self, key: RSAPrivateKey, message: bytes) -> asyncio.Future[bytes]:
        return self._row.do(partial(key.sign, message, PKCS1, HASH))
