"""The KMS of the server: one key, four operations, and nothing opens that was not encrypted so."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.wire import Wire
from tests.harness import RunningServer, running_server

from poolhouse.core import kms
from poolhouse.core.kms import BuiltInKey, InvalidCiphertextException, built_in_key
from poolhouse.core.secret import Secret
from poolhouse.operation import SystemRandom

ALIAS = "alias/poolhouse"
CONTEXT = {"userpool-id": "us-east-1_abc"}


def error_of(call: Any, **request: Any) -> tuple[str, str]:
    """The name and the text of the error that a call ends with."""
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


@pytest.fixture
def client(server: RunningServer) -> Any:
    return server.client("kms")


@pytest.fixture
def key(server: RunningServer) -> BuiltInKey:
    return BuiltInKey(server.region, server.settings.account_id)


def limited(server: RunningServer, *statements: dict[str, Any]) -> Any:
    """A client of an access key that may do what the statements say."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    wire = Wire(server)
    made = wire.aws("poolhouse", "CreateAccessKey", {"UserName": "function", "Policy": policy})
    wire.close()
    key = made.document["AccessKey"]
    return server.client(
        "kms", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )


def allow(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def test_the_key_is_described_by_each_of_its_names(client: Any, key: BuiltInKey) -> None:
    for name in (key.id, key.arn, ALIAS, key.alias_arn):
        described = client.describe_key(KeyId=name)["KeyMetadata"]
        assert (described["KeyId"], described["Arn"]) == (key.id, key.arn)
        assert described["KeyState"] == "Enabled"
        assert described["KeyUsage"] == "ENCRYPT_DECRYPT"
        assert described["EncryptionAlgorithms"] == ["SYMMETRIC_DEFAULT"]
        assert described["AWSAccountId"] == key.account_id


def test_the_name_of_the_key_is_the_same_on_every_server() -> None:
    """Pools are set up by files that were written before there was a server."""
    written = "arn:aws:kms:us-east-1:000000000000:key/fabca258-95bc-5e03-8d9f-cde993f1af6f"
    assert BuiltInKey("us-east-1", "000000000000").arn == written
    ids = {
        BuiltInKey(region, account).id
        for region in ("us-east-1", "eu-west-3")
        for account in ("0" * 12, "1" * 12)
    }
    assert len(ids) == 4


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nothing", "Invalid keyId 'nothing'"),
        ("alias/other", "Alias {place}:alias/other is not found."),
        ("{place}:alias/other", "Alias {place}:alias/other is not found."),
        (
            "11111111-1111-4111-8111-111111111111",
            "Key '{place}:key/11111111-1111-4111-8111-111111111111' does not exist",
        ),
        (
            "{place}:key/11111111-1111-4111-8111-111111111111",
            "Key '{place}:key/11111111-1111-4111-8111-111111111111' does not exist",
        ),
        ("arn:aws:kms:ap-south-1:{account}:key/{id}", "Invalid arn ap-south-1"),
        (
            "arn:aws:kms:{region}:999999999999:key/{id}",
            "Key 'arn:aws:kms:{region}:999999999999:key/{id}' does not exist",
        ),
    ],
)
def test_another_key_is_not_found(client: Any, key: BuiltInKey, name: str, text: str) -> None:
    given = {
        "place": key.arn.rpartition(":")[0],
        "account": key.account_id,
        "region": key.region,
        "id": key.id,
    }
    name, text = name.format(**given), text.format(**given)
    blob = client.encrypt(KeyId=ALIAS, Plaintext=b"x")["CiphertextBlob"]
    for call, more in (
        (client.describe_key, {}),
        (client.encrypt, {"Plaintext": b"x"}),
        (client.decrypt, {"CiphertextBlob": blob}),
        (client.generate_data_key, {"KeySpec": "AES_256"}),
    ):
        assert error_of(call, KeyId=name, **more) == ("NotFoundException", text)


def test_what_was_encrypted_is_decrypted_with_the_same_context_alone(client: Any, key: BuiltInKey) -> None:
    sealed = client.encrypt(KeyId=ALIAS, Plaintext=b"a code", EncryptionContext=CONTEXT)
    assert sealed["KeyId"] == key.arn
    blob = sealed["CiphertextBlob"]
    assert b"a code" not in blob
    for named in ({}, {"KeyId": key.arn}, {"KeyId": ALIAS}, {"EncryptionAlgorithm": "SYMMETRIC_DEFAULT"}):
        opened = client.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, **named)
        assert (opened["Plaintext"], opened["KeyId"]) == (b"a code", key.arn)
        assert opened["EncryptionAlgorithm"] == "SYMMETRIC_DEFAULT"
    for context in (
        {},
        {"userpool-id": "us-east-1_abd"},
        {"userpool-ID": "us-east-1_abc"},
        {**CONTEXT, "a": "b"},
    ):
        code, _ = error_of(client.decrypt, CiphertextBlob=blob, EncryptionContext=context)
        assert code == "InvalidCiphertextException"
    both = {"b": "2", "a": "1"}
    blob = client.encrypt(KeyId=ALIAS, Plaintext=b"x", EncryptionContext=both)["CiphertextBlob"]
    assert client.decrypt(CiphertextBlob=blob, EncryptionContext={"a": "1", "b": "2"})["Plaintext"] == b"x"


