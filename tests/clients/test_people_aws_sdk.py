"""The AWS SDK for JavaScript v3, unmodified: the life of a person who has no keys."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clients.conftest import NodeScript
from tests.clients.pocket import a_pocket
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, an_app
from tests.people.signing_up import an_email

EMAIL = an_email()


@pytest.fixture(scope="module")
def seen(node: NodeScript, server: RunningServer) -> Any:
    """What the SDK did and saw."""
    cognito = server.client()
    pool_id = a_pool(
        cognito,
        AutoVerifiedAttributes=["email"],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    flows = ("ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
    with a_pocket(server) as pocket:
        return node(
            "people/aws-sdk",
            endpoint=server.base_url,
            region=server.region,
            pocket=pocket.url,
            poolId=pool_id,
            clientId=an_app(cognito, pool_id, *flows)["ClientId"],
            username="ada",
            email=EMAIL,
            password=PASSWORD,
            newPassword="Another-Horse-9",
        )


def test_the_aws_sdk_for_javascript_goes_with_a_person_from_sign_up_to_sign_out(seen: Any) -> None:
    assert seen["first"] == "Bearer"
    assert seen["choice"] == ["SELECT_CHALLENGE", ["EMAIL_OTP", "PASSWORD", "PASSWORD_SRP"]]
    assert seen["chosen"] == ["EMAIL_OTP", "EMAIL"]
    assert seen["attributes"] == {"sub": seen["sub"], "email": EMAIL, "email_verified": "true"}
    assert seen["renewed"] is True


@pytest.mark.parametrize(
    ("case", "name", "message"),
    [
        (
            "weak",
            "InvalidPasswordException",
            "Password did not conform with policy: Password not long enough",
        ),
        ("taken", "UsernameExistsException", "User already exists"),
        ("unconfirmed", "UserNotConfirmedException", "User is not confirmed."),
        (
            "wrongCode",
            "CodeMismatchException",
            "Invalid verification code provided, please try again.",
        ),
        ("wrongPassword", "NotAuthorizedException", "Incorrect username or password."),
        ("revoked", "NotAuthorizedException", "Access Token has been revoked"),
        ("signedOut", "NotAuthorizedException", "Refresh Token has been revoked"),
    ],
)
def test_the_aws_sdk_for_javascript_throws_its_own_typed_exceptions_at_people(
    seen: Any, case: str, name: str, message: str
) -> None:
    refusal = seen["refusals"][case]
    assert (refusal["name"], refusal["typed"], refusal["status"]) == (name, True, 400)
    assert refusal["message"] == message


def test_the_aws_sdk_for_javascript_sends_nothing_of_an_administrator_without_keys(seen: Any) -> None:
    assert seen["refusals"]["noKeys"]["message"] == "a browser has no keys"
