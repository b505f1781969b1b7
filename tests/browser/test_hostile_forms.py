"""Whatever is typed into a form, the page answers: never an error of ours."""

from __future__ import annotations

from urllib.parse import urlencode, urljoin

import pytest
from tests.browser.houses import House, a_house
from tests.browser.pages import Page, follow, visit
from tests.browser.test_challenge_pages import CHOICE, demand
from tests.harness import RunningServer
from tests.people.people import PASSWORD

TYPED = [
    "a\x00b",
    "\x00",
    "\x01\x7f\r\n\tx",
    "x" * 2_000,
    "x" * 60_000,
    "'; drop table user; --",
    "\u202eada",
    "ada\u0301",
    "ünïcödé",
    "\U0001f600" * 50,
    "{{ 7 * 7 }}",
    "%(name)s %s %",
    "+1415555",
    "a@b",
    "\ufeff",
]


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    return a_house(server, client={"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"]}, attributes={})


@pytest.fixture(scope="module")
def choosing(server: RunningServer) -> House:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}}
    return a_house(server, Policies=policies, client={"ExplicitAuthFlows": CHOICE}, attributes={})


def started(house: House) -> Page:
    house.browser.cookies.clear()
    return visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}")


def is_ours(page: Page) -> None:
    assert page.response.status_code < 500, page.text
    assert "text/html" in page.response.headers["content-type"]


@pytest.mark.parametrize("typed", TYPED, ids=range(len(TYPED)))
def test_any_name_and_password_are_answered(house: House, choosing: House, typed: str) -> None:
    is_ours(started(house).submit(username=typed, password=PASSWORD))
    is_ours(started(house).submit(username="ada", password=typed))
    page = started(choosing).submit(username=typed)
    is_ours(page)
    if any(value == "PASSWORD" for _, value in page.form.buttons):
        is_ours(page.submit(answer="PASSWORD").submit(password=typed))
    is_ours(started(choosing).submit(username="ada").submit(answer=typed))


@pytest.mark.parametrize("typed", TYPED, ids=range(len(TYPED)))
def test_any_answer_to_a_challenge_is_answered(server: RunningServer, house: House, typed: str) -> None:
    demand(house, "SMS", "EMAIL", "TOTP")
    page = started(house).submit(username="ada", password=PASSWORD)
    for way in ("SMS_MFA", "EMAIL_OTP"):
        chosen = page.submit(answer=way)
        page = chosen.submit(address=typed, action="address")
        is_ours(page)
        page = page.submit(action="back")
    chosen = page.submit(answer="SOFTWARE_TOKEN_MFA")
    is_ours(chosen.submit(code=typed, action="app"))
    is_ours(started(house).submit(username="ada", password=PASSWORD).submit(answer=typed))


@pytest.mark.parametrize("challenge", ["SELECT_CHALLENGE", "nonsense", "", "WEB_AUTHN"])
@pytest.mark.parametrize("action", ["again", "other", "choose", "back", "nonsense"])
def test_any_form_at_any_step_is_answered(choosing: House, challenge: str, action: str) -> None:
    page = started(choosing).submit(username="ada")
    for _ in range(2):
        fields = {**page.form.fields, "challenge": challenge, "action": action, "answer": "PASSWORD"}
        answer = choosing.browser.post(urljoin(str(page.response.url), page.form.action), data=fields)
        page = follow(choosing.browser, answer)
        is_ours(page)
