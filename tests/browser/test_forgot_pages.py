"""Forgotten passwords at the hosted pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.harness import RunningServer
from tests.people.people import PASSWORD, messages_of, wait_for_message
from tests.people.signing_up import an_email, not_the

NEW = "Battery-Staple-7"


def a_forgetful_house(server: RunningServer, **options: Any) -> tuple[House, str]:
    email = an_email()
    house = a_house(server, attributes={"email": email, "email_verified": "true"}, **options)
    return house, email


def the_page(house: House, path: str = "/forgotPassword") -> Page:
    return visit(house.browser, f"{house.address}{path}?{urlencode(house.asking())}")


def test_who_has_the_code_sets_a_new_password_and_signs_in_with_it(server: RunningServer) -> None:
    house, email = a_forgetful_house(server)
    page = the_page(house, "/login").follow("Forgot your password?").submit(username="ada")
    assert page.title == "Choose a new password"
    assert "on its way to p***@e***" in page.text
    code = wait_for_message(server, email)["Code"]
    page = page.submit(page.forms[0], code=code, new_password=NEW, confirm_password=NEW)
    assert page.title == "Sign in"
    assert "Your password was changed." in page.text
    assert page.form.fields["username"] == "ada"
    assert "Incorrect" in page.submit(password=PASSWORD).text
    answer_of(the_page(house, "/login").post(username="ada", password=NEW))


def test_a_wrong_code_and_a_weak_password_are_said_and_the_code_stays_good(server: RunningServer) -> None:
    house, email = a_forgetful_house(server)
    page = the_page(house).submit(username="ada")
    code = wait_for_message(server, email)["Code"]
    page = page.submit(page.forms[0], code=not_the(code), new_password=NEW, confirm_password=NEW)
    assert "That code is not right." in page.text
    page = page.submit(page.forms[0], code=code, new_password="weak", confirm_password="weak")
    assert "does not meet the requirements" in page.text
    page = page.submit(page.forms[0], code=code, new_password=NEW, confirm_password="other")
    assert "The two passwords are not the same." in page.text
    page = page.submit(page.forms[0], code=code, new_password=NEW, confirm_password=NEW)
    assert "Your password was changed." in page.text


@pytest.mark.parametrize("hides", ["ENABLED", "LEGACY"])
def test_nobody_looks_like_somebody(server: RunningServer, hides: str) -> None:
    house, _ = a_forgetful_house(server, client={"PreventUserExistenceErrors": hides})
    of_ada = the_page(house).submit(username="ada")
    house.browser.cookies.clear()
    of_nobody = the_page(house).submit(username="nobody")
    assert of_nobody.title == of_ada.title
    assert "If there is an account of this name, a code is on its way to" in of_nobody.text
    of_nobody = of_nobody.submit(of_nobody.forms[0], code="123456", new_password=NEW, confirm_password=NEW)
    assert "That code is not right." in of_nobody.text


def test_the_code_can_be_sent_again(server: RunningServer) -> None:
    house, email = a_forgetful_house(server)
    page = the_page(house).submit(username="ada")
    wait_for_message(server, email)
    page = page.submit(page.forms[1])
    assert page.title == "Choose a new password"
    wait_for_message(server, email, 2)


def test_too_many_codes_are_said(server: RunningServer) -> None:
    house, email = a_forgetful_house(server)
    for _ in range(5):
        the_page(house).submit(username="ada")
    page = the_page(house).submit(username="ada")
    assert "Too many tries." in page.text
    assert len(messages_of(server, email)) <= 5


def test_where_administrators_help_nobody_is_sent_a_code(server: RunningServer) -> None:
    house, email = a_forgetful_house(
        server, AccountRecoverySetting={"RecoveryMechanisms": [{"Name": "admin_only", "Priority": 1}]}
    )
    page = the_page(house).submit(username="ada")
    assert "Passwords are set by an administrator here." in page.text
    assert not messages_of(server, email)


def test_a_reset_ends_the_sessions_of_the_person(server: RunningServer) -> None:
    house, email = a_forgetful_house(server)
    thief = house.sign_in()
    house.browser.cookies.clear()
    page = the_page(house).submit(username="ada")
    code = wait_for_message(server, email)["Code"]
    page.submit(page.forms[0], code=code, new_password=NEW, confirm_password=NEW)
    house.browser.cookies.set("cognito", thief, path=f"/domains/{house.domain}")
    assert "/login" in house.authorize().headers["location"]
