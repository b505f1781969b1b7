"""A pool's function before tokens are made: what it is told in each version, by each flow."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, refusal, sign_in
from tests.people.test_devices import ALWAYS
from tests.people.test_devices import a_house as a_device_house
from tests.people.tokens import claims_of, refreshed
from tests.triggers.functions import a_function, golden
from tests.triggers.shaping import OTHER_ROLE, ROLE, V1, V2, V3, House, access, configured, details

from poolhouse.core.trigger_samples import sample


@pytest.fixture
def house(server: RunningServer, cognito: Any) -> House:
    return House(server, cognito)


@pytest.mark.parametrize("version", [V1, V2, V3])
def test_the_event_of_each_version(server: RunningServer, cognito: Any, version: str) -> None:
    house = House(server, cognito, version=version)
    house.join("readers", Precedence=2, RoleArn=ROLE)
    house.join("writers", Precedence=1, RoleArn=OTHER_ROLE)
    house.sign_in()
    scopes = {} if version == V1 else {"scopes": ["aws.cognito.signin.user.admin"]}
    golden(
        house.function.event,
        {
            "version": version[1],
            "region": "us-east-1",
            "userPoolId": house.pool_id,
            "userName": "ada",
            "callerContext": {"awsSdkVersion": ANY, "clientId": house.client_id},
            "triggerSource": "TokenGeneration_Authentication",
            "request": {
                "userAttributes": {
                    "sub": house.sub,
                    "cognito:user_status": "CONFIRMED",
                    "email": "ada@example.com",
                    "email_verified": "true",
                },
                "groupConfiguration": {
                    "groupsToOverride": ["writers", "readers"],
                    "iamRolesToOverride": [OTHER_ROLE, ROLE],
                    "preferredRole": OTHER_ROLE,
                },
                **scopes,
            },
            "response": dict.fromkeys(details(version)),
        },
    )


@pytest.mark.parametrize("version", [V1, V2, V3])
def test_the_sample_of_each_version_is_shaped_like_the_event(
    server: RunningServer, cognito: Any, version: str
) -> None:
    house = House(server, cognito, version=version)
    house.sign_in()
    event = house.function.event
    like = sample("TokenGeneration_Authentication", version=version[1])
    del like["request"]["clientMetadata"]
    assert list(event) == list(like)
    for member in ("request", "response", "callerContext"):
        assert list(event[member]) == list(like[member])


def test_without_groups_the_event_has_empty_ones(house: House) -> None:
    house.sign_in()
    assert house.function.event["request"]["groupConfiguration"] == {
        "groupsToOverride": [],
        "iamRolesToOverride": [],
        "preferredRole": None,
    }


def test_the_plain_arn_asks_by_the_first_version(server: RunningServer, cognito: Any) -> None:
    house = House(server, cognito)
    cognito.update_user_pool(
        UserPoolId=house.pool_id, LambdaConfig={"PreTokenGeneration": house.function.arn}
    )
    house.sign_in()
    assert house.function.event["version"] == "1"


def test_metadata_of_a_sign_ins_beginning_does_not_reach_it_and_that_of_an_answer_does(house: House) -> None:
    house.cognito.admin_set_user_password(
        UserPoolId=house.pool_id, Username="ada", Password="Temporary-1x", Permanent=False
    )
    asked = house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Temporary-1x"},
        ClientMetadata={"from": "the beginning"},
    )
    house.cognito.respond_to_auth_challenge(
        ClientId=house.client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": PASSWORD},
        ClientMetadata={"from": "the answer"},
    )
    event = house.function.event
    assert event["triggerSource"] == "TokenGeneration_NewPasswordChallenge"
    assert event["request"]["clientMetadata"] == {"from": "the answer"}
    assert event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"
    house.function.events.clear()
    sign_in(house.cognito, house.client_id)
    assert "clientMetadata" not in house.function.event["request"]


def test_a_refresh_asks_again(house: House) -> None:
    tokens = sign_in(house.cognito, house.client_id)
    house.function.answer = lambda event: access(claimsToAddOrOverride={"from": event["triggerSource"]})
    refreshing = house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    claims = claims_of(refreshing["AuthenticationResult"]["AccessToken"])
    assert claims["from"] == "TokenGeneration_RefreshTokens"
    assert house.function.events[1]["request"]["scopes"] == ["aws.cognito.signin.user.admin"]


@pytest.mark.parametrize("rotates", [False, True])
def test_the_metadata_of_a_refresh_reaches_it(server: RunningServer, cognito: Any, rotates: bool) -> None:
    rotation = {"RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}}
    flows = ["ALLOW_USER_PASSWORD_AUTH"] + ([] if rotates else ["ALLOW_REFRESH_TOKEN_AUTH"])
    house = House(server, cognito, ExplicitAuthFlows=flows, **(rotation if rotates else {}))
    tokens = sign_in(cognito, house.client_id)
    refreshed(cognito, house.client_id, tokens["RefreshToken"], ClientMetadata={"a": "b"})
    assert house.function.sources == ["TokenGeneration_Authentication", "TokenGeneration_RefreshTokens"]
    assert house.function.events[1]["request"]["clientMetadata"] == {"a": "b"}


def test_a_device_that_proves_itself_is_a_source_of_its_own(server: RunningServer, cognito: Any) -> None:
    function = a_function(server)
    house = a_device_house(server, cognito)
    cognito.update_user_pool(
        UserPoolId=house.pool_id, LambdaConfig=configured(function.arn), DeviceConfiguration=ALWAYS
    )
    tokens = house.confirmed()
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    assert claims_of(tokens["AccessToken"])["device_key"] == key
    again = house.by_device(tokens)["AuthenticationResult"]
    assert claims_of(again["AccessToken"])["device_key"] == key
    assert function.sources == ["TokenGeneration_Authentication", "TokenGeneration_AuthenticateDevice"]


# --- the configuration ----------------------------------------------------------------------------------


def test_both_arns_must_agree(cognito: Any) -> None:
    one, other = (f"arn:aws:lambda:us-east-1:123456789012:function:{name}" for name in ("one", "other"))
    both = {**configured(one), "PreTokenGeneration": one}
    assert a_pool(cognito, LambdaConfig=both)
    code, _ = refusal(a_pool, cognito, LambdaConfig={**both, "PreTokenGeneration": other})
    assert code == "InvalidParameterException"


@pytest.mark.parametrize("version", [V2, V3])
def test_access_tokens_are_shaped_by_no_lite_pool(cognito: Any, version: str) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:one"
    assert a_pool(cognito, UserPoolTier="LITE", LambdaConfig=configured(arn, V1))
    code, _ = refusal(a_pool, cognito, UserPoolTier="LITE", LambdaConfig=configured(arn, version))
    assert code == "FeatureUnavailableInTierException"
