"""A pool's function after somebody was confirmed: what it is told, and that its failure undoes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, refusal, sign_in, the_code
from tests.people.signing_up import (
    a_member,
    a_sign_up_app,
    an_email,
    confirm,
    not_the,
    sign_up,
    status_of,
)
from tests.triggers.functions import Answer, Event, Function, a_function, golden, throwing

from poolhouse.ports.functions import FunctionUnavailable

METADATA = {"channel": "shop"}
NEW_PASSWORD = "Another-Horse-8"


def a_told_app(
    server: RunningServer, cognito: Any, answer: Answer = lambda event: None, **pool: Any
) -> tuple[Function, str, str]:
    told = a_function(server, answer)
    return told, *a_sign_up_app(cognito, LambdaConfig={"PostConfirmation": told.arn}, **pool)


def forget(server: RunningServer, cognito: Any, client_id: str, email: str) -> dict[str, Any]:
    """What ConfirmForgotPassword takes, after a code was sent."""
    cognito.forgot_password(ClientId=client_id, Username="ada")
    return {
        "ClientId": client_id,
        "Username": "ada",
        "ConfirmationCode": the_code(server, email),
        "Password": NEW_PASSWORD,
    }


def test_the_event_of_a_confirmation(server: RunningServer, cognito: Any) -> None:
    told, pool_id, client_id = a_told_app(server, cognito)
    email = an_email()
    sub = sign_up(cognito, client_id, attributes={"email": email, "given_name": "Ada"})["UserSub"]
    assert not told.events
    confirm(cognito, client_id, "ada", the_code(server, email), ClientMetadata=METADATA)
    golden(
        told.event,
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": pool_id,
            "userName": "ada",
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
            "triggerSource": "PostConfirmation_ConfirmSignUp",
            "request": {
                "userAttributes": {
                    "sub": sub,
                    "cognito:user_status": "CONFIRMED",
                    "email": email,
                    "given_name": "Ada",
                    "email_verified": "true",
                },
                "clientMetadata": METADATA,
            },
            "response": {},
        },
    )


def test_the_function_finds_the_person_confirmed(server: RunningServer, cognito: Any) -> None:
    found: list[str] = []

    def look(event: Event) -> None:
        found.append(status_of(cognito, event["userPoolId"], event["userName"]))

    _, _, client_id = a_told_app(server, cognito, look)
    a_member(server, cognito, client_id)
    assert found == ["CONFIRMED"]


def test_a_wrong_code_tells_nobody(server: RunningServer, cognito: Any) -> None:
    told, _, client_id = a_told_app(server, cognito)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    wrong = not_the(the_code(server, email))
    assert refusal(confirm, cognito, client_id, "ada", wrong)[0] == "CodeMismatchException"
    assert not told.events


def unavailable(event: Event) -> None:
    raise FunctionUnavailable("gone")


FAILURES = [
    (throwing("Full"), "UserLambdaValidationException", "PostConfirmation failed with error Full."),
    (
        unavailable,
        "UnexpectedLambdaException",
        f"PostConfirmation invocation failed due to error {FunctionUnavailable.cause}.",
    ),
    (lambda event: b"[]", "InvalidLambdaResponseException", "Unrecognizable lambda output"),
]


@pytest.mark.parametrize(("answer", "code", "text"), FAILURES)
def test_a_failure_is_told_and_undoes_no_confirmation(
    server: RunningServer, cognito: Any, answer: Answer, code: str, text: str
) -> None:
    _, pool_id, client_id = a_told_app(server, cognito, answer)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    assert refusal(confirm, cognito, client_id, "ada", the_code(server, email)) == (code, text)
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    assert sign_in(cognito, client_id)["AccessToken"]


def test_an_administrator_confirms_and_the_function_hears_of_it(server: RunningServer, cognito: Any) -> None:
    told, pool_id, client_id = a_told_app(server, cognito)
    sub = sign_up(cognito, client_id)["UserSub"]
    cognito.admin_confirm_sign_up(UserPoolId=pool_id, Username="ada", ClientMetadata=METADATA)
    assert told.event["triggerSource"] == "PostConfirmation_ConfirmSignUp"
    assert told.event["callerContext"]["clientId"] == "CLIENT_ID_NOT_APPLICABLE"
    golden(
        told.event["request"],
        {
            "userAttributes": {"sub": sub, "cognito:user_status": "CONFIRMED"},
            "clientMetadata": METADATA,
        },
    )


def test_a_failure_undoes_nothing_that_an_administrator_did(server: RunningServer, cognito: Any) -> None:
    _, pool_id, client_id = a_told_app(server, cognito, throwing("Full"))
    sign_up(cognito, client_id)
    told = refusal(cognito.admin_confirm_sign_up, UserPoolId=pool_id, Username="ada")
    assert told == ("UserLambdaValidationException", "PostConfirmation failed with error Full.")
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"


def test_the_event_of_a_new_password(server: RunningServer, cognito: Any) -> None:
    told, pool_id, client_id = a_told_app(server, cognito)
    email = a_member(server, cognito, client_id)
    told.events.clear()
    cognito.confirm_forgot_password(**forget(server, cognito, client_id, email), ClientMetadata=METADATA)
    event = told.event
    golden(
        event,
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": pool_id,
            "userName": "ada",
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
            "triggerSource": "PostConfirmation_ConfirmForgotPassword",
            "request": {
                "userAttributes": {
                    "sub": event["request"]["userAttributes"]["sub"],
                    "cognito:user_status": "CONFIRMED",
                    "email": email,
                    "email_verified": "true",
                },
                "clientMetadata": METADATA,
            },
            "response": {},
        },
    )
    assert NEW_PASSWORD not in str(event)


def test_a_failure_undoes_no_new_password(server: RunningServer, cognito: Any) -> None:
    told, _, client_id = a_told_app(server, cognito)
    email = a_member(server, cognito, client_id)
    told.answer = throwing("Full")
    said = refusal(cognito.confirm_forgot_password, **forget(server, cognito, client_id, email))
    assert said == ("UserLambdaValidationException", "PostConfirmation failed with error Full.")
    assert sign_in(cognito, client_id, password=NEW_PASSWORD)["AccessToken"]
    assert refusal(sign_in, cognito, client_id)[0] == "NotAuthorizedException"


def test_a_failure_after_an_account_was_confirmed_at_once_leaves_it(
    server: RunningServer, cognito: Any
) -> None:
    guard = a_function(server, lambda event: {"autoConfirmUser": True})
    told = a_function(server, throwing("Full"))
    pool_id, client_id = a_sign_up_app(
        cognito, LambdaConfig={"PreSignUp": guard.arn, "PostConfirmation": told.arn}
    )
    assert refusal(sign_up, cognito, client_id) == (
        "UserLambdaValidationException",
        "PostConfirmation failed with error Full.",
    )
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"


def test_nobody_is_told_of_a_person_whom_an_administrator_made(server: RunningServer, cognito: Any) -> None:
    told, pool_id, client_id = a_told_app(server, cognito)
    a_person(cognito, pool_id)
    temporary = {"UserPoolId": pool_id, "Username": "eve", "TemporaryPassword": PASSWORD}
    cognito.admin_create_user(**temporary, MessageAction="SUPPRESS")
    challenge = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "eve", "PASSWORD": PASSWORD},
    )
    cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "eve", "NEW_PASSWORD": NEW_PASSWORD},
    )
    assert status_of(cognito, pool_id, "eve") == "CONFIRMED"
    assert not told.events
