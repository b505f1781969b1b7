"""What comes to nothing is in the audit too: whoever looks for an intruder looks there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.browser.fake_provider import LOOPBACK, a_fake_provider
from tests.browser.providers import a_traveller
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in
from tests.people.signing_up import an_email
from tests.triggers.functions import a_function, throwing
from tests.triggers.risk import a_protected_pool, come, events_of
from tests.triggers.signing_in import a_custom_pool
from tests.triggers.test_audit import audit_of, told

THREW = "UserLambdaValidationException"
SIGN_INS = ["InitiateAuth", "RespondToAuthChallenge"]


@pytest.mark.parametrize("trigger", ["PreAuthentication", "PostAuthentication", "PreTokenGeneration"])
def test_a_function_that_refuses_a_sign_in_is_told_of(
    server: RunningServer, cognito: Any, trigger: str
) -> None:
    pool_id = a_pool(cognito, LambdaConfig={trigger: a_function(server, throwing("no")).arn})
    client_id = an_app(cognito, pool_id)["ClientId"]
    sub = a_person(cognito, pool_id)
    refusal(sign_in, cognito, client_id)
    [event] = audit_of(server, UserPoolId=pool_id, EventNames=SIGN_INS)
    assert told([event]) == [("InitiateAuth", THREW)]
    assert event["additionalEventData"]["sub"] == sub
    assert event["additionalEventData"]["clientId"] == client_id


def test_a_right_password_is_in_the_history_though_a_function_refuses(
    server: RunningServer, cognito: Any
) -> None:
    """Somebody has it: that is what its owner wants to know."""
    pool_id = a_pool(
        cognito,
        UserPoolTier="PLUS",
        UserPoolAddOns={"AdvancedSecurityMode": "AUDIT"},
        LambdaConfig={"PostAuthentication": a_function(server, throwing("no")).arn},
    )
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    refusal(sign_in, cognito, client_id)
    [event] = cognito.admin_list_user_auth_events(UserPoolId=pool_id, Username="ada")["AuthEvents"]
    assert event["EventResponse"] == "Fail"
    assert event["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Success"}]


def test_each_answer_to_a_functions_question_is_told_of_and_no_question_alone(
    server: RunningServer, cognito: Any
) -> None:
    custom = a_custom_pool(server, cognito)
    a_person(cognito, custom.pool_id)
    for _ in range(3):
        custom.begin()
    custom.respond(custom.begin(), ANSWER="five")
    [event] = audit_of(server, UserPoolId=custom.pool_id, EventNames=SIGN_INS)
    assert told([event]) == [("RespondToAuthChallenge", None)]
    assert event["additionalEventData"]["challengeName"] == "CUSTOM_CHALLENGE"
    assert event["additionalEventData"]["answerCorrect"] is False
    custom.verify.answer = throwing("no")
    refusal(custom.respond, custom.begin(), ANSWER="four")
    assert told(audit_of(server, UserPoolId=custom.pool_id, EventNames=SIGN_INS))[1:] == [
        ("RespondToAuthChallenge", THREW)
    ]


def test_a_guess_at_somebody_elsewhere_is_no_success(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito, LambdaConfig={"UserMigration": a_function(server, throwing("no")).arn})
    client_id = an_app(cognito, pool_id)["ClientId"]
    refusal(sign_in, cognito, client_id, "nobody")
    assert told(audit_of(server, UserPoolId=pool_id, EventNames=SIGN_INS)) == [
        ("InitiateAuth", "UserNotFoundException")
    ]


def test_wrong_codes_of_who_is_signed_in_are_told_of(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"])
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    client_id = an_app(cognito, pool_id)["ClientId"]
    sub = a_person(cognito, pool_id, email=an_email())
    token = {"AccessToken": sign_in(cognito, client_id, password=PASSWORD)["AccessToken"]}
    cognito.get_user_attribute_verification_code(**token, AttributeName="email")
    refusal(cognito.verify_user_attribute, **token, AttributeName="email", Code="wrong")
    refusal(cognito.verify_software_token, **token, UserCode="123456")
    cognito.associate_software_token(**token)
    refusal(cognito.verify_software_token, **token, UserCode="000000")
    events = audit_of(server, UserPoolId=pool_id, Username="ada")[-5:]
    assert told(events) == [
        ("GetUserAttributeVerificationCode", None),
        ("VerifyUserAttribute", "CodeMismatchException"),
        ("VerifySoftwareToken", "SoftwareTokenMFANotFoundException"),
        ("AssociateSoftwareToken", None),
        ("VerifySoftwareToken", "EnableSoftwareTokenMFAException"),
    ]
    assert {event["additionalEventData"]["sub"] for event in events} == {sub}


@pytest.mark.parametrize("claims", [{"aud": "another"}, {"sub": ""}, {"exp": 1}])
def test_who_comes_from_a_provider_in_vain_is_told_of(
    own_server: Callable[..., RunningServer], claims: dict[str, Any]
) -> None:
    """By a token that is not believed, or proved, and not let in."""
    server = own_server(allowed_outgoing_networks=LOOPBACK)
    with a_fake_provider() as fake:
        fake.claims |= claims
        traveller = a_traveller(server, fake)
        assert traveller.sign_in(fake)["error"] == "invalid_request"
        [event] = audit_of(server, UserPoolId=traveller.house.pool_id, EventNames=["IdpResponse"])
    assert event["errorCode"] == "invalid_request"
    assert event["additionalEventData"] == {
        "userPoolId": traveller.house.pool_id,
        "clientId": traveller.house.client_id,
        "provider": "Other",
    }


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "USER_AUTH"])
@pytest.mark.parametrize(
    ("state", "code"), [("disabled", "NotAuthorizedException"), ("reset", "PasswordResetRequiredException")]
)
def test_a_right_password_that_may_not_sign_in_is_told_of(
    server: RunningServer, cognito: Any, state: str, code: str, flow: str
) -> None:
    """A wrong one is: whoever has the right one of somebody who was shut out shall not go unseen."""
    pool_id = a_protected_pool(cognito)
    app = an_app(
        cognito, pool_id, "ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", PreventUserExistenceErrors="ENABLED"
    )
    sub = a_person(cognito, pool_id, email=an_email(), email_verified="true")
    whom = {"UserPoolId": pool_id, "Username": "ada"}
    if state == "disabled":
        cognito.admin_disable_user(**whom)
    else:
        cognito.admin_reset_user_password(**whom)
    values = {"USERNAME": "ada", "PASSWORD": PASSWORD, "PREFERRED_CHALLENGE": "PASSWORD"}
    if flow == "USER_PASSWORD_AUTH":
        del values["PREFERRED_CHALLENGE"]
    asked = {"ClientId": app["ClientId"], "AuthFlow": flow, "AuthParameters": values}
    assert refusal(cognito.initiate_auth, **asked)[0] == code
    [event] = audit_of(server, UserPoolId=pool_id, EventNames=SIGN_INS)
    assert told([event]) == [("InitiateAuth", code)]
    assert event["additionalEventData"]["sub"] == sub
    [kept] = [found for found in events_of(cognito, pool_id) if found["EventType"] == "SignIn"]
    assert kept["EventResponse"] == "Fail"
    assert kept["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Success"}]


def test_a_try_at_somebody_who_may_not_sign_in_is_told_of(server: RunningServer, cognito: Any) -> None:
    """Also where the answer says so before the password is looked at, which then proves nothing."""
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    sub = a_person(cognito, pool_id)
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    refusal(sign_in, cognito, client_id)
    refusal(come, cognito, pool_id, client_id)
    tries = audit_of(server, UserPoolId=pool_id, EventNames=[*SIGN_INS, "AdminInitiateAuth"])
    assert told(tries) == [
        ("InitiateAuth", "NotAuthorizedException"),
        ("AdminInitiateAuth", "NotAuthorizedException"),
    ]
    assert {event["additionalEventData"]["sub"] for event in tries} == {sub}
    for kept in events_of(cognito, pool_id):
        assert (kept["EventResponse"], kept["ChallengeResponses"]) == ("Fail", [])