def test_a_data_key_comes_in_the_clear_and_encrypted(client: Any, key: BuiltInKey) -> None:
    seen = set()
    for asked, size in (
        ({"KeySpec": "AES_256"}, 32),
        ({"KeySpec": "AES_128"}, 16),
        ({"NumberOfBytes": 1024}, 1024),
    ):
        made = client.generate_data_key(KeyId=key.id, EncryptionContext=CONTEXT, **asked)
        assert (len(made["Plaintext"]), made["KeyId"]) == (size, key.arn)
        opened = client.decrypt(CiphertextBlob=made["CiphertextBlob"], EncryptionContext=CONTEXT)
        assert opened["Plaintext"] == made["Plaintext"]
        seen.add(made["Plaintext"])
    assert len(seen) == 3


def test_what_a_request_can_t_have_is_refused_in_kms_s_words(client: Any) -> None:
    blob = client.encrypt(KeyId=ALIAS, Plaintext=b"x")["CiphertextBlob"]
    size = "Please specify either number of bytes or key spec."
    data_key, opened, sealed = client.generate_data_key, client.decrypt, client.encrypt
    assert error_of(data_key, KeyId=ALIAS) == ("ValidationException", size)
    assert error_of(data_key, KeyId=ALIAS, KeySpec="AES_256", NumberOfBytes=32) == (
        "ValidationException",
        size,
    )
    assert error_of(data_key, KeyId=ALIAS, KeySpec="AES_512")[0] == "ValidationException"
    assert error_of(data_key, KeyId=ALIAS, NumberOfBytes=1025)[0] == "ValidationException"
    assert error_of(sealed, KeyId=ALIAS, Plaintext=b"x" * 4097)[0] == "ValidationException"
    assert error_of(sealed, KeyId=ALIAS, Plaintext=b"")[0] == "ValidationException"
    assert error_of(opened)[0] == "ValidationException"
    long = {"name": "x" * 8192}
    for call, more in (
        (data_key, {"KeyId": ALIAS, "KeySpec": "AES_256"}),
        (sealed, {"KeyId": ALIAS, "Plaintext": b"x"}),
        (opened, {"CiphertextBlob": blob}),
    ):
        assert error_of(call, **more, EncryptionContext=long)[0] == "ValidationException"
        assert error_of(call, **more, GrantTokens=["a token"])[0] == "InvalidGrantTokenException"
        assert error_of(call, **more, DryRun=True)[0] == "DryRunOperationException"
        if call is not data_key:
            code, text = error_of(call, **more, EncryptionAlgorithm="RSAES_OAEP_SHA_256")
            assert code == "InvalidKeyUsageException"
            assert text == "Algorithm RSAES_OAEP_SHA_256 is incompatible with key spec SYMMETRIC_DEFAULT."
        if call is not sealed:
            recipient = {"KeyEncryptionAlgorithm": "RSAES_OAEP_SHA_256", "AttestationDocument": b"x"}
            assert error_of(call, **more, Recipient=recipient)[0] == "ValidationException"
    assert (
        error_of(opened, CiphertextBlob=blob, DryRunModifiers=["IGNORE_CIPHERTEXT"])[0]
        == "ValidationException"
    )
    assert error_of(client.describe_key, KeyId=ALIAS, GrantTokens=["a token"])[0] == "ValidationException"


def test_a_dry_run_tells_whether_it_would_have_opened(client: Any) -> None:
    assert error_of(client.decrypt, CiphertextBlob=b"x" * 80, DryRun=True)[0] == "InvalidCiphertextException"


def test_what_kms_does_besides_is_not_here(client: Any) -> None:
    assert error_of(client.create_key)[0] == "UnsupportedOperationException"
    assert error_of(client.schedule_key_deletion, KeyId=ALIAS)[0] == "UnsupportedOperationException"


