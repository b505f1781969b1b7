"""Signing in at the hosted pages, on both engines, as a browser without script does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.harness import RunningServer
from tests.people.people import PASSWORD


@pytest.fixture
def house(server: RunningServer) -> House:
    return a_house(server)


def sign_in_page(house: House, **changes: str | None) -> Page:
    return visit(house.browser, f"{house.address}/oauth2/authorize?{urlencode(house.asking(**changes))}")


def test_who_signs_in_with_name_and_password_comes_back_to_the_application_with_a_code(house: House) -> None:
    page = sign_in_page(house)
    assert page.title == "Sign in"
    answer = answer_of(page.post(username="ada", password=PASSWORD))
    assert answer["state"] == "a state"
    assert answer["iss"] == house.issuer
    tokens = house.redeem(answer["code"]).json()
    assert tokens["token_type"] == "Bearer"
    assert "id_token" in tokens


def test_who_is_signed_in_is_not_asked_again(house: House) -> None:
    sign_in_page(house).post(username="ada", password=PASSWORD)
    assert "code" in answer_of(house.authorize())


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_password_and_a_wrong_name_get_one_sentence(house: House, name: str, password: str) -> None:
    page = sign_in_page(house).submit(username=name, password=password)
    assert "Incorrect username or password." in page.text
    assert page.form.fields["username"] == name
    assert page.form.fields["password"] == ""
    assert "cognito" not in house.browser.cookies
