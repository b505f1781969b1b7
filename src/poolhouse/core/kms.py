"""The key that the server has of its own, in the manner of AWS KMS: one for each account and region.

Its name is the same on every server, so that what sets pools up can be written beforehand; its material is each
server's own. What it encrypts is `version (1) · id of the key (16) · salt (16) · nonce (12) · ciphertext and tag`:
AES-256-GCM under a key that is derived for this one message, with the encryption context as associated data.

Source: AWS KMS developer guide, "Key identifiers" and "Encryption context".
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID, uuid5

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from poolhouse.core.errors import CognitoError
from poolhouse.core.ids import Random

ALIAS = "alias/poolhouse"
ALGORITHM = "SYMMETRIC_DEFAULT"
LONGEST_CONTEXT = 8192
"""Bytes of an encryption context, written as JSON."""
_NAMESPACE = UUID("6f7d4e0b-6a8e-5f0a-9a43-5a1f1a3d7c10")
_ARN = re.compile(r"arn:aws[a-z-]*:kms:([^:]*):([^:]*):(key/[^:]+|alias/[^:]+)")
_VERSION = b"\x01"
_SALT_SIZE, _NONCE_SIZE = 16, 12
_HEADER_SIZE = len(_VERSION) + 16 + _SALT_SIZE


class NotFoundException(CognitoError):
    pass


class InvalidCiphertextException(CognitoError):
    """KMS says no more than this, so neither do we."""


class InvalidGrantTokenException(CognitoError):
    message = "The grant token is not valid: no grants are given here."


class InvalidKeyUsageException(CognitoError):
    pass


class DryRunOperationException(CognitoError):
    message = "The request would have succeeded, but the DryRun option is set."


@dataclass(frozen=True, slots=True)
class BuiltInKey:
    region: str
    account_id: str

    @property
    def id(self) -> str:
        return str(uuid5(_NAMESPACE, f"{self.account_id}/{self.region}"))

    @property
    def arn(self) -> str:
        return f"{self._place}:key/{self.id}"

    @property
    def alias_arn(self) -> str:
        return f"{self._place}:{ALIAS}"

    @property
    def purpose(self) -> str:
        """What the store derives the material for."""
        return f"kms {self.account_id} {self.region}"

    @property
    def _place(self) -> str:
        return f"arn:aws:kms:{self.region}:{self.account_id}"


def built_in_key(arn: str, account_id: str) -> BuiltInKey | None:
    """The key of this account that an ARN names, as a key or by its alias; None for one that KMS has, not we."""
    found = _ARN.fullmatch(arn)
    if found is None or found[2] != account_id:
        return None
    key = BuiltInKey(found[1], account_id)
    return key if arn in (key.arn, key.alias_arn) else None


def key_named(key_id: str, region: str, account_id: str) -> BuiltInKey:
    """The key that a request names: by id, ARN, alias or the alias's ARN.

    Raises:
        NotFoundException: in KMS's words.
    """
    key = BuiltInKey(region, account_id)
    if key_id in (key.id, key.arn, ALIAS, key.alias_arn):
        return key
    raise NotFoundException(_not_found(key_id, key))


def arn_named(key_id: str, region: str, account_id: str) -> str:
    """What a policy has to allow for a request with this KeyId, whether there is such a key or not."""
    key = BuiltInKey(region, account_id)
    if key_id in (ALIAS, key.alias_arn):
        return key.arn
    return key_id if key_id.startswith("arn:") else f"arn:aws:kms:{region}:{account_id}:key/{key_id}"


def _not_found(key_id: str, key: BuiltInKey) -> str:
    found = _ARN.fullmatch(key_id)
    if found is not None and found[1] != key.region:
        return f"Invalid arn {found[1]}"
    place = f"arn:aws:kms:{key.region}:{key.account_id}"
    if key_id.startswith("alias/"):
        return f"Alias {place}:{key_id} is not found."
    if found is not None:
        return (
            f"Alias {key_id} is not found."
            if found[3].startswith("alias/")
            else f"Key '{key_id}' does not exist"
        )
    try:
        UUID(key_id)
    except ValueError:
        return f"Invalid keyId '{key_id}'"
    return f"Key '{place}:key/{key_id}' does not exist"


def encrypt(
    material: bytes, key: BuiltInKey, plain: bytes, context: Mapping[str, str], random: Random
) -> bytes:
    """`plain`, which opens with this key and this context alone."""
    header = _VERSION + UUID(key.id).bytes + random.token_bytes(_SALT_SIZE)
    nonce = random.token_bytes(_NONCE_SIZE)
    return header + nonce + _cipher(material, header).encrypt(nonce, plain, header + _bound(context))


def decrypt(material: bytes, key: BuiltInKey, blob: bytes, context: Mapping[str, str]) -> bytes:
    """What was encrypted with the key and the context.

    Raises:
        InvalidCiphertextException: it was not, or was changed.
    """
    header, nonce = blob[:_HEADER_SIZE], blob[_HEADER_SIZE : _HEADER_SIZE + _NONCE_SIZE]
    if not header.startswith(_VERSION + UUID(key.id).bytes):
        raise InvalidCiphertextException(detail="of another key")
    sealed = blob[_HEADER_SIZE + _NONCE_SIZE :]
    try:
        return _cipher(material, header).decrypt(nonce, sealed, header + _bound(context))
    except (InvalidTag, ValueError):
        raise InvalidCiphertextException(detail="it does not open with this key and context") from None


def _cipher(material: bytes, header: bytes) -> AESGCM:
    # A key for each message (SP 800-108's counter mode, one block), so that nonces of two can't meet under one key.
    return AESGCM(hmac.digest(material, b"\x01kms message\x00" + header, hashlib.sha256))


def _bound(context: Mapping[str, str]) -> bytes:
    return json.dumps(sorted(context.items())).encode()
