"""What machines' tokens say: by the pool's function, and by their client's configuration without any."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from unittest.mock import ANY

import pytest
from tests.admin import admin_client
from tests.conftest import Machine, a_machine, a_machine_client
from tests.harness import RunningServer
from tests.oauth.test_token import Answer, ask, basic
from tests.people.people import a_person, an_app, refusal, sign_in
from tests.people.tokens import claims_of
from tests.triggers.functions import Function, a_function, golden, throwing
from tests.triggers.shaping import V2, V3, access, configured, details

from poolhouse.core.token_overrides import RESERVED, unusable, with_configured
from poolhouse.core.trigger_samples import sample
from poolhouse.ports.functions import FunctionTimeout

MACHINES_OWN = {
    "sub",
    "token_use",
    "scope",
    "auth_time",
    "iss",
    "exp",
    "iat",
    "version",
    "jti",
    "client_id",
}
METADATA = {"tenant": "7"}


@pytest.fixture
def shaped(server: RunningServer, cognito: Any) -> tuple[Machine, Function]:
    """A machine whose pool has a function, and that function."""
    function = a_function(server)
    return a_machine(server, cognito, LambdaConfig=configured(function.arn, V3)), function


def answered(machine: Machine, **form: str) -> Answer:
    return ask(machine, basic(machine.client_id, machine.client_secret), **form)


def claims(machine: Machine, **form: str) -> dict[str, Any]:
    answer = answered(machine, **form)
    assert answer.status == 200, answer.body
    return claims_of(answer.document["access_token"])


def test_the_event_of_a_machine(shaped: tuple[Machine, Function]) -> None:
    machine, function = shaped
    claims(machine, scope="orders/read", aws_client_metadata=json.dumps(METADATA))
    golden(
        function.event,
        {
            "version": "3",
            "region": "us-east-1",
            "userPoolId": machine.pool_id,
            "userName": "ClientCredentials",
            "callerContext": {"awsSdkVersion": ANY, "clientId": machine.client_id},
            "triggerSource": "TokenGeneration_ClientCredentials",
            "request": {
                "userAttributes": {},
                "groupConfiguration": None,
                "scopes": ["orders/read"],
                "clientMetadata": METADATA,
            },
            "response": {"claimsAndScopeOverrideDetails": None},
        },
    )
    like = sample("TokenGeneration_ClientCredentials")
    assert list(function.event) == list(like)
    assert list(function.event["request"]) == list(like["request"])
    assert function.event["version"] == like["version"]


def test_without_metadata_the_event_has_none(shaped: tuple[Machine, Function]) -> None:
    machine, function = shaped
    claims(machine)
    assert "clientMetadata" not in function.event["request"]


def test_claims_and_scopes_are_added_and_taken_away(shaped: tuple[Machine, Function]) -> None:
    machine, function = shaped
    function.answer = lambda event: details(
        V3,
        accessTokenGeneration={
            "claimsToAddOrOverride": {"tenant": {"id": 7}, "aud": machine.client_id},
            "scopesToAdd": ["orders/write"],
            "scopesToSuppress": ["orders/read"],
        },
        idTokenGeneration={"claimsToAddOrOverride": {"nobody": "reads this"}},
    )
    found = claims(machine)
    assert (found["tenant"], found["aud"], found["scope"]) == ({"id": 7}, machine.client_id, "orders/write")
    assert "nobody" not in found


def test_what_a_machines_token_is_no_function_says(shaped: tuple[Machine, Function]) -> None:
    machine, function = shaped
    forged = dict.fromkeys(sorted(RESERVED | {"cognito:username"}), "forged")
    function.answer = lambda event: access(claimsToAddOrOverride=forged)
    found = claims(machine)
    assert found.keys() == MACHINES_OWN
    assert "forged" not in found.values()
    function.answer = lambda event: access(claimsToSuppress=sorted(MACHINES_OWN))
    assert claims(machine).keys() == MACHINES_OWN


def test_a_pool_whose_function_knows_no_machines_asks_it_nothing(server: RunningServer, cognito: Any) -> None:
    function = a_function(server)
    machine = a_machine(server, cognito, LambdaConfig=configured(function.arn, V2))
    assert claims(machine).keys() == MACHINES_OWN
    assert function.events == []


def test_a_function_that_is_set_later_is_asked_at_once(server: RunningServer, cognito: Any) -> None:
    machine = a_machine(server, cognito)
    claims(machine)
    function = a_function(server, lambda event: access(claimsToAddOrOverride={"tier": "gold"}))
    cognito.update_user_pool(UserPoolId=machine.pool_id, LambdaConfig=configured(function.arn, V3))
    assert claims(machine)["tier"] == "gold"
    cognito.update_user_pool(UserPoolId=machine.pool_id, LambdaConfig={})
    assert "tier" not in claims(machine)


def late(event: Any) -> None:
    raise FunctionTimeout("too late")


FAILURES: Mapping[str, tuple[Any, str]] = {
    "throws": (throwing("No such tenant"), "PreTokenGeneration failed with error No such tenant."),
    "is late": (late, "PreTokenGeneration invocation failed due to error "),
    "answers nonsense": (lambda event: b"[]", "Unrecognizable lambda output"),
}


@pytest.mark.parametrize("how", FAILURES)
def test_a_function_that_gives_no_answer_gives_no_token(shaped: tuple[Machine, Function], how: str) -> None:
    machine, function = shaped
    function.answer, words = FAILURES[how]
    answer = answered(machine)
    assert answer.error == (400, "invalid_request")
    assert answer.document["error_description"].startswith(words)


def test_a_client_that_is_refused_is_told_to_no_function(shaped: tuple[Machine, Function]) -> None:
    machine, function = shaped
    assert answered(machine, scope="orders/fly").error == (400, "invalid_scope")
    assert ask(machine, basic(machine.client_id, "wrong")).error == (400, "invalid_client")
    assert answered(machine, aws_client_metadata='{"a": 1}').error == (400, "invalid_request")
    assert function.events == []


def test_a_token_by_the_api_is_shaped_too(shaped: tuple[Machine, Function], cognito: Any) -> None:
    machine, function = shaped
    client = a_machine_client(
        cognito,
        machine.pool_id,
        ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"],
    )
    credentials = {"ClientId": client["ClientId"], "Secret": client["ClientSecret"]}
    function.answer = lambda event: access(claimsToAddOrOverride=event["request"]["clientMetadata"])
    result = cognito.get_client_token(**credentials, ClientMetadata=METADATA)["ClientAuthenticationResult"]
    assert claims_of(result["AccessToken"])["tenant"] == "7"
    function.answer = throwing("No such tenant")
    assert refusal(cognito.get_client_token, **credentials) == (
        "NotAuthorizedException",
        "PreTokenGeneration failed with error No such tenant.",
    )


# --- without a function ----------------------------------------------------------------------------------


def configure(server: RunningServer, machine_or_ids: tuple[str, str], claims: Any) -> dict[str, Any]:
    pool_id, client_id = machine_or_ids
    text = claims if isinstance(claims, str) else json.dumps(claims)
    answer = admin_client(server).update_user_pool_client_extensions(
        UserPoolId=pool_id, ClientId=client_id, TokenClaims=text
    )
    extensions: dict[str, Any] = answer["Extensions"]
    return extensions


def test_a_clients_configuration_adds_claims(server: RunningServer, machine: Machine) -> None:
    ids = machine.pool_id, machine.client_id
    given = {"tier": "gold", "limits": {"a": [1, None, True]}}
    assert json.loads(configure(server, ids, given)["TokenClaims"]) == given
    described = admin_client(server).describe_user_pool_client_extensions(UserPoolId=ids[0], ClientId=ids[1])
    assert json.loads(described["Extensions"]["TokenClaims"]) == given
    found = claims(machine)
    assert found.keys() == MACHINES_OWN | given.keys()
    assert {name: found[name] for name in given} == given
    admin_client(server).update_user_pool_client_extensions(UserPoolId=ids[0], ClientId=ids[1])
    assert claims(machine).keys() == MACHINES_OWN


def test_a_function_has_the_last_word_on_configured_claims(
    server: RunningServer, shaped: tuple[Machine, Function]
) -> None:
    machine, function = shaped
    configure(server, (machine.pool_id, machine.client_id), {"tier": "gold", "region": "eu"})
    function.answer = lambda event: access(
        claimsToAddOrOverride={"tier": "silver"}, claimsToSuppress=["region"]
    )
    found = claims(machine)
    assert found["tier"] == "silver"
    assert "region" not in found


def test_peoples_tokens_have_configured_claims_too_and_keep_their_own(
    server: RunningServer, cognito: Any, machine: Machine
) -> None:
    client_id = an_app(cognito, machine.pool_id)["ClientId"]
    a_person(cognito, machine.pool_id, email="ada@example.com")
    configure(server, (machine.pool_id, client_id), {"tier": "gold", "email": "x", "username": "eve"})
    tokens = sign_in(cognito, client_id)
    in_access, in_id = claims_of(tokens["AccessToken"]), claims_of(tokens["IdToken"])
    assert (in_access["tier"], in_id["tier"]) == ("gold", "gold")
    assert (in_access["username"], in_id["email"]) == ("ada", "ada@example.com")


@pytest.mark.parametrize(
    "given",
    [
        "[]",
        "x",
        "null",
        '{"a": NaN}',
        '{"a": "\\ud800"}',
        '{"": 1}',
        '{"aud": "x"}',
        '{"sub": "x"}',
        '{"scope": "x"}',
        '{"cognito:groups": ["admins"]}',
    ],
)
def test_claims_that_no_configuration_can_set_change_nothing(
    server: RunningServer, machine: Machine, given: str
) -> None:
    ids = machine.pool_id, machine.client_id
    code, _ = refusal(configure, server, ids, given)
    assert code == "InvalidParameterException"
    assert claims(machine).keys() == MACHINES_OWN


@pytest.mark.parametrize("name", sorted(RESERVED | {"aud", "", "cognito:x", "dev:x"}))
def test_each_claim_of_the_servers_is_unusable(name: str) -> None:
    assert unusable(["fine", name]) == name


def test_what_the_server_says_stands() -> None:
    assert with_configured({"a": 1}, {"a": 2, "b": 3}) == {"a": 1, "b": 3}
