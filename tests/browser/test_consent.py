"""The person is asked before an application that registered itself gets anything; others are vouched for."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from tests.browser.fake_provider import LOOPBACK, a_fake_provider
from tests.browser.houses import CALLBACK, House, a_house, answer_of
from tests.browser.pages import Page, follow, visit
from tests.browser.providers import a_traveller
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person

from poolhouse.core.authorize_request import render_query

NAME = "Calendar <b>&amp; more"


@pytest.fixture
def house(server: RunningServer) -> House:
    """Whose application has registered itself."""
    house = a_house(server, DcrConfiguration={"OpenDcrEnabled": True, "AllowedScopes": ["notes/read"]})
    scopes = [{"ScopeName": "read", "ScopeDescription": "Read your notes & letters"}]
    house.cognito.create_resource_server(
        UserPoolId=house.pool_id, Identifier="notes", Name="Notes", Scopes=scopes
    )
    house.client = registered(house)
    return house


def registered(house: House, **metadata: Any) -> dict[str, Any]:
    answer = httpx.post(
        f"{house.address}/oauth2/register",
        json={
            "client_name": NAME,
            "redirect_uris": [CALLBACK],
            "token_endpoint_auth_method": "none",
            "client_uri": "https://calendar.example",
            **metadata,
        },
    )
    return {"ClientId": answer.json()["client_id"]}


def consent_page(house: House, **changes: str | None) -> Page:
    house.sign_in()
    page = follow(house.browser, house.authorize(**changes))
    assert page.title == "Allow access?", page.text
    return page


def test_who_signs_in_is_asked_and_the_application_gets_what_was_shown(house: House) -> None:
    page = visit(
        house.browser,
        f"{house.address}/oauth2/authorize?{urlencode(house.asking(scope='openid email notes/read'))}",
    )
    page = page.submit(username="ada", password=PASSWORD)
    assert page.title == "Allow access?"
    assert "Calendar &lt;b&gt;&amp;amp; more" in page.response.text
    assert "ada@example.com" in page.text
    assert "See your email address" in page.text
    assert "Read your notes & letters" in page.text
    assert "app.example" in page.text
    assert "nobody has checked its name" in page.text
    tokens = house.redeem(answer_of(page.post(answer="allow"))["code"]).json()
    assert tokens["access_token"]


def test_who_agreed_is_not_asked_again_but_for_more(house: House) -> None:
    consent_page(house).post(answer="allow")
    assert "code" in answer_of(house.authorize())
    more = follow(house.browser, house.authorize(scope="openid email phone"))
    assert more.title == "Allow access?"
    assert "code" in answer_of(more.post(answer="allow"))
    assert "code" in answer_of(house.authorize(scope="openid phone"))
    assert "code" in answer_of(house.authorize())


def test_who_says_no_gives_nothing(house: House) -> None:
    answer = answer_of(consent_page(house).post(answer="deny"))
    assert answer["error"] == "access_denied"
    assert answer["state"] == "a state"
    assert "code" not in answer
    assert follow(house.browser, house.authorize()).title == "Allow access?"


def test_an_administrators_client_asks_nobody(server: RunningServer) -> None:
    house = a_house(server)
    house.sign_in()
    assert "code" in answer_of(house.authorize())
    assert "code" in answer_of(house.authorize(prompt="consent"))


def test_without_being_asked_nobody_consents(house: House) -> None:
    house.sign_in()
    assert answer_of(house.authorize(prompt="none"))["error"] == "consent_required"


def test_prompt_consent_asks_again(house: House) -> None:
    consent_page(house).post(answer="allow")
    page = consent_page(house, prompt="consent")
    assert "code" in answer_of(page.post(answer="allow"))


def test_a_new_sign_in_that_was_asked_for_is_enough_and_an_old_one_is_not(house: House) -> None:
    first = visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}")
    assert first.submit(username="ada", password=PASSWORD).title == "Allow access?"
    asked = urlencode(house.asking(prompt="login"))
    assert visit(house.browser, f"{house.address}/consent?{asked}").title == "Sign in"
    page = visit(house.browser, f"{house.address}/login?{asked}")
    page = page.submit(username="ada", password=PASSWORD)
    assert page.title == "Allow access?"
    assert "code" in answer_of(page.post(answer="allow"))


def test_who_has_just_come_from_a_provider_is_asked_though_a_new_sign_in_was_wanted(house: House) -> None:
    asked = house.asking(prompt="login")
    digest = hashlib.sha256(render_query(asked.items()).encode()).hexdigest()
    house.sign_in(provider="Google", details={"request": digest})
    page = visit(house.browser, f"{house.address}/consent?{urlencode(asked)}")
    assert page.title == "Allow access?"
    assert "code" in answer_of(page.post(answer="allow"))


def test_who_came_from_a_provider_for_another_request_has_to_sign_in_anew(server: RunningServer) -> None:
    """The page of consent is no way around `prompt`, `max_age` and `identity_provider`, for clients of any kind."""
    house = a_house(server)
    for details in (
        {},
        {"request": hashlib.sha256(render_query(house.asking().items()).encode()).hexdigest()},
    ):
        house.sign_in(provider="Google", details=details)
        for wish in ({"prompt": "login"}, {"max_age": "0"}, {"identity_provider": "COGNITO"}):
            answer = house.browser.get(f"{house.address}/consent?{urlencode(house.asking(**wish))}")
            assert "/login?" in answer.headers["location"], wish


def test_no_forged_form_consents(house: House) -> None:
    page = consent_page(house)
    forged = house.browser.post(str(page.response.url), data={"answer": "allow"})
    assert forged.status_code == 403
    assert follow(house.browser, house.authorize()).title == "Allow access?"


def test_what_was_shown_to_one_person_is_not_allowed_by_another(house: House) -> None:
    page = consent_page(house)
    grace = a_person(house.cognito, house.pool_id, "grace", email="grace@example.com")
    csrf = {name: value for name, value in house.browser.cookies.items() if name != "cognito"}
    house.sign_in(grace)
    for name, value in csrf.items():
        house.browser.cookies.set(name, value, path=f"/domains/{house.domain}")
    again = page.submit(answer="allow")
    assert again.title == "Allow access?"
    assert "grace@example.com" in again.text


def test_without_a_session_there_is_nobody_to_ask(house: House) -> None:
    page = visit(house.browser, f"{house.address}/consent?{urlencode(house.asking())}")
    assert page.title == "Sign in"


def test_consent_goes_with_the_client(house: House) -> None:
    consent_page(house).post(answer="allow")
    house.client = registered(house)
    assert follow(house.browser, house.authorize()).title == "Allow access?"
    house.cognito.delete_user_pool_client(UserPoolId=house.pool_id, ClientId=house.client_id)


def test_consent_stands_in_the_audit_under_the_persons_name(house: House) -> None:
    consent_page(house).post(answer="allow")
    server = house.server
    records = server.run(
        server.server.parts.store.read(
            lambda tx: tx.audit.page(server.settings.account_id, pool_id=house.pool_id, size=100)
        )
    )
    assert any(record.event_name == "consent" and house.sub in record.actor for record in records)


def test_who_comes_from_a_provider_for_this_request_is_asked_at_once(own_server: Any) -> None:
    """The whole way, with a provider: though a new sign-in is wanted, one is enough."""
    server = own_server(allowed_outgoing_networks=LOOPBACK)
    with a_fake_provider() as fake:
        traveller = a_traveller(server, fake, DcrConfiguration={"OpenDcrEnabled": True})
        house = traveller.house
        house.client = registered(house)
        answer = traveller.browser.get(fake.answer_to(traveller.leave(prompt="login")))
        page = follow(traveller.browser, answer)
        assert page.title == "Allow access?"
        assert "code" in answer_of(page.post(answer="allow"))
