"""Functions that shape no token: they refuse, give no answer, or the person changes while they are at work."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.harness import RunningServer
from tests.people.people import PASSWORD, refusal, sign_in
from tests.people.tokens import claims_of, refreshed
from tests.triggers.functions import Event, throwing
from tests.triggers.shaping import House, access

from poolhouse.ports.functions import FunctionTimeout


@pytest.fixture
def house(server: RunningServer, cognito: Any) -> House:
    return House(server, cognito)


def test_a_function_that_throws_says_why_and_nothing_is_used_up(house: House) -> None:
    house.cognito.admin_set_user_password(
        UserPoolId=house.pool_id, Username="ada", Password="Temporary-1x", Permanent=False
    )
    asked = house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": "Temporary-1x"},
    )

    def answered() -> Any:
        return house.cognito.respond_to_auth_challenge(
            ClientId=house.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": PASSWORD},
        )

    house.function.answer = throwing("Not today")
    assert refusal(answered) == (
        "UserLambdaValidationException",
        "PreTokenGeneration failed with error Not today.",
    )
    status = house.cognito.admin_get_user(UserPoolId=house.pool_id, Username="ada")["UserStatus"]
    assert status == "FORCE_CHANGE_PASSWORD"
    house.function.answer = lambda event: None
    assert answered()["AuthenticationResult"]["AccessToken"]


def test_a_function_that_gives_no_answer(house: House) -> None:
    def late(event: Event) -> None:
        raise FunctionTimeout("too late")

    house.function.answer = late
    code, message = house.refused()
    assert code == "UnexpectedLambdaException"
    assert message.startswith("PreTokenGeneration invocation failed due to error ")


def test_a_refused_refresh_leaves_the_refresh_token_good(server: RunningServer, cognito: Any) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    house = House(
        server, cognito, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"], RefreshTokenRotation=rotation
    )
    token = sign_in(cognito, house.client_id)["RefreshToken"]
    house.function.answer = throwing("No")
    assert refusal(refreshed, cognito, house.client_id, token)[0] == "UserLambdaValidationException"
    house.function.answer = lambda event: None
    assert refreshed(cognito, house.client_id, token)["RefreshToken"] != token


def test_a_reused_refresh_token_ends_the_family_unasked(server: RunningServer, cognito: Any) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    house = House(
        server, cognito, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"], RefreshTokenRotation=rotation
    )
    token = sign_in(cognito, house.client_id)["RefreshToken"]
    following = refreshed(cognito, house.client_id, token)["RefreshToken"]
    house.function.events.clear()
    assert refusal(refreshed, cognito, house.client_id, token)[0] == "RefreshTokenReuseException"
    assert refusal(refreshed, cognito, house.client_id, following)[0] != ""
    assert house.function.events == []


def test_who_is_refused_is_told_to_no_function(house: House) -> None:
    house.cognito.admin_disable_user(UserPoolId=house.pool_id, Username="ada")
    assert house.refused() == ("NotAuthorizedException", "User is disabled.")
    assert house.function.events == []


CHANGES: Mapping[str, Callable[[House], None]] = {
    "attributes": lambda house: house.change_email("new@example.com"),
    "groups": lambda house: house.join("late"),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("flow", ["sign-in", "refresh"])
def test_no_token_says_what_was_made_of_a_person_who_has_changed(
    house: House, change: str, flow: str
) -> None:
    """The function is asked again where the person changed while it was at work."""
    token = sign_in(house.cognito, house.client_id)["RefreshToken"]
    house.function.events.clear()

    def answer(event: Event) -> Mapping[str, Any]:
        if len(house.function.events) == 1:
            CHANGES[change](house)
        heard = [event["request"]["userAttributes"], event["request"]["groupConfiguration"]]
        return access(claimsToAddOrOverride={"heard": json.dumps(heard)})

    house.function.answer = answer
    act = sign_in if flow == "sign-in" else refreshed
    tokens = act(house.cognito, house.client_id, *([] if flow == "sign-in" else [token]))
    claims = claims_of(tokens["AccessToken"])
    assert len(house.function.events) == 2
    assert ("new@example.com" if change == "attributes" else "late") in claims["heard"]


def test_a_person_who_never_stands_still_gets_no_tokens(house: House) -> None:
    def answer(event: Event) -> None:
        house.change_email(f"a{len(house.function.events)}@example.com")

    house.function.answer = answer
    assert house.refused()[0] == "TooManyRequestsException"


def test_a_person_who_is_disabled_meanwhile_gets_no_tokens(house: House) -> None:
    def answer(event: Event) -> None:
        house.cognito.admin_disable_user(UserPoolId=house.pool_id, Username="ada")

    house.function.answer = answer
    assert house.refused() == ("NotAuthorizedException", "User is disabled.")
