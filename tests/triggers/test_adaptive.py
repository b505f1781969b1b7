"""Adaptive authentication: sign-ins from where the person is not known."""

from __future__ import annotations

import base64
import hmac
from typing import Any

import pytest
import sqlalchemy as sa
from pycognito import AWSSRP
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in, the_code
from tests.triggers.risk import (
    ABROAD,
    CHROME,
    FIREFOX,
    HOME,
    NEIGHBOUR,
    a_protected_pool,
    come,
    encoded,
    events_of,
    protected,
    risk_of,
    seen_at,
    takeover,
)
from tests.triggers.signing_in import a_custom_pool

from poolhouse.core.risk_settings import mode

BLOCKED = ("NotAuthorizedException", "Unable to login because of security reasons.")


@pytest.fixture
def place(cognito: Any) -> tuple[str, str]:
    """A pool that acts, and its client; ada has signed in at home."""
    return known_at_home(cognito, a_protected_pool(cognito))


def known_at_home(cognito: Any, pool_id: str, **attributes: str) -> tuple[str, str]:
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id, **attributes)
    come(cognito, pool_id, client_id)
    assert risk_of(cognito, pool_id) == ("NoRisk", None, "Pass")
    return pool_id, client_id


def set_takeover(cognito: Any, pool_id: str, action: str, **options: Any) -> None:
    cognito.set_risk_configuration(
        UserPoolId=pool_id, AccountTakeoverRiskConfiguration=takeover(action, **options)
    )


def test_who_comes_as_ever_is_no_risk(cognito: Any, place: tuple[str, str]) -> None:
    set_takeover(cognito, place[0], "BLOCK")
    come(cognito, *place, address=NEIGHBOUR)
    assert risk_of(cognito, place[0]) == ("NoRisk", None, "Pass")


@pytest.mark.parametrize(
    ("address", "agent", "level"),
    [(HOME, FIREFOX, "Low"), (ABROAD, CHROME, "Low"), (ABROAD, FIREFOX, "Medium")],
)
def test_a_new_device_or_network_is_a_little_risk_and_both_are_more(
    cognito: Any, place: tuple[str, str], address: str, agent: str, level: str
) -> None:
    come(cognito, *place, address=address, agent=agent)
    assert risk_of(cognito, place[0]) == ("AccountTakeover", level, "Pass")


def test_many_vain_tries_make_a_sign_in_riskier(
    server: RunningServer, cognito: Any, place: tuple[str, str]
) -> None:
    for _ in range(5):
        refusal(come, cognito, *place, address=ABROAD, password="Wrong-Horse-9")
    server.clock.advance(seconds=10)  # the lock of the fifth is over
    come(cognito, *place, address=ABROAD, agent=FIREFOX)
    assert risk_of(cognito, place[0]) == ("AccountTakeover", "High", "Pass")


def test_what_was_taken_for_the_person_once_is_known_again(cognito: Any, place: tuple[str, str]) -> None:
    come(cognito, *place, agent=FIREFOX)
    come(cognito, *place, agent=FIREFOX)
    assert risk_of(cognito, place[0]) == ("NoRisk", None, "Pass")


def test_a_risky_sign_in_by_password_alone_makes_nobody_known(cognito: Any, place: tuple[str, str]) -> None:
    for _ in range(3):
        come(cognito, *place, address=ABROAD, agent=FIREFOX)
        assert risk_of(cognito, place[0]) == ("AccountTakeover", "Medium", "Pass")


def test_a_blocked_sign_in_gives_nothing_and_stands_in_the_history(
    cognito: Any, place: tuple[str, str]
) -> None:
    set_takeover(cognito, place[0], "BLOCK")
    assert refusal(come, cognito, *place, address=ABROAD) == BLOCKED
    assert risk_of(cognito, place[0]) == ("Block", "Low", "Fail")
    assert events_of(cognito, place[0])[0]["ChallengeResponses"] == [
        {"ChallengeName": "Password", "ChallengeResponse": "Success"}
    ]
    come(cognito, *place)


