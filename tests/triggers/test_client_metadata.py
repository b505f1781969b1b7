"""Which function hears an operation's ClientMetadata, and as what. One test for each way that it can take.

Source: Cognito API reference, `ClientMetadata` of each operation; developer guide, "Client metadata".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, sign_in, the_code
from tests.people.signing_up import an_email, sign_up
from tests.triggers.every_source import PASSWORD_ELSEWHERE, House
from tests.triggers.functions import Event

AS_ITSELF, AS_VALIDATION, NOT_AT_ALL = "clientMetadata", "validationData", None
METADATA = {"by": "the operation"}
TOLD = {"ClientMetadata": METADATA}


@pytest.fixture
def house(server: RunningServer) -> House:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    house = House(server, "V1_0", Policies=factors, UserPoolTier="ESSENTIALS")
    house.open()
    return house


@contextmanager
def hears(house: House, expected: Mapping[str, str | None]) -> Iterator[None]:
    """What is done within asks these sources and no others, and gives them the metadata so."""
    before = len(house.function.events)
    yield
    heard = {(event["triggerSource"], as_what(event)) for event in house.function.events[before:]}
    assert heard == set(expected.items())


def as_what(event: Event) -> str | None:
    """Under which name a function was given the metadata."""
    given = [name for name, value in event["request"].items() if value == METADATA]
    assert len(given) <= 1
    return given[0] if given else None


def answer(house: House, asked: Any, by_whom: str = "people", **answers: str) -> Any:
    """Of RespondToAuthChallenge, or of the administrators'."""
    respond: Callable[..., Any] = house.cognito.respond_to_auth_challenge
    parameters = {
        "ClientId": house.client_id,
        "ChallengeName": asked["ChallengeName"],
        "Session": asked["Session"],
        "ChallengeResponses": {"USERNAME": "ada", **answers},
        **TOLD,
    }
    if by_whom == "administrators":
        respond = house.cognito.admin_respond_to_auth_challenge
        parameters["UserPoolId"] = house.pool_id
    return respond(**parameters)


def begin(house: House, flow: str, by_whom: str = "people", **values: str) -> Any:
    """Of InitiateAuth, or of the administrators'."""
    initiate: Callable[..., Any] = house.cognito.initiate_auth
    parameters = {
        "ClientId": house.client_id,
        "AuthFlow": flow,
        "AuthParameters": {"USERNAME": "ada", **values},
        **TOLD,
    }
    if by_whom == "administrators":
        initiate = house.cognito.admin_initiate_auth
        parameters["UserPoolId"] = house.pool_id
    return initiate(**parameters)


def test_of_signing_up_and_forgetting_the_password(house: House, server: RunningServer) -> None:
    cognito, client_id, email = house.cognito, house.client_id, an_email()
    whom = {"ClientId": client_id, "Username": "ada"}
    with hears(house, {"PreSignUp_SignUp": AS_ITSELF, "CustomMessage_SignUp": AS_ITSELF}):
        sign_up(cognito, client_id, attributes={"email": email}, **TOLD)
    with hears(house, {"CustomMessage_ResendCode": AS_ITSELF}):
        cognito.resend_confirmation_code(**whom, **TOLD)
    with hears(house, {"PostConfirmation_ConfirmSignUp": AS_ITSELF}):
        cognito.confirm_sign_up(**whom, ConfirmationCode=the_code(server, email), **TOLD)
    with hears(house, {"CustomMessage_ForgotPassword": AS_ITSELF}):
        cognito.forgot_password(**whom, **TOLD)
    with hears(house, {"PostConfirmation_ConfirmForgotPassword": AS_ITSELF}):
        code = the_code(server, email)
        cognito.confirm_forgot_password(**whom, ConfirmationCode=code, Password=PASSWORD, **TOLD)


def test_of_what_administrators_do(house: House, server: RunningServer) -> None:
    cognito, email = house.cognito, an_email()
    whom = {"UserPoolId": house.pool_id, "Username": "ada"}
    sign_up(cognito, house.client_id, attributes={"email": an_email()})
    with hears(house, {"PostConfirmation_ConfirmSignUp": AS_ITSELF}):
        cognito.admin_confirm_sign_up(**whom, **TOLD)
    verified = [{"Name": "email_verified", "Value": "true"}]
    with hears(house, {"CustomMessage_UpdateUserAttribute": AS_ITSELF}):
        cognito.admin_update_user_attributes(
            **whom, UserAttributes=[{"Name": "email", "Value": an_email()}], **TOLD
        )
    with hears(house, {}):
        cognito.admin_update_user_attributes(**whom, UserAttributes=verified, **TOLD)
    with hears(house, {"CustomMessage_ForgotPassword": AS_ITSELF}):
        cognito.admin_reset_user_password(**whom, **TOLD)
    bob = {**whom, "Username": "bob", "UserAttributes": [{"Name": "email", "Value": email}]}
    with hears(house, {"PreSignUp_AdminCreateUser": AS_ITSELF, "CustomMessage_AdminCreateUser": AS_ITSELF}):
        cognito.admin_create_user(**bob, TemporaryPassword="Former-horse-1", **TOLD)
    with hears(house, {"CustomMessage_AdminCreateUser": AS_ITSELF}):
        cognito.admin_create_user(**bob, MessageAction="RESEND", **TOLD)


