"""All secrets that people have, used in every way: rightly, wrongly, and where they don't belong."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pycognito.aws_srp import AWSSRP
from tests.fuzz.house import UNSIGNED, House
from tests.fuzz.people import NEW_PASSWORD, SIGNED_IN, confirmation_of
from tests.people.people import PASSWORD
from tests.people.test_devices import SECRET as DEVICE_SECRET

MARK = "canaryOfPeople0123456789ABCDEFGHIJKLMN"
"""Put in the place of every secret that a request has."""
SECRET_MEMBERS = frozenset(
    {
        *(
            "Password",
            "PreviousPassword",
            "ProposedPassword",
            "TemporaryPassword",
            "PASSWORD",
            "NEW_PASSWORD",
        ),
        *("AccessToken", "RefreshToken", "Token", "REFRESH_TOKEN", "Session"),
        *("ConfirmationCode", "Code", "UserCode", "SecretHash", "SECRET_HASH", "ClientSecret", "Secret"),
        *("PasswordVerifier", "Salt", "clientDataJSON", "attestationObject", "challenge"),
    }
)


@dataclass
class Used:
    secrets: dict[str, str] = field(default_factory=dict)
    codes: dict[str, str] = field(default_factory=dict)
    """Too short to be looked for within other letters and digits."""
    answers: list[tuple[str, bytes]] = field(default_factory=list)
    """What was refused, with its headers: to whom proved nothing, nothing may be told."""


def marked(value: Any, mark: Any) -> Iterator[Any]:
    """The value once for each secret in it, however deep, with the mark in that one's place."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name in SECRET_MEMBERS and isinstance(inner, str):
                yield {**value, name: mark}
            for changed in marked(inner, mark):
                yield {**value, name: changed}


def use_secrets_of_people(house: House) -> Used:
    used = Used()
    people = house.people
    me = {"AccessToken": people.tokens["AccessToken"]}
    for operation, request in house.requests().items():
        # Of a form that is refused by the service model, by the operation, and by the reading of the JSON.
        for mark in (MARK, f" {MARK} ", MARK * 90, [MARK]):
            for spoiled in marked(request, mark):
                reply = house.call(operation, spoiled, is_signed=operation not in UNSIGNED)
                if reply.status >= 400:
                    used.answers.append((operation, reply.body + str(reply.headers).encode()))
    house.database.forget_attempts()
    house.furnish()  # where a mark was no less good than what it stood for
    people = house.people
    me = {"AccessToken": people.tokens["AccessToken"]}
    used.secrets |= {
        "a person's password": PASSWORD,
        "a mark in place of a secret": MARK,
        "a new password": NEW_PASSWORD,
        "an access token": people.tokens["AccessToken"].rpartition(".")[2],
        "an ID token": people.tokens["IdToken"].rpartition(".")[2],
        "a refresh token": people.tokens["RefreshToken"],
        "a session": people.session,
        "an authenticator app's seed": people.seed,
        "a device's secret": DEVICE_SECRET,
        "a device's verifier": people.new_device["DeviceSecretVerifierConfig"]["PasswordVerifier"],
        "a registration's challenge": challenge_of(people.registration),
    }
    used.codes |= people.codes
    used.codes["an app's code"] = house.requests()["VerifySoftwareToken"]["UserCode"]
    used.secrets["a secret block"] = by_srp(house)
    for operation in (
        "VerifySoftwareToken",
        "ConfirmDevice",
        "CompleteWebAuthnRegistration",
        "ConfirmSignUp",
    ):
        house.ask(operation, house.requests()[operation])
    house.ask("VerifyUserAttribute", house.requests()["VerifyUserAttribute"])
    house.ask("RespondToAuthChallenge", house.requests()["RespondToAuthChallenge"])
    refreshed = house.ask("GetTokensFromRefreshToken", house.requests()["GetTokensFromRefreshToken"])
    used.secrets["a refreshed token"] = refreshed["AuthenticationResult"]["AccessToken"].rpartition(".")[2]
    used.secrets["a rotated refresh token"], used.secrets["the one after it"] = by_rotation(house)
    house.ask("ConfirmForgotPassword", house.requests()["ConfirmForgotPassword"])
    again = house.call("ConfirmForgotPassword")
    used.answers.append(("ConfirmForgotPassword", again.body))
    house.call("ChangePassword", {**me, "PreviousPassword": NEW_PASSWORD, "ProposedPassword": PASSWORD})
    return used


def challenge_of(registration: Mapping[str, Any]) -> str:
    import base64

    data = registration["response"]["clientDataJSON"]
    return str(json.loads(base64.urlsafe_b64decode(data + "=" * (-len(data) % 4)))["challenge"])


def by_srp(house: House) -> str:
    """Sign in by SRP; the secret block of it."""
    proof = AWSSRP(
        username=SIGNED_IN,
        password=PASSWORD,
        pool_id=house.machine.pool_id,
        client_id=house.people.client_id,
        client=house.cognito,
    )
    begun = house.ask(
        "InitiateAuth",
        {
            "ClientId": house.people.client_id,
            "AuthFlow": "USER_SRP_AUTH",
            "AuthParameters": proof.get_auth_params(),
        },
    )
    block: str = begun["ChallengeParameters"]["SECRET_BLOCK"]
    assert proof.authenticate_user()["AuthenticationResult"]
    return block


def by_rotation(house: House) -> tuple[str, str]:
    pool = {"UserPoolId": house.machine.pool_id}
    rotating = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 10}
    client = house.ask(
        "CreateUserPoolClient",
        {
            **pool,
            "ClientName": "rotating",
            "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
            "RefreshTokenRotation": rotating,
        },
    )["UserPoolClient"]["ClientId"]
    values = {"USERNAME": SIGNED_IN, "PASSWORD": PASSWORD}
    begun = house.ask(
        "InitiateAuth", {"ClientId": client, "AuthFlow": "USER_PASSWORD_AUTH", "AuthParameters": values}
    )["AuthenticationResult"]
    house.ask("ConfirmDevice", confirmation_of(begun))
    asked = {
        "ClientId": client,
        "RefreshToken": begun["RefreshToken"],
        "DeviceKey": begun["NewDeviceMetadata"]["DeviceKey"],
    }
    next_one = house.ask("GetTokensFromRefreshToken", asked)["AuthenticationResult"]["RefreshToken"]
    assert house.ask("GetTokensFromRefreshToken", asked), "within the grace period"
    return begun["RefreshToken"], next_one
