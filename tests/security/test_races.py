"""Thirty-two at once want what only so many may have: exactly so many get it, on both engines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from tests.fuzz.house import House
from tests.fuzz.wire import Wire

CALLERS = 32


def race(house: House, operation: str, request_of: Callable[[int], Mapping[str, Any]]) -> Counter[str]:
    """How often each outcome came: "" is success, else the error."""
    start = Barrier(CALLERS)

    def call(number: int) -> str:
        service = "poolhouse" if "AccessKey" in operation else "cognito-idp"
        wire = Wire(house.server)
        try:
            wire.send("GET", "/healthz")  # connected before the start
            start.wait(30)
            return wire.aws(service, operation, request_of(number)).error
        finally:
            wire.close()

    with ThreadPoolExecutor(CALLERS) as callers:
        return Counter(callers.map(call, range(CALLERS)))


@pytest.fixture
def pool(house: House) -> dict[str, str]:
    return {"UserPoolId": house.call("CreateUserPool").document["UserPool"]["Id"]}


def test_a_client_has_two_secrets_at_most(house: House, pool: dict[str, str]) -> None:
    made = house.call("CreateUserPoolClient", {**pool, "ClientName": "a", "GenerateSecret": True})
    client = {**pool, "ClientId": made.document["UserPoolClient"]["ClientId"]}
    outcomes = race(house, "AddUserPoolClientSecret", lambda _: client)
    assert outcomes == {"": 1, "LimitExceededException": CALLERS - 1}
    assert len(house.call("ListUserPoolClientSecrets", client).document["ClientSecrets"]) == 2


def test_a_client_keeps_its_last_secret(house: House, pool: dict[str, str]) -> None:
    made = house.call("CreateUserPoolClient", {**pool, "ClientName": "a", "GenerateSecret": True})
    client = {**pool, "ClientId": made.document["UserPoolClient"]["ClientId"]}
    house.call("AddUserPoolClientSecret", client)
    ids = [
        secret["ClientSecretId"]
        for secret in house.call("ListUserPoolClientSecrets", client).document["ClientSecrets"]
    ]
    outcomes = race(
        house, "DeleteUserPoolClientSecret", lambda number: {**client, "ClientSecretId": ids[number % 2]}
    )
    assert outcomes[""] == 1
    assert len(house.call("ListUserPoolClientSecrets", client).document["ClientSecrets"]) == 1


def test_a_pool_has_twenty_five_resource_servers_at_most(house: House, pool: dict[str, str]) -> None:
    outcomes = race(
        house, "CreateResourceServer", lambda number: {**pool, "Identifier": f"s{number}", "Name": "a"}
    )
    assert outcomes == {"": 25, "LimitExceededException": CALLERS - 25}


def test_an_identifier_is_taken_once(house: House, pool: dict[str, str]) -> None:
    outcomes = race(house, "CreateResourceServer", lambda _: {**pool, "Identifier": "one", "Name": "a"})
    assert outcomes == {"": 1, "InvalidParameterException": CALLERS - 1}


def test_a_group_is_made_once(house: House, pool: dict[str, str]) -> None:
    outcomes = race(house, "CreateGroup", lambda _: {**pool, "GroupName": "one"})
    assert outcomes == {"": 1, "GroupExistsException": CALLERS - 1}


def test_a_domain_is_taken_by_one_pool(house: House, pool: dict[str, str]) -> None:
    pools = [pool, {"UserPoolId": house.call("CreateUserPool").document["UserPool"]["Id"]}]
    name = f"race-{pool['UserPoolId'][-5:].lower()}"
    outcomes = race(house, "CreateUserPoolDomain", lambda number: {**pools[number % 2], "Domain": name})
    assert outcomes == {"": 1, "InvalidParameterException": CALLERS - 1}


def test_a_pool_has_one_prefix_domain(house: House, pool: dict[str, str]) -> None:
    name = f"many-{pool['UserPoolId'][-5:].lower()}"
    outcomes = race(house, "CreateUserPoolDomain", lambda number: {**pool, "Domain": f"{name}-{number}"})
    assert outcomes == {"": 1, "InvalidParameterException": CALLERS - 1}


def test_a_pinned_pool_id_is_given_once(house: House, pool: dict[str, str]) -> None:
    wanted = f"{pool['UserPoolId']}Pinned"
    tags = {"poolhouse:pool-id": wanted}
    outcomes = race(house, "CreateUserPool", lambda _: {"PoolName": "a", "UserPoolTags": tags})
    assert outcomes == {"": 1, "InvalidParameterException": CALLERS - 1}
    keys = [row for row in house.database.rows()["signing_key"] if wanted in row]
    assert len(keys) == 2


def test_changes_at_once_are_all_made_or_refused(house: House, pool: dict[str, str]) -> None:
    """No change is lost unseen: each tag whose setting was answered with success is there."""
    arn = house.call("DescribeUserPool", pool).document["UserPool"]["Arn"]
    outcomes = race(house, "TagResource", lambda number: {"ResourceArn": arn, "Tags": {f"tag-{number}": "a"}})
    tags = house.call("ListTagsForResource", {"ResourceArn": arn}).document["Tags"]
    assert len(tags) == outcomes[""]
    assert outcomes.keys() <= {"", "ConcurrentModificationException"}


ONCE = (
    *("ConfirmSignUp", "ConfirmForgotPassword", "VerifyUserAttribute", "VerifySoftwareToken"),
    *("CompleteWebAuthnRegistration", "RespondToAuthChallenge"),
    *(
        "SignUp",
        "AdminCreateUser",
        "DeleteUser",
        "AdminDeleteUser",
        "DeleteWebAuthnCredential",
        "ForgetDevice",
    ),
)


@pytest.mark.parametrize("operation", ONCE)
def test_what_can_be_done_once_is_done_once(house: House, operation: str) -> None:
    """A code, a challenge, a session is used up by one; a name is taken by one; what is there is removed by one."""
    house.mend()
    request = house.requests()[operation]
    if "Username" in request and operation in ("SignUp", "AdminCreateUser"):
        request["Username"] = f"race-{operation}"
    outcomes = race(house, operation, lambda _: request)
    assert outcomes.pop("") == 1, outcomes
    assert not {"InternalErrorException", "ServiceUnavailableException"} & outcomes.keys()


def test_a_member_is_added_by_all_and_is_one_member(house: House) -> None:
    house.mend()
    request = house.requests()["AdminAddUserToGroup"]
    assert race(house, "AdminAddUserToGroup", lambda _: request) == {"": CALLERS}
    members = house.call("ListUsersInGroup").document["Users"]
    assert [user["Username"] for user in members].count(request["Username"]) == 1


def test_no_sign_in_beside_a_disabling_stands(house: House) -> None:
    """Whether its tokens were signed before or after."""
    house.mend()
    requests = house.requests()
    off = {"UserPoolId": house.machine.pool_id, "Username": requests["AdminGetUser"]["Username"]}
    tokens: list[str] = []
    start = Barrier(CALLERS)

    def act(number: int) -> None:
        wire = Wire(house.server)
        try:
            start.wait(30)
            if number == 0:
                assert wire.aws("cognito-idp", "AdminDisableUser", off).status == 200
            else:
                reply = wire.aws("cognito-idp", "InitiateAuth", requests["InitiateAuth"], is_signed=False)
                assert reply.error in ("", "NotAuthorizedException")
                if reply.status == 200:
                    tokens.append(reply.document["AuthenticationResult"]["AccessToken"])
        finally:
            wire.close()

    with ThreadPoolExecutor(CALLERS) as callers:
        list(callers.map(act, range(CALLERS)))
    errors = {house.call("GetUser", {"AccessToken": token}, is_signed=False).error for token in tokens}
    assert errors <= {"NotAuthorizedException"}
