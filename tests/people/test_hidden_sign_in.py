"""Where a client hides who exists, a sign-in begins for anybody alike, however often it is begun."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, messages_of
from tests.people.signing_up import an_email
from tests.people.test_sign_in import begin

FACTORS = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}


def asked_for_codes(cognito: Any, client_id: str, name: str, times: int) -> list[str]:
    """What each of so many requests for a code is answered."""
    told = []
    for _ in range(times):
        try:
            asked = begin(cognito, client_id, "USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="EMAIL_OTP")
            told.append(str(asked["ChallengeName"]))
        except ClientError as refused:
            told.append(refused.response["Error"]["Code"])
    return told


def test_asking_for_codes_again_and_again_does_not_tell_who_exists(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool(cognito, Policies=FACTORS, AliasAttributes=["email"])
    client_id = an_app(cognito, pool_id, "ALLOW_USER_AUTH", PreventUserExistenceErrors="ENABLED")["ClientId"]
    email = an_email()
    a_person(cognito, pool_id, email=email, email_verified="true")
    somebody = asked_for_codes(cognito, client_id, "ada", 25)
    assert somebody == asked_for_codes(cognito, client_id, "nobody", 25)
    assert somebody == ["EMAIL_OTP"] * 20 + ["TooManyRequestsException"] * 5
    # By another of their names they get no more messages, and nobody hears of it.
    assert asked_for_codes(cognito, client_id, email, 3) == ["EMAIL_OTP"] * 3
    assert len(messages_of(server, email)) <= 20
