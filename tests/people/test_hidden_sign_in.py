"""Where a client hides who exists, a sign-in begins for anybody alike, however often it is begun."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, messages_of
from tests.people.signing_up import an_email
from tests.people.test_challenges import EMAIL, PHONE, a_pool_with_mfa
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
    names = (f"nobody{number}" for number in range(100))
    nobody = next(name for name in names if "EMAIL_OTP" in offers(cognito, client_id, name))
    assert somebody == asked_for_codes(cognito, client_id, nobody, 25)
    assert somebody == ["EMAIL_OTP"] * 20 + ["TooManyRequestsException"] * 5
    # By another of their names they get no more messages, and nobody hears of it.
    assert asked_for_codes(cognito, client_id, email, 3) == ["EMAIL_OTP"] * 3
    assert len(messages_of(server, email)) <= 20


def offers(cognito: Any, client_id: str, name: str) -> tuple[str, ...]:
    return tuple(begin(cognito, client_id, "USER_AUTH", USERNAME=name)["AvailableChallenges"])


def test_what_somebody_is_offered_nobody_is_offered_too(cognito: Any) -> None:
    """Who has a factor, no phone or no address is offered less than the pool allows: so is many a nobody."""
    allowed = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
    pool_id = a_pool_with_mfa(cognito, Policies=allowed)
    client_id = an_app(cognito, pool_id, "ALLOW_USER_AUTH", PreventUserExistenceErrors="ENABLED")["ClientId"]
    people = {
        offers(cognito, client_id, name)
        for name in (
            a_person_called(cognito, pool_id, "plain"),
            a_person_called(cognito, pool_id, "mail", **EMAIL),
            a_person_called(cognito, pool_id, "phone", **PHONE),
            a_person_called(cognito, pool_id, "both", **EMAIL, **PHONE),
        )
    }
    nobody = {offers(cognito, client_id, f"nobody{number}") for number in range(120)}
    assert len(people) == 4
    assert people <= nobody
    assert nobody <= people, "and nothing else"
    assert offers(cognito, client_id, "nobody1") == offers(cognito, client_id, "nobody1")


def test_where_a_factor_is_demanded_nobody_is_offered_a_way_around_it(cognito: Any) -> None:
    allowed = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
    pool_id = a_pool_with_mfa(cognito, "ON", Policies=allowed)
    client_id = an_app(cognito, pool_id, "ALLOW_USER_AUTH", PreventUserExistenceErrors="ENABLED")["ClientId"]
    a_person(cognito, pool_id, **EMAIL, **PHONE)
    for number in range(10):
        assert offers(cognito, client_id, f"nobody{number}") == offers(cognito, client_id, "ada")


def a_person_called(cognito: Any, pool_id: str, name: str, **attributes: str) -> str:
    a_person(cognito, pool_id, name, **attributes)
    return name