def test_who_does_not_know_the_password_does_not_hear_that_they_would_be_blocked(
    cognito: Any, place: tuple[str, str]
) -> None:
    set_takeover(cognito, place[0], "BLOCK")
    wrong = refusal(come, cognito, *place, address=ABROAD, password="Wrong-Horse-9")
    assert wrong == ("NotAuthorizedException", "Incorrect username or password.")


def test_audit_records_the_risk_and_does_nothing(cognito: Any) -> None:
    place = known_at_home(cognito, a_protected_pool(cognito, "AUDIT"))
    set_takeover(cognito, place[0], "BLOCK", notify=True)
    come(cognito, *place, address=ABROAD, agent=FIREFOX)
    assert risk_of(cognito, place[0]) == ("NoRisk", "Medium", "Pass")


def test_a_pool_without_threat_protection_is_not_watched(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    come(cognito, pool_id, client_id)
    come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)


def with_email_mfa(cognito: Any, pool_id: str) -> None:
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="OPTIONAL", EmailMfaConfiguration={}
    )


def test_a_factor_is_asked_of_who_has_one_and_proving_it_makes_the_place_known(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_protected_pool(cognito)
    with_email_mfa(cognito, pool_id)
    address = f"{pool_id}@example.com"
    pool_id, client_id = known_at_home(cognito, pool_id, email=address, email_verified="true")
    set_takeover(cognito, pool_id, "MFA_REQUIRED")
    asked = come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)
    assert asked["ChallengeName"] == "EMAIL_OTP"
    assert risk_of(cognito, pool_id) == ("AccountTakeover", "Medium", "InProgress")
    answer = cognito.admin_respond_to_auth_challenge(
        UserPoolId=pool_id,
        ClientId=client_id,
        ChallengeName="EMAIL_OTP",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "EMAIL_OTP_CODE": the_code(server, address)},
        ContextData=seen_at(ABROAD, FIREFOX, header="user-agent"),
    )
    assert "AuthenticationResult" in answer
    assert risk_of(cognito, pool_id) == ("AccountTakeover", "Medium", "Pass")
    assert "AuthenticationResult" in come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)
    assert risk_of(cognito, pool_id) == ("NoRisk", None, "Pass")


@pytest.mark.parametrize("action", ["MFA_REQUIRED", "MFA_IF_CONFIGURED"])
def test_who_has_no_factor_is_let_in_or_not_as_the_pool_says(
    cognito: Any, place: tuple[str, str], action: str
) -> None:
    with_email_mfa(cognito, place[0])  # ada has no address
    set_takeover(cognito, place[0], action)
    if action == "MFA_REQUIRED":
        assert refusal(come, cognito, *place, address=ABROAD) == BLOCKED
        assert risk_of(cognito, place[0]) == ("Block", "Low", "Fail")
    else:
        assert "AuthenticationResult" in come(cognito, *place, address=ABROAD)
        assert risk_of(cognito, place[0]) == ("AccountTakeover", "Low", "Pass")


def test_the_factor_that_was_asked_for_cant_be_left_out_by_another_answer(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_protected_pool(cognito)
    with_email_mfa(cognito, pool_id)
    pool_id, client_id = known_at_home(
        cognito, pool_id, email=f"{pool_id}@example.com", email_verified="true"
    )
    set_takeover(cognito, pool_id, "MFA_IF_CONFIGURED")
    asked = come(cognito, pool_id, client_id, address=ABROAD)
    # Back home meanwhile: the question stands.
    wrong = refusal(
        cognito.admin_respond_to_auth_challenge,
        UserPoolId=pool_id,
        ClientId=client_id,
        ChallengeName="EMAIL_OTP",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "EMAIL_OTP_CODE": "000000"},
    )
    assert wrong[0] == "CodeMismatchException"


def test_a_temporary_password_goes_past_no_factor_that_the_risk_wants(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_protected_pool(cognito)
    with_email_mfa(cognito, pool_id)
    address = f"{pool_id}@example.com"
    pool_id, client_id = known_at_home(cognito, pool_id, email=address, email_verified="true")
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=PASSWORD, Permanent=False)
    set_takeover(cognito, pool_id, "MFA_REQUIRED")
    asked = come(cognito, pool_id, client_id, address=ABROAD)
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    following = cognito.admin_respond_to_auth_challenge(
        UserPoolId=pool_id,
        ClientId=client_id,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "NEW_PASSWORD": "Another-Horse-9"},
    )
    assert following["ChallengeName"] == "EMAIL_OTP"


