"""CUSTOM_AUTH that begins with the password, and what else of the pool's own is proven in it: factors, devices."""

from __future__ import annotations

from typing import Any

import pytest
from pycognito.aws_srp import AWSSRP
from tests.harness import RunningServer
from tests.people.authenticator_app import a_pool_with_mfa, enrol, the_clock_goes_back
from tests.people.people import PASSWORD, a_person, refusal, sign_in, the_code
from tests.people.signing_up import an_email
from tests.people.test_challenges import confirm_device
from tests.triggers.functions import Event
from tests.triggers.signing_in import REFUSED, TOKENS, a_custom_pool, after_the_password, session_of, wants

from poolhouse.core.secret import Secret
from poolhouse.core.totp import code_of, step_of


def test_the_password_comes_first_where_the_client_begins_with_it(
    server: RunningServer, cognito: Any
) -> None:
    custom = a_custom_pool(server, cognito, after_the_password)
    a_person(cognito, custom.pool_id)
    asked = custom.prove_password()
    assert session_of(custom.define, 0) == [("SRP_A", True, None)]
    assert session_of(custom.define) == [("SRP_A", True, None), ("PASSWORD_VERIFIER", True, None)]
    assert custom.respond(asked, ANSWER="four")["AuthenticationResult"]
    assert session_of(custom.define)[2:] == [("CUSTOM_CHALLENGE", True, "SUM")]


@pytest.mark.parametrize("flow", ["ALLOW_CUSTOM_AUTH", "CUSTOM_AUTH_FLOW_ONLY"])
def test_a_client_that_has_custom_sign_ins_alone_can_begin_with_the_password(
    server: RunningServer, cognito: Any, flow: str
) -> None:
    flows = ["ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"] if flow.startswith("ALLOW") else [flow]
    custom = a_custom_pool(server, cognito, after_the_password, client={"ExplicitAuthFlows": flows})
    a_person(cognito, custom.pool_id)
    assert custom.respond(custom.prove_password(), ANSWER="four")["AuthenticationResult"]
    assert refusal(sign_in, cognito, custom.client_id)[1] == (
        "USER_PASSWORD_AUTH flow not enabled for this client"
    )


def test_a_wrong_password_ends_it_and_counts(server: RunningServer, cognito: Any) -> None:
    custom = a_custom_pool(server, cognito, after_the_password)
    a_person(cognito, custom.pool_id)
    for _ in range(5):
        assert refusal(custom.prove_password, password="Wrong-Horse-9") == REFUSED
    assert refusal(custom.prove_password, password="Wrong-Horse-9")[1] == "Password attempts exceeded"
    assert all(len(event["request"]["session"]) == 1 for event in custom.define.events)


def test_the_password_may_be_asked_for_after_a_question(server: RunningServer, cognito: Any) -> None:
    def define(event: Event) -> Any:
        names = [one["challengeName"] for one in event["request"]["session"]]
        order = {1: wants("CUSTOM_CHALLENGE"), 2: wants("PASSWORD_VERIFIER"), 3: TOKENS}
        return order[len(names)]

    custom = a_custom_pool(server, cognito, define)
    a_person(cognito, custom.pool_id)
    helper = AWSSRP("ada", PASSWORD, custom.pool_id, custom.client_id, client=cognito)
    parameters = helper.get_auth_params()
    asked = custom.respond(custom.begin(CHALLENGE_NAME="SRP_A", **parameters), ANSWER="four")
    claim = helper.process_challenge(asked["ChallengeParameters"], parameters)
    assert custom.respond(asked, **claim)["AuthenticationResult"]


def test_the_second_factor_is_asked_for_before_the_function_goes_on(
    server: RunningServer, cognito: Any
) -> None:
    def define(event: Event) -> Any:
        passed = [one["challengeName"] for one in event["request"]["session"] if one["challengeResult"]]
        return wants("PASSWORD_VERIFIER") if passed == ["SRP_A"] else TOKENS

    custom = a_custom_pool(server, cognito, define, pool=a_pool_with_mfa)
    a_person(cognito, custom.pool_id)
    with the_clock_goes_back(server):
        app = enrol(server, cognito, sign_in(cognito, custom.client_id)["AccessToken"])
        asked = custom.prove_password()
        assert asked["ChallengeName"] == "SOFTWARE_TOKEN_MFA", "the function can't be used to get around it"
        assert len(custom.define.events) == 1
        wrong = app.wrong_code()
        assert refusal(custom.respond, asked, SOFTWARE_TOKEN_MFA_CODE=wrong)[0] == "CodeMismatchException"
        answer = custom.respond(asked, SOFTWARE_TOKEN_MFA_CODE=app.code())
    assert answer["AuthenticationResult"]
    assert [name for name, _, _ in session_of(custom.define)] == [
        "SRP_A",
        "PASSWORD_VERIFIER",
        "SOFTWARE_TOKEN_MFA",
    ]


