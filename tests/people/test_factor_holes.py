"""What is set up or named during a sign-in does not get anybody past a factor."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people import test_software_tokens as software_tokens
from tests.people.people import PASSWORD, a_person, an_app, refusal, the_code
from tests.people.test_challenges import EMAIL, EVERY_FACTOR, PHONE, a_pool_with_mfa, confirm_device, prefer
from tests.people.test_sign_in import begin, respond


def test_a_device_that_is_not_remembered_does_not_take_the_place_of_one_that_is(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool_with_mfa(
        cognito,
        DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True},
    )
    a_person(cognito, pool_id, **EMAIL)
    client_id = an_app(cognito, pool_id)["ClientId"]
    signed_in = [
        AWSSRP("ada", PASSWORD, pool_id, client_id, client=cognito).authenticate_user()[
            "AuthenticationResult"
        ]
        for _ in range(2)
    ]
    secrets = [confirm_device(cognito, tokens) for tokens in signed_in]
    keys = [tokens["NewDeviceMetadata"]["DeviceKey"] for tokens in signed_in]
    cognito.update_device_status(
        AccessToken=signed_in[0]["AccessToken"], DeviceKey=keys[0], DeviceRememberedStatus="remembered"
    )
    prefer(cognito, pool_id, "Email")
    challenge = begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD, DEVICE_KEY=keys[0])
    assert challenge["ChallengeName"] == "DEVICE_SRP_AUTH"
    other = AWSSRP(
        "ada",
        PASSWORD,
        pool_id,
        client_id,
        client=cognito,
        device_key=keys[1],
        device_group_key=signed_in[1]["NewDeviceMetadata"]["DeviceGroupKey"],
        device_password=secrets[1],
    )
    code, _ = refusal(
        respond,
        cognito,
        client_id,
        challenge,
        USERNAME="ada",
        DEVICE_KEY=keys[1],
        SRP_A=f"{other.large_a_value:x}",
    )
    assert code == "NotAuthorizedException"


def test_a_stolen_password_does_not_get_past_a_factor_that_the_owner_set_up_meanwhile(
    own_server: Any,
) -> None:
    server = own_server()
    house = software_tokens.a_house(server, server.client(), "ON", "TOTP", "EMAIL")
    thief = house.challenge()
    assert thief["ChallengeName"] == "MFA_SETUP"
    asked = respond(house.cognito, house.client_id, thief, USERNAME="ada", EMAIL="thief@example.com")
    software_tokens.set_up(house, house.challenge())
    code = the_code(server, "thief@example.com")
    with pytest.raises(ClientError) as refused:
        respond(house.cognito, house.client_id, asked, USERNAME="ada", EMAIL_OTP_CODE=code)
    assert refused.value.response["Error"]["Code"] == "NotAuthorizedException"
    assert house.factors()[0] == ["SOFTWARE_TOKEN_MFA"]


def test_where_a_factor_is_demanded_one_mailbox_does_not_do_for_password_and_factor(cognito: Any) -> None:
    """The address is asked for a code though nobody switched that on: so it gets no code for a new password."""
    pool_id = a_pool_with_mfa(cognito, "ON")
    a_person(cognito, pool_id, **EMAIL)
    client_id = an_app(cognito, pool_id)["ClientId"]
    assert begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD)["ChallengeName"] == "EMAIL_OTP"
    code, message = refusal(cognito.forgot_password, ClientId=client_id, Username="ada")
    assert code == "InvalidParameterException"
    assert "no registered/verified email or phone_number" in message


def test_where_a_factor_is_demanded_an_address_that_is_none_gets_a_reset(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sms = EVERY_FACTOR["SmsMfaConfiguration"]
    cognito.set_user_pool_mfa_config(UserPoolId=pool_id, SmsMfaConfiguration=sms, MfaConfiguration="ON")
    a_person(cognito, pool_id, **EMAIL, **PHONE)
    client_id = an_app(cognito, pool_id)["ClientId"]
    sent = cognito.forgot_password(ClientId=client_id, Username="ada")
    assert sent["CodeDeliveryDetails"]["AttributeName"] == "email"
