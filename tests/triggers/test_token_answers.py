"""What a pool's function may make of tokens, and what it may not."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from tests.harness import RunningServer
from tests.people.people import refusal, sign_in
from tests.people.tokens import claims_of
from tests.triggers.shaping import OTHER_ROLE, ROLE, V1, V2, V3, House, access, details, id_token

from poolhouse.core.errors import InvalidLambdaResponseException
from poolhouse.core.token_overrides import MAX_ADDITIONS, RESERVED, access_with, id_with, overrides_in
from poolhouse.core.triggers import response_in


@pytest.fixture
def house(server: RunningServer, cognito: Any) -> House:
    return House(server, cognito)


def test_the_first_version_shapes_the_id_token_alone(server: RunningServer, cognito: Any) -> None:
    answer = details(
        V1,
        claimsToAddOrOverride={"tier": "gold", "email": "other@example.com"},
        claimsToSuppress=["email_verified"],
    )
    house = House(server, cognito, lambda event: answer, V1)
    in_access, in_id = house.sign_in()
    assert (in_id["tier"], in_id["email"]) == ("gold", "other@example.com")
    assert "email_verified" not in in_id
    assert "tier" not in in_access


@pytest.mark.parametrize("version", [V2, V3])
def test_later_versions_shape_both_tokens_with_any_values(
    server: RunningServer, cognito: Any, version: str
) -> None:
    values = {
        "text": "é",
        "number": 7,
        "yes": True,
        "list": ["a", 1],
        "deep": {"a": {"b": [None]}},
        "null": None,
    }
    changes = {"claimsToAddOrOverride": values, "claimsToSuppress": ["username", "email"]}
    answer = details(version, accessTokenGeneration=changes, idTokenGeneration=changes)
    house = House(server, cognito, lambda event: answer, version)
    in_access, in_id = house.sign_in()
    for claims in (in_access, in_id):
        assert {name: claims.get(name) for name in values} == values
        assert "null" not in claims
    assert "username" not in in_access
    assert "email" not in in_id


def test_scopes_are_added_and_suppressed(house: House) -> None:
    house.function.answer = lambda event: access(
        scopesToAdd=["orders/read", "orders/write", "orders/read"],
        scopesToSuppress=["aws.cognito.signin.user.admin", "orders/write"],
    )
    tokens = sign_in(house.cognito, house.client_id)
    assert claims_of(tokens["AccessToken"])["scope"] == "orders/read"
    assert refusal(house.cognito.get_user, AccessToken=tokens["AccessToken"]) == (
        "NotAuthorizedException",
        "Access Token does not have required scopes",
    )


def test_what_is_suppressed_and_added_is_suppressed(house: House) -> None:
    house.function.answer = lambda event: id_token(
        claimsToAddOrOverride={"tier": "gold"}, claimsToSuppress=["tier"]
    )
    assert "tier" not in house.sign_in()[1]


SERVERS_OWN = sorted(RESERVED | {"cognito:username", "cognito:groups", "cognito:x", "dev:x"})
FORGED: Mapping[str, Mapping[str, Any]] = {
    "added": {"claimsToAddOrOverride": dict.fromkeys(SERVERS_OWN, "forged")},
    "suppressed": {"claimsToSuppress": SERVERS_OWN},
}


@pytest.mark.parametrize("how", FORGED)
def test_what_a_token_is_no_function_says(house: House, how: str) -> None:
    house.join("readers")
    plain = house.sign_in()
    house.function.answer = lambda event: details(
        V2, accessTokenGeneration=FORGED[how], idTokenGeneration=FORGED[how]
    )
    shaped = house.sign_in()
    for before, after in zip(plain, shaped, strict=True):
        assert after.keys() == before.keys()
        assert "forged" not in after.values()


@pytest.mark.parametrize("name", SERVERS_OWN)
@pytest.mark.parametrize("how", FORGED)
def test_each_claim_of_the_servers_stays(name: str, how: str) -> None:
    member = {"claimsToAddOrOverride": {name: "forged"}} if how == "added" else {"claimsToSuppress": [name]}
    overrides = overrides_in(details(V2, accessTokenGeneration=member, idTokenGeneration=member, other=1), V2)
    for claims in ({name: "the server's", "a": 1}, {"a": 1}):
        assert access_with(claims, overrides, "client") == claims
        assert id_with(claims, overrides) == claims


def test_an_access_token_may_be_for_its_client_and_nobody_else(house: House) -> None:
    house.function.answer = lambda event: access(claimsToAddOrOverride={"aud": house.client_id})
    assert house.sign_in()[0]["aud"] == house.client_id
    house.function.answer = lambda event: details(
        V2,
        accessTokenGeneration={"claimsToAddOrOverride": {"aud": "https://other.example"}},
        idTokenGeneration={"claimsToAddOrOverride": {"aud": "other"}, "claimsToSuppress": ["aud"]},
    )
    in_access, in_id = house.sign_in()
    assert "aud" not in in_access
    assert in_id["aud"] == house.client_id


@pytest.mark.parametrize("version", [V1, V2])
@pytest.mark.parametrize("given", [None, {}])
def test_groups_that_are_nothing_are_taken_away(
    server: RunningServer, cognito: Any, version: str, given: Any
) -> None:
    house = House(server, cognito, lambda event: details(version, groupOverrideDetails=given), version)
    house.join("readers", RoleArn=ROLE)
    for claims in house.sign_in():
        assert not {"cognito:groups", "cognito:roles", "cognito:preferred_role"} & claims.keys()


def test_groups_and_roles_are_replaced_as_a_whole(server: RunningServer, cognito: Any) -> None:
    given = {"groupsToOverride": ["z", "a"], "iamRolesToOverride": [OTHER_ROLE], "preferredRole": OTHER_ROLE}
    house = House(server, cognito, lambda event: details(V1, groupOverrideDetails=given), V1)
    house.join("readers", RoleArn=ROLE)
    in_access, in_id = house.sign_in()
    assert in_access["cognito:groups"] == in_id["cognito:groups"] == ["z", "a"]
    assert (in_id["cognito:roles"], in_id["cognito:preferred_role"]) == ([OTHER_ROLE], OTHER_ROLE)
    assert "cognito:roles" not in in_access


def test_groups_that_are_not_mentioned_stay(house: House) -> None:
    house.join("readers")
    house.function.answer = lambda event: access(claimsToAddOrOverride={"tier": "gold"})
    assert house.sign_in()[0]["cognito:groups"] == ["readers"]


def test_typed_claims_keep_their_types(server: RunningServer, cognito: Any) -> None:
    values = {"email_verified": "false", "updated_at": "1700000000", "address": "1 Main St"}
    house = House(server, cognito, lambda event: details(V1, claimsToAddOrOverride=values), V1)
    _, claims = house.sign_in()
    assert claims["email_verified"] is False
    assert claims["updated_at"] == 1_700_000_000
    assert claims["address"] == {"formatted": "1 Main St"}


UNRECOGNIZABLE = "Unrecognizable lambda output"
BAD: Mapping[str, tuple[str, Any]] = {
    "no document": (V2, {"claimsAndScopeOverrideDetails": "x"}),
    "a list of claims": (V2, id_token(claimsToAddOrOverride=["x"])),
    "a claim to suppress that is no text": (V2, id_token(claimsToSuppress=[1])),
    "scopes that are no list": (V2, access(scopesToAdd="orders/read")),
    "a number in the first version": (V1, details(V1, claimsToAddOrOverride={"a": 1})),
    "groups that are no list": (V2, details(V2, groupOverrideDetails={"groupsToOverride": "a"})),
    "a role that is no text": (V2, details(V2, groupOverrideDetails={"preferredRole": 1})),
    "a scope with a blank": (V2, access(scopesToAdd=["a b"])),
    "a scope with a quote": (V2, access(scopesToAdd=['a"b'])),
    "an empty scope": (V2, access(scopesToAdd=[""])),
    "a complex address": (V2, id_token(claimsToAddOrOverride={"address": {"formatted": "x"}})),
    "too many": (V2, access(claimsToSuppress=["x"] * (MAX_ADDITIONS + 1))),
    "too long": (V2, access(claimsToAddOrOverride={"x": "y" * 20_000})),
    "too long together": (V2, details(V2, groupOverrideDetails={"groupsToOverride": ["y" * 20_000]})),
    "half a surrogate pair": (V2, b'{"response": {"claimsAndScopeOverrideDetails": {"a": "\\ud800"}}}'),
    "a number without bounds": (V2, b'{"response": {"a": 1' + b"0" * 400 + b"}}"),
}


@pytest.mark.parametrize("name", BAD)
def test_an_answer_that_is_none(name: str) -> None:
    version, answer = BAD[name]
    text = answer if isinstance(answer, bytes) else json.dumps({"response": answer}).encode()
    with pytest.raises(InvalidLambdaResponseException) as refused:
        overrides_in(response_in(text), version)
    message = refused.value.message
    assert message == UNRECOGNIZABLE or message.startswith("Invalid lambda function output : ")


@pytest.mark.parametrize("name", ["a list of claims", "half a surrogate pair", "too long"])
def test_an_answer_that_is_none_gives_no_tokens(house: House, name: str) -> None:
    answer = BAD[name][1]
    house.function.answer = lambda event: answer
    assert house.refused()[0] == "InvalidLambdaResponseException"
