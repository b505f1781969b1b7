"""Companies that are found by the domain of an email address."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from tests.browser.houses import House, a_house, an_application, answer_of
from tests.browser.pages import Page, visit
from tests.browser.providers import GOOGLE, OAUTH2, add_provider
from tests.browser.test_hostile_forms import TYPED
from tests.harness import RunningServer

from poolhouse.pages.names import shown

ASKS = "Your email address at work"
NOBODY = "Nobody signs in here with an address of this domain."


def a_company(house: House, name: str, *identifiers: str) -> None:
    """One that needs no request to be set up."""
    details = {**OAUTH2, "authorize_url": f"https://{name.lower()}.example/authorize"}
    add_provider(house.cognito, house.pool_id, name, "OIDC", details, IdpIdentifiers=list(identifiers))


def of_clients(house: House, *providers: str) -> House:
    """The house with a client of these providers."""
    client = an_application(house.cognito, house.pool_id, SupportedIdentityProviders=list(providers))
    return House(house.server, house.cognito, house.pool_id, house.domain, client, house.sub)


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    house = a_house(server)
    a_company(house, "Mill", "mill.example", "Mill.CO.UK")
    a_company(house, "Forge", "forge.example", "smiths")
    a_company(house, "Plain")
    a_company(house, "Team", "team")
    add_provider(house.cognito, house.pool_id, "Google", "Google", GOOGLE)
    return house


def page_of(house: House, **changes: str | None) -> Page:
    return visit(house.browser, f"{house.address}/login?{urlencode(house.asking(**changes))}")


def form_of(page: Page) -> Any:
    return next(form for form in page.forms if "address" in form.fields)


def typed(house: House, address: str) -> Page:
    page = page_of(house)
    return page.submit(form_of(page), address=address)


def sent_to(house: House, address: str) -> tuple[str, dict[str, list[str]]]:
    """Which host the browser is sent to, and with what."""
    page = page_of(house)
    onwards = page.post(form_of(page), address=address)
    assert onwards.status_code == 303
    location = house.browser.get(f"{house.server.base_url}{onwards.headers['location']}").headers["location"]
    return str(urlsplit(location).hostname), parse_qs(urlsplit(location).query)


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("ada@mill.example", "mill.example"),
        ("  Ada.L@MILL.example ", "mill.example"),
        ("ada@mill.co.uk", "mill.example"),
        ("ada@forge.example", "forge.example"),
    ],
)
def test_an_address_leads_to_the_provider_of_its_domain(house: House, address: str, host: str) -> None:
    of_two = of_clients(house, "Mill", "Forge")
    page = page_of(of_two)
    assert ASKS in page.text
    assert "Mill" not in page.links
    assert "username" not in form_of(page).fields
    found, members = sent_to(of_two, address)
    assert found == host
    assert members["login_hint"] == [address.strip()]
    assert members["client_id"] == ["hub"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("ada@elsewhere.example", NOBODY),
        ("ada@sub.mill.example", NOBODY),
        ("ada@plain.example", NOBODY),
        ("ada@smiths", NOBODY),
        ("a da@mill.example", NOBODY),
        ("ada\r\nSet-Cookie: a=b;@mill.example", NOBODY),
        ("ada\x00@mill.example", NOBODY),
        ("mill.example", "Type in your email address."),
        ("@mill.example", "Type in your email address."),
        ("", "Type in your email address."),
        ("a" * 3000 + "@elsewhere.example", NOBODY),
    ],
)
def test_any_other_address_leads_nowhere_and_says_why_at_the_field(
    house: House, address: str, why: str
) -> None:
    page = typed(of_clients(house, "Mill", "Forge"), address)
    assert why in page.text
    assert 'aria-describedby="address-error address-hint"' in page.response.text
    assert form_of(page).fields["address"] == shown(address)


def test_an_address_leads_to_no_provider_of_another_client(house: House) -> None:
    assert NOBODY in typed(of_clients(house, "Mill"), "ada@forge.example").text


@pytest.mark.parametrize("other", ["Plain", "Team"])
def test_one_company_without_a_domain_has_all_of_them_shown_as_buttons(house: House, other: str) -> None:
    mixed = of_clients(house, "Mill", "Forge", other)
    page = page_of(mixed)
    assert ASKS not in page.text
    assert {"Mill", "Forge", other} <= page.links.keys()
    address = f"{mixed.address}/login/provider?{urlencode(mixed.asking())}"
    csrf = page_of(of_clients(house, "COGNITO")).form.fields["_csrf"]
    answer = mixed.browser.post(address, data={"address": "ada@mill.example", "_csrf": csrf})
    assert "/oauth2/authorize" not in answer.headers.get("location", "")


def test_the_pools_own_people_and_social_providers_are_there_besides(house: House) -> None:
    page = page_of(of_clients(house, "COGNITO", "Google", "Mill"))
    assert ASKS in page.text
    assert "Google" in page.links
    assert "Mill" not in page.links
    assert any("username" in form.fields for form in page.forms)


def test_a_client_of_the_pool_and_of_social_providers_is_asked_for_no_address(house: House) -> None:
    assert ASKS not in page_of(of_clients(house, "COGNITO", "Google")).text


def test_an_address_in_the_bar_leads_back_to_the_page(house: House) -> None:
    mill = of_clients(house, "Mill")
    answer = mill.browser.get(f"{mill.address}/login/provider?{urlencode(mill.asking())}")
    assert "/login?" in answer.headers["location"]


@pytest.mark.parametrize("identifier", ["mill.example", "MILL.Example", "mill.co.uk", "Mill.CO.UK"])
def test_an_identifier_is_known_in_any_case(house: House, identifier: str) -> None:
    answer = of_clients(house, "Mill").authorize(idp_identifier=identifier)
    assert urlsplit(answer.headers["location"]).hostname == "mill.example"


@pytest.mark.parametrize("identifier", ["FORGE.example", "elsewhere.example"])
def test_an_identifier_leads_to_no_provider_that_the_client_has_not(house: House, identifier: str) -> None:
    answer = answer_of(of_clients(house, "Mill").authorize(idp_identifier=identifier))
    assert answer["error"] == "invalid_request"


@pytest.mark.parametrize("typed", TYPED, ids=range(len(TYPED)))
def test_whatever_is_typed_the_page_answers(house: House, typed: str) -> None:
    page = page_of(of_clients(house, "Mill"))
    for address in (typed, f"{typed}@elsewhere.example", f"ada@{typed}"):
        assert page.submit(form_of(page), address=address).response.status_code in (200, 413)