def test_a_function_s_key_opens_and_no_more(server: RunningServer, client: Any, key: BuiltInKey) -> None:
    """The policy that AWS's own examples give a custom sender: kms:Decrypt on the key."""
    may_open = limited(server, allow("kms:Decrypt", key.arn))
    blob = client.encrypt(KeyId=ALIAS, Plaintext=b"x")["CiphertextBlob"]
    for name in ({}, {"KeyId": key.arn}, {"KeyId": ALIAS}, {"KeyId": key.alias_arn}, {"KeyId": key.id}):
        assert may_open.decrypt(CiphertextBlob=blob, **name)["Plaintext"] == b"x"
    for call, more in (
        (may_open.describe_key, {}),
        (may_open.encrypt, {"Plaintext": b"x"}),
        (may_open.generate_data_key, {"KeySpec": "AES_256"}),
    ):
        code, text = error_of(call, KeyId=ALIAS, **more)
        assert code == "AccessDeniedException"
        assert key.arn in text
    other = key.arn.replace(key.id, "11111111-1111-4111-8111-111111111111")
    assert error_of(may_open.decrypt, CiphertextBlob=blob, KeyId=other)[0] == "AccessDeniedException"
    elsewhere = limited(server, allow("kms:*", other))
    assert error_of(elsewhere.decrypt, CiphertextBlob=blob)[0] == "AccessDeniedException"
    assert (
        error_of(limited(server, allow("cognito-idp:*")).decrypt, CiphertextBlob=blob)[0]
        == "AccessDeniedException"
    )


