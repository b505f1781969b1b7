"""Second factors, first factors other than a password, and devices: each challenge, asked and answered."""

from __future__ import annotations

import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pyotp
import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP, generate_hash_device
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, messages_of, refusal, sign_in, the_code
from tests.people.test_sign_in import begin, respond

EMAIL = {"email": "ada@example.com", "email_verified": "true"}
PHONE = {"phone_number": "+14325551212", "phone_number_verified": "true"}
EVERY_FACTOR = {
    "SoftwareTokenMfaConfiguration": {"Enabled": True},
    "EmailMfaConfiguration": {},
    "SmsMfaConfiguration": {
        "SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "ExternalId": "x"}
    },
}
_numbers = itertools.count(100_000)


@dataclass(frozen=True)
class Addresses:
    """Of one test: the inbox is one for all tests of a server, and a message may come after the test that it was sent
    in."""

    email: dict[str, str]
    phone: dict[str, str]


@pytest.fixture
def own() -> Addresses:
    number = next(_numbers)
    return Addresses(
        {"email": f"ada{number}@example.com", "email_verified": "true"},
        {"phone_number": f"+1{number}1212", "phone_number_verified": "true"},
    )


CHOICE = ("ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")


def a_pool_with_mfa(cognito: Any, mode: str = "OPTIONAL", **options: Any) -> str:
    pool_id = a_pool(cognito, **options)
    cognito.set_user_pool_mfa_config(UserPoolId=pool_id, **EVERY_FACTOR, MfaConfiguration=mode)
    return pool_id


def prefer(cognito: Any, pool_id: str, *factors: str, preferred: str | None = None) -> None:
    settings = {
        f"{factor}MfaSettings": {"Enabled": True, "PreferredMfa": factor == preferred} for factor in factors
    }
    cognito.admin_set_user_mfa_preference(UserPoolId=pool_id, Username="ada", **settings)


def by_password(cognito: Any, client_id: str, **more: str) -> dict[str, Any]:
    return begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD, **more)


@pytest.mark.parametrize(
    ("factor", "challenge_name", "attribute", "shown", "response"),
    [
        ("SMS", "SMS_MFA", "phone_number", "+*******1212", "SMS_MFA_CODE"),
        ("Email", "EMAIL_OTP", "email", "a***@e***", "EMAIL_OTP_CODE"),
        ("Email", "EMAIL_OTP", "email", "a***@e***", "EMAIL_MFA_CODE"),
    ],
)
def test_a_code_is_the_second_factor(
    server: RunningServer,
    cognito: Any,
    factor: str,
    challenge_name: str,
    own: Addresses,
    attribute: str,
    shown: str,
    response: str,
) -> None:
    destination = {**own.email, **own.phone}[attribute]
    pool_id = a_pool_with_mfa(cognito)
    a_person(cognito, pool_id, **own.email, **own.phone)
    prefer(cognito, pool_id, factor)
    client_id = an_app(cognito, pool_id)["ClientId"]
    before = len(messages_of(server, destination))
    challenge = by_password(cognito, client_id)
    assert "AuthenticationResult" not in challenge
    assert challenge["ChallengeName"] == challenge_name
    assert challenge["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == shown
    assert len(messages_of(server, destination)) == before + 1
    code = the_code(server, destination)
    wrong = "000000" if code != "000000" else "111111"
    assert refusal(respond, cognito, client_id, challenge, USERNAME="ada", **{response: wrong}) == (
        "CodeMismatchException",
        "Invalid code or auth state for the user.",
    )
    answer = respond(cognito, client_id, challenge, USERNAME="ada", **{response: code})
    assert answer["AuthenticationResult"]["AccessToken"]
    assert refusal(respond, cognito, client_id, challenge, USERNAME="ada", **{response: code})[1] == (
        "Invalid session for the user."
    )


def test_one_code_by_fifty_at_once_signs_in_once(server: RunningServer, cognito: Any, own: Addresses) -> None:
    pool_id = a_pool_with_mfa(cognito)
    a_person(cognito, pool_id, **own.email)
    prefer(cognito, pool_id, "Email")
    client_id = an_app(cognito, pool_id)["ClientId"]
    challenge = by_password(cognito, client_id)
    code = the_code(server, own.email["email"])

    def answer(_: int) -> bool:
        try:
            respond(cognito, client_id, challenge, USERNAME="ada", EMAIL_OTP_CODE=code)
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(answer, range(50))) == 1


