"""What an authenticator says: its data, the key that it made, and a signature with it (WebAuthn L3 §6).

fido2 reads it and verifies; before it stands here what a stranger's bytes need. It is imported where it is used: a
server without passkeys never needs it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from cryptography.exceptions import InvalidSignature

if TYPE_CHECKING:
    from fido2.cose import CoseKey
    from fido2.webauthn import AuthenticatorData

ES256, RS256 = -7, -257
ALGORITHMS = (ES256, RS256)
"""COSE's numbers of what a passkey may sign with, the dearest first. Source: RFC 8812; IANA, COSE Algorithms."""
MAX_CREDENTIAL_ID = 1023
"""Bytes. Source: WebAuthn L3 §7.1, step 25."""
MAX_ATTESTATION = 16 * 1024
"""Bytes. fido2 copies what is left at every item, so the time that it takes grows with the square of the size; a
statement with its certificates has a third of this."""
MAX_DATA = 4 * 1024
"""Bytes, for the same reason and with more work for each: an id and an RSA key, the longest of both, have 1.7 kB."""
RSA_BITS = range(2048, 4097)
"""A longer key would make each of its signatures a burden."""
_TYPE, _ALGORITHM = 1, 3
_EC2, _RSA = 2, 3
_KEPT = (_TYPE, _ALGORITHM, -1, -2, -3)
"""The labels of a COSE key that ES256 and RS256 have (RFC 9053 §7.1.1, RFC 8230 §4)."""

T = TypeVar("T")


class NotReadable(ValueError):
    """The bytes are not what an authenticator may write."""


class NotSupported(Exception):
    """A key of a kind that was not offered, or none at all."""


def read_authenticator_data(data: bytes) -> AuthenticatorData:
    """Raises NotReadable: the bytes have another layout than WebAuthn L3 §6.1."""
    from fido2.webauthn import AuthenticatorData

    return _read(AuthenticatorData, data, MAX_DATA)


def read_attestation_object(content: bytes) -> AuthenticatorData:
    """The authenticator's data in it. The statement is left aside, as a browser leaves it out where nobody asked
    for one (§5.1.3, "none"): no certificate of a stranger is ever parsed.

    Raises:
        NotReadable: the bytes are none.
    """
    from fido2 import cbor

    found = _read(cbor.decode, content, MAX_ATTESTATION)
    data = found.get("authData") if isinstance(found, dict) else None
    # Looked at before fido2 does: a number in this place it would take for how many bytes to make.
    if not isinstance(data, bytes):
        raise NotReadable("an attestation object has authData")
    return read_authenticator_data(data)


def _read(read: Callable[[bytes], T], content: bytes, most: int) -> T:
    if len(content) > most:
        raise NotReadable("longer than what authenticators write")
    try:
        return read(content)
    except Exception as error:
        # IndexError, KeyError, TypeError, struct.error and, where lists hold lists, RecursionError: the reader looks
        # for nothing but what it hopes to find.
        raise NotReadable("not what authenticators write") from error


def checked_key(key: CoseKey) -> bytes:
    """The COSE key (RFC 9052 §7) to keep, in CBOR: of a kind that was offered, and with nothing in it but the key.

    Raises:
        NotSupported: it is none.
    """
    from fido2 import cbor

    if not (_is_p256(key) or _is_rsa(key)):
        raise NotSupported("neither ES256 on P-256 nor RS256 of a usual size")
    try:
        # That the key is one, a point on its curve above all, comes out when a signature is to be verified.
        key.verify(b"", b"")
    except InvalidSignature:
        return cbor.encode({label: key[label] for label in _KEPT if label in key})
    except Exception as error:
        # Whatever the libraries below make of numbers that are no key: ValueError, TypeError, UnsupportedAlgorithm.
        raise NotSupported("no valid key") from error
    raise NotSupported("a key for which nothing is a signature")


def _is_p256(key: CoseKey) -> bool:
    """But for the curve, which fido2 looks at when it verifies."""
    x, y = key.get(-2), key.get(-3)
    has_point = isinstance(x, bytes) and isinstance(y, bytes) and len(x) == len(y) == 32
    return has_point and (key.get(_TYPE), key.get(_ALGORITHM)) == (_EC2, ES256)


def _is_rsa(key: CoseKey) -> bool:
    n, e = key.get(-1), key.get(-2)
    if not (isinstance(n, bytes) and isinstance(e, bytes) and len(e) <= 4):
        return False
    return (key.get(_TYPE), key.get(_ALGORITHM)) == (_RSA, RS256) and int.from_bytes(
        n
    ).bit_length() in RSA_BITS


def is_signed(key: bytes, content: bytes, signature: bytes) -> bool:
    """Whether `signature` over `content` was made with the private half of `key` (from `checked_key`)."""
    from fido2 import cbor
    from fido2.cose import CoseKey

    found = cbor.decode(key)
    assert isinstance(found, dict)
    try:
        CoseKey.parse(found).verify(content, signature)
    except InvalidSignature:
        return False
    return True