def test_a_policy_may_ask_for_the_context(server: RunningServer, client: Any, key: BuiltInKey) -> None:
    of_pool = {"StringEquals": {"kms:EncryptionContext:userpool-id": "us-east-1_abc"}}
    bound = limited(server, allow("kms:Decrypt", key.arn, Condition=of_pool))
    mine = client.encrypt(KeyId=ALIAS, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
    other = {"userpool-id": "us-east-1_other"}
    others = client.encrypt(KeyId=ALIAS, Plaintext=b"x", EncryptionContext=other)["CiphertextBlob"]
    assert bound.decrypt(CiphertextBlob=mine, EncryptionContext=CONTEXT)["Plaintext"] == b"x"
    assert (
        error_of(bound.decrypt, CiphertextBlob=others, EncryptionContext=other)[0] == "AccessDeniedException"
    )
    assert (
        error_of(bound.decrypt, CiphertextBlob=others, EncryptionContext=CONTEXT)[0]
        == "InvalidCiphertextException"
    )
    assert error_of(bound.decrypt, CiphertextBlob=mine)[0] == "AccessDeniedException"
    named = {"ForAllValues:StringEquals": {"kms:EncryptionContextKeys": ["userpool-id"]}}
    by_names = limited(server, allow("kms:Decrypt", key.arn, Condition=named))
    assert by_names.decrypt(CiphertextBlob=mine, EncryptionContext=CONTEXT)["Plaintext"] == b"x"
    more = {**CONTEXT, "other": "x"}
    assert (
        error_of(by_names.decrypt, CiphertextBlob=mine, EncryptionContext=more)[0] == "AccessDeniedException"
    )


def test_a_signature_for_another_service_is_none(server: RunningServer) -> None:
    wire = Wire(server)
    try:
        reply = wire.aws("kms", "DescribeKey", {"KeyId": ALIAS}, is_signed=False)
        assert reply.error == "MissingAuthenticationTokenException"
    finally:
        wire.close()


def test_each_region_has_a_key_of_its_own(server: RunningServer, client: Any, key: BuiltInKey) -> None:
    far = server.client("kms", region_name="ap-south-1")
    assert far.describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"] == BuiltInKey("ap-south-1", key.account_id).arn
    blob = client.encrypt(KeyId=ALIAS, Plaintext=b"x")["CiphertextBlob"]
    assert error_of(far.decrypt, CiphertextBlob=blob)[0] == "InvalidCiphertextException"


def test_what_is_encrypted_outlives_the_master_key_and_no_other_server_opens_it(tmp_path: Path) -> None:
    old, new = (Secret(base64.b64encode(os.urandom(32)).decode()) for _ in range(2))
    with running_server(tmp_path / "data", master_keys=(old,)) as server:
        client = server.client("kms")
        blob = client.encrypt(KeyId=ALIAS, Plaintext=b"x", EncryptionContext=CONTEXT)["CiphertextBlob"]
        arn = client.describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"]
    with running_server(tmp_path / "data", master_keys=(new, old)) as server:
        wire = Wire(server)
        assert wire.aws("poolhouse", "RotateMasterKey", {}).status == 200
        wire.close()
    with running_server(tmp_path / "data", master_keys=(new,)) as server:
        client = server.client("kms")
        assert client.decrypt(CiphertextBlob=blob, EncryptionContext=CONTEXT, KeyId=arn)["Plaintext"] == b"x"
    with running_server(tmp_path / "other") as server:
        client = server.client("kms")
        assert client.describe_key(KeyId=ALIAS)["KeyMetadata"]["Arn"] == arn
        code, _ = error_of(client.decrypt, CiphertextBlob=blob, EncryptionContext=CONTEXT)
        assert code == "InvalidCiphertextException"


def test_accounts_that_share_a_database_share_no_key(tmp_path: Path) -> None:
    arns, blobs = [], []
    for account in ("1" * 12, "2" * 12):
        with running_server(tmp_path / "data", account_id=account) as server:
            client = server.client("kms")
            for blob in blobs:
                assert error_of(client.decrypt, CiphertextBlob=blob)[0] == "InvalidCiphertextException"
            for arn in arns:
                assert error_of(client.decrypt, CiphertextBlob=blobs[0], KeyId=arn)[0] == "NotFoundException"
            sealed = client.encrypt(KeyId=ALIAS, Plaintext=b"x")
            arns.append(sealed["KeyId"])
            blobs.append(sealed["CiphertextBlob"])
            assert client.decrypt(CiphertextBlob=blobs[-1])["Plaintext"] == b"x"
    assert len(set(arns)) == 2


KEY, MATERIAL = BuiltInKey("us-east-1", "0" * 12), b"m" * 32
BLOB = kms.encrypt(MATERIAL, KEY, b"a code", CONTEXT, SystemRandom())


@given(at=st.integers(0, len(BLOB) - 1), bit=st.integers(0, 7))
def test_no_changed_bit_goes_unseen(at: int, bit: int) -> None:
    changed = bytearray(BLOB)
    changed[at] ^= 1 << bit
    with pytest.raises(InvalidCiphertextException):
        kms.decrypt(MATERIAL, KEY, bytes(changed), CONTEXT)


@given(st.binary(max_size=200))
def test_bytes_of_anybody_are_no_ciphertext(blob: bytes) -> None:
    for hostile in (blob, BLOB[:33] + blob, BLOB[: len(blob)]):
        if hostile != BLOB:
            with pytest.raises(InvalidCiphertextException):
                kms.decrypt(MATERIAL, KEY, hostile, CONTEXT)


@given(st.dictionaries(st.text(), st.text(), max_size=3), st.dictionaries(st.text(), st.text(), max_size=3))
def test_two_contexts_are_never_one(one: dict[str, str], other: dict[str, str]) -> None:
    blob = kms.encrypt(MATERIAL, KEY, b"x", one, SystemRandom())
    assert kms.decrypt(MATERIAL, KEY, blob, dict(reversed(one.items()))) == b"x"
    if one != other:
        with pytest.raises(InvalidCiphertextException):
            kms.decrypt(MATERIAL, KEY, blob, other)


def test_a_pool_s_key_is_the_built_in_one_only_in_its_own_account() -> None:
    key = BuiltInKey("eu-west-3", "1" * 12)
    assert built_in_key(key.arn, "1" * 12) == key
    assert built_in_key(key.alias_arn, "1" * 12) == key
    assert built_in_key(key.arn, "2" * 12) is None
    assert built_in_key(key.arn[:-1], "1" * 12) is None
    assert built_in_key("arn:aws:kms:eu-west-3:111111111111:key/mrk-1", "1" * 12) is None
    assert built_in_key("nothing", "1" * 12) is None


@pytest.mark.parametrize("operation", ["Decrypt", "DescribeKey", "Encrypt", "GenerateDataKey", "CreateKey"])
def test_what_no_client_would_send_is_refused_and_no_more(server: RunningServer, operation: str) -> None:
    nothing = dict.fromkeys(
        ("CiphertextBlob", "NumberOfBytes", "KeySpec", "Plaintext", "DryRun", "GrantTokens", "Recipient")
    )
    wire = Wire(server)
    try:
        for body in (
            {"KeyId": None},
            {"KeyId": None, "EncryptionContext": None},
            {"KeyId": 7},
            {"KeyId": "x" * 100_000},
            {"KeyId": "\ud800"},
            {"KeyId": "alias/"},
            {"KeyId": "arn:aws:kms:::key/"},
            {"KeyId": ALIAS, "EncryptionContext": {"a": None}, "Plaintext": "eA==", "KeySpec": "AES_256"},
            {"KeyId": ALIAS, "EncryptionContext": {"\x00": "a"}, "Plaintext": "eA==", "KeySpec": "AES_256"},
            {"KeyId": ALIAS, "EncryptionContext": [], "Plaintext": "eA==", "KeySpec": "AES_256"},
            {"KeyId": ALIAS, "CiphertextBlob": "no base64", "Plaintext": "no base64", "KeySpec": ""},
            {"KeyId": ALIAS, **nothing},
        ):
            reply = wire.aws("kms", operation, body)
            assert reply.status == 400 or (reply.status, operation) == (200, "DescribeKey"), (
                body,
                reply.body,
            )
        odd = {
            "KeyId": ALIAS,
            "EncryptionContext": {"\ud800": "\udfff"},
            "Plaintext": "eA==",
            "KeySpec": "AES_256",
        }
        assert wire.aws("kms", operation, odd).status in (200, 400)
    finally:
        wire.close()
