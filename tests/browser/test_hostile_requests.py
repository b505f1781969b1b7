"""Requests that no browser of ours makes: each is refused, none is a fault of the server, and none changes anything."""

from __future__ import annotations

import secrets
from urllib.parse import urlencode

import pytest
from tests.browser.houses import House, a_house
from tests.browser.pages import visit
from tests.harness import RunningServer

NOT_STORABLE = ["\0", "a\0b", "\ufffe\0"]
"""PostgreSQL takes no U+0000."""


@pytest.fixture
def house(server: RunningServer) -> House:
    return a_house(server)


@pytest.mark.parametrize("size", [3_000, 6_000, 20_000])
@pytest.mark.parametrize("path", ["/login", "/forgotPassword"])
def test_a_name_that_no_cookie_holds_is_refused(house: House, path: str, size: int) -> None:
    page = visit(house.browser, f"{house.address}{path}?{urlencode(house.asking())}")
    for password in ("", "a password"):
        answer = page.post(username=secrets.token_urlsafe(size), password=password)
        assert answer.status_code in (303, 413), answer.status_code


@pytest.mark.parametrize("text", NOT_STORABLE)
@pytest.mark.parametrize(
    "path",
    ["/error", "/confirmUser", "/passkeys/add", "/logout", "/login", "/oauth2/authorize", "/signup"],
)
def test_no_parameter_of_an_address_breaks_the_database(house: House, path: str, text: str) -> None:
    names = (
        "client_id",
        "user_name",
        "identity_provider",
        "idp_identifier",
        "login_hint",
        "id_token_hint",
        "nonce",
    )
    for name in names:
        asked = {**house.asking(), "logout_uri": "https://app.example/goodbye", name: text}
        answer = house.browser.get(f"{house.address}{path}?{urlencode(asked)}")
        assert answer.status_code < 500, name


@pytest.mark.parametrize("text", NOT_STORABLE)
def test_no_field_of_a_form_breaks_the_database(house: House, text: str) -> None:
    for path in ("/login", "/signup", "/forgotPassword", "/confirm", "/resendcode", "/confirmForgotPassword"):
        address = f"{house.address}{path}?{urlencode(house.asking())}"
        page = visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}")
        fields = {**page.form.fields, **dict.fromkeys(("username", "password", "code", "email"), text)}
        answer = house.browser.post(address, data=fields)
        assert answer.status_code < 500, path


@pytest.mark.parametrize("text", NOT_STORABLE)
def test_no_member_of_a_token_request_breaks_the_database(house: House, text: str) -> None:
    for name in (
        "code",
        "redirect_uri",
        "code_verifier",
        "refresh_token",
        "client_id",
        "scope",
        "grant_type",
    ):
        for grant in ("authorization_code", "refresh_token"):
            form = {
                "grant_type": grant,
                "client_id": house.client_id,
                "code": "a",
                "refresh_token": "a",
                "redirect_uri": "https://app.example/callback",
                name: text,
            }
            answer = house.browser.post(f"{house.address}/oauth2/token", data=form)
            assert answer.status_code == 400, (name, grant)


def test_cookies_of_all_kinds_are_no_fault_of_the_server(house: House) -> None:
    asked = urlencode(house.asking())
    names = ("cognito", "page-data", "XSRF-TOKEN", "lang", "csrf-state")
    for value in ("", "=", "\xff", "a" * 1_500, "sso" + "a" * 25 + "." + "b" * 43, "%00", '"', "🍪"):
        cookie = "; ".join(f"{name}={value}" for name in names)
        for path in ("/login", "/challenge", "/consent", "/oauth2/authorize", "/logout", "/passkeys/add"):
            house.browser.cookies.clear()
            answer = house.browser.get(f"{house.address}{path}?{asked}", headers={"cookie": cookie.encode()})
            assert answer.status_code < 500, (value[:10], path)


def test_large_requests_are_refused(house: House) -> None:
    many = "&".join(f"a{number}=b" for number in range(2_000))
    for path in ("/oauth2/authorize", "/login", "/logout", "/error", "/consent", "/challenge"):
        for query in (urlencode(house.asking(state="s" * 9_000)), many, "a" * 20_000, "&" * 9_000):
            answer = house.browser.get(f"{house.address}{path}?{query}")
            assert 300 <= answer.status_code < 500, path
            assert len(answer.headers.get("location", "")) < 1_000
