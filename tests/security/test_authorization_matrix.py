"""Every operation, asked by everybody who may not: the exact error, and no row is changed."""

from __future__ import annotations

import pytest
from tests.fuzz.house import OPERATIONS, UNSIGNED, House
from tests.security.conftest import Key, a_key, allow

SIGNED = [operation for _, operation in OPERATIONS if operation not in UNSIGNED]


@pytest.fixture(scope="package")
def powerless(house: House) -> Key:
    return a_key(house, allow("cognito-identity:*"))


@pytest.fixture(scope="package")
def inactive(house: House) -> Key:
    key = a_key(house, allow("*"))
    reply = house.call("UpdateAccessKey", {"AccessKeyId": key.key_id, "Status": "INACTIVE"})
    assert reply.document["AccessKey"]["Status"] == "INACTIVE"
    return key


@pytest.fixture(scope="package")
def deleted(house: House) -> Key:
    key = a_key(house, allow("*"))
    assert house.call("ListUserPools", **key.signing).status == 200
    assert house.call("DeleteAccessKey", {"AccessKeyId": key.key_id}).status == 200
    return key


@pytest.mark.parametrize("operation", SIGNED)
def test_who_may_not_is_refused_and_changes_nothing(
    house: House, powerless: Key, inactive: Key, deleted: Key, operation: str
) -> None:
    before = house.database.rows()
    refusals = {
        "nobody": house.call(operation, is_signed=False),
        "a wrong secret": house.call(operation, secret="x" * 40),
        "an unknown key": house.call(operation, key_id="AKIAAAAAAAAAAAAAAAAA"),
        "a key of this one's secret": house.call(operation, key_id=powerless.key_id),
        "a key without permission": house.call(operation, **powerless.signing),
        "an inactive key": house.call(operation, **inactive.signing),
        "a deleted key": house.call(operation, **deleted.signing),
    }
    assert {who: (reply.status, reply.error) for who, reply in refusals.items()} == {
        "nobody": (400, "MissingAuthenticationTokenException"),
        "a wrong secret": (400, "InvalidSignatureException"),
        "an unknown key": (400, "UnrecognizedClientException"),
        "a key of this one's secret": (400, "InvalidSignatureException"),
        "a key without permission": (400, "AccessDeniedException"),
        "an inactive key": (400, "UnrecognizedClientException"),
        "a deleted key": (400, "UnrecognizedClientException"),
    }
    after = house.database.rows()
    told = [row for row in after.pop("audit") if row not in before["audit"]]
    assert len(told) == 1, "of the one whose signature was good, and of nobody else"
    assert powerless.key_id in str(told)
    assert "AccessDeniedException" in str(told)
    assert after == {name: rows for name, rows in before.items() if name != "audit"}


@pytest.mark.parametrize("operation", SIGNED)
def test_no_signature_is_good_for_another_operation(house: House, operation: str) -> None:
    """The target is signed: what was captured on its way can't be sent as anything else."""
    from tests.fuzz.wire import JSON, PREFIXES, signed

    service = next(service for service, name in OPERATIONS if name == operation)
    body = b"{}"
    captured = {"Content-Type": JSON, "X-Amz-Target": f"{PREFIXES[service]}.GetServerStatus"}
    headers = signed(house.server, service, captured, body)
    headers["X-Amz-Target"] = f"{PREFIXES[service]}.{operation}"
    if headers["X-Amz-Target"] == captured["X-Amz-Target"]:
        return
    assert house.wire.send("POST", "/", headers, body).error == "InvalidSignatureException"


@pytest.mark.parametrize("operation", SIGNED)
def test_in_another_region_there_is_nothing(house: House, operation: str) -> None:
    """What is in one region can't be seen or touched by a call that was signed for another."""
    named = {"UserPoolId", "ResourceArn"} & house.requests()[operation].keys()
    if not named:
        return
    before = house.database.rows()
    reply = house.call(operation, region="eu-central-1")
    wanted = {"ResourceNotFoundException", "InvalidParameterException"}
    assert reply.error == "ResourceNotFoundException" or ("ResourceArn" in named and reply.error in wanted), (
        reply.body
    )
    assert house.database.rows() == before


def test_a_domain_of_another_region_is_not_described(house: House) -> None:
    reply = house.call("DescribeUserPoolDomain", region="eu-central-1")
    assert reply.document == {"DomainDescription": {}}


def test_a_token_without_the_secret_is_refused_signed_or_not(house: House) -> None:
    asked = {"ClientId": house.machine.client_id, "Secret": "x" * 51}
    for is_signed in (True, False):
        assert house.call("GetClientToken", asked, is_signed=is_signed).error == "NotAuthorizedException"
