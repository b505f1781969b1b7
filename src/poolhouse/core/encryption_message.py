"""A message of the AWS Encryption SDK: format 2, with key commitment, unsigned, in one frame.

Whoever has AWS's library reads it, with the data key that is in it encrypted by KMS.

Source: AWS Encryption SDK developer guide, "Message format reference" and "Algorithms reference"
(AES_256_GCM_HKDF_SHA512_COMMIT_KEY, 0x0478).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA512
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

VERSION = b"\x02"
SUITE = b"\x04\x78"
MESSAGE_ID_SIZE = 32
KEY_SIZE = 32
PROVIDER = b"aws-kms"
FRAME_LENGTH = 4096
"""Bytes of a whole frame. The last one may be shorter, and ours is the last one."""
_FRAMED = b"\x02"
_LAST = b"\xff\xff\xff\xff"
_FIRST_FRAME = (1).to_bytes(4, "big")
_TAG_SIZE = 16


@dataclass(frozen=True, slots=True)
class DataKey:
    """A key for one message, as GenerateDataKey gives it."""

    plain: bytes = field(repr=False)
    encrypted: bytes
    key_arn: str


def encryption_message(plain: bytes, key: DataKey, context: Mapping[str, str], message_id: bytes) -> bytes:
    """`plain`, encrypted. `message_id` is 32 random bytes; `context` is what the data key was encrypted with.

    Raises:
        ValueError: the plain text is longer than a frame.
    """
    if len(plain) > FRAME_LENGTH:
        raise ValueError(f"a message of one frame has up to {FRAME_LENGTH} bytes")
    header = (
        VERSION
        + SUITE
        + message_id
        + _sized(_pairs(context))
        + _encrypted_data_key(key)
        + _FRAMED
        + FRAME_LENGTH.to_bytes(4, "big")
        + _derived(key, message_id, b"COMMITKEY")
    )
    cipher = AESGCM(_derived(key, message_id, SUITE + b"DERIVEKEY"))
    header_tag = cipher.encrypt(bytes(12), b"", header)
    nonce = bytes(8) + _FIRST_FRAME
    length = len(plain).to_bytes(4, "big")
    bound = message_id + b"AWSKMSEncryptionClient Final Frame" + _FIRST_FRAME + len(plain).to_bytes(8, "big")
    body = cipher.encrypt(nonce, plain, bound)
    return header + header_tag + _LAST + _FIRST_FRAME + nonce + length + body


def _derived(key: DataKey, message_id: bytes, info: bytes) -> bytes:
    return HKDF(SHA512(), KEY_SIZE, salt=message_id, info=info).derive(key.plain)


def _encrypted_data_key(key: DataKey) -> bytes:
    return (1).to_bytes(2, "big") + _sized(PROVIDER) + _sized(key.key_arn.encode()) + _sized(key.encrypted)


def _pairs(context: Mapping[str, str]) -> bytes:
    pairs = sorted((name.encode(), value.encode()) for name, value in context.items())
    if not pairs:
        return b""
    return len(pairs).to_bytes(2, "big") + b"".join(_sized(name) + _sized(value) for name, value in pairs)


def _sized(content: bytes) -> bytes:
    return len(content).to_bytes(2, "big") + content
