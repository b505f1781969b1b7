"""Sign-ins that nobody means: values that are longer than any, and letters that no name has."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in
from tests.people.test_sign_in import begin, respond

LETTERS = ["\U0001f600" * 100, "e\u0301", "\u202ea", "\u212a"]


@pytest.mark.parametrize("name", ["USERNAME", "DEVICE_KEY"])
def test_what_a_session_keeps_is_not_longer_than_any_that_there_is(cognito: Any, name: str) -> None:
    """Else whoever has a client's id fills the disk with the sign-ins of people that nobody is."""
    pool_id = a_pool(cognito)
    client_id = an_app(
        cognito, pool_id, "ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", PreventUserExistenceErrors="ENABLED"
    )["ClientId"]
    values = {"USERNAME": "ada", "SRP_A": "2", name: "x" * 100_000}
    for flow in ("USER_SRP_AUTH", "USER_AUTH"):
        assert refusal(begin, cognito, client_id, flow, **values)[0] == "InvalidParameterException"
    with pytest.raises(ClientError) as refused:
        cognito.respond_to_auth_challenge(
            ClientId=client_id,
            ChallengeName="PASSWORD",
            Session="AYAB" + "x" * 64,
            ChallengeResponses=values,
        )
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


@pytest.mark.parametrize("name", LETTERS)
def test_a_name_that_nobody_can_have_is_nobodys(cognito: Any, name: str) -> None:
    pool_id = a_pool(
        cognito,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}},
    )
    client_id = an_app(
        cognito, pool_id, "ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", PreventUserExistenceErrors="ENABLED"
    )["ClientId"]
    told = refusal(begin, cognito, client_id, "USER_PASSWORD_AUTH", USERNAME=name, PASSWORD=name)
    assert told == ("NotAuthorizedException", "Incorrect username or password.")
    for challenge in ("PASSWORD", "EMAIL_OTP", "WEB_AUTHN", name):
        asked = begin(cognito, client_id, "USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE=challenge)
        assert asked["Session"]


def test_a_name_that_is_given_with_the_new_password_is_not_anothers(cognito: Any) -> None:
    """Else it would wait behind the other's user name, and be the one that is found when that person is gone."""
    pool_id = a_pool(cognito, AliasAttributes=["preferred_username"])
    a_person(cognito, pool_id, "bob")
    cognito.admin_create_user(
        UserPoolId=pool_id, Username="eve", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    client_id = an_app(cognito, pool_id)["ClientId"]
    challenge = begin(cognito, client_id, USERNAME="eve", PASSWORD=PASSWORD)
    new = {"USERNAME": "eve", "NEW_PASSWORD": "Another-Horse-8"}
    taken = {**new, "userAttributes.preferred_username": "bob"}
    assert refusal(respond, cognito, client_id, challenge, **taken)[0] == "AliasExistsException"
    free = {**new, "userAttributes.preferred_username": "eva"}
    assert respond(cognito, client_id, challenge, **free)["AuthenticationResult"]
    assert sign_in(cognito, client_id, "eva", "Another-Horse-8")