def test_five_wrong_codes_lock_whatever_the_session(own_server: Any) -> None:
    server = own_server()
    server.clock.stop()
    cognito = server.client()
    pool_id = a_pool_with_mfa(cognito)
    a_person(cognito, pool_id, **EMAIL)
    prefer(cognito, pool_id, "Email")
    client_id = an_app(cognito, pool_id)["ClientId"]
    messages = []
    for _ in range(6):
        challenge = by_password(cognito, client_id)
        messages.append(
            refusal(respond, cognito, client_id, challenge, USERNAME="ada", EMAIL_OTP_CODE="x")[1]
        )
    assert messages[:5] == ["Invalid code or auth state for the user."] * 5
    assert messages[5] == "Password attempts exceeded"


def test_a_person_is_not_sent_codes_without_end(cognito: Any) -> None:
    pool_id = a_pool_with_mfa(cognito)
    a_person(cognito, pool_id, **EMAIL)
    prefer(cognito, pool_id, "Email")
    client_id = an_app(cognito, pool_id)["ClientId"]
    for _ in range(20):
        by_password(cognito, client_id)
    assert refusal(by_password, cognito, client_id)[0] == "TooManyRequestsException"


def a_totp(cognito: Any, client_id: str) -> pyotp.TOTP:
    token = sign_in(cognito, client_id)["AccessToken"]
    totp = pyotp.TOTP(cognito.associate_software_token(AccessToken=token)["SecretCode"])
    cognito.verify_software_token(AccessToken=token, UserCode=totp.now(), FriendlyDeviceName="phone")
    return totp