def test_feedback_makes_a_place_known_or_never_trusted_again(cognito: Any, place: tuple[str, str]) -> None:
    pool_id = place[0]

    def say(value: str) -> None:
        event = events_of(cognito, pool_id)[0]["EventId"]
        cognito.admin_update_auth_event_feedback(
            UserPoolId=pool_id, Username="ada", EventId=event, FeedbackValue=value
        )

    come(cognito, *place, address=ABROAD, agent=FIREFOX)
    say("Valid")
    come(cognito, *place, address=ABROAD, agent=FIREFOX)
    assert risk_of(cognito, pool_id) == ("NoRisk", None, "Pass")
    say("Invalid")
    come(cognito, *place, address=ABROAD, agent=CHROME)
    assert risk_of(cognito, pool_id) == ("AccountTakeover", "High", "Pass")
    for agent in (CHROME, FIREFOX):  # whoever calls itself like the other's browser is not to suffer for it
        come(cognito, *place, agent=agent)
        assert risk_of(cognito, pool_id) == ("NoRisk", None, "Pass")


@pytest.mark.parametrize("action", ["MFA_REQUIRED", "MFA_IF_CONFIGURED", "BLOCK"])
def test_a_code_in_place_of_a_password_is_looked_at_and_goes_with_no_factor(
    server: RunningServer, cognito: Any, action: str
) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool_id = a_protected_pool(cognito, Policies=policies)
    email = f"{pool_id}@example.com"
    pool_id, _ = known_at_home(cognito, pool_id, email=email, email_verified="true")
    client_id = an_app(cognito, pool_id, "ALLOW_USER_AUTH")["ClientId"]
    set_takeover(cognito, pool_id, action)
    asked = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "ada", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
    )
    answer = {
        "ClientId": client_id,
        "ChallengeName": "EMAIL_OTP",
        "Session": asked["Session"],
        "ChallengeResponses": {"USERNAME": "ada", "EMAIL_OTP_CODE": the_code(server, email)},
    }
    if action == "MFA_IF_CONFIGURED":
        assert "AuthenticationResult" in cognito.respond_to_auth_challenge(**answer)
    else:
        assert refusal(cognito.respond_to_auth_challenge, **answer) == BLOCKED
        assert risk_of(cognito, pool_id) == ("Block", "Medium", "Fail")
        again = refusal(cognito.respond_to_auth_challenge, **answer)
        assert again[0] == "NotAuthorizedException"


