"""amazon-cognito-identity-js, unmodified, as browsers run it: the whole life of a person."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clients.conftest import NodeScript
from tests.clients.pocket import Pocket
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.authenticator_app import a_pool_with_mfa
from tests.people.people import PASSWORD, a_person, an_app
from tests.people.signing_up import an_email

WRONG = {"name": "NotAuthorizedException", "message": "Incorrect username or password."}
PHONE = "+14325550101"


@pytest.fixture
def life(node: NodeScript, server: RunningServer, cognito: Any, pocket: Pocket) -> dict[str, Any]:
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"])
    given = {
        "endpoint": server.base_url,
        "pocket": pocket.url,
        "poolId": pool_id,
        "clientId": an_app(cognito, pool_id)["ClientId"],
        "username": "ada",
        "email": an_email(),
        "newEmail": an_email(),
        "password": PASSWORD,
        "newPassword": "Another-Horse-9",
        "lastPassword": "Third-Horse-9",
    }
    return {**given, "seen": node("people/identity-life", **given)}


def test_identity_js_goes_with_a_person_from_sign_up_to_the_end(life: dict[str, Any]) -> None:
    seen = life["seen"]

    assert seen["signedUp"]["confirmed"] is False
    delivery = seen["signedUp"]["delivery"]
    assert (delivery["AttributeName"], delivery["DeliveryMedium"]) == ("email", "EMAIL")
    assert seen["unconfirmed"]["name"] == "UserNotConfirmedException"
    assert seen["taken"] == {"name": "UsernameExistsException", "message": "User already exists"}
    assert seen["resent"]["CodeDeliveryDetails"]["AttributeName"] == "email"
    assert seen["wrongCode"]["name"] == "CodeMismatchException"
    assert seen["confirmed"] == "SUCCESS"

    assert seen["wrongPassword"] == WRONG
    assert seen["signedIn"] == {"step": "onSuccess", "username": "ada", "valid": True}
    assert seen["cached"] is True
    sub = seen["signedUp"]["sub"]
    assert (seen["access"]["sub"], seen["access"]["username"]) == (sub, "ada")
    assert (seen["id"]["sub"], seen["id"]["cognito:username"]) == (sub, "ada")
    assert (seen["id"]["email"], seen["id"]["email_verified"]) == (life["email"], True)

    assert seen["attributes"]["name"] == "Ada Lovelace"
    assert (seen["changed"]["email"], seen["changed"]["email_verified"]) == (life["newEmail"], "true")
    assert "name" not in seen["changed"]
    assert seen["renewed"]["auth_time"] == seen["access"]["auth_time"]
    assert seen["renewed"]["jti"] != seen["access"]["jti"]

    assert seen["oldPassword"] == WRONG
    assert seen["plain"] == "onSuccess"
    assert seen["forgot"] == "inputVerificationCode"
    assert seen["recovered"] == "onSuccess"

    assert seen["revoked"]["name"] == seen["noRefresh"]["name"] == "NotAuthorizedException"
    assert seen["others"] == life["newEmail"], "a sign-out of one browser leaves the others signed in"
    assert seen["signedOut"] == {
        "name": "NotAuthorizedException",
        "message": "Access Token has been revoked",
    }
    assert seen["deleted"]["name"] == "UserNotFoundException"


def scenario(
    name: str,
    node: NodeScript,
    server: RunningServer,
    cognito: Any,
    pocket: Pocket,
    pool_id: str,
    **given: Any,
) -> Any:
    return node(
        "people/identity-factors",
        **{
            "scenario": name,
            "endpoint": server.base_url,
            "pocket": pocket.url,
            "poolId": pool_id,
            "clientId": an_app(cognito, pool_id)["ClientId"],
            "username": "ada",
            "password": PASSWORD,
            **given,
        },
    )


def test_identity_js_asks_for_an_apps_code_for_a_texted_one_and_which_of_them(
    node: NodeScript, server: RunningServer, cognito: Any, pocket: Pocket
) -> None:
    pool_id = a_pool_with_mfa(cognito, "OPTIONAL", "TOTP", "SMS")
    a_person(cognito, pool_id, phone_number=PHONE, phone_number_verified="true")

    seen = scenario("optional", node, server, cognito, pocket, pool_id, phone=PHONE)

    assert seen["preference"] == "SOFTWARE_TOKEN_MFA"
    assert seen["app"] == "totpRequired"
    assert seen["wrong"]["name"] == "CodeMismatchException"
    assert seen["sms"] == "mfaRequired"
    assert seen["destination"] == "+*******0101"
    assert seen["choice"] == {"step": "selectMFAType", "of": ["SMS_MFA", "SOFTWARE_TOKEN_MFA"]}
    assert seen["chosen"] == "totpRequired"
    assert seen["appDone"] == seen["smsDone"] == seen["chosenDone"] == "onSuccess"


def test_identity_js_sets_up_the_factor_that_a_pool_demands(
    node: NodeScript, server: RunningServer, cognito: Any, pocket: Pocket
) -> None:
    pool_id = a_pool_with_mfa(cognito, "ON", "TOTP")
    a_person(cognito, pool_id)

    seen = scenario("required", node, server, cognito, pocket, pool_id)

    assert (seen["step"], seen["of"]) == ("mfaSetup", ["SOFTWARE_TOKEN_MFA"])
    assert seen["signedIn"] is True
    assert (seen["next"], seen["done"]) == ("totpRequired", "onSuccess")


# By a plain password these clients know a device only under the name that was typed, which is no email address.
@pytest.mark.parametrize(
    ("names", "flow"),
    [({}, "USER_PASSWORD_AUTH"), ({"UsernameAttributes": ["email"]}, "USER_SRP_AUTH")],
    ids=["by name", "by email"],
)
def test_identity_js_is_excused_on_a_remembered_device_alone(
    node: NodeScript, server: RunningServer, cognito: Any, pocket: Pocket, names: dict[str, Any], flow: str
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

    seen = scenario("devices", node, server, cognito, pocket, pool_id, username=username, flow=flow)

    assert seen["confirmed"] is True
    assert seen["elsewhere"] == "totpRequired"
    assert seen["mustChoose"] is True
    assert seen["remembered"] == "onSuccess"
    assert seen["firstTime"] == "totpRequired", "it was not remembered yet"
    assert seen["home"] == seen["homeAgain"] == "onSuccess"
    assert seen["renewed"] is True
    assert seen["count"] == 2
    assert seen["forgotten"] == "totpRequired"
    assert seen["newKey"] is True


def test_identity_js_replaces_the_password_that_an_administrator_chose(
    node: NodeScript, server: RunningServer, cognito: Any, pocket: Pocket
) -> None:
    pool_id = a_pool(cognito, Schema=[{"Name": "name", "Required": True, "Mutable": True}])
    temporary = "Temporary-Horse-9"
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="ådä",
        TemporaryPassword=temporary,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "nickname", "Value": "countess"}],
    )

    seen = scenario(
        "newPassword",
        node,
        server,
        cognito,
        pocket,
        pool_id,
        username="ådä",
        temporary=temporary,
        password="Pferd-Ärger-9-馬",
    )

    assert (seen["step"], seen["required"]) == ("newPasswordRequired", ["name"])
    assert seen["had"]["nickname"] == "countess"
    assert (seen["done"], seen["name"], seen["again"]) == ("onSuccess", "Ada Lovelace", "onSuccess")
    assert seen["spent"] == WRONG
