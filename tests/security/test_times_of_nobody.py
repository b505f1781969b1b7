"""How long an answer takes does not tell who exists, in any operation that nobody signs.

Of somebody and of nobody so many answers are timed in turn that a load on the machine meets both alike. What is
compared is how often an answer of the one takes longer than one of the other: half of the time where nothing
distinguishes them, always where a step is left out for nobody. The bounds are wide: they find what one request in a
few shows, not a tenth of a millisecond.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.people.people import PASSWORD, a_person, an_app
from tests.people.test_sign_in import begin
from tests.triggers.functions import a_function
from tests.triggers.signing_in import a_question, passwordless

PEOPLE = 15
SAMPLES = 30
"""Twice each: a name that is tried oftener is locked, and a lock is the same for all."""
ALIKE = 0.15, 0.85
A = "ab" * 380
Ask = Callable[[Any, str, str], Any]


def by_srp(cognito: Any, client_id: str, name: str) -> Any:
    challenge = begin(cognito, client_id, "USER_SRP_AUTH", USERNAME=name, SRP_A=A)
    told = challenge["ChallengeParameters"]
    cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="PASSWORD_VERIFIER",
        Session=challenge["Session"],
        ChallengeResponses={
            "USERNAME": told["USERNAME"],
            "PASSWORD_CLAIM_SECRET_BLOCK": told["SECRET_BLOCK"],
            "PASSWORD_CLAIM_SIGNATURE": "x" * 44,
            "TIMESTAMP": time.strftime("%a %b %-d %H:%M:%S UTC %Y", time.gmtime()),
        },
    )


OPERATIONS: dict[str, Ask] = {
    "a password": lambda cognito, client, name: begin(
        cognito, client, USERNAME=name, PASSWORD="Wrong-Horse-9"
    ),
    "SRP": by_srp,
    "a choice": lambda cognito, client, name: begin(cognito, client, "USER_AUTH", USERNAME=name),
    "a code": lambda cognito, client, name: begin(
        cognito, client, "USER_AUTH", USERNAME=name, PREFERRED_CHALLENGE="EMAIL_OTP"
    ),
    "a custom sign-in": lambda cognito, client, name: begin(cognito, client, "CUSTOM_AUTH", USERNAME=name),
    "ForgotPassword": lambda cognito, client, name: cognito.forgot_password(ClientId=client, Username=name),
    "ConfirmForgotPassword": lambda cognito, client, name: cognito.confirm_forgot_password(
        ClientId=client, Username=name, ConfirmationCode="123456", Password=PASSWORD
    ),
    "ConfirmSignUp": lambda cognito, client, name: cognito.confirm_sign_up(
        ClientId=client, Username=name, ConfirmationCode="123456"
    ),
    "ResendConfirmationCode": lambda cognito, client, name: cognito.resend_confirmation_code(
        ClientId=client, Username=name
    ),
}


def seconds(ask: Ask, cognito: Any, client_id: str, name: str) -> float:
    began = time.perf_counter()
    try:
        ask(cognito, client_id, name)
    except ClientError as refused:
        if refused.response["Error"]["Code"] == "TooManyRequestsException":
            raise
    return time.perf_counter() - began


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from tests.harness import running_server

    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    with running_server(tmp_path_factory.mktemp("data")) as server:
        cognito = server.client()
        # The address is the name: then a code is offered to both.
        pool_id = a_pool(
            cognito,
            Policies=factors,
            AliasAttributes=["email"],
            AutoVerifiedAttributes=["email"],
            LambdaConfig={
                "DefineAuthChallenge": a_function(server, passwordless).arn,
                "CreateAuthChallenge": a_function(server, a_question).arn,
            },
        )
        client_id = an_app(
            cognito,
            pool_id,
            "ALLOW_USER_AUTH",
            "ALLOW_USER_PASSWORD_AUTH",
            "ALLOW_USER_SRP_AUTH",
            "ALLOW_CUSTOM_AUTH",
            "ALLOW_REFRESH_TOKEN_AUTH",
            PreventUserExistenceErrors="ENABLED",
        )["ClientId"]
        for number in range(PEOPLE):
            a_person(
                cognito,
                pool_id,
                f"person{number}",
                email=f"person{number}@example.com",
                email_verified="true",
            )
        yield cognito, client_id


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_answer_about_nobody_takes_as_long_as_one_about_somebody(house: Any, operation: str) -> None:
    cognito, client_id = house
    ask = OPERATIONS[operation]
    somebody, nobody = [], []
    for number in range(SAMPLES):
        who = number % PEOPLE
        pair = [(somebody, f"person{who}@example.com"), (nobody, f"nobody{who}@example.com")]
        for times, name in pair if number % 2 else reversed(pair):
            times.append(seconds(ask, cognito, client_id, name))
    longer = sum((s > n) + (s == n) / 2 for s in somebody for n in nobody) / SAMPLES**2
    assert ALIKE[0] < longer < ALIKE[1], f"somebody took longer in {longer:.0%} of all pairs"