def test_the_function_may_ask_for_a_factor_that_the_person_has(server: RunningServer, cognito: Any) -> None:
    def define(event: Event) -> Any:
        names = [one["challengeName"] for one in event["request"]["session"]]
        order = {
            1: wants("PASSWORD_VERIFIER"),
            3: wants("CUSTOM_CHALLENGE"),
            4: wants("EMAIL_OTP"),
            5: TOKENS,
        }
        return order[len(names)]

    email = an_email()
    custom = a_custom_pool(
        server,
        cognito,
        define,
        pool=lambda cognito, **options: a_pool_with_mfa(cognito, "OPTIONAL", "EMAIL", **options),
    )
    a_person(cognito, custom.pool_id, email=email, email_verified="true")
    cognito.admin_set_user_mfa_preference(
        UserPoolId=custom.pool_id, Username="ada", EmailMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    asked = custom.prove_password()
    assert asked["ChallengeName"] == "EMAIL_OTP"
    asked = custom.respond(asked, EMAIL_OTP_CODE=the_code(server, email))
    asked = custom.respond(asked, ANSWER="four")
    assert asked["ChallengeName"] == "EMAIL_OTP", "the function's own wish"
    assert custom.respond(asked, EMAIL_OTP_CODE=the_code(server, email))["AuthenticationResult"]


def test_a_temporary_password_is_changed_before_the_function_goes_on(
    server: RunningServer, cognito: Any
) -> None:
    """In Cognito whoever sets a password here gets tokens, and the function's question is passed by."""
    custom = a_custom_pool(server, cognito, after_the_password)
    cognito.admin_create_user(
        UserPoolId=custom.pool_id, Username="ada", MessageAction="SUPPRESS", TemporaryPassword=PASSWORD
    )
    asked = custom.prove_password()
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    asked = custom.respond(asked, NEW_PASSWORD="Another-Horse-9")
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert [name for name, _, _ in session_of(custom.define)] == ["SRP_A", "PASSWORD_VERIFIER"]
    status = custom.define.events[-1]["request"]["userAttributes"]["cognito:user_status"]
    assert status == "CONFIRMED"
    assert custom.respond(asked, ANSWER="four")["AuthenticationResult"]


def test_a_factor_that_is_demanded_is_set_up_before_the_function_goes_on(
    server: RunningServer, cognito: Any
) -> None:
    custom = a_custom_pool(
        server,
        cognito,
        after_the_password,
        pool=lambda cognito, **options: a_pool_with_mfa(cognito, "ON", **options),
    )
    a_person(cognito, custom.pool_id)
    asked = custom.prove_password()
    assert asked["ChallengeName"] == "MFA_SETUP"
    seed = cognito.associate_software_token(Session=asked["Session"])
    code = code_of(Secret(seed["SecretCode"]), step_of(server.clock.now()))
    verified = cognito.verify_software_token(Session=seed["Session"], UserCode=code)
    asked = custom.respond({**asked, "Session": verified["Session"]})
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert custom.respond(asked, ANSWER="four")["AuthenticationResult"]


# --- devices ----------------------------------------------------------------------------------------------

DEVICES = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}


def test_a_device_is_kept_where_a_password_was_proven_and_proves_itself_at_the_end(
    server: RunningServer, cognito: Any
) -> None:
    custom = a_custom_pool(server, cognito, after_the_password, DeviceConfiguration=DEVICES)
    a_person(cognito, custom.pool_id)
    tokens = custom.respond(custom.prove_password(), ANSWER="four")["AuthenticationResult"]
    metadata = tokens["NewDeviceMetadata"]
    device = {
        "device_key": metadata["DeviceKey"],
        "device_group_key": metadata["DeviceGroupKey"],
        "device_password": confirm_device(cognito, tokens),
    }
    key = metadata["DeviceKey"]
    asked = custom.respond(custom.prove_password(DEVICE_KEY=key), ANSWER="four", DEVICE_KEY=key)
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH", "the function's word does not make up for the device"
    heard = len(custom.define.events)
    helper = AWSSRP("ada", PASSWORD, custom.pool_id, custom.client_id, client=cognito, **device)
    parameters = helper.get_auth_params()
    asked = custom.respond(asked, SRP_A=parameters["SRP_A"], DEVICE_KEY=key)
    claim = helper.process_device_challenge(asked["ChallengeParameters"])
    result = custom.respond(asked, **claim)["AuthenticationResult"]
    assert "NewDeviceMetadata" not in result
    assert len(custom.define.events) == heard, "it had issued tokens already"


def test_a_device_that_stands_for_the_second_factor_is_heard_of(server: RunningServer, cognito: Any) -> None:
    custom = a_custom_pool(
        server,
        cognito,
        after_the_password,
        pool=a_pool_with_mfa,
        DeviceConfiguration={**DEVICES, "ChallengeRequiredOnNewDevice": True},
    )
    a_person(cognito, custom.pool_id)
    tokens = custom.respond(custom.prove_password(), ANSWER="four")["AuthenticationResult"]
    metadata, key = tokens["NewDeviceMetadata"], tokens["NewDeviceMetadata"]["DeviceKey"]
    device = {
        "device_key": key,
        "device_group_key": metadata["DeviceGroupKey"],
        "device_password": confirm_device(cognito, tokens),
    }
    with the_clock_goes_back(server):
        enrol(server, cognito, tokens["AccessToken"])
    asked = custom.prove_password(DEVICE_KEY=key)
    assert asked["ChallengeName"] == "DEVICE_SRP_AUTH"
    helper = AWSSRP("ada", PASSWORD, custom.pool_id, custom.client_id, client=cognito, **device)
    asked = custom.respond(asked, SRP_A=helper.get_auth_params()["SRP_A"], DEVICE_KEY=key)
    asked = custom.respond(asked, **helper.process_device_challenge(asked["ChallengeParameters"]))
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert [name for name, _, _ in session_of(custom.define)][2:] == [
        "DEVICE_SRP_AUTH",
        "DEVICE_PASSWORD_VERIFIER",
    ]
    assert custom.respond(asked, ANSWER="four")["AuthenticationResult"], "it is not asked for twice"


def test_without_a_password_no_device_is_kept(server: RunningServer, cognito: Any) -> None:
    custom = a_custom_pool(server, cognito, DeviceConfiguration=DEVICES)
    a_person(cognito, custom.pool_id)
    tokens = custom.respond(custom.begin(), ANSWER="four")["AuthenticationResult"]
    assert "NewDeviceMetadata" not in tokens
