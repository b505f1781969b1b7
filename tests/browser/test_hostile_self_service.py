"""Whatever is typed into the forms of self-service, the page answers: never an error of ours."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest
from tests.browser.houses import House, a_house
from tests.browser.pages import Page, visit
from tests.browser.test_hostile_forms import TYPED, is_ours
from tests.harness import RunningServer
from tests.people.people import PASSWORD
from tests.people.signing_up import SMS


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    return a_house(
        server,
        AutoVerifiedAttributes=["email", "phone_number"],
        SmsConfiguration=SMS,
        Schema=[{"Name": "given_name", "Required": True, "Mutable": True}],
        attributes={"given_name": "Ada"},
    )


def started(house: House, path: str) -> Page:
    house.browser.cookies.clear()
    return visit(house.browser, f"{house.address}{path}?{urlencode(house.asking())}")


@pytest.mark.parametrize("typed", TYPED, ids=range(len(TYPED)))
def test_anything_is_answered(house: House, typed: str) -> None:
    good = {
        "username": "grace",
        "given_name": "Grace",
        "email": "grace@example.com",
        "password": "not good",
        "confirm_password": "not good",
    }
    for name in (*good, "phone_number"):
        is_ours(started(house, "/signup").submit(**{**good, name: typed}))
    for path in ("/confirm", "/resendcode", "/forgotPassword", "/confirmForgotPassword"):
        page = started(house, path)
        for values in (
            {"username": typed, "code": "123456", "new_password": PASSWORD, "confirm_password": PASSWORD},
            {"username": "ada", "code": typed, "new_password": typed, "confirm_password": typed},
        ):
            is_ours(page.submit(page.forms[0], **values))


@pytest.mark.parametrize("typed", TYPED, ids=range(len(TYPED)))
def test_any_link_is_answered(house: House, typed: str) -> None:
    if len(typed) > 10_000:
        pytest.skip("longer than any address that the server reads")
    link = f"{house.address}/confirmUser?client_id={house.client_id}"
    for name, code in ((typed, "123456"), ("ada", typed), (typed, typed)):
        house.browser.cookies.clear()
        page = visit(house.browser, f"{link}&user_name={quote(name)}&confirmation_code={quote(code)}")
        is_ours(page)
        if page.forms:
            is_ours(page.submit())
            is_ours(page.submit(action="again"))
    for path in (
        "/error?error=",
        "/logout?logout_uri=",
        "/logout?id_token_hint=",
        "/passkeys/add?redirect_uri=",
    ):
        is_ours(Page(house.browser, house.browser.get(f"{house.address}{path}{quote(typed)}")))


def test_a_name_that_no_api_would_take_makes_no_account(house: House) -> None:
    for name in ("a b", "a\u200bb", "x" * 129, "a\x00b"):
        page = started(house, "/signup").submit(
            username=f"{name}!",
            given_name="Grace",
            email="grace@example.com",
            password=PASSWORD,
            confirm_password=PASSWORD,
        )
        assert page.title == "Create an account"
        assert "This is not in the form that is expected." in page.text
