"""The messages that codes travel in, read by AWS's Encryption SDKs as they are; and no changed bit goes unseen."""

from __future__ import annotations

import contextlib
from typing import Any

import aws_encryption_sdk
import pytest
from aws_encryption_sdk.identifiers import AlgorithmSuite, CommitmentPolicy
from aws_encryption_sdk.key_providers.base import MasterKeyProvider, MasterKeyProviderConfig
from aws_encryption_sdk.structures import DataKey as SdkDataKey
from hypothesis import given
from hypothesis import strategies as st

from poolhouse.core.encryption_message import FRAME_LENGTH, DataKey, encryption_message

PLAIN_KEY = bytes(range(32))
KEY = DataKey(PLAIN_KEY, b"encrypted", "arn:aws:kms:us-east-1:000000000000:key/1")
MESSAGE_ID = bytes(range(100, 132))
POLICIES = (
    CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT,
    CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT,
    CommitmentPolicy.FORBID_ENCRYPT_ALLOW_DECRYPT,
)


class Opened(MasterKeyProvider):
    """Knows the data key, as KMS would say it."""

    provider_id = "aws-kms"
    _config_class = MasterKeyProviderConfig

    def __init__(self, **_: Any) -> None:
        super().__init__()

    def _new_master_key(self, key_id: str) -> None: ...

    def decrypt_data_key_from_list(
        self, encrypted_data_keys: Any, algorithm: Any, encryption_context: Any
    ) -> Any:
        (key,) = encrypted_data_keys
        assert key.key_provider.key_info == KEY.key_arn.encode()
        assert key.encrypted_data_key == KEY.encrypted
        return SdkDataKey(key.key_provider, PLAIN_KEY, key.encrypted_data_key)


def read(message: bytes, policy: CommitmentPolicy = POLICIES[0]) -> tuple[bytes, Any]:
    client = aws_encryption_sdk.EncryptionSDKClient(commitment_policy=policy)
    plain, header = client.decrypt(source=message, key_provider=Opened())
    return plain, header


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_it_is_read_under_every_policy_of_the_sdk(policy: CommitmentPolicy) -> None:
    plain, header = read(
        encryption_message(b"123456", KEY, {"userpool-id": "us-east-1_a"}, MESSAGE_ID), policy
    )
    assert plain == b"123456"
    assert header.algorithm is AlgorithmSuite.AES_256_GCM_HKDF_SHA512_COMMIT_KEY
    assert header.encryption_context == {"userpool-id": "us-east-1_a"}


names = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)


@given(
    plain=st.binary(max_size=FRAME_LENGTH),
    context=st.dictionaries(names.filter(lambda name: not name.startswith("aws-crypto-")), names, max_size=4),
)
def test_whatever_is_written_is_read(plain: bytes, context: dict[str, str]) -> None:
    read_plain, header = read(encryption_message(plain, KEY, context, MESSAGE_ID))
    assert (read_plain, header.encryption_context) == (plain, context)


def test_more_than_a_frame_is_refused() -> None:
    with pytest.raises(ValueError, match="one frame"):
        encryption_message(bytes(FRAME_LENGTH + 1), KEY, {}, MESSAGE_ID)


def test_no_changed_bit_goes_unseen() -> None:
    """But in the encrypted data key, which is KMS's to judge."""
    message = encryption_message(b"123456", KEY, {"userpool-id": "us-east-1_a"}, MESSAGE_ID)
    for at in range(len(message)):
        changed = bytearray(message)
        changed[at] ^= 1
        plain = None
        with contextlib.suppress(Exception):
            plain = read(bytes(changed))[0]
        assert plain is None, at


def test_two_messages_share_no_key() -> None:
    one, other = (encryption_message(b"123456", KEY, {}, bytes([n]) * 32) for n in range(2))
    assert one[-6 - 16 :] != other[-6 - 16 :]
