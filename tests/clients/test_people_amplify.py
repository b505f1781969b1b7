"""AWS Amplify for JavaScript, unmodified: the whole life of a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.clients.conftest import NodeScript
from tests.clients.pocket import Pocket
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.authenticator_app import a_pool_with_mfa
from tests.people.people import PASSWORD, a_person, an_app
from tests.people.signing_up import an_email, sign_up

WRONG = {"name": "NotAuthorizedException", "message": "Incorrect username or password."}
PHONE = "+14325550102"
FIRST_FACTORS = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}

Script = Callable[..., Any]


@pytest.fixture
def amplify(node: NodeScript, server: RunningServer, cognito: Any, pocket: Pocket) -> Script:
    """Runs a script with an app client of a pool that allows what Amplify does by default, and the rest."""

    def run(script: str, pool_id: str, **given: Any) -> Any:
        app = an_app(
            cognito,
            pool_id,
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
        )
        return node(
            f"people/{script}",
            **{
                "endpoint": server.base_url,
                "pocket": pocket.url,
                "poolId": pool_id,
                "clientId": app["ClientId"],
                "username": "ada",
                "password": PASSWORD,
                **given,
            },
        )

    return run


def test_amplify_goes_with_a_person_from_sign_up_to_the_end(amplify: Script, cognito: Any) -> None:
    email, new_email = an_email(), an_email()
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"], Policies=FIRST_FACTORS)

    seen = amplify(
        "amplify-life",
        pool_id,
        email=email,
        newEmail=new_email,
        newPassword="Another-Horse-9",
        lastPassword="Third-Horse-9",
    )

    assert seen["signedUp"]["nextStep"]["signUpStep"] == "CONFIRM_SIGN_UP"
    assert seen["signedUp"]["nextStep"]["codeDeliveryDetails"]["deliveryMedium"] == "EMAIL"
    assert seen["resent"]["attributeName"] == "email"
    assert seen["confirmed"]["nextStep"]["signUpStep"] == "COMPLETE_AUTO_SIGN_IN"
    assert seen["autoSignIn"] == "DONE"
    sub = seen["signedUp"]["userId"]
    assert seen["current"]["userId"] == sub
    assert seen["current"]["username"] == "ada"
    assert seen["claims"]["id"]["email"] == email
    assert seen["renewed"]["access"]["jti"] != seen["claims"]["access"]["jti"]
    assert seen["renewed"]["access"]["origin_jti"] == seen["claims"]["access"]["origin_jti"]

    assert seen["attributes"] == {
        "sub": sub, "email": email, "email_verified": "true", "name": "Ada Lovelace"
    }  # fmt: skip
    assert seen["update"]["email"]["nextStep"]["updateAttributeStep"] == "CONFIRM_ATTRIBUTE_WITH_CODE"
    assert seen["update"]["nickname"]["nextStep"]["updateAttributeStep"] == "DONE"
    assert seen["resentAttribute"]["attributeName"] == "email"
    assert seen["changed"] == {
        "sub": sub, "email": new_email, "email_verified": "true", "name": "Ada Lovelace"
    }  # fmt: skip

    assert seen["nobody"]["name"] == "UserUnAuthenticatedException"
    assert seen["wrong"] == WRONG
    assert [seen[flow] for flow in ("srp", "plain", "passwordFirst", "srpFirst")] == ["DONE"] * 4

    assert seen["emailed"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert seen["wrongOtp"]["name"] == "CodeMismatchException"
    assert seen["emailedDone"] == "DONE"
    assert seen["choice"]["signInStep"] == "CONTINUE_SIGN_IN_WITH_FIRST_FACTOR_SELECTION"
    assert sorted(seen["choice"]["availableChallenges"]) == ["EMAIL_OTP", "PASSWORD", "PASSWORD_SRP"]
    assert seen["chosePassword"] == seen["choseSrp"] == "CONFIRM_SIGN_IN_WITH_PASSWORD"
    assert seen["choseEmail"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert seen["chosePasswordDone"] == seen["choseSrpDone"] == seen["choseEmailDone"] == "DONE"

    assert seen["reset"]["resetPasswordStep"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    assert seen["recovered"] == "DONE"
    assert seen["deleted"]["name"] == "UserNotFoundException"


def test_amplify_refreshes_where_refresh_tokens_take_turns(
    amplify: Script, cognito: Any, node: NodeScript
) -> None:
    pool_id = a_pool(cognito)
    a_person(cognito, pool_id)
    app = an_app(
        cognito,
        pool_id,
        "ALLOW_USER_SRP_AUTH",
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 0},
    )

    seen = amplify("amplify-rotation", pool_id, clientId=app["ClientId"])

    assert len(set(seen["tokens"])) == 3, "each refresh gave another access token"


def test_amplify_asks_for_each_second_factor_and_which_of_them(amplify: Script, cognito: Any) -> None:
    email = an_email()
    pool_id = a_pool_with_mfa(cognito, "OPTIONAL", "TOTP", "SMS", "EMAIL")
    a_person(
        cognito,
        pool_id,
        email=email,
        email_verified="true",
        phone_number=PHONE,
        phone_number_verified="true",
    )

    seen = amplify("amplify-factors", pool_id, scenario="optional", email=email, phone=PHONE)

    assert seen["before"] == {}
    assert seen["uri"] is True
    assert seen["after"]["preferred"] == "TOTP"
    assert sorted(seen["after"]["enabled"]) == ["EMAIL", "SMS", "TOTP"]
    assert seen["app"] == "CONFIRM_SIGN_IN_WITH_TOTP_CODE"
    assert seen["wrong"]["name"] == "CodeMismatchException"
    assert seen["sms"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_SMS_CODE"
    assert seen["sms"]["codeDeliveryDetails"] == {"deliveryMedium": "SMS", "destination": "+*******0102"}
    assert seen["email"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert seen["choice"]["signInStep"] == "CONTINUE_SIGN_IN_WITH_MFA_SELECTION"
    assert sorted(seen["choice"]["allowedMFATypes"]) == ["EMAIL", "SMS", "TOTP"]
    assert seen["chosen"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert [seen[done] for done in ("appDone", "smsDone", "emailDone", "chosenDone")] == ["DONE"] * 4


def test_amplify_sets_up_the_factor_that_a_pool_demands(amplify: Script, cognito: Any) -> None:
    email = an_email()
    pool_id = a_pool_with_mfa(cognito, "ON", "TOTP", "EMAIL")
    a_person(cognito, pool_id)
    a_person(cognito, pool_id, "bob")

    seen = amplify("amplify-factors", pool_id, scenario="required", other="bob", email=email)

    assert seen["choice"]["signInStep"] == "CONTINUE_SIGN_IN_WITH_MFA_SETUP_SELECTION"
    assert sorted(seen["choice"]["allowedMFATypes"]) == ["EMAIL", "TOTP"]
    assert (seen["app"], seen["appDone"]) == ("CONTINUE_SIGN_IN_WITH_TOTP_SETUP", "DONE")
    assert seen["preference"]["enabled"] == ["TOTP"]
    assert (seen["next"], seen["nextDone"]) == ("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "DONE")
    assert seen["mail"] == "CONTINUE_SIGN_IN_WITH_EMAIL_SETUP"
    assert seen["mailed"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_EMAIL_CODE"
    assert seen["mailDone"] == "DONE"


# By a plain password these clients know a device only under the name that was typed, which is no email address.
@pytest.mark.parametrize(
    ("names", "flow"),
    [({}, "USER_PASSWORD_AUTH"), ({"UsernameAttributes": ["email"]}, "USER_SRP_AUTH")],
    ids=["by name", "by email"],
)
def test_amplify_is_excused_on_a_remembered_device_alone(
    amplify: Script, cognito: Any, names: dict[str, Any], flow: str
) -> None:
    pool_id = a_pool_with_mfa(
        cognito,
        "OPTIONAL",
        "TOTP",
        DeviceConfiguration={"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": True},
        **names,
    )
    username = an_email() if names else "ada"
    a_person(cognito, pool_id, username)

    seen = amplify("amplify-factors", pool_id, scenario="devices", username=username, flow=flow)

    assert seen["devices"] == 1
    assert (seen["firstTime"], seen["firstTimeDone"]) == ("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "DONE")
    assert seen["home"] == seen["homeAgain"] == "DONE"
    assert seen["deviceKey"] == seen["id"]
    assert (seen["forgotten"], seen["forgottenDone"]) == ("CONFIRM_SIGN_IN_WITH_TOTP_CODE", "DONE")
    assert len(seen["newDevice"]) == 1
    assert seen["newDevice"] != [seen["id"]]
    assert seen["none"] == 0


def test_amplify_signs_a_person_up_who_never_has_a_password(amplify: Script, cognito: Any) -> None:
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"], Policies=FIRST_FACTORS)

    seen = amplify("amplify-factors", pool_id, scenario="passwordless", email=an_email())

    assert (seen["signedUp"], seen["confirmed"]) == ("CONFIRM_SIGN_UP", "COMPLETE_AUTO_SIGN_IN")
    assert seen["autoSignIn"] == "DONE"
    assert seen["sub"] is True
    assert seen["again"]["availableChallenges"] == ["EMAIL_OTP"]
    assert (seen["chosen"], seen["done"]) == ("CONFIRM_SIGN_IN_WITH_EMAIL_CODE", "DONE")


def test_amplify_registers_a_passkey_and_signs_in_by_it(amplify: Script, cognito: Any) -> None:
    pool_id = a_pool(
        cognito, Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}
    )
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, WebAuthnConfiguration={"RelyingPartyId": "localhost"}
    )
    a_person(cognito, pool_id)

    seen = amplify("amplify-factors", pool_id, scenario="passkeys")

    assert (seen["count"], seen["relyingParty"]) == (1, "localhost")
    assert "WEB_AUTHN" in seen["asked"]["availableChallenges"]
    assert seen["preferred"] == seen["chosen"] == "DONE"
    assert seen["left"] == 0
    assert "WEB_AUTHN" not in seen["without"]["availableChallenges"]


def test_amplify_is_not_told_who_exists_but_people_are_told_what_to_do(amplify: Script, cognito: Any) -> None:
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"])
    client_id = an_app(
        cognito,
        pool_id,
        "ALLOW_USER_SRP_AUTH",
        "ALLOW_USER_PASSWORD_AUTH",
        PreventUserExistenceErrors="ENABLED",
    )["ClientId"]
    sign_up(cognito, client_id, "unconfirmed", attributes={"email": an_email()})
    a_person(cognito, pool_id, "reset", email=an_email(), email_verified="true")
    cognito.admin_reset_user_password(UserPoolId=pool_id, Username="reset")

    seen = amplify("amplify-factors", pool_id, scenario="states", clientId=client_id)

    assert seen["nobody"] == seen["nobodyPlain"] == WRONG
    assert seen["nobodyResets"] == "CONFIRM_RESET_PASSWORD_WITH_CODE"
    assert seen["nobodyConfirms"]["name"] == "CodeMismatchException"
    assert seen["unconfirmed"] == "CONFIRM_SIGN_UP"
    assert seen["reset"] == "RESET_PASSWORD"


def test_amplify_replaces_the_password_that_an_administrator_chose(amplify: Script, cognito: Any) -> None:
    pool_id = a_pool(cognito, Schema=[{"Name": "name", "Required": True, "Mutable": True}])
    temporary = "Temporary-Horse-9"
    cognito.admin_create_user(
        UserPoolId=pool_id, Username="ådä", TemporaryPassword=temporary, MessageAction="SUPPRESS"
    )

    seen = amplify(
        "amplify-factors",
        pool_id,
        scenario="newPassword",
        username="ådä",
        temporary=temporary,
        password="Pferd-Ärger-9-馬",
    )

    assert seen["asked"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_NEW_PASSWORD_REQUIRED"
    assert seen["asked"]["missingAttributes"] == ["name"]
    assert (seen["done"], seen["name"], seen["again"]) == ("DONE", "Ada Lovelace", "DONE")
