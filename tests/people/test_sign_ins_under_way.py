"""What ends a person's sign-ins ends those too that are still under way: a thief may be half-way in already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in, the_code
from tests.people.signing_up import an_email
from tests.people.test_challenges import EMAIL, a_pool_with_mfa, prefer
from tests.people.test_sign_in import begin, respond

INVALID = ("NotAuthorizedException", "Invalid session for the user.")
OTHER = "Another-Horse-8"
Ending = Callable[[Any, str], Any]


def reset(cognito: Any, pool_id: str) -> None:
    cognito.admin_reset_user_password(UserPoolId=pool_id, Username="ada")


def disable_for_a_moment(cognito: Any, pool_id: str) -> None:
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    cognito.admin_enable_user(UserPoolId=pool_id, Username="ada")


ENDINGS: dict[str, Ending] = {
    "another password": lambda cognito, pool_id: cognito.admin_set_user_password(
        UserPoolId=pool_id, Username="ada", Password=OTHER, Permanent=True
    ),
    "a sign-out everywhere": lambda cognito, pool_id: cognito.admin_user_global_sign_out(
        UserPoolId=pool_id, Username="ada"
    ),
    "disabling": disable_for_a_moment,
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_sign_in_that_waits_for_its_factor_ends(server: RunningServer, cognito: Any, ending: str) -> None:
    pool_id = a_pool_with_mfa(cognito)
    email = an_email()
    a_person(cognito, pool_id, email=email, email_verified="true")
    prefer(cognito, pool_id, "Email")
    client_id = an_app(cognito, pool_id)["ClientId"]
    waiting = begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD)
    code = the_code(server, email)
    ENDINGS[ending](cognito, pool_id)
    assert refusal(respond, cognito, client_id, waiting, USERNAME="ada", EMAIL_OTP_CODE=code) == INVALID


@pytest.mark.parametrize("ending", [ENDINGS["another password"], reset])
def test_a_sign_in_that_waits_for_a_factor_to_be_set_up_sets_none_up(cognito: Any, ending: Ending) -> None:
    """Else a thief who was half-way in leaves an authenticator app of their own behind."""
    pool_id = a_pool(cognito)
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="ON"
    )
    a_person(cognito, pool_id, **EMAIL)
    client_id = an_app(cognito, pool_id)["ClientId"]
    waiting = begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD)
    assert waiting["ChallengeName"] == "MFA_SETUP"
    seed = cognito.associate_software_token(Session=waiting["Session"])
    ending(cognito, pool_id)
    with pytest.raises(ClientError) as refused:
        cognito.verify_software_token(Session=seed["Session"], UserCode=pyotp.TOTP(seed["SecretCode"]).now())
    assert refused.value.response["Error"]["Message"] == "Invalid session for the user."


def test_who_has_an_old_temporary_password_can_not_choose_one_any_more(cognito: Any) -> None:
    pool_id = a_pool_with_mfa(cognito)
    cognito.admin_create_user(
        UserPoolId=pool_id, Username="ada", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    client_id = an_app(cognito, pool_id)["ClientId"]
    waiting = begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD)
    assert waiting["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=OTHER, Permanent=False)
    assert (
        refusal(respond, cognito, client_id, waiting, USERNAME="ada", NEW_PASSWORD="Thief-Horse-7") == INVALID
    )


def test_a_change_of_the_password_ends_what_was_begun_with_the_old_one(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool_with_mfa(cognito)
    email = an_email()
    a_person(cognito, pool_id, email=email, email_verified="true")
    client_id = an_app(cognito, pool_id)["ClientId"]
    tokens = sign_in(cognito, client_id)
    prefer(cognito, pool_id, "Email")
    waiting = begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD)
    code = the_code(server, email)
    cognito.change_password(
        AccessToken=tokens["AccessToken"], PreviousPassword=PASSWORD, ProposedPassword=OTHER
    )
    assert refusal(respond, cognito, client_id, waiting, USERNAME="ada", EMAIL_OTP_CODE=code) == INVALID


def test_a_reset_ends_what_was_begun_with_the_forgotten_password(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool_with_mfa(cognito)
    phone, email = "+14325551777", an_email()
    a_person(
        cognito,
        pool_id,
        email=email,
        email_verified="true",
        phone_number=phone,
        phone_number_verified="true",
    )
    prefer(cognito, pool_id, "SMS")
    client_id = an_app(cognito, pool_id)["ClientId"]
    waiting = begin(cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD)
    code = the_code(server, phone)
    cognito.forgot_password(ClientId=client_id, Username="ada")
    cognito.confirm_forgot_password(
        ClientId=client_id, Username="ada", ConfirmationCode=the_code(server, email), Password=OTHER
    )
    assert refusal(respond, cognito, client_id, waiting, USERNAME="ada", SMS_MFA_CODE=code) == INVALID