def test_totp_is_the_second_factor_and_no_code_works_twice(own_server: Any) -> None:
    server = own_server()
    cognito = server.client()
    pool_id = a_pool_with_mfa(cognito)
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    totp = a_totp(cognito, client_id)
    prefer(cognito, pool_id, "SoftwareToken")
    challenge = by_password(cognito, client_id)
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert challenge["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "phone"
    code = totp.at(server.clock.now())
    assert refusal(respond, cognito, client_id, challenge, USERNAME="ada", SOFTWARE_TOKEN_MFA_CODE=code) == (
        "ExpiredCodeException",
        "Your software token has already been used once.",
    )
    server.clock.advance(seconds=60)
    code = totp.at(server.clock.now())
    assert respond(cognito, client_id, challenge, USERNAME="ada", SOFTWARE_TOKEN_MFA_CODE=code)
    again = by_password(cognito, client_id)
    code_again = refusal(respond, cognito, client_id, again, USERNAME="ada", SOFTWARE_TOKEN_MFA_CODE=code)
    assert code_again[0] == "ExpiredCodeException"


def test_of_several_factors_the_person_chooses(server: RunningServer, cognito: Any, own: Addresses) -> None:
    pool_id = a_pool_with_mfa(cognito)
    a_person(cognito, pool_id, **own.email, **own.phone)
    prefer(cognito, pool_id, "Email", "SMS")
    client_id = an_app(cognito, pool_id)["ClientId"]
    challenge = by_password(cognito, client_id)
    assert challenge["ChallengeName"] == "SELECT_MFA_TYPE"
    can_choose = json.loads(challenge["ChallengeParameters"]["MFAS_CAN_CHOOSE"])
    assert sorted(can_choose) == ["EMAIL_OTP", "SMS_MFA"]
    code, _ = refusal(respond, cognito, client_id, challenge, USERNAME="ada", ANSWER="SOFTWARE_TOKEN_MFA")
    assert code == "InvalidParameterException"
    chosen = respond(cognito, client_id, challenge, USERNAME="ada", ANSWER="EMAIL_MFA")
    assert chosen["ChallengeName"] == "EMAIL_OTP"
    answer = respond(
        cognito, client_id, chosen, USERNAME="ada", EMAIL_OTP_CODE=the_code(server, own.email["email"])
    )
    assert answer["AuthenticationResult"]


def test_a_preferred_factor_is_asked_for_at_once(cognito: Any) -> None:
    pool_id = a_pool_with_mfa(cognito)
    a_person(cognito, pool_id, **EMAIL, **PHONE)
    prefer(cognito, pool_id, "Email", "SMS", preferred="SMS")
    client_id = an_app(cognito, pool_id)["ClientId"]
    assert by_password(cognito, client_id)["ChallengeName"] == "SMS_MFA"


def test_where_a_factor_is_demanded_it_is_set_up_by_totp(cognito: Any) -> None:
    pool_id = a_pool_with_mfa(cognito, "ON")
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    challenge = by_password(cognito, client_id)
    assert challenge["ChallengeName"] == "MFA_SETUP"
    assert "SOFTWARE_TOKEN_MFA" in json.loads(challenge["ChallengeParameters"]["MFAS_CAN_SETUP"])
    code, _ = refusal(respond, cognito, client_id, challenge, USERNAME="ada")
    assert code == "InvalidParameterException", "nothing is set up yet"
    associated = cognito.associate_software_token(Session=challenge["Session"])
    totp = pyotp.TOTP(associated["SecretCode"])
    verified = cognito.verify_software_token(Session=associated["Session"], UserCode=totp.now())
    done = {**challenge, "Session": verified["Session"]}
    assert respond(cognito, client_id, done, USERNAME="ada")["AuthenticationResult"]
    assert by_password(cognito, client_id)["ChallengeName"] == "SOFTWARE_TOKEN_MFA"


def test_where_a_factor_is_demanded_it_is_set_up_by_email(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool_with_mfa(cognito, "ON")
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    challenge = by_password(cognito, client_id)
    asked = respond(cognito, client_id, challenge, USERNAME="ada", EMAIL="new@example.com")
    assert asked["ChallengeName"] == "EMAIL_OTP"
    code = the_code(server, "new@example.com")
    assert respond(cognito, client_id, asked, USERNAME="ada", EMAIL_OTP_CODE=code)["AuthenticationResult"]
    user = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")
    assert {"Name": "email_verified", "Value": "true"} in user["UserAttributes"]
    assert user["UserMFASettingList"] == ["EMAIL_OTP"]
    assert by_password(cognito, client_id)["ChallengeName"] == "EMAIL_OTP"


def test_the_password_is_proven_before_a_factor_is_asked(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool_with_mfa(cognito)
    a_person(cognito, pool_id, **PHONE)
    prefer(cognito, pool_id, "SMS")
    client_id = an_app(cognito, pool_id)["ClientId"]
    before = len(messages_of(server, PHONE["phone_number"]))
    assert refusal(begin, cognito, client_id, USERNAME="ada", PASSWORD="Wrong-Horse-9")
    assert len(messages_of(server, PHONE["phone_number"])) == before


# --- USER_AUTH --------------------------------------------------------------------------------------------


def a_pool_of_choice(cognito: Any, *factors: str, **options: Any) -> str:
    allowed = ["PASSWORD", "EMAIL_OTP", "SMS_OTP", *factors]
    return a_pool(cognito, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": allowed}}, **options)


def test_the_choice_lists_what_the_person_has(cognito: Any) -> None:
    pool_id = a_pool_of_choice(cognito)
    a_person(cognito, pool_id, **EMAIL)
    client_id = an_app(cognito, pool_id, *CHOICE)["ClientId"]
    challenge = begin(cognito, client_id, "USER_AUTH", USERNAME="ada")
    assert challenge["ChallengeName"] == "SELECT_CHALLENGE"
    assert challenge["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD", "EMAIL_OTP"]
    code, _ = refusal(respond, cognito, client_id, challenge, USERNAME="ada", ANSWER="SMS_OTP")
    assert code == "InvalidParameterException"


def test_by_choice_the_password_may_come_at_once_or_when_asked(cognito: Any) -> None:
    pool_id = a_pool_of_choice(cognito)
    a_person(cognito, pool_id, **EMAIL)
    client_id = an_app(cognito, pool_id, *CHOICE)["ClientId"]
    ada = {"USERNAME": "ada"}
    at_once = begin(cognito, client_id, "USER_AUTH", **ada, PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)
    assert at_once["AuthenticationResult"]
    asked = begin(cognito, client_id, "USER_AUTH", **ada, PREFERRED_CHALLENGE="PASSWORD")
    assert asked["ChallengeName"] == "PASSWORD"
    assert respond(cognito, client_id, asked, **ada, PASSWORD=PASSWORD)["AuthenticationResult"]
    chosen = begin(cognito, client_id, "USER_AUTH", **ada)
    assert respond(cognito, client_id, chosen, **ada, ANSWER="PASSWORD", PASSWORD=PASSWORD)[
        "AuthenticationResult"
    ]


def test_by_choice_the_password_may_be_proven_by_srp(cognito: Any) -> None:
    pool_id = a_pool_of_choice(cognito)
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id, *CHOICE)["ClientId"]
    helper = AWSSRP("ada", PASSWORD, pool_id, client_id, client=cognito)
    parameters = helper.get_auth_params()
    challenge = begin(cognito, client_id, "USER_AUTH", PREFERRED_CHALLENGE="PASSWORD_SRP", **parameters)
    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER"
    claim = helper.process_challenge(challenge["ChallengeParameters"], parameters)
    assert respond(cognito, client_id, challenge, **claim)["AuthenticationResult"]


@pytest.mark.parametrize(
    ("name", "medium", "response"),
    [("EMAIL_OTP", "email", "EMAIL_OTP_CODE"), ("SMS_OTP", "phone", "SMS_OTP_CODE")],
)
def test_a_code_can_be_the_first_factor(
    server: RunningServer, cognito: Any, name: str, own: Addresses, medium: str, response: str
) -> None:
    attributes = own.email if medium == "email" else own.phone
    pool_id = a_pool_of_choice(cognito)
    a_person(cognito, pool_id, **attributes)
    client_id = an_app(cognito, pool_id, *CHOICE)["ClientId"]
    challenge = begin(cognito, client_id, "USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE=name)
    assert challenge["ChallengeName"] == name
    code = the_code(server, next(iter(attributes.values())))
    assert len(code) == 8
    assert refusal(respond, cognito, client_id, challenge, USERNAME="ada", **{response: "x"})[0] == (
        "CodeMismatchException"
    )
    assert respond(cognito, client_id, challenge, USERNAME="ada", **{response: code})["AuthenticationResult"]


def test_who_has_a_second_factor_is_not_offered_a_code_in_place_of_the_password(cognito: Any) -> None:
    pool_id = a_pool_of_choice(cognito)
    cognito.set_user_pool_mfa_config(UserPoolId=pool_id, **EVERY_FACTOR, MfaConfiguration="OPTIONAL")
    a_person(cognito, pool_id, **EMAIL)
    prefer(cognito, pool_id, "Email")
    client_id = an_app(cognito, pool_id, *CHOICE)["ClientId"]
    challenge = begin(cognito, client_id, "USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="EMAIL_OTP")
    assert challenge["AvailableChallenges"] == ["PASSWORD_SRP", "PASSWORD"]


def test_nobody_is_asked_like_somebody_and_nothing_is_right(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool_of_choice(cognito, AliasAttributes=["email"])
    client_id = an_app(cognito, pool_id, *CHOICE, PreventUserExistenceErrors="ENABLED")["ClientId"]
    nobody = {"USERNAME": "nobody@example.com"}
    challenge = begin(cognito, client_id, "USER_AUTH", **nobody)
    assert challenge["ChallengeName"] == "SELECT_CHALLENGE"
    asked = respond(cognito, client_id, challenge, **nobody, ANSWER="EMAIL_OTP")
    assert asked["ChallengeParameters"]["CODE_DELIVERY_DESTINATION"] == "n***@e***"
    assert messages_of(server, nobody["USERNAME"]) == []
    assert refusal(respond, cognito, client_id, asked, **nobody, EMAIL_OTP_CODE="12345678")[0] == (
        "CodeMismatchException"
    )
    password = begin(cognito, client_id, "USER_AUTH", **nobody, PREFERRED_CHALLENGE="PASSWORD")
    assert refusal(respond, cognito, client_id, password, **nobody, PASSWORD=PASSWORD) == (
        "NotAuthorizedException",
        "Incorrect username or password.",
    )


def test_right_after_a_sign_up_its_session_signs_in(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool_of_choice(cognito, AutoVerifiedAttributes=["email"])
    client_id = an_app(cognito, pool_id, *CHOICE)["ClientId"]
    signed_up = cognito.sign_up(
        ClientId=client_id, Username="eve", UserAttributes=[{"Name": "email", "Value": "eve@example.com"}]
    )
    confirmed = cognito.confirm_sign_up(
        ClientId=client_id,
        Username="eve",
        ConfirmationCode=the_code(server, "eve@example.com"),
        Session=signed_up["Session"],
    )
    begun = {
        "ClientId": client_id,
        "AuthFlow": "USER_AUTH",
        "AuthParameters": {"USERNAME": "eve"},
        "Session": confirmed["Session"],
    }
    assert cognito.initiate_auth(**begun)["AuthenticationResult"]["AccessToken"]
    assert refusal(cognito.initiate_auth, **begun)[1] == "Invalid session for the user."


# --- devices ----------------------------------------------------------------------------------------------


def confirm_device(cognito: Any, tokens: dict[str, Any]) -> str:
    """Keep the device that signed in; its password."""
    metadata = tokens["NewDeviceMetadata"]
    password, verifier = generate_hash_device(metadata["DeviceGroupKey"], metadata["DeviceKey"])
    cognito.confirm_device(
        AccessToken=tokens["AccessToken"],
        DeviceKey=metadata["DeviceKey"],
        DeviceSecretVerifierConfig=verifier,
    )
    return str(password)


@pytest.mark.parametrize("replaces_factor", [True, False])
def test_a_remembered_device_proves_itself(cognito: Any, replaces_factor: bool) -> None:
    pool_id = a_pool(
        cognito,
        DeviceConfiguration={
            "ChallengeRequiredOnNewDevice": replaces_factor,
            "DeviceOnlyRememberedOnUserPrompt": False,
        },
    )
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    first = AWSSRP("ada", PASSWORD, pool_id, client_id, client=cognito)
    tokens = first.authenticate_user()
    metadata = tokens["AuthenticationResult"]["NewDeviceMetadata"]
    device_password = confirm_device(cognito, tokens["AuthenticationResult"])
    device = {
        "device_key": metadata["DeviceKey"],
        "device_group_key": metadata["DeviceGroupKey"],
        "device_password": device_password,
    }
    again = AWSSRP("ada", PASSWORD, pool_id, client_id, client=cognito, **device).authenticate_user()
    assert "NewDeviceMetadata" not in again["AuthenticationResult"]
    wrong = {**device, "device_password": "wrong"}
    other = AWSSRP("ada", PASSWORD, pool_id, client_id, client=cognito, **wrong)
    assert refusal(other.authenticate_user)[0] == "NotAuthorizedException"


def test_a_forgotten_device_is_told_in_the_words_that_clients_look_for(cognito: Any) -> None:
    pool_id = a_pool(cognito, DeviceConfiguration={"ChallengeRequiredOnNewDevice": True})
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    helper = AWSSRP("ada", PASSWORD, pool_id, client_id, client=cognito)
    parameters = helper.get_auth_params()
    challenge = begin(cognito, client_id, "USER_SRP_AUTH", **parameters)
    claim = helper.process_challenge(challenge["ChallengeParameters"], parameters)
    key = "us-east-1_a1b2c3d4-5678-90ab-cdef-11111EXAMPLE".lower().replace("example", "222222a")
    assert refusal(respond, cognito, client_id, challenge, **claim, DEVICE_KEY=key) == (
        "ResourceNotFoundException",
        "Device does not exist.",
    )
    assert respond(cognito, client_id, challenge, **claim)["AuthenticationResult"], "the block is still good"


def test_a_device_that_is_known_by_its_key_alone_excuses_from_nothing(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool_with_mfa(cognito, DeviceConfiguration={"ChallengeRequiredOnNewDevice": True})
    a_person(cognito, pool_id, **EMAIL)
    client_id = an_app(cognito, pool_id)["ClientId"]
    helper = AWSSRP("ada", PASSWORD, pool_id, client_id, client=cognito)
    tokens = helper.authenticate_user()
    confirm_device(cognito, tokens["AuthenticationResult"])
    key = tokens["AuthenticationResult"]["NewDeviceMetadata"]["DeviceKey"]
    prefer(cognito, pool_id, "Email")
    assert by_password(cognito, client_id)["ChallengeName"] == "EMAIL_OTP"
    challenge = by_password(cognito, client_id, DEVICE_KEY=key)
    assert challenge["ChallengeName"] == "DEVICE_SRP_AUTH"
    assert "AuthenticationResult" not in challenge
