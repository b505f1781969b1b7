"""What an authenticator says: its data, the key that it made, and a signature with it (WebAuthn L3 §6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)

from poolhouse.core import cbor
from poolhouse.core.cbor import NotCbor

ES256, RS256 = -7, -257
ALGORITHMS = (ES256, RS256)
"""COSE's numbers of what a passkey may sign with, the dearest first. Source: RFC 8812; IANA, COSE Algorithms."""
MAX_CREDENTIAL_ID = 1023
"""Bytes. Source: WebAuthn L3 §7.1, step 25."""
RSA_BITS = range(2048, 4097)
"""A longer key would make each of its signatures a burden."""
HEAD_SIZE = 37
_USER_PRESENT, _USER_VERIFIED, _MAY_BE_COPIED, _IS_COPIED, _HAS_CREDENTIAL, _HAS_EXTENSIONS = (
    1 << bit for bit in (0, 2, 3, 4, 6, 7)
)


class NotSupported(Exception):
    """A key of a kind that was not offered, or none at all."""


@dataclass(frozen=True, slots=True)
class NewCredential:
    aaguid: str
    """The model of the authenticator, as 32 hexadecimal digits; all zero where it does not say."""
    id: bytes
    cose_key: Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class AuthenticatorData:
    """WebAuthn L3 §6.1."""

    rp_id_hash: bytes
    flags: int
    sign_count: int
    credential: NewCredential | None

    @property
    def user_present(self) -> bool:
        return bool(self.flags & _USER_PRESENT)

    @property
    def user_verified(self) -> bool:
        return bool(self.flags & _USER_VERIFIED)

    @property
    def is_copied(self) -> bool:
        """Whether the passkey is kept elsewhere too (§6.1.3, BS)."""
        return bool(self.flags & _IS_COPIED)

    @property
    def contradicts_itself(self) -> bool:
        """§7.1 step 18, §7.2 step 19: what can't be copied is not copied."""
        return self.is_copied and not self.flags & _MAY_BE_COPIED


def read_authenticator_data(data: bytes) -> AuthenticatorData:
    """Raises NotCbor: the bytes have another layout."""
    if len(data) < HEAD_SIZE:
        raise NotCbor("the data of an authenticator is longer")
    flags, at, credential = data[32], HEAD_SIZE, None
    if flags & _HAS_CREDENTIAL:
        credential, at = _credential(data, at)
    if flags & _HAS_EXTENSIONS:
        extensions, at = cbor.read_at(data, at)
        if not isinstance(extensions, dict):
            raise NotCbor("extensions are a map")
    if at != len(data):
        raise NotCbor("something follows the authenticator's data")
    return AuthenticatorData(data[:32], flags, int.from_bytes(data[33:HEAD_SIZE]), credential)


def _credential(data: bytes, at: int) -> tuple[NewCredential, int]:
    """WebAuthn L3 §6.5.1."""
    aaguid, size, start = data[at : at + 16], data[at + 16 : at + 18], at + 18
    end = start + int.from_bytes(size)
    if not start < end <= len(data):
        raise NotCbor("the id of the credential is missing")
    key, after = cbor.read_at(data, end)
    if not isinstance(key, dict):
        raise NotCbor("a COSE key is a map")
    return NewCredential(aaguid.hex(), data[start:end], key), after


def read_attestation_object(data: bytes) -> AuthenticatorData:
    """The authenticator's data in it. The statement is left aside, as a browser leaves it out where nobody asked
    for one (§5.1.3, "none"): no certificate of a stranger is ever parsed.

    Raises:
        NotCbor: the bytes are none.
    """
    content = cbor.read(data)
    if not isinstance(content, dict) or not isinstance(content.get("authData"), bytes):
        raise NotCbor("an attestation object has authData")
    return read_authenticator_data(content["authData"])  # type: ignore[arg-type]  # bytes, two lines above


def public_key(cose_key: Mapping[Any, Any]) -> bytes:
    """A COSE key (RFC 9052 §7) as DER, SubjectPublicKeyInfo, checked to be one of a kind that was offered.

    Raises:
        NotSupported: it is not.
    """
    number = {label: value for label, value in cose_key.items() if type(value) is int}
    part = {label: value for label, value in cose_key.items() if isinstance(value, bytes)}
    try:
        if (number.get(1), number.get(3), number.get(-1)) == (2, ES256, 1):
            key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey = _ec_key(part[-2], part[-3])
        elif (number.get(1), number.get(3)) == (3, RS256):
            key = _rsa_key(part[-1], part[-2])
        else:
            raise NotSupported("neither ES256 on P-256 nor RS256")
    except (KeyError, ValueError) as error:
        raise NotSupported("no valid key") from error
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _ec_key(x: bytes, y: bytes) -> ec.EllipticCurvePublicKey:
    """Raises ValueError: the point is not on the curve."""
    if len(x) != 32 or len(y) != 32:
        raise ValueError("a coordinate on P-256 has 32 bytes")
    numbers = ec.EllipticCurvePublicNumbers(int.from_bytes(x), int.from_bytes(y), ec.SECP256R1())
    return numbers.public_key()


def _rsa_key(n: bytes, e: bytes) -> rsa.RSAPublicKey:
    modulus, exponent = int.from_bytes(n), int.from_bytes(e)
    if modulus.bit_length() not in RSA_BITS or exponent.bit_length() > 32:
        raise ValueError("an RSA key of an unusual size")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def is_signed(key: bytes, content: bytes, signature: bytes) -> bool:
    """Whether `signature` over `content` was made with the private half of `key` (from `public_key`)."""
    try:
        match load_der_public_key(key):
            case ec.EllipticCurvePublicKey() as elliptic:
                elliptic.verify(signature, content, ec.ECDSA(SHA256()))
            case rsa.RSAPublicKey() as rivest:
                rivest.verify(signature, content, PKCS1v15(), SHA256())
            case _:
                return False
    except InvalidSignature:
        return False
    return True