def test_of_what_people_do_to_their_addresses(house: House) -> None:
    a_person(house.cognito, house.pool_id, email=an_email(), email_verified="true")
    token = sign_in(house.cognito, house.client_id)["AccessToken"]
    with hears(house, {"CustomMessage_UpdateUserAttribute": AS_ITSELF}):
        house.cognito.update_user_attributes(
            AccessToken=token, UserAttributes=[{"Name": "email", "Value": an_email()}], **TOLD
        )
    with hears(house, {"CustomMessage_VerifyUserAttribute": AS_ITSELF}):
        house.cognito.get_user_attribute_verification_code(AccessToken=token, AttributeName="email", **TOLD)


@pytest.mark.parametrize(
    ("by_whom", "flow"), [("people", "USER_PASSWORD_AUTH"), ("administrators", "ADMIN_USER_PASSWORD_AUTH")]
)
def test_of_a_sign_in_with_a_password(house: House, by_whom: str, flow: str) -> None:
    a_person(house.cognito, house.pool_id, email=an_email(), email_verified="true")
    whole = {
        "PreAuthentication_Authentication": AS_VALIDATION,
        "PostAuthentication_Authentication": NOT_AT_ALL,
        "TokenGeneration_Authentication": NOT_AT_ALL,
    }
    with hears(house, whole):
        tokens = begin(house, flow, by_whom, PASSWORD=PASSWORD)["AuthenticationResult"]
    with hears(house, {"TokenGeneration_RefreshTokens": NOT_AT_ALL}):
        begin(house, "REFRESH_TOKEN_AUTH", by_whom, REFRESH_TOKEN=tokens["RefreshToken"])
    with hears(house, {"TokenGeneration_RefreshTokens": AS_ITSELF}):
        house.cognito.get_tokens_from_refresh_token(
            ClientId=house.client_id, RefreshToken=tokens["RefreshToken"], **TOLD
        )


@pytest.mark.parametrize("by_whom", ["people", "administrators"])
def test_of_a_new_password_and_of_a_custom_sign_in(house: House, by_whom: str) -> None:
    flow = "USER_PASSWORD_AUTH" if by_whom == "people" else "ADMIN_USER_PASSWORD_AUTH"
    house.cognito.admin_create_user(
        UserPoolId=house.pool_id, Username="ada", TemporaryPassword="Former-horse-1", MessageAction="SUPPRESS"
    )
    with hears(house, {"PreAuthentication_Authentication": AS_VALIDATION}):
        asked = begin(house, flow, by_whom, PASSWORD="Former-horse-1")
    ends = {
        "PostAuthentication_Authentication": AS_ITSELF,
        "TokenGeneration_NewPasswordChallenge": AS_ITSELF,
    }
    with hears(house, ends):
        answer(house, asked, by_whom, NEW_PASSWORD=PASSWORD)
    asks = {
        "DefineAuthChallenge_Authentication": NOT_AT_ALL,
        "CreateAuthChallenge_Authentication": NOT_AT_ALL,
    }
    with hears(house, {"PreAuthentication_Authentication": AS_VALIDATION, **asks}):
        asked = begin(house, "CUSTOM_AUTH", by_whom)
    looks = {"VerifyAuthChallengeResponse_Authentication": AS_ITSELF}
    with hears(house, {**looks, **dict.fromkeys(asks, AS_ITSELF)}):
        asked = answer(house, asked, by_whom, ANSWER="five")
    ends = {"PostAuthentication_Authentication": AS_ITSELF, "TokenGeneration_Authentication": AS_ITSELF}
    with hears(house, {**looks, "DefineAuthChallenge_Authentication": AS_ITSELF, **ends}):
        answer(house, asked, by_whom, ANSWER="four")


def test_of_a_code_by_email(house: House) -> None:
    a_person(house.cognito, house.pool_id, email=an_email(), email_verified="true")
    begins = {"PreAuthentication_Authentication": AS_VALIDATION}
    with hears(house, {**begins, "CustomMessage_Authentication": NOT_AT_ALL}):
        begin(house, "USER_AUTH", PREFERRED_CHALLENGE="EMAIL_OTP")
    with hears(house, begins):
        asked = begin(house, "USER_AUTH")
    with hears(house, {"CustomMessage_Authentication": AS_ITSELF}):
        answer(house, asked, ANSWER="EMAIL_OTP")


def test_of_people_of_another_directory(house: House) -> None:
    whom = {"UserPoolId": house.pool_id, "Username": "ada"}
    with hears(
        house,
        {
            "PreAuthentication_Authentication": AS_VALIDATION,
            "UserMigration_Authentication": AS_VALIDATION,
            "PostAuthentication_Authentication": NOT_AT_ALL,
            "TokenGeneration_Authentication": NOT_AT_ALL,
        },
    ):
        begin(house, "USER_PASSWORD_AUTH", PASSWORD=PASSWORD_ELSEWHERE)
    house.cognito.admin_delete_user(**whom)
    with hears(house, {"PreAuthentication_Authentication": AS_VALIDATION}):
        asked = begin(house, "USER_AUTH")
    with hears(
        house,
        {
            "UserMigration_Authentication": AS_ITSELF,
            "PreAuthentication_Authentication": NOT_AT_ALL,
            "PostAuthentication_Authentication": AS_ITSELF,
            "TokenGeneration_Authentication": AS_ITSELF,
        },
    ):
        answer(house, asked, ANSWER="PASSWORD", PASSWORD=PASSWORD_ELSEWHERE)
    house.cognito.admin_delete_user(**whom)
    with hears(house, {"UserMigration_ForgotPassword": AS_ITSELF}):
        house.cognito.forgot_password(ClientId=house.client_id, Username="ada", **TOLD)
