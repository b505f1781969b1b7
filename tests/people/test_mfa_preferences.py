"""Which second factors are asked for, and who may switch them on and off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.authenticator_app import SMS, a_pool_with_mfa, enrol, the_clock_goes_back
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.mfa import (
    Wish,
    available_factors,
    changed_settings,
    configured_factors,
    offered_factors,
    with_factor,
    without_totp,
)
from poolhouse.core.pools import UserPool
from poolhouse.core.users import Factor, MfaSettings, User, UserStatus

NOW = datetime(2026, 11, 27, tzinfo=UTC)
NONE_ON = MfaSettings()
ON = {"Enabled": True}
OFF = {"Enabled": False}
PREFERRED = {"Enabled": True, "PreferredMfa": True}


def a_pool_of(mode: str, factors: set[Factor], **settings: Any) -> UserPool:
    sms = {"SmsConfiguration": SMS} if Factor.SMS in factors else {}
    return UserPool(
        id="us-east-1_AbCdEf123",
        account_id="000000000000",
        region="us-east-1",
        name="p",
        created_at=NOW,
        modified_at=NOW,
        settings={"MfaConfiguration": mode, **sms, **settings},  # type: ignore[typeddict-item]  # made up as needed
        attributes=(),
        software_token_mfa={"Enabled": Factor.TOTP in factors},
        email_mfa={"Message": "{####}"} if Factor.EMAIL in factors else None,
    )


def a_user(mfa: MfaSettings = NONE_ON, **attributes: str) -> User:
    return User(
        pool_id="us-east-1_AbCdEf123",
        sub="s",
        username="ada",
        status=UserStatus.CONFIRMED,
        created_at=NOW,
        modified_at=NOW,
        attributes=attributes,
        mfa=mfa,
    )


factors = st.sampled_from(list(Factor))
modes = st.sampled_from(["OFF", "OPTIONAL", "ON"])


@st.composite
def settings_of(draw: st.DrawFn) -> MfaSettings:
    enabled = draw(st.frozensets(factors))
    return MfaSettings(enabled, draw(st.sampled_from([None, *enabled])))


@st.composite
def people(draw: st.DrawFn) -> User:
    attributes = {
        name: value
        for name, value in (("email", "ada@example.com"), ("phone_number", "+15550100"))
        if draw(st.booleans())
    }
    return a_user(draw(settings_of()), **attributes)


wishes_of = st.dictionaries(
    factors, st.builds(Wish, st.sampled_from([None, True, False]), st.sampled_from([None, True, False]))
)


@given(modes, st.sets(factors), people(), st.booleans())
def test_what_is_asked_for_can_be_asked_for(
    mode: str, offered: set[Factor], user: User, has_totp: bool
) -> None:
    pool = a_pool_of(mode, offered)
    choice = available_factors(pool, user, has_totp)
    assert set(offered_factors(pool)) == offered
    assert choice.preferred is None or choice.preferred in choice.factors
    for factor in choice.factors:
        match factor:
            case Factor.SMS:
                assert factor in offered
                assert "phone_number" in user.attributes
            case Factor.EMAIL:
                assert factor in offered
                assert "email" in user.attributes
            case Factor.TOTP:
                assert has_totp
    match mode:
        case "OFF":
            assert not choice.factors
            assert not choice.must_set_up
        case "OPTIONAL":
            assert set(choice.factors) <= user.mfa.enabled
            assert not choice.must_set_up
        case _:
            assert choice.must_set_up == (not choice.factors)
            # A sign-in that set a factor up need not be let in by one that others could set up beside it.
            assert not (choice.must_set_up and has_totp)


@given(modes, st.sets(factors), people(), st.booleans(), st.lists(wishes_of, max_size=6))
def test_no_sequence_of_wishes_leaves_a_person_without_the_factor_that_is_demanded(
    mode: str, offered: set[Factor], user: User, has_totp: bool, wishes: list[Mapping[Factor, Wish]]
) -> None:
    pool = a_pool_of(mode, offered)
    before = available_factors(pool, user, has_totp)
    for wish in wishes:
        usable = set(available_factors(pool, user, has_totp).factors) & user.mfa.enabled
        try:
            settings = changed_settings(pool, user, has_totp, wish)
        except InvalidParameterException:
            continue
        user = replace(user, mfa=settings)
        assert settings.preferred is None or settings.preferred in settings.enabled
        after = available_factors(pool, user, has_totp)
        assert before.must_set_up or not after.must_set_up
        if mode == "ON" and usable:
            assert set(after.factors) & settings.enabled


@given(settings_of())
def test_a_token_that_is_taken_away_leaves_nothing_of_it(settings: MfaSettings) -> None:
    after = without_totp(settings)
    assert after.enabled == settings.enabled - {Factor.TOTP}
    assert after.preferred is not Factor.TOTP
    assert without_totp(with_factor(after, Factor.TOTP)) == after


def test_what_a_person_can_begin_with_is_what_the_pool_allows_and_they_have() -> None:
    allowed = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}}
    pool = a_pool_of("OPTIONAL", {Factor.TOTP}, Policies=allowed)
    ada = a_user(
        email="ada@example.com",
        email_verified="true",
        phone_number="+15550100",
        phone_number_verified="true",
    )
    everything = configured_factors(pool, ada, has_password=True, has_passkey=True, has_totp=True)
    assert everything == ("PASSWORD", "EMAIL_OTP", "WEB_AUTHN", "SOFTWARE_TOKEN")
    nothing = configured_factors(
        pool, a_user(email="ada@example.com"), has_password=False, has_passkey=False, has_totp=False
    )
    assert nothing == ()


@dataclass
class House:
    """A pool, an app client, and Ada in it, with an e-mail address and a number."""

    server: RunningServer
    cognito: Any
    pool_id: str
    client_id: str

    def token(self) -> str:
        token: str = sign_in(self.cognito, self.client_id)["AccessToken"]
        return token

    def admin(self, **settings: Any) -> None:
        self.cognito.admin_set_user_mfa_preference(UserPoolId=self.pool_id, Username="ada", **settings)

    def factors(self) -> tuple[list[str], str | None]:
        user = self.cognito.admin_get_user(UserPoolId=self.pool_id, Username="ada")
        return user.get("UserMFASettingList", []), user.get("PreferredMfaSetting")

    def challenge(self) -> str | None:
        answer = self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        name: str | None = answer.get("ChallengeName")
        return name

    def demand(self) -> None:
        self.cognito.set_user_pool_mfa_config(UserPoolId=self.pool_id, MfaConfiguration="ON")


def a_house(server: RunningServer, cognito: Any, *factors: str, **attributes: str) -> House:
    pool_id = a_pool_with_mfa(cognito, "OPTIONAL", *(factors or ("SMS", "EMAIL", "TOTP")))
    a_person(cognito, pool_id, **attributes)
    return House(server, cognito, pool_id, an_app(cognito, pool_id)["ClientId"])


@pytest.fixture(autouse=True)
def clock(request: pytest.FixtureRequest) -> Iterator[None]:
    if "server" not in request.fixturenames:
        yield
        return
    with the_clock_goes_back(request.getfixturevalue("server")):
        yield


@pytest.fixture
def house(server: RunningServer, cognito: Any) -> House:
    return a_house(
        server,
        cognito,
        email="ada@example.com",
        email_verified="true",
        phone_number="+15550100",
        phone_number_verified="true",
    )


def test_people_choose_their_factors_and_the_one_to_be_asked_for(house: House) -> None:
    token = house.token()
    choose = house.cognito.set_user_mfa_preference
    choose(AccessToken=token, SMSMfaSettings=ON)
    assert house.factors() == (["SMS_MFA"], None)
    assert house.challenge() == "SMS_MFA"
    choose(AccessToken=token, EmailMfaSettings=ON)
    assert house.factors() == (["EMAIL_OTP", "SMS_MFA"], None)
    assert house.challenge() == "SELECT_MFA_TYPE"
    choose(AccessToken=token, EmailMfaSettings=PREFERRED)
    assert house.factors() == (["EMAIL_OTP", "SMS_MFA"], "EMAIL_OTP")
    assert house.challenge() == "EMAIL_OTP"
    choose(AccessToken=token, SMSMfaSettings=PREFERRED)  # the preference moves
    assert house.factors() == (["EMAIL_OTP", "SMS_MFA"], "SMS_MFA")
    choose(AccessToken=token, SMSMfaSettings=ON)  # what is left out stays
    assert house.factors()[1] == "SMS_MFA"
    choose(AccessToken=token, SMSMfaSettings={"Enabled": True, "PreferredMfa": False})
    assert house.factors() == (["EMAIL_OTP", "SMS_MFA"], None)
    choose(AccessToken=token, SMSMfaSettings=OFF, EmailMfaSettings=OFF)
    assert house.factors() == ([], None)
    assert house.challenge() is None


def test_a_factor_that_is_switched_off_is_not_preferred(house: House) -> None:
    house.admin(SMSMfaSettings=PREFERRED, EmailMfaSettings=ON)
    house.admin(SMSMfaSettings=OFF)
    assert house.factors() == (["EMAIL_OTP"], None)


def test_one_factor_is_preferred_at_most_and_only_one_that_is_on(house: House) -> None:
    two = refusal(house.admin, SMSMfaSettings=PREFERRED, EmailMfaSettings=PREFERRED)
    assert two[0] == "InvalidParameterException"
    off = refusal(house.admin, SMSMfaSettings={"Enabled": False, "PreferredMfa": True})
    assert off[0] == "InvalidParameterException"
    assert refusal(house.admin, SMSMfaSettings={"PreferredMfa": True})[0] == "InvalidParameterException"
    assert house.factors() == ([], None)


def test_a_factor_needs_what_it_is_sent_to(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito)
    for member, name in (
        ("SMSMfaSettings", "SMS_MFA"),
        ("EmailMfaSettings", "EMAIL_OTP"),
        ("SoftwareTokenMfaSettings", "SOFTWARE_TOKEN_MFA"),
    ):
        expected = (
            "InvalidParameterException",
            f"User does not have delivery config set to turn on {name}",
        )
        assert refusal(house.admin, **{member: ON}) == expected
        token = house.token()
        assert refusal(house.cognito.set_user_mfa_preference, AccessToken=token, **{member: ON}) == expected
        house.admin(**{member: OFF})
    assert house.factors() == ([], None)


def test_where_a_factor_is_demanded_nobody_switches_the_last_one_off(house: House) -> None:
    token = house.token()
    enrol(house.server, house.cognito, token)
    house.cognito.set_user_mfa_preference(AccessToken=token, SMSMfaSettings=ON)
    house.demand()
    house.cognito.set_user_mfa_preference(AccessToken=token, SMSMfaSettings=OFF)
    assert house.factors() == (["SOFTWARE_TOKEN_MFA"], "SOFTWARE_TOKEN_MFA")
    refused = refusal(house.cognito.set_user_mfa_preference, AccessToken=token, SoftwareTokenMfaSettings=OFF)
    assert refused[0] == "InvalidParameterException"
    assert refusal(house.admin, SoftwareTokenMfaSettings=OFF)[0] == "InvalidParameterException"
    house.admin(SMSMfaSettings=PREFERRED, SoftwareTokenMfaSettings=OFF)  # one for the other
    assert house.factors() == (["SMS_MFA"], "SMS_MFA")
    old = refusal(house.cognito.set_user_settings, AccessToken=token, MFAOptions=[])
    assert old[0] == "InvalidParameterException"
    assert house.factors() == (["SMS_MFA"], "SMS_MFA")


def test_a_factor_that_cannot_be_asked_for_is_not_the_one_that_is_left(
    server: RunningServer, cognito: Any
) -> None:
    house = a_house(server, cognito, "TOTP", phone_number="+15550100")
    token = house.token()
    enrol(server, cognito, token)
    house.admin(SMSMfaSettings=ON)  # of no use: the pool sends no SMS
    house.demand()
    refused = refusal(house.admin, SoftwareTokenMfaSettings=OFF)
    assert refused[0] == "InvalidParameterException"
    assert house.challenge() == "SOFTWARE_TOKEN_MFA"


def test_the_old_form_knows_sms_alone(house: House) -> None:
    token = house.token()
    sms = [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
    house.cognito.set_user_settings(AccessToken=token, MFAOptions=sms)
    assert house.factors() == (["SMS_MFA"], None)
    house.cognito.set_user_settings(AccessToken=token, MFAOptions=[])
    assert house.factors() == ([], None)
    house.cognito.admin_set_user_settings(UserPoolId=house.pool_id, Username="ada", MFAOptions=sms)
    assert house.factors() == (["SMS_MFA"], None)
    for option in (
        {"DeliveryMedium": "EMAIL", "AttributeName": "email"},
        {"DeliveryMedium": "SMS", "AttributeName": "email"},
        {"DeliveryMedium": "SMS"},
    ):
        refused = refusal(house.cognito.set_user_settings, AccessToken=token, MFAOptions=[option])
        assert refused[0] == "InvalidParameterException"


def test_nobody_else_is_found(house: House) -> None:
    missing = ("UserNotFoundException", "User does not exist.")
    named = {"UserPoolId": house.pool_id, "Username": "nobody"}
    assert refusal(house.cognito.admin_set_user_mfa_preference, SMSMfaSettings=ON, **named) == missing
    assert refusal(house.cognito.admin_set_user_settings, MFAOptions=[], **named) == missing
    assert refusal(house.cognito.admin_get_user_auth_factors, **named) == missing
    other = refusal(
        house.cognito.admin_set_user_mfa_preference, UserPoolId="us-east-1_nowhere12", Username="ada"
    )
    assert other[0] == "ResourceNotFoundException"
    forged = refusal(house.cognito.set_user_mfa_preference, AccessToken="forged", SMSMfaSettings=OFF)
    assert forged == ("NotAuthorizedException", "Invalid Access Token")


def test_a_person_is_told_with_what_they_can_sign_in(house: House) -> None:
    token = house.token()
    assert (
        house.cognito.get_user_auth_factors(AccessToken=token).items()
        >= {
            "Username": "ada",
            "ConfiguredUserAuthFactors": ["PASSWORD"],
        }.items()
    )
    enrol(house.server, house.cognito, token)
    house.admin(SMSMfaSettings=ON)
    own = house.cognito.get_user_auth_factors(AccessToken=token)
    by_admin = house.cognito.admin_get_user_auth_factors(UserPoolId=house.pool_id, Username="ada")
    for answer in (own, by_admin):
        answer.pop("ResponseMetadata")
        assert answer == {
            "Username": "ada",
            "PreferredMfaSetting": "SOFTWARE_TOKEN_MFA",
            "UserMFASettingList": ["SMS_MFA", "SOFTWARE_TOKEN_MFA"],
            "ConfiguredUserAuthFactors": ["PASSWORD", "SOFTWARE_TOKEN"],
        }


def test_passkeys_are_a_second_factor_where_the_pool_says_so_and_beside_another(
    server: RunningServer, cognito: Any
) -> None:
    house = a_house(server, cognito, phone_number="+15550100")
    house.admin(SMSMfaSettings=ON)
    not_configured = refusal(house.admin, WebAuthnMfaSettings=ON)
    assert not_configured[0] == "InvalidParameterException"
    cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id,
        MfaConfiguration="OPTIONAL",
        WebAuthnConfiguration={
            "RelyingPartyId": "example.com",
            "UserVerification": "required",
            "FactorConfiguration": "MULTI_FACTOR_WITH_USER_VERIFICATION",
        },
    )
    alone = refusal(house.admin, SMSMfaSettings=OFF, WebAuthnMfaSettings=ON)
    assert alone[0] == "InvalidParameterException"
    house.admin(WebAuthnMfaSettings=ON)
    assert refusal(house.admin, SMSMfaSettings=OFF)[0] == "InvalidParameterException"
    house.admin(SMSMfaSettings=OFF, WebAuthnMfaSettings=OFF)
    assert house.factors() == ([], None)


def test_a_pool_without_mfa_asks_for_nothing_whatever_was_switched_on(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool(cognito)
    a_person(cognito, pool_id, phone_number="+15550100")
    house = House(server, cognito, pool_id, an_app(cognito, pool_id)["ClientId"])
    house.admin(SMSMfaSettings=ON)
    assert house.challenge() is None
