"""`/passkeys/add`, with an authenticator in software in the place of the browser's script."""

from __future__ import annotations

import html
import json
import re
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest
from tests.browser.houses import CALLBACK, House, a_house
from tests.browser.pages import Page
from tests.harness import RunningServer
from tests.people.authenticator import Authenticator

ALLOWED = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}}


def a_passkey_house(server: RunningServer, **options: Any) -> House:
    house = a_house(server, **{"Policies": ALLOWED, **options})
    house.sign_in()
    return house


def the_address(house: House, host: str = "localhost", **parameters: str) -> str:
    asked = {"client_id": house.client_id, "redirect_uri": CALLBACK, **parameters}
    port = urlsplit(house.server.base_url).port
    return f"http://{host}:{port}/domains/{house.domain}/passkeys/add?{urlencode(asked)}"


def the_page(house: House, host: str = "localhost", **parameters: str) -> Page:
    return Page(house.browser, house.browser.get(the_address(house, host, **parameters)))


def options_of(page: Page) -> dict[str, Any]:
    found = re.search(r'data-options="([^"]*)"', page.response.text)
    assert found is not None, page.text
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


def an_authenticator(house: House) -> Authenticator:
    return Authenticator(origin=f"http://localhost:{urlsplit(house.server.base_url).port}")


def add(house: House, page: Page) -> httpx.Response:
    credential = an_authenticator(house).create(options_of(page))
    return page.post(credential=json.dumps(credential))


def passkeys_of(house: House) -> list[str]:
    pool_id, sub = house.pool_id, house.sub
    parts = house.server.server.parts
    found = house.server.run(parts.store.read(lambda tx: tx.passkeys.of(pool_id, sub)))
    return [passkey.id for passkey in found]


def test_who_is_signed_in_adds_a_passkey_and_goes_back_to_the_application(server: RunningServer) -> None:
    house = a_passkey_house(server)
    page = the_page(house)
    assert page.title == "Add a passkey"
    assert page.links["Not now"] == CALLBACK
    assert "form-action 'self' https:" in page.response.headers["content-security-policy"]
    answer = add(house, page)
    assert (answer.status_code, answer.headers["location"]) == (303, CALLBACK)
    assert len(passkeys_of(house)) == 1


def test_an_answer_is_good_once(server: RunningServer) -> None:
    house = a_passkey_house(server)
    page = the_page(house)
    assert add(house, page).headers["location"] == CALLBACK
    again = add(house, page)
    assert "/passkeys/add" in again.headers["location"]
    assert len(passkeys_of(house)) == 1


def test_who_is_not_signed_in_adds_none(server: RunningServer) -> None:
    house = a_passkey_house(server)
    page = the_page(house)
    house.browser.cookies.delete("cognito")
    assert add(house, page).status_code == 403
    assert "Sign in first" in the_page(house).text
    assert not passkeys_of(house)


def test_who_signed_out_meanwhile_adds_none(server: RunningServer) -> None:
    house = a_passkey_house(server)
    page = the_page(house)
    house.cognito.admin_user_global_sign_out(UserPoolId=house.pool_id, Username="ada")
    assert add(house, page).status_code == 403
    assert not passkeys_of(house)


def test_a_form_of_another_site_adds_none(server: RunningServer) -> None:
    house = a_passkey_house(server)
    page = the_page(house)
    page.form.fields["_csrf"] = "0" * 64
    assert add(house, page).status_code == 403
    assert not passkeys_of(house)


def test_it_leads_only_to_an_address_that_is_registered(server: RunningServer) -> None:
    house = a_passkey_house(server)
    page = the_page(house, redirect_uri="https://evil.example/")
    assert page.response.status_code == 400
    assert not any(link.startswith("https:") for link in page.links.values())


@pytest.mark.parametrize("credential", ["", "[]", "{}", "[" * 5_000, '{"id":"\\ud800"}', "nonsense"])
def test_what_is_no_passkey_is_refused(server: RunningServer, credential: str) -> None:
    house = a_passkey_house(server)
    page = the_page(house).submit(credential=credential)
    assert "The passkey was not accepted." in page.text
    assert options_of(page), "it can be tried again"


def test_a_pool_without_passkeys_says_so(server: RunningServer) -> None:
    house = a_passkey_house(server, Policies={})
    page = the_page(house)
    assert "Passkeys are not in use here." in page.text
    assert not page.forms


def test_who_comes_by_a_number_is_shown_the_name(server: RunningServer) -> None:
    """Browsers refuse numbers in the place of names."""
    house = a_passkey_house(server)
    page = the_page(house, host="127.0.0.1")
    assert page.links["localhost"] == the_address(house)
