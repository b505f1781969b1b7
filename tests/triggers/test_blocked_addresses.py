"""Addresses that are blocked: no way in leads past them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.browser.fake_provider import LOOPBACK, a_fake_provider
from tests.browser.houses import House, a_house
from tests.browser.pages import visit
from tests.browser.providers import a_traveller
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, messages_of, refusal, sign_in, wait_for_message
from tests.triggers.risk import a_protected_pool, come, protected

from poolhouse.core.risk_settings import RiskSettings

NOT_ALLOWED = ("NotAuthorizedException", "Request not allowed due to security reasons.")
UNUSUAL = "This sign-in looks unusual, so it is not allowed."


def block_everybody(cognito: Any, pool_id: str) -> None:
    everywhere = {"BlockedIPRangeList": ["0.0.0.0/0", "::/0"]}
    cognito.set_risk_configuration(UserPoolId=pool_id, RiskExceptionConfiguration=everywhere)


def test_who_is_signed_in_gets_no_new_tokens_from_a_blocked_address(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    token = sign_in(cognito, client_id)["RefreshToken"]
    asked = {"ClientId": client_id, "RefreshToken": token}
    flow = {
        "ClientId": client_id,
        "AuthFlow": "REFRESH_TOKEN_AUTH",
        "AuthParameters": {"REFRESH_TOKEN": token},
    }
    block_everybody(cognito, pool_id)
    assert refusal(cognito.get_tokens_from_refresh_token, **asked) == NOT_ALLOWED
    assert refusal(cognito.initiate_auth, **flow) == NOT_ALLOWED
    cognito.update_user_pool(UserPoolId=pool_id, **protected("AUDIT"))
    assert "AuthenticationResult" in cognito.initiate_auth(**flow)


def test_a_browsers_session_is_none_at_a_blocked_address(server: RunningServer) -> None:
    house = a_house(server, **protected())
    house.sign_in()
    assert house.code()
    block_everybody(house.cognito, house.pool_id)
    answer = house.authorize()
    assert "/login?" in answer.headers["location"], "no code without a sign-in, which is refused"
    assert "error=login_required" in house.authorize(prompt="none").headers["location"]


def test_who_comes_from_a_provider_is_not_let_in_from_a_blocked_address(
    own_server: Callable[..., RunningServer],
) -> None:
    server = own_server(allowed_outgoing_networks=LOOPBACK)
    with a_fake_provider() as fake:
        traveller = a_traveller(server, fake, **protected())
        block_everybody(traveller.house.cognito, traveller.house.pool_id)
        assert "code" not in traveller.sign_in(fake)
        users = traveller.house.cognito.list_users(UserPoolId=traveller.house.pool_id)["Users"]
        assert [user["Username"] for user in users] == ["ada"], "nobody was made"


def test_no_factor_is_set_up_in_a_sign_in_that_goes_on_at_a_blocked_address(cognito: Any) -> None:
    pool_id = a_protected_pool(cognito)
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="ON", SoftwareTokenMfaConfiguration={"Enabled": True}
    )
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    asked = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    assert asked["ChallengeName"] == "MFA_SETUP"
    session = cognito.associate_software_token(Session=asked["Session"])["Session"]
    block_everybody(cognito, pool_id)
    assert refusal(cognito.associate_software_token, Session=session) == NOT_ALLOWED
    assert refusal(cognito.verify_software_token, Session=session, UserCode="123456") == NOT_ALLOWED


def test_no_code_is_sent_again_to_a_blocked_address(server: RunningServer) -> None:
    house, email = a_house_with_codes(server)
    page = visit(house.browser, f"{house.address}/oauth2/authorize?{urlencode(house.asking())}")
    page = page.submit(username="ada", password=PASSWORD)
    wait_for_message(server, email)
    block_everybody(house.cognito, house.pool_id)
    page = page.submit(action="again")
    assert UNUSUAL in page.text
    assert len(messages_of(server, email)) == 1


def a_house_with_codes(server: RunningServer) -> tuple[House, str]:
    """Where ada's second factor is a code by e-mail."""
    email = f"codes-{id(server)}@example.com"
    house = a_house(server, **protected(), attributes={"email": email, "email_verified": "true"})
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id,
        MfaConfiguration="OPTIONAL",
        EmailMfaConfiguration={"Message": "{####}", "Subject": "Code"},
    )
    house.cognito.admin_set_user_mfa_preference(
        UserPoolId=house.pool_id,
        Username="ada",
        EmailMfaSettings={"Enabled": True, "PreferredMfa": True},
    )
    return house, email


@pytest.mark.parametrize(
    ("blocked", "address"),
    [
        ("::ffff:198.51.100.0/120", "198.51.100.9"),
        ("198.51.100.0/24", "::ffff:198.51.100.9"),
        ("fe80::/10", "fe80::9%eth0"),
    ],
)
def test_an_address_is_blocked_however_it_or_its_range_is_written(blocked: str, address: str) -> None:
    settings = RiskSettings(exceptions={"BlockedIPRangeList": [blocked]})
    assert settings.blocks_address(address)


@pytest.mark.parametrize(
    "wrong",
    [
        "10.0.0.0/0.255.255.255",  # a mask of hosts, which would be read as /8
        "10.0.0.0/255.0.0.0",
        "10.0.0.0/0.0.0.0",  # one that would mean everybody
        "fe80::1%eth0/64",
        "10.0.0.0/8 ",
        "10.0.0.0/-1",
    ],
)
def test_a_range_is_taken_in_cidr_notation_alone(cognito: Any, wrong: str) -> None:
    pool_id = a_protected_pool(cognito)
    for name in ("BlockedIPRangeList", "SkippedIPRangeList"):
        code, text = refusal(
            cognito.set_risk_configuration, UserPoolId=pool_id, RiskExceptionConfiguration={name: [wrong]}
        )
        assert (code, wrong in text) == ("InvalidParameterException", True)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    come(cognito, pool_id, client_id, address="10.0.0.9")
