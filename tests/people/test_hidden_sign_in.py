"""Where a client hides who exists, a sign-in begins for anybody alike, however often it is begun."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, messages_of, refusal
from tests.people.signing_up import an_email
from tests.people.test_challenges import EMAIL, PHONE, a_pool_with_mfa
from tests.people.test_sign_in import begin, respond

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


def test_another_name_in_the_answer_does_not_tell_whose_sign_in_it_is(cognito: Any) -> None:
    pool_id = a_pool(cognito, UsernameConfiguration={"CaseSensitive": False}, AliasAttributes=["email"])
    client_id = an_app(
        cognito, pool_id, "ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH", PreventUserExistenceErrors="ENABLED"
    )["ClientId"]
    a_person(cognito, pool_id, **EMAIL)

    def answered_as(begun_by: str, name: str | None) -> str:
        """`name` is None for the one that the challenge gives."""
        challenge = begin(cognito, client_id, "USER_SRP_AUTH", USERNAME=begun_by, SRP_A="ab" * 380)
        told = challenge["ChallengeParameters"]
        answers = {
            "USERNAME": name or told["USER_ID_FOR_SRP"],
            "PASSWORD_CLAIM_SECRET_BLOCK": told["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": "x" * 44,
            "TIMESTAMP": "Tue Mar 4 05:06:07 UTC 2025",
        }
        return refusal(respond, cognito, client_id, challenge, **answers)[1]

    for somebody, nobody in (("ada", "bea"), ("ada@example.com", "bea@example.com")):
        told = "Invalid session for the user."
        assert answered_as(somebody, "eve") == told
        assert answered_as(nobody, "eve") == told
        for own in (False, True):
            names = [person if own else None for person in (somebody.upper(), nobody.upper())]
            assert answered_as(somebody, names[0]) == "Incorrect username or password."
            assert answered_as(nobody, names[1]) == "Incorrect username or password."


@pytest.mark.parametrize("names", [{"AliasAttributes": ["email"]}, {"UsernameAttributes": ["email"]}])
def test_what_is_told_with_a_code_does_not_tell_who_exists(cognito: Any, names: dict[str, Any]) -> None:
    folds = {"UsernameConfiguration": {"CaseSensitive": False}}
    pool_id = a_pool(cognito, Policies=FACTORS, **folds, **names)
    client_id = an_app(cognito, pool_id, "ALLOW_USER_AUTH", PreventUserExistenceErrors="ENABLED")["ClientId"]
    username = "ada@example.com" if "UsernameAttributes" in names else "ada"
    a_person(cognito, pool_id, username, **EMAIL)
    people = (f"bea{number}@example.com" for number in range(100))
    nobody = next(name for name in people if "EMAIL_OTP" in offers(cognito, client_id, name))
    for name in ("ada@example.com", "ADA@Example.com", nobody, nobody.upper()):
        asked = begin(cognito, client_id, "USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="EMAIL_OTP")
        local, _, domain = name.partition("@")
        assert asked["ChallengeParameters"] == {
            "CODE_DELIVERY_DELIVERY_MEDIUM": "EMAIL",
            "CODE_DELIVERY_DESTINATION": f"{local[0]}***@{domain[0]}***",
            "USER_ID_FOR_SRP": name,
        }
