"""Public keys by their `kid`: how a JWKS (RFC 7517) is read, and where a verifier gets keys from.

A `kid` is a name to look up in the issuer's own set, nothing more: no path, no query, no address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers

from poolhouse_verify.encoding import decode_integer, decode_object
from poolhouse_verify.errors import UnknownKey, quoted

MIN_KEY_BITS = 2048  # RFC 7518 §3.3
MAX_KEY_BITS = 8192  # a larger one only makes every verification slow
_MAX_EXPONENT = 2**32


class KeySource(Protocol):
    """Where a verifier gets the issuer's keys from.

    Both raise UnknownKey where the issuer has no such key, KeysUnavailable where nobody can say.
    """

    def find(self, kid: str) -> RSAPublicKey: ...

    async def afind(self, kid: str) -> RSAPublicKey: ...


class StaticKeys:
    """Keys that are known beforehand: a JWKS document from a file, or of a test."""

    def __init__(self, jwks: bytes | str | Mapping[str, Any]) -> None:
        """Raises ValueError where the document has no usable key."""
        self._keys = read_jwks(jwks)

    def find(self, kid: str) -> RSAPublicKey:
        try:
            return self._keys[kid]
        except KeyError:
            raise UnknownKey(f"There is no key with the kid {quoted(kid)}.") from None

    async def afind(self, kid: str) -> RSAPublicKey:
        return self.find(kid)


def read_jwks(jwks: bytes | str | Mapping[str, Any]) -> dict[str, RSAPublicKey]:
    """The keys of a JWKS that RS256 signatures can be checked with, by kid.

    Others may stand beside them (RFC 7517 §5: unknown kinds are ignored). Of two with one kid the first counts.

    Raises:
        ValueError: not a JWKS, or one without a usable key; says why.
    """
    document = (
        jwks if isinstance(jwks, Mapping) else decode_object(jwks.encode() if isinstance(jwks, str) else jwks)
    )
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise ValueError("has no list of keys")
    keys: dict[str, RSAPublicKey] = {}
    unfit = []
    for jwk in entries:
        try:
            kid, key = read_jwk(jwk)
        except ValueError as error:
            unfit.append(str(error))
        else:
            keys.setdefault(kid, key)
    if not keys:
        raise ValueError(f"has no usable key ({'; '.join(unfit[:3]) or 'it is empty'})")
    return keys


def read_jwk(jwk: object) -> tuple[str, RSAPublicKey]:
    """One RSA signing key of RFC 7517 §4 and RFC 7518 §6.3.1. Raises ValueError where it is something else."""
    if not isinstance(jwk, Mapping):
        raise ValueError("a key is not an object")
    kid = jwk.get("kid")
    if not isinstance(kid, str) or not kid:
        raise ValueError("a key has no kid")
    name = quoted(kid)
    for member, expected in (("kty", "RSA"), ("use", "sig"), ("alg", "RS256")):
        if jwk.get(member, None if member == "kty" else expected) != expected:
            raise ValueError(f"key {name}: {member} is {quoted(jwk.get(member))}, not {expected!r}")
    operations = jwk.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise ValueError(f"key {name} is not for verifying")
    try:
        modulus, exponent = decode_integer(jwk.get("n")), decode_integer(jwk.get("e"))
    except ValueError as error:
        raise ValueError(f"key {name}: n or e {error}") from error
    if not MIN_KEY_BITS <= modulus.bit_length() <= MAX_KEY_BITS:
        raise ValueError(f"key {name} has {modulus.bit_length()} bits, not {MIN_KEY_BITS} to {MAX_KEY_BITS}")
    if exponent > _MAX_EXPONENT:
        raise ValueError(f"key {name} has an exponent that is too large")
    return kid, RSAPublicNumbers(exponent, modulus).public_key()
