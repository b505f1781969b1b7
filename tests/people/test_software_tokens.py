"""Authenticator apps: enrolled, proved, and each code good once."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from botocore.exceptions import ClientError
from tests.harness import RunningServer
from tests.people.authenticator_app import AuthenticatorApp, a_pool_with_mfa, enrol, the_clock_goes_back
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in

from poolhouse.core.software_tokens import Verdict
from poolhouse.store.tables import audit, user_totp
from poolhouse.userpools.software_tokens import verify_totp

LOCKED = ("NotAuthorizedException", "Password attempts exceeded")
USED = ("ExpiredCodeException", "Your software token has already been used once.")
WRONG = ("CodeMismatchException", "Invalid code received for user")
NO_SESSION = ("NotAuthorizedException", "Invalid session for the user.")


@dataclass
class House:
    """A pool with software tokens, an app client, and Ada in it."""

    server: RunningServer
    cognito: Any
    pool_id: str
    client_id: str
    sub: str

    def token(self) -> str:
        """An access token of Ada's, while she has no factor yet."""
        token: str = sign_in(self.cognito, self.client_id)["AccessToken"]
        return token

    def challenge(self) -> dict[str, Any]:
        answer: dict[str, Any] = self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        return answer

    def answer(self, challenge: dict[str, Any], code: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName="SOFTWARE_TOKEN_MFA",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "ada", "SOFTWARE_TOKEN_MFA_CODE": code},
        )
        return answer

    def factors(self) -> tuple[list[str], str | None]:
        user = self.cognito.admin_get_user(UserPoolId=self.pool_id, Username="ada")
        return user.get("UserMFASettingList", []), user.get("PreferredMfaSetting")


def a_house(server: RunningServer, cognito: Any, mode: str = "OPTIONAL", *factors: str) -> House:
    pool_id = a_pool_with_mfa(cognito, mode, *factors)
    client_id = an_app(cognito, pool_id)["ClientId"]
    return House(server, cognito, pool_id, client_id, a_person(cognito, pool_id))


@pytest.fixture(autouse=True)
def clock(server: RunningServer) -> Iterator[None]:
    with the_clock_goes_back(server):
        yield


@pytest.fixture
def house(server: RunningServer, cognito: Any) -> House:
    return a_house(server, cognito)


@pytest.fixture
def strict_house(server: RunningServer, cognito: Any) -> House:
    """Its pool demands a second factor."""
    return a_house(server, cognito, "ON")


