"""While a function thinks, somebody else does something: what was true when it was asked may be so no longer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person
from tests.people.signing_up import an_email
from tests.triggers.functions import Event, a_function
from tests.triggers.signing_in import Custom, a_custom_pool, a_question, is_the_answer, passwordless

ASKED = {
    "DefineAuthChallenge": passwordless,
    "CreateAuthChallenge": a_question,
    "VerifyAuthChallengeResponse": is_the_answer,
    "PreAuthentication": lambda event: None,
    "PostAuthentication": lambda event: None,
    "PreTokenGeneration": lambda event: None,
}
Act = Callable[[Custom], Any]


def delete_the_pool(house: Custom) -> None:
    house.cognito.delete_user_pool(UserPoolId=house.pool_id)


def disable_the_person(house: Custom) -> None:
    house.cognito.admin_disable_user(UserPoolId=house.pool_id, Username="ada")


def a_house(server: RunningServer, cognito: Any, asked: str, act: Act) -> Custom:
    """Whose function `asked` answers once `act` is done."""
    done: list[str] = []

    def answering(name: str) -> Callable[[Event], Any]:
        def answer(event: Event) -> Any:
            if name == asked and not done:
                done.append(name)
                act(house)
            return ASKED[name](event)

        return answer

    define, create, verify = (answering(name) for name in list(ASKED)[:3])
    triggers = {name: a_function(server, answering(name)).arn for name in list(ASKED)[3:]}
    house = a_custom_pool(server, cognito, define, create, verify, triggers=triggers)
    a_person(cognito, house.pool_id, email=an_email())
    return house


def by_password(house: Custom) -> Any:
    return house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )


def by_srp(house: Custom) -> Any:
    return house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": "ada", "SRP_A": "a" * 64},
    )


def by_a_challenge(house: Custom) -> Any:
    return house.respond(house.begin(), ANSWER="four")


WAYS: dict[Callable[[Custom], Any], tuple[str, ...]] = {
    by_password: ("PreAuthentication", "PostAuthentication", "PreTokenGeneration"),
    by_srp: ("PreAuthentication",),
    by_a_challenge: tuple(ASKED),
}


@pytest.mark.parametrize("act", [delete_the_pool, disable_the_person])
@pytest.mark.parametrize(
    ("way", "asked"), [(way, asked) for way, functions in WAYS.items() for asked in functions]
)
def test_nobody_gets_in_who_is_gone_by_the_time_that_a_function_answers(
    server: RunningServer, cognito: Any, way: Callable[[Custom], Any], asked: str, act: Act
) -> None:
    house = a_house(server, cognito, asked, act)
    try:
        answer = way(house)
    except ClientError as refused:
        error = refused.response["Error"]
        assert error["Code"] in ("NotAuthorizedException", "ResourceNotFoundException"), error
    else:
        # A step that proves nothing may be asked; nobody answers it.
        assert way is by_srp, answer
        assert "AuthenticationResult" not in answer