def test_what_a_library_says_of_the_device_tells_it_from_others(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    come(cognito, pool_id, client_id, device="phone")
    come(cognito, pool_id, client_id, device="phone", agent=FIREFOX)
    assert risk_of(cognito, pool_id) == ("NoRisk", None, "Pass")
    come(cognito, pool_id, client_id, device="another")
    assert risk_of(cognito, pool_id) == ("AccountTakeover", "Low", "Pass")


def test_people_say_an_address_only_where_their_client_may_pass_it_on(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    a_person(cognito, pool_id)
    seen = []
    for passes in (False, True):
        app = an_app(cognito, pool_id, GenerateSecret=True, EnablePropagateAdditionalUserContextData=passes)
        signed = hmac.digest(app["ClientSecret"].encode(), b"ada" + app["ClientId"].encode(), "sha256")
        proof = base64.b64encode(signed).decode()
        cognito.initiate_auth(
            ClientId=app["ClientId"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD, "SECRET_HASH": proof},
            UserContextData={"IpAddress": ABROAD, "EncodedData": encoded("phone")},
        )
        seen.append(events_of(cognito, pool_id)[0]["EventContextData"]["IpAddress"])
    assert seen[0] in ("127.0.0.1", "::1")
    assert seen[1] == ABROAD


def test_data_that_is_no_data_changes_nothing(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    for hostile in ("x", "e30=", "bnVsbA==", "A" * 100_000, encoded("\ud800"), encoded("\0")):
        answer = cognito.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
            UserContextData={"EncodedData": hostile, "IpAddress": hostile[:1000]},
        )
        assert "AuthenticationResult" in answer


def test_a_back_end_that_says_nothing_of_its_user_is_not_taken_for_them(
    cognito: Any, place: tuple[str, str]
) -> None:
    set_takeover(cognito, place[0], "BLOCK")
    answer = cognito.admin_initiate_auth(
        UserPoolId=place[0],
        ClientId=place[1],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    assert "AuthenticationResult" in answer
    assert risk_of(cognito, place[0]) == ("NoRisk", None, "Pass")


def test_custom_sign_ins_are_watched_only_where_the_pool_says_so() -> None:
    settings: Any = protected("ENFORCED")
    assert mode(settings) == "ENFORCED"
    assert mode(settings, is_custom=True) == "OFF"
    settings = protected("AUDIT", AdvancedSecurityAdditionalFlows={"CustomAuthMode": "ENFORCED"})
    assert mode(settings, is_custom=True) == "ENFORCED"
    settings = protected("OFF", AdvancedSecurityAdditionalFlows={"CustomAuthMode": "ENFORCED"})
    assert mode(settings, is_custom=True) == "OFF"


def test_srp_is_watched_as_passwords_are(server: RunningServer, cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    come(cognito, pool_id, client_id)
    sign_in(cognito, client_id)  # from this machine, which is not home
    set_takeover(cognito, pool_id, "BLOCK")
    srp = AWSSRP(username="ada", password=PASSWORD, pool_id=pool_id, client_id=client_id, client=cognito)
    assert refusal(srp.authenticate_user) == BLOCKED
    assert risk_of(cognito, pool_id) == ("Block", "Medium", "Fail")


def test_a_custom_sign_in_is_blocked_where_the_pool_says_so_and_its_session_is_gone(
    server: RunningServer, cognito: Any
) -> None:
    watched = protected(AdvancedSecurityAdditionalFlows={"CustomAuthMode": "ENFORCED"})
    custom = a_custom_pool(server, cognito, **watched)
    a_person(cognito, custom.pool_id)
    client_id = an_app(cognito, custom.pool_id)["ClientId"]
    come(cognito, custom.pool_id, client_id)  # at home; the tests come from this machine
    set_takeover(cognito, custom.pool_id, "MFA_IF_CONFIGURED")
    assert "AuthenticationResult" in custom.respond(custom.begin(), ANSWER="four")
    assert risk_of(cognito, custom.pool_id) == ("AccountTakeover", "Medium", "Pass")
    set_takeover(cognito, custom.pool_id, "MFA_REQUIRED")  # which a custom sign-in without a password has not
    asked = custom.begin()
    assert refusal(custom.respond, asked, ANSWER="four") == BLOCKED
    assert risk_of(cognito, custom.pool_id) == ("Block", "Medium", "Fail")
    assert refusal(custom.respond, asked, ANSWER="four")[0] == "NotAuthorizedException"
    cognito.update_user_pool(
        UserPoolId=custom.pool_id,
        LambdaConfig=cognito.describe_user_pool(UserPoolId=custom.pool_id)["UserPool"]["LambdaConfig"],
        **protected(),
    )
    assert "AuthenticationResult" in custom.respond(custom.begin(), ANSWER="four")
    assert risk_of(cognito, custom.pool_id) == ("NoRisk", None, "Pass")


def test_a_pool_that_is_not_watched_pays_nothing(server: RunningServer, cognito: Any) -> None:
    counted: dict[str, int] = {}
    for name, options in (("off", {}), ("on", protected("AUDIT"))):
        pool_id = a_pool(cognito, **options)
        client_id = an_app(cognito, pool_id)["ClientId"]
        a_person(cognito, pool_id)
        come(cognito, pool_id, client_id)
        statements: list[str] = []

        def heard(*heard: Any, into: list[str] = statements) -> None:
            into.append(heard[2])

        sa.event.listen(sa.Engine, "before_cursor_execute", heard)
        try:
            come(cognito, pool_id, client_id)
        finally:
            sa.event.remove(sa.Engine, "before_cursor_execute", heard)
        counted[name] = sum(
            "known_place" in statement or "auth_event" in statement for statement in statements
        )
    assert counted["off"] == 0
    assert counted["on"] > 0
