"""CUSTOM_AUTH: the pool's functions decide, and nothing of what they have not said lets anybody in."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import ANY

import pytest
from botocore.exceptions import ClientError
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal
from tests.people.signing_up import an_email
from tests.triggers.functions import Event, golden, throwing
from tests.triggers.signing_in import (
    FAIL,
    INVALID,
    REFUSED,
    Custom,
    a_custom_pool,
    session_of,
    wants,
)

from poolhouse.ports.functions import FunctionUnavailable

UNKNOWN = ("InvalidLambdaResponseException", "Unrecognizable lambda output")
NO_SUCH = ("InvalidLambdaResponseException", "Invalid lambda function output : Invalid challengeName")


@pytest.fixture
def custom(server: RunningServer, cognito: Any) -> Custom:
    custom = a_custom_pool(server, cognito)
    a_person(cognito, custom.pool_id, email=an_email())
    return custom


# --- the way in -------------------------------------------------------------------------------------------


def test_who_answers_rightly_gets_tokens(custom: Custom) -> None:
    asked = custom.begin()
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert asked["ChallengeParameters"] == {"question": "two and two", "USERNAME": "ada"}
    result = custom.respond(asked, ANSWER="four")["AuthenticationResult"]
    assert custom.cognito.get_user(AccessToken=result["AccessToken"])["Username"] == "ada"
    assert result["RefreshToken"]


def test_a_back_end_begins_and_answers_likewise(custom: Custom) -> None:
    ids = {"UserPoolId": custom.pool_id, "ClientId": custom.client_id}
    asked = custom.cognito.admin_initiate_auth(
        **ids, AuthFlow="CUSTOM_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    answer = custom.cognito.admin_respond_to_auth_challenge(
        **ids,
        ChallengeName="CUSTOM_CHALLENGE",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "ANSWER": "four"},
    )
    assert answer["AuthenticationResult"]["AccessToken"]


def test_the_events_are_cognitos_member_by_member(custom: Custom) -> None:
    told = {"channel": "web"}
    asked = custom.begin(metadata={"for": "the functions that are asked at once"})
    custom.respond(asked, metadata=told, ANSWER="five")
    person = custom.cognito.admin_get_user(UserPoolId=custom.pool_id, Username="ada")
    attributes = {a["Name"]: a["Value"] for a in person["UserAttributes"]}
    attributes = {"sub": attributes.pop("sub"), "cognito:user_status": "CONFIRMED", **attributes}

    def event(source: str, request: dict[str, Any], response: dict[str, Any]) -> dict[str, Any]:
        return {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": custom.pool_id,
            "userName": "ada",
            "callerContext": {"awsSdkVersion": ANY, "clientId": custom.client_id},
            "triggerSource": source,
            "request": {"userAttributes": attributes, **request},
            "response": response,
        }

    define = "DefineAuthChallenge_Authentication"
    undecided = {"challengeName": None, "issueTokens": None, "failAuthentication": None}
    golden(custom.define.events[0], event(define, {"session": []}, undecided))
    once = [{"challengeName": "CUSTOM_CHALLENGE", "challengeResult": False, "challengeMetadata": "SUM"}]
    golden(custom.define.events[1], event(define, {"session": once, "clientMetadata": told}, undecided))

    create = "CreateAuthChallenge_Authentication"
    named = {"challengeName": "CUSTOM_CHALLENGE"}
    unmade = {
        "publicChallengeParameters": None,
        "privateChallengeParameters": None,
        "challengeMetadata": None,
    }
    golden(custom.create.events[0], event(create, {**named, "session": []}, unmade))
    golden(custom.create.events[1], event(create, {**named, "session": once, "clientMetadata": told}, unmade))
    golden(
        custom.verify.event,
        event(
            "VerifyAuthChallengeResponse_Authentication",
            {
                "privateChallengeParameters": {"answer": "four"},
                "challengeAnswer": "five",
                "clientMetadata": told,
            },
            {"answerCorrect": None},
        ),
    )


def test_a_wrong_answer_is_a_new_question_until_the_function_ends_it(custom: Custom) -> None:
    asked = custom.begin()
    for _ in range(2):
        before, asked = asked, custom.respond(asked, ANSWER="five")
        assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
        assert asked["Session"] != before["Session"]
        assert refusal(custom.respond, before, ANSWER="four") == INVALID, "each question takes one answer"
    assert refusal(custom.respond, asked, ANSWER="five") == REFUSED
    assert session_of(custom.define) == [("CUSTOM_CHALLENGE", False, "SUM")] * 3
    assert refusal(custom.respond, asked, ANSWER="four") == INVALID, "and then it is over"


def test_of_answers_that_come_at_once_one_is_compared(custom: Custom) -> None:
    slowly = custom.verify.answer

    def answer(event: Event) -> Any:
        time.sleep(0.2)  # so that all are there before one is done
        return slowly(event)

    custom.verify.answer = answer
    asked = custom.begin()

    def guess(number: int) -> str:
        try:
            custom.respond(asked, ANSWER=f"{number}")
            return "asked again"
        except ClientError as refused:
            return str(refused.response["Error"]["Message"])

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(guess, range(8)))
    assert sorted(set(outcomes)) == ["Invalid session for the user.", "asked again"]
    assert len(custom.verify.events) == 1


@pytest.mark.parametrize("failing", ["define", "create", "verify"])
def test_where_a_function_throws_after_an_answer_no_second_answer_is_taken(
    custom: Custom, failing: str
) -> None:
    asked = custom.begin()
    function = getattr(custom, failing)
    right, function.answer = function.answer, throwing("out of order")
    names = {
        "define": "DefineAuthChallenge",
        "create": "CreateAuthChallenge",
        "verify": "VerifyAuthChallengeResponse",
    }
    assert refusal(custom.respond, asked, ANSWER="five") == (
        "UserLambdaValidationException",
        f"{names[failing]} failed with error out of order.",
    )
    function.answer = right
    assert refusal(custom.respond, asked, ANSWER="four") == INVALID


def test_a_session_ends_with_its_time_however_many_rounds_it_had(own_server: Any) -> None:
    server = own_server()
    cognito = server.client("cognito-idp")
    custom = a_custom_pool(server, cognito, lambda event: wants("CUSTOM_CHALLENGE"))
    a_person(cognito, custom.pool_id)
    asked = custom.begin()
    server.clock.advance(minutes=2)
    asked = custom.respond(asked, ANSWER="five")
    server.clock.advance(minutes=2)
    assert refusal(custom.respond, asked, ANSWER="four")[1] == (
        "Invalid session for the user, session is expired."
    )


def test_rounds_are_bounded(custom: Custom) -> None:
    custom.define.answer = lambda event: wants("CUSTOM_CHALLENGE")
    asked = custom.begin()
    for _ in range(50):
        asked = custom.respond(asked, ANSWER="five")
    assert refusal(custom.respond, asked, ANSWER="five") == REFUSED


def test_a_session_of_one_flow_is_none_of_another(custom: Custom, server: RunningServer) -> None:
    """The floci hole: an answer to one challenge with the session of another."""
    asked = custom.begin()
    for challenge in ("PASSWORD_VERIFIER", "SMS_MFA", "NEW_PASSWORD_REQUIRED", "SOFTWARE_TOKEN_MFA"):
        assert (
            refusal(
                custom.respond,
                {**asked, "ChallengeName": challenge},
                ANSWER="four",
                SMS_MFA_CODE="123456",
                NEW_PASSWORD=PASSWORD,
            )
            == INVALID
        )
    a_person(custom.cognito, custom.pool_id, "bob")
    assert refusal(custom.respond, asked, "bob", ANSWER="four") == INVALID
    other = an_app(custom.cognito, custom.pool_id, "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")[
        "ClientId"
    ]
    assert (
        refusal(
            custom.cognito.respond_to_auth_challenge,
            ClientId=other,
            ChallengeName="CUSTOM_CHALLENGE",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", "ANSWER": "four"},
        )
        == INVALID
    )
    assert refusal(custom.respond, asked) == (
        "InvalidParameterException",
        "Missing required parameter ANSWER",
    )
    assert custom.verify.events == []
    assert custom.respond(asked, ANSWER="four")["AuthenticationResult"], "the question is still there"


# --- what functions may say -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", UNKNOWN),
        (b"null", UNKNOWN),
        (b'{"response": []}', UNKNOWN),
        ({"issueTokens": "true"}, UNKNOWN),
        ({"issueTokens": 1}, UNKNOWN),
        ({"failAuthentication": "no", "issueTokens": True}, UNKNOWN),
        ({}, NO_SUCH),
        ({"challengeName": 5}, NO_SUCH),
        (wants("TELEPATHY"), NO_SUCH),
        (wants("NEW_PASSWORD_REQUIRED"), NO_SUCH),
        (wants("PASSWORD_VERIFIER"), NO_SUCH),
        (wants("SMS_MFA"), NO_SUCH),
        (wants("SOFTWARE_TOKEN_MFA"), NO_SUCH),
        (wants("DEVICE_SRP_AUTH"), NO_SUCH),
        (FAIL, REFUSED),
        ({"issueTokens": True, "failAuthentication": True}, REFUSED),
    ],
)
def test_what_define_says_that_is_no_yes_lets_nobody_in(
    custom: Custom, answer: Any, error: tuple[str, str]
) -> None:
    custom.define.answer = lambda event: answer
    assert refusal(custom.begin) == error


@pytest.mark.parametrize("answer", ["true", 1, {}, [], "yes"])
def test_only_true_is_a_right_answer(custom: Custom, answer: Any) -> None:
    custom.verify.answer = lambda event: {"answerCorrect": answer}
    assert refusal(custom.respond, custom.begin(), ANSWER="four") == UNKNOWN
    custom.verify.answer = lambda event: None
    assert custom.respond(custom.begin(), ANSWER="four")["ChallengeName"] == "CUSTOM_CHALLENGE"


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"publicChallengeParameters": {"a": {}}}, UNKNOWN),
        ({"privateChallengeParameters": ["four"]}, UNKNOWN),
        ({"challengeMetadata": {"a": "b"}}, UNKNOWN),
        ({"challengeMetadata": "x" * 5_000}, UNKNOWN),
        ({"publicChallengeParameters": {"a": "x" * 70_000}}, None),
        (rb'{"response": {"publicChallengeParameters": {"a": "\ud800"}}}', UNKNOWN),
    ],
)
def test_what_create_makes_is_a_challenge_or_an_error(
    custom: Custom, answer: Any, error: tuple[str, str] | None
) -> None:
    custom.create.answer = lambda event: answer
    refused = refusal(custom.begin)
    assert refused[0] == "InvalidLambdaResponseException"
    assert error in (None, refused)


def test_what_create_makes_reaches_client_and_verify_as_text(custom: Custom) -> None:
    custom.create.answer = lambda event: {
        "publicChallengeParameters": {"digits": 6, "again": True, "nothing": None, "USERNAME": "eve"},
        "privateChallengeParameters": {"answer": 1234, "nothing": None},
    }
    asked = custom.begin()
    assert asked["ChallengeParameters"] == {"digits": "6", "again": "true", "USERNAME": "ada"}
    assert custom.respond(asked, ANSWER="1234")["AuthenticationResult"]
    assert custom.verify.event["request"]["privateChallengeParameters"] == {"answer": "1234", "nothing": None}
    assert session_of(custom.define) == [("CUSTOM_CHALLENGE", True, None)]


def test_no_answer_is_an_error_in_cognitos_words(custom: Custom) -> None:
    def gone(event: Event) -> None:
        raise FunctionUnavailable("gone")

    custom.define.answer = gone
    code, message = refusal(custom.begin)
    assert code == "UnexpectedLambdaException"
    assert message.startswith("DefineAuthChallenge invocation failed due to error ")


@pytest.mark.parametrize(
    "missing", ["DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"]
)
def test_without_one_of_the_functions_it_is_refused(
    server: RunningServer, cognito: Any, missing: str
) -> None:
    custom = a_custom_pool(server, cognito)
    a_person(cognito, custom.pool_id)
    asked = custom.begin()
    config = cognito.describe_user_pool(UserPoolId=custom.pool_id)["UserPool"]["LambdaConfig"]
    del config[missing]
    cognito.update_user_pool(UserPoolId=custom.pool_id, LambdaConfig=config)
    at_once = missing != "VerifyAuthChallengeResponse"
    refused = refusal(custom.begin) if at_once else refusal(custom.respond, asked, ANSWER="four")
    assert refused == (
        "InvalidParameterException",
        "Custom auth lambda trigger is not configured for the user pool.",
    )


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"CHALLENGE_NAME": "TELEPATHY"}, "TELEPATHY is no challenge to begin with."),
        ({"CHALLENGE_NAME": "SRP_A"}, "Missing required parameter SRP_A"),
        ({"CHALLENGE_NAME": "SRP_A", "SRP_A": "0"}, "Invalid SRP_A value."),
        ({"SRP_A": "no number"}, "Invalid SRP_A value."),
    ],
)
def test_it_begins_with_the_password_or_without(custom: Custom, values: dict[str, str], error: str) -> None:
    assert refusal(custom.begin, **values) == ("InvalidParameterException", error)
    assert custom.define.events == []
    assert custom.begin(CHALLENGE_NAME="CUSTOM_CHALLENGE")["ChallengeName"] == "CUSTOM_CHALLENGE"