def test_an_app_is_enrolled_and_asked_for_at_the_next_sign_in(house: House) -> None:
    token = house.token()
    associated = house.cognito.associate_software_token(AccessToken=token)
    assert re.fullmatch("[A-Z2-7]{52}", associated["SecretCode"])
    assert "Session" not in associated

    app = AuthenticatorApp(house.server, associated["SecretCode"])
    verified = house.cognito.verify_software_token(
        AccessToken=token, UserCode=app.code(), FriendlyDeviceName="Pixel"
    )
    assert verified["Status"] == "SUCCESS"
    assert "Session" not in verified
    assert "AuthenticationResult" in house.challenge()  # it is not switched on yet

    house.cognito.set_user_mfa_preference(
        AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    challenge = house.challenge()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert challenge["ChallengeParameters"]["FRIENDLY_DEVICE_NAME"] == "Pixel"
    assert "AuthenticationResult" in house.answer(challenge, app.code())
    assert house.factors() == (["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA")


def test_the_code_that_proved_an_app_cannot_sign_in(house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    assert refusal(house.answer, house.challenge(), app.code_again()) == USED
    assert "AuthenticationResult" in house.answer(house.challenge(), app.code())


def test_a_code_signs_in_once(house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    one, other = house.challenge(), house.challenge()
    code = app.code()
    assert "AuthenticationResult" in house.answer(one, code)
    assert refusal(house.answer, other, code) == USED
    assert "AuthenticationResult" in house.answer(other, app.code())


def test_a_code_is_good_one_step_before_and_after_its_time_but_never_behind_a_later_one(house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    app.code()
    house.server.clock.advance(seconds=60)
    app.code()
    assert refusal(house.answer, house.challenge(), app.code_again(-2)) == WRONG
    assert refusal(house.answer, house.challenge(), app.code_again(2)) == WRONG
    assert "AuthenticationResult" in house.answer(house.challenge(), app.code_again(1))
    assert refusal(house.answer, house.challenge(), app.code_again(0)) == USED
    assert refusal(house.answer, house.challenge(), app.code_again(-1)) == USED


def test_the_same_code_by_many_sign_ins_at_once_succeeds_once(house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    challenges = [house.challenge() for _ in range(8)]
    code = app.code()

    def attempt(challenge: dict[str, Any]) -> str:
        try:
            house.answer(challenge, code)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return "signed in"

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(attempt, challenges))
    assert outcomes == {"signed in": 1, "ExpiredCodeException": 7}


def test_the_same_code_by_fifty_transactions_at_once_is_right_once(house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    code, now = app.code(), house.server.clock.now()
    store = house.server.server.parts.store

    async def all_at_once() -> list[Verdict]:
        work = [
            store.write(lambda tx: verify_totp(tx, house.pool_id, house.sub, code, now)) for _ in range(50)
        ]
        return await asyncio.gather(*work)

    assert Counter(house.server.run(all_at_once())) == {Verdict.RIGHT: 1, Verdict.USED: 49}


def test_wrong_codes_are_counted_over_all_sessions_and_lock_the_right_one_too(house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    wrong = app.wrong_code()
    with house.server.clock.stopped():
        for _ in range(5):
            assert refusal(house.answer, house.challenge(), wrong) == WRONG
        assert refusal(house.answer, house.challenge(), app.code_again(1)) == LOCKED
    house.server.clock.advance(seconds=2)  # the fifth one locks for a second
    assert "AuthenticationResult" in house.answer(house.challenge(), app.code())


def test_guessing_at_once_gives_no_more_tries_than_guessing_in_turn(house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    wrong, now = app.wrong_code(), house.server.clock.now()
    store = house.server.server.parts.store

    async def all_at_once() -> list[Verdict]:
        work = [
            store.write(lambda tx: verify_totp(tx, house.pool_id, house.sub, wrong, now)) for _ in range(40)
        ]
        return await asyncio.gather(*work)

    assert Counter(house.server.run(all_at_once())) == {Verdict.WRONG: 5, Verdict.LOCKED: 35}


def test_a_wrong_code_enrols_nothing_and_the_right_one_still_does(house: House) -> None:
    token = house.token()
    app = AuthenticatorApp(
        house.server, house.cognito.associate_software_token(AccessToken=token)["SecretCode"]
    )
    refused = refusal(house.cognito.verify_software_token, AccessToken=token, UserCode=app.wrong_code())
    assert refused == (
        "EnableSoftwareTokenMFAException",
        "Code mismatch and fail enable Software Token MFA",
    )
    not_yet = refusal(
        house.cognito.set_user_mfa_preference, AccessToken=token, SoftwareTokenMfaSettings={"Enabled": True}
    )
    assert not_yet[1] == "User does not have delivery config set to turn on SOFTWARE_TOKEN_MFA"
    answer = house.cognito.verify_software_token(AccessToken=token, UserCode=app.code())
    assert answer["Status"] == "SUCCESS"


def test_guessing_at_enrolment_is_limited_and_leaves_the_app_in_use_alone(house: House) -> None:
    token = house.token()
    old = enrol(house.server, house.cognito, token)
    new = AuthenticatorApp(
        house.server, house.cognito.associate_software_token(AccessToken=token)["SecretCode"]
    )
    with house.server.clock.stopped():
        for _ in range(5):
            refusal(house.cognito.verify_software_token, AccessToken=token, UserCode=new.wrong_code())
        locked = refusal(house.cognito.verify_software_token, AccessToken=token, UserCode=new.code_again(1))
    assert locked == ("TooManyRequestsException", "Attempt limit exceeded, please try after some time.")
    assert "AuthenticationResult" in house.answer(house.challenge(), old.code())


def test_a_new_app_takes_the_place_of_the_old_one_once_it_is_proved(house: House) -> None:
    token = house.token()
    old = enrol(house.server, house.cognito, token)
    seed = house.cognito.associate_software_token(AccessToken=token)["SecretCode"]
    assert "AuthenticationResult" in house.answer(house.challenge(), old.code())

    new = AuthenticatorApp(house.server, seed)
    house.cognito.verify_software_token(AccessToken=token, UserCode=new.code())
    assert refusal(house.answer, house.challenge(), old.code()) == WRONG
    assert "AuthenticationResult" in house.answer(house.challenge(), new.code())


def test_a_seed_is_proved_once(house: House) -> None:
    token = house.token()
    app = AuthenticatorApp(
        house.server, house.cognito.associate_software_token(AccessToken=token)["SecretCode"]
    )
    code = app.code()

    def attempt(_: int) -> str:
        try:
            house.cognito.verify_software_token(AccessToken=token, UserCode=code)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return "proved"

    with ThreadPoolExecutor(8) as threads:
        outcomes = Counter(threads.map(attempt, range(8)))
    assert outcomes == {"proved": 1, "SoftwareTokenMFANotFoundException": 7}


def test_a_pool_without_software_tokens_gives_no_seed(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, "OPTIONAL", "SMS")
    assert refusal(cognito.associate_software_token, AccessToken=house.token()) == (
        "SoftwareTokenMFANotFoundException",
        "Software Token MFA has not been enabled by the userPool",
    )


def test_a_token_or_a_session_says_who_it_is_and_not_both(house: House) -> None:
    token, session = house.token(), "AYAB" + "A" * 64
    for named in ({}, {"AccessToken": token, "Session": session}):
        assert refusal(house.cognito.associate_software_token, **named)[0] == "InvalidParameterException"
        code = refusal(house.cognito.verify_software_token, UserCode="123456", **named)[0]
        assert code == "InvalidParameterException"
    assert refusal(house.cognito.associate_software_token, Session=session) == NO_SESSION
    assert refusal(house.cognito.verify_software_token, Session=session, UserCode="123456") == NO_SESSION
    nameless = refusal(house.cognito.verify_software_token, AccessToken=token, UserCode="123456")
    assert nameless[0] == "SoftwareTokenMFANotFoundException"


def set_up(house: House, challenge: dict[str, Any]) -> tuple[AuthenticatorApp, str]:
    """An app enrolled in a sign-in; and the session that answers MFA_SETUP."""
    associated = house.cognito.associate_software_token(Session=challenge["Session"])
    app = AuthenticatorApp(house.server, associated["SecretCode"])
    verified = house.cognito.verify_software_token(Session=associated["Session"], UserCode=app.code())
    assert verified["Status"] == "SUCCESS"
    return app, verified["Session"]


def finish(house: House, session: str) -> dict[str, Any]:
    answer: dict[str, Any] = house.cognito.respond_to_auth_challenge(
        ClientId=house.client_id,
        ChallengeName="MFA_SETUP",
        Session=session,
        ChallengeResponses={"USERNAME": "ada"},
    )
    return answer


def test_a_pool_that_demands_a_factor_has_one_set_up_in_the_sign_in(strict_house: House) -> None:
    house = strict_house
    challenge = house.challenge()
    assert challenge["ChallengeName"] == "MFA_SETUP"
    assert challenge["ChallengeParameters"]["MFAS_CAN_SETUP"] == '["SOFTWARE_TOKEN_MFA"]'
    app, session = set_up(house, challenge)
    assert "AuthenticationResult" in finish(house, session)
    assert house.factors()[0] == ["SOFTWARE_TOKEN_MFA"]

    again = house.challenge()
    assert again["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert refusal(house.answer, again, app.code_again()) == USED
    assert "AuthenticationResult" in house.answer(again, app.code())


def test_a_set_up_is_not_finished_before_a_code_was_seen(strict_house: House) -> None:
    challenge = strict_house.challenge()
    assert refusal(finish, strict_house, challenge["Session"])[0] == "InvalidParameterException"
    associated = strict_house.cognito.associate_software_token(Session=challenge["Session"])
    assert refusal(finish, strict_house, associated["Session"])[0] == "InvalidParameterException"
    app = AuthenticatorApp(strict_house.server, associated["SecretCode"])
    refusal(
        strict_house.cognito.verify_software_token, Session=associated["Session"], UserCode=app.wrong_code()
    )
    assert refusal(finish, strict_house, associated["Session"])[0] == "InvalidParameterException"


def test_a_set_up_begun_with_a_stolen_password_cannot_replace_the_owners(strict_house: House) -> None:
    house = strict_house
    thiefs, early = house.challenge(), house.challenge()
    thiefs = house.cognito.associate_software_token(Session=thiefs["Session"])
    set_up(house, house.challenge())

    stolen = AuthenticatorApp(house.server, thiefs["SecretCode"])
    refused = refusal(house.cognito.verify_software_token, Session=thiefs["Session"], UserCode=stolen.code())
    assert refused == NO_SESSION
    assert refusal(house.cognito.associate_software_token, Session=early["Session"]) == NO_SESSION


def test_two_set_ups_at_once_end_with_one_factor(strict_house: House) -> None:
    house = strict_house
    begun = [house.challenge() for _ in range(6)]
    associated = [house.cognito.associate_software_token(Session=one["Session"]) for one in begun]
    apps = [AuthenticatorApp(house.server, one["SecretCode"]) for one in associated]
    apps[0].code()

    def attempt(number: int) -> str:
        try:
            house.cognito.verify_software_token(
                Session=associated[number]["Session"], UserCode=apps[number].code_again()
            )
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return "set up"

    with ThreadPoolExecutor(6) as threads:
        outcomes = Counter(threads.map(attempt, range(6)))
    assert outcomes == {"set up": 1, "NotAuthorizedException": 5}


def test_a_sign_in_that_waits_for_a_code_cannot_enrol_another_app(house: House) -> None:
    enrol(house.server, house.cognito, house.token())
    session = house.challenge()["Session"]
    assert refusal(house.cognito.associate_software_token, Session=session) == NO_SESSION
    assert refusal(house.cognito.verify_software_token, Session=session, UserCode="123456") == NO_SESSION


def test_a_sign_in_whose_password_is_not_proved_cannot_enrol_an_app(strict_house: House) -> None:
    house = strict_house
    begun = house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="USER_SRP_AUTH",
        AuthParameters={"USERNAME": "ada", "SRP_A": "2" * 200},
    )
    assert begun["ChallengeName"] == "PASSWORD_VERIFIER"
    session = begun["Session"]
    assert refusal(house.cognito.associate_software_token, Session=session) == NO_SESSION
    assert refusal(house.cognito.verify_software_token, Session=session, UserCode="123456") == NO_SESSION


def test_a_session_is_good_for_one_step_of_the_set_up(strict_house: House) -> None:
    house = strict_house
    session = house.challenge()["Session"]
    house.cognito.associate_software_token(Session=session)
    assert refusal(house.cognito.associate_software_token, Session=session) == NO_SESSION


def test_a_verified_app_counts_where_a_factor_is_demanded_even_if_it_was_not_switched_on(
    house: House,
) -> None:
    app = enrol(house.server, house.cognito, house.token(), switch_on=False)
    house.cognito.set_user_pool_mfa_config(UserPoolId=house.pool_id, MfaConfiguration="ON")
    challenge = house.challenge()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert "AuthenticationResult" in house.answer(challenge, app.code())


def test_an_app_works_on_when_the_pool_offers_new_ones_no_more(house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": False},
        SmsMfaConfiguration={"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}},
    )
    challenge = house.challenge()
    assert challenge["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    assert "AuthenticationResult" in house.answer(challenge, app.code())


def test_an_administrator_takes_an_app_away(house: House) -> None:
    token = house.token()
    enrol(house.server, house.cognito, token)
    house.cognito.admin_delete_software_token(UserPoolId=house.pool_id, Username="ada")
    assert house.factors() == ([], None)
    assert "AuthenticationResult" in house.challenge()
    enrol(house.server, house.cognito, token)
    assert house.challenge()["ChallengeName"] == "SOFTWARE_TOKEN_MFA"
    missing = refusal(house.cognito.admin_delete_software_token, UserPoolId=house.pool_id, Username="nobody")
    assert missing == ("UserNotFoundException", "User does not exist.")


def test_an_app_that_is_taken_away_has_to_be_set_up_anew_where_one_is_demanded(strict_house: House) -> None:
    house = strict_house
    set_up(house, house.challenge())
    house.cognito.admin_delete_software_token(UserPoolId=house.pool_id, Username="ada")
    assert house.challenge()["ChallengeName"] == "MFA_SETUP"


def test_seeds_are_sealed_and_named_in_no_audit_record(house: House, strict_house: House) -> None:
    app = enrol(house.server, house.cognito, house.token())
    pending = house.cognito.associate_software_token(Session=strict_house.challenge()["Session"])
    seeds = [app.seed, pending["SecretCode"]]

    def read(tx: Any) -> tuple[list[Any], list[str]]:
        kept = tx.connection.execute(sa.select(user_totp).where(user_totp.c.sub == house.sub)).all()
        documents = tx.connection.scalars(sa.select(audit.c.document)).all()
        return kept, list(documents)

    # All records of all tests: a busy machine may take its time for them.
    store = house.server.server.parts.store
    kept, documents = house.server.run(store.read(read, patience=60))
    assert len(kept) == 1
    for seed in seeds:
        assert seed not in str(kept[0])
        assert seed.encode() not in kept[0].sealed
        assert not any(seed in document for document in documents)
    names = [document for document in documents if "VerifySoftwareToken" in document]
    assert names, "a changed factor is in the audit record"
    assert not any("UserCode" in document for document in names)


def test_what_is_not_a_code_is_refused_by_the_model(house: House) -> None:
    token = house.token()
    for code in ("12345", "1234567", "12a456", "１２３４５６"):
        refused = refusal(house.cognito.verify_software_token, AccessToken=token, UserCode=code)
        assert refused[0] == "InvalidParameterException"
    long_name = refusal(
        house.cognito.verify_software_token,
        AccessToken=token,
        UserCode="123456",
        FriendlyDeviceName="x" * 257,
    )
    assert long_name[0] == "InvalidParameterException"
