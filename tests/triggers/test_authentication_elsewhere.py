"""PreAuthentication and PostAuthentication at the hosted pages, and of people whom another provider vouches for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest.mock import ANY
from urllib.parse import urlencode

import pytest
from tests.browser.fake_provider import LOOPBACK, FakeProvider, a_fake_provider
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.browser.providers import Traveller, a_traveller
from tests.conftest import a_server_on
from tests.harness import RunningServer
from tests.people.people import PASSWORD, the_code
from tests.triggers.functions import Function, a_function, golden, throwing


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("elsewhere")
    with a_server_on(
        request.param, folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with a_fake_provider() as provider:
        yield provider


@dataclass
class Asked:
    before: Function
    after: Function

    @property
    def triggers(self) -> dict[str, str]:
        return {"PreAuthentication": self.before.arn, "PostAuthentication": self.after.arn}

    def heard(self) -> tuple[int, int]:
        return len(self.before.events), len(self.after.events)


@pytest.fixture
def asked(server: RunningServer) -> Asked:
    return Asked(a_function(server), a_function(server))


def ask_them(house: House, asked: Asked) -> None:
    house.cognito.update_user_pool(UserPoolId=house.pool_id, LambdaConfig=asked.triggers)


def sign_in_page(house: House) -> Page:
    return visit(house.browser, f"{house.address}/oauth2/authorize?{urlencode(house.asking())}")


def test_a_sign_in_at_the_pages_asks_once_before_and_once_after(server: RunningServer, asked: Asked) -> None:
    house = a_house(server)
    ask_them(house, asked)
    assert sign_in_page(house).submit(username="ada", password="Wrong-Horse-9").title == "Sign in"
    assert asked.heard() == (1, 0)
    assert "code" in answer_of(sign_in_page(house).post(username="ada", password=PASSWORD))
    assert asked.heard() == (2, 1)
    event = asked.before.events[-1]
    assert event["callerContext"] == {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": house.client_id}
    golden(event["request"], {"userAttributes": ANY, "userNotFound": False, "validationData": {}})
    golden(asked.after.event["request"], {"userAttributes": ANY, "newDeviceUsed": False})


def test_a_browser_that_is_signed_in_asks_neither(server: RunningServer, asked: Asked) -> None:
    house = a_house(server)
    ask_them(house, asked)
    sign_in_page(house).post(username="ada", password=PASSWORD)
    house.redeem(answer_of(house.authorize())["code"])
    assert asked.heard() == (1, 1)


def test_a_refusal_before_is_shown_at_the_page_in_the_functions_words(
    server: RunningServer, asked: Asked
) -> None:
    house = a_house(server)
    ask_them(house, asked)
    asked.before.answer = throwing("The office is closed")
    page = sign_in_page(house).submit(username="ada", password=PASSWORD)
    assert "PreAuthentication failed with error The office is closed." in page.text
    assert "cognito" not in house.browser.cookies


@pytest.mark.parametrize("way", ["password", "code"])
def test_a_refusal_after_is_shown_likewise_and_signs_nobody_in(
    server: RunningServer, asked: Asked, way: str
) -> None:
    house = a_house(server)
    ask_them(house, asked)
    asked.after.answer = throwing("Come back tomorrow")
    page = sign_in_page(house)
    if way == "code":
        house.cognito.set_user_pool_mfa_config(
            UserPoolId=house.pool_id, EmailMfaConfiguration={}, MfaConfiguration="OPTIONAL"
        )
        house.cognito.admin_set_user_mfa_preference(
            UserPoolId=house.pool_id,
            Username="ada",
            EmailMfaSettings={"Enabled": True, "PreferredMfa": True},
        )
        page = page.submit(username="ada", password=PASSWORD)
        person = house.cognito.admin_get_user(UserPoolId=house.pool_id, Username="ada")
        email = next(a["Value"] for a in person["UserAttributes"] if a["Name"] == "email")
        page = page.submit(code=the_code(server, email))
    else:
        page = page.submit(username="ada", password=PASSWORD)
    assert "PostAuthentication failed with error Come back tomorrow." in page.text
    assert "cognito" not in house.browser.cookies


# --- other providers --------------------------------------------------------------------------------------


def test_the_first_visit_from_a_provider_is_a_sign_up_and_the_next_a_sign_in(
    server: RunningServer, fake: FakeProvider, asked: Asked
) -> None:
    traveller = a_traveller(server, fake)
    ask_them(traveller.house, asked)
    assert "code" in traveller.sign_in(fake)
    assert asked.heard() == (0, 0)
    again = Traveller(traveller.house)
    assert "code" in again.sign_in(fake)
    assert asked.heard() == (1, 1)
    event: dict[str, Any] = asked.before.event
    assert event["userName"].lower().startswith("other_")
    assert event["request"]["userAttributes"]["cognito:user_status"] == "EXTERNAL_PROVIDER"
    assert event["callerContext"]["clientId"] == traveller.house.client_id


@pytest.mark.parametrize(
    ("which", "name"), [("before", "PreAuthentication"), ("after", "PostAuthentication")]
)
def test_a_refusal_is_told_to_the_application_and_signs_nobody_in(
    server: RunningServer, fake: FakeProvider, asked: Asked, which: str, name: str
) -> None:
    traveller = a_traveller(server, fake)
    assert "code" in traveller.sign_in(fake)
    ask_them(traveller.house, asked)
    getattr(asked, which).answer = throwing("not any more")
    again = Traveller(traveller.house)
    answer = again.sign_in(fake)
    assert answer["error"]
    assert f"{name} failed with error not any more." in answer["error_description"]
    assert "cognito" not in again.browser.cookies
