"""The preview of a client's pages: all of them, with its look, and nothing can be done there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from tests.admin import admin_client
from tests.browser.houses import CALLBACK, House, a_house, an_application
from tests.browser.pages import Page
from tests.browser.test_look import VIOLET, managed, sheets, style
from tests.browser.test_terms import some_terms
from tests.conftest import a_pool, a_server_on
from tests.harness import RunningServer
from tests.people.people import an_app, refusal

from poolhouse.core.previews import PURPOSE, STATES, client_of_preview, preview_token
from poolhouse.core.terms import PRIVACY_POLICY, TERMS_OF_USE
from poolhouse.pages.preview_states import SHOWN

NAMES = [name for states in STATES.values() for name in states]


def preview_of(house: House, **changes: str) -> dict[str, Any]:
    ids = {"UserPoolId": house.pool_id, "ClientId": house.client_id, **changes}
    answer: dict[str, Any] = admin_client(house.server).get_pages_preview(**ids)
    return answer


def address_of(house: House) -> str:
    """By path at the server itself: its public address is another port's."""
    path: str = urlsplit(preview_of(house)["Address"]).path
    return house.server.base_url + path


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    house = managed(server)
    style(house, Settings=VIOLET)
    ids = {"UserPoolId": house.pool_id, "ClientId": house.client_id}
    for name in (TERMS_OF_USE, PRIVACY_POLICY):
        some_terms(house.cognito, ids, name)
    return house


@pytest.fixture(scope="module")
def preview(house: House) -> str:
    return address_of(house)


def get(house: House, address: str) -> Page:
    return Page(house.browser, house.browser.get(address))


def test_the_operation_names_every_page_and_when_it_is_over(house: House) -> None:
    answer = preview_of(house)
    assert answer["Address"].startswith(f"{house.server.settings.public_url}/domains/{house.domain}/preview/")
    assert (answer["ExpirationDate"] - house.server.clock.now()).total_seconds() == pytest.approx(
        3600, abs=60
    )
    assert [page["Name"] for page in answer["Pages"]] == NAMES == list(SHOWN)
    assert len(set(NAMES)) == len(NAMES)
    assert {page["Group"] for page in answer["Pages"]} == set(STATES)


def test_the_index_leads_to_every_page(house: House, preview: str) -> None:
    page = get(house, preview)
    assert page.response.status_code == 200
    hrefs = re.findall(r'<li><a href="([^"]+)">', page.response.text)
    assert hrefs == [f"{urlsplit(preview).path}/{name}" for name in NAMES]
    assert sheets(page.response.text)


@pytest.mark.parametrize("name", NAMES)
def test_each_page_has_the_clients_look_and_leads_nowhere_else(house: House, preview: str, name: str) -> None:
    house.browser.cookies.clear()
    page = get(house, f"{preview}/{name}")
    html = page.response.text
    assert page.response.status_code == 200, html
    assert "set-cookie" not in page.response.headers
    assert len(sheets(html)) == 1
    assert "https://example.com/terms" in html
    assert "<script" not in html
    inside = urlsplit(preview).path + "/"
    for form in page.forms:
        assert form.action.removeprefix(inside) in NAMES
        assert form.fields["_csrf"] == ""
    links = {*page.links.values()} - {"https://example.com/terms"}
    assert all(link.startswith((inside, "#")) for link in links), links
    policy = page.response.headers["content-security-policy"]
    assert "form-action 'self';" in policy
    assert f"frame-ancestors {house.server.settings.public_url};" in policy
    assert "x-frame-options" not in page.response.headers
    assert "no-store" in page.response.headers["cache-control"]


@pytest.mark.parametrize("name", NAMES)
def test_each_page_is_there_in_other_languages(house: House, preview: str, name: str) -> None:
    page = get(house, f"{preview}/{name}?lang=de")
    assert '<html lang="de"' in page.response.text
    assert "set-cookie" not in page.response.headers
    assert all(form.action.endswith("?lang=de") for form in page.forms)


@pytest.mark.parametrize("name", ["", *NAMES])
def test_what_is_posted_does_nothing(house: House, preview: str, name: str) -> None:
    address = f"{preview}/{name}"
    form = {
        "username": "ada",
        "password": "Correct-horse-9",
        "_csrf": "",
        "answer": "allow",
        "code": "123456",
    }
    answer = house.browser.post(address, data=form)
    assert answer.status_code == 303
    assert answer.headers["location"] == urlsplit(address).path
    assert "set-cookie" not in answer.headers


def test_a_page_says_what_it_is_made_for(house: House, preview: str) -> None:
    def text(name: str) -> str:
        return get(house, f"{preview}/{name}").text

    assert "Incorrect username or password." in text("sign-in-refused")
    assert "You are signed in as ada." in text("signed-in")
    assert "+*******0100" in text("code-by-sms")
    assert "Text messages to your phone" in text("set-up")
    assert "This link has expired." in text("confirm-link-expired")
    assert "The password does not meet the requirements below." in text("reset-refused")
    assert "User name: This has to be filled in." in text("sign-up-refused")
    assert "Cookies are blocked" in text("cookies-blocked")


def test_a_look_that_was_changed_is_seen_at_once(server: RunningServer) -> None:
    house = managed(server)
    address = f"{address_of(house)}/sign-in"
    assert sheets(get(house, address).response.text) == []
    style(house, Settings=VIOLET)
    assert len(sheets(get(house, address).response.text)) == 1


def test_whoever_is_signed_in_is_not_shown(house: House, preview: str) -> None:
    house.sign_in()
    assert "You are signed in as" not in get(house, f"{preview}/sign-in").text


@pytest.mark.parametrize(
    "path",
    [
        "/preview/",
        "/preview/x",
        "/preview/{token}x",
        "/preview/{token}/nothing",
        "/preview/{token}/sign-in/x",
    ],
)
def test_no_other_address_shows_anything(house: House, preview: str, path: str) -> None:
    token = preview.rpartition("/")[2]
    answer = house.browser.get(f"{house.address}{path.format(token=token)}")
    assert answer.status_code == 404
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "query", ["lang=" + "x" * 5000, "lang=%00", "a&&=&;", "username=%3Cscript%3E&user_name=eve"]
)
def test_whatever_else_an_address_says_is_not_shown(house: House, preview: str, query: str) -> None:
    answer = house.browser.get(f"{preview}/confirm-link?{query}")
    assert answer.status_code == 200
    assert "x" * 100 not in answer.text
    assert "<script" not in answer.text


@pytest.mark.parametrize(
    "token", ["a.1.b", "é.1.b", "a.99999999999999.b", "%2e%2e", "a" * 3000, "a.1." + "A" * 43]
)
def test_what_is_no_token_is_refused(house: House, token: str) -> None:
    assert house.browser.get(f"{house.address}/preview/{token}/sign-in").status_code in (404, 414, 431)


def test_only_pages_and_forms_are_asked_for(house: House, preview: str) -> None:
    assert house.browser.put(preview).status_code == 405
    assert house.browser.head(preview).status_code == 200


def signed(house: House, pool_id: str, client_id: str, **by: float) -> httpx.Response:
    server = house.server
    key = server.server.parts.store.key_for(PURPOSE)
    token = preview_token(key, pool_id, client_id, server.clock.now() + timedelta(**by))
    return house.browser.get(f"{house.address}/preview/{token}/sign-in")


def test_an_address_is_good_for_its_own_pool_and_client_alone(server: RunningServer, house: House) -> None:
    other = a_house(server)
    another = an_application(house.cognito, house.pool_id)["ClientId"]
    assert signed(house, house.pool_id, another, hours=1).status_code == 200
    assert signed(house, other.pool_id, other.client_id, hours=1).status_code == 404
    assert signed(house, house.pool_id, other.client_id, hours=1).status_code == 404
    token = urlsplit(address_of(house)).path.rpartition("/")[2]
    assert other.browser.get(f"{other.address}/preview/{token}").status_code == 404
    forged = token.replace(house.client_id, another)
    assert house.browser.get(f"{house.address}/preview/{forged}").status_code == 404


def test_a_longer_life_can_not_be_written_into_an_address(house: House) -> None:
    client, seconds, mac = urlsplit(address_of(house)).path.rpartition("/")[2].split(".")
    token = f"{client}.{int(seconds) + 1}.{mac}"
    assert house.browser.get(f"{house.address}/preview/{token}").status_code == 404


def test_a_token_is_good_for_its_own_pool_alone() -> None:
    now, key = datetime(2026, 11, 28, tzinfo=UTC), b"k" * 32
    token = preview_token(key, "us-east-1_a", "client", now + timedelta(hours=1))
    assert client_of_preview(key, "us-east-1_a", token, now) == "client"
    assert client_of_preview(key, "us-east-1_b", token, now) is None
    assert client_of_preview(b"l" * 32, "us-east-1_a", token, now) is None


def test_the_way_to_the_sign_in_after_a_link_stays_in_the_preview(server: RunningServer) -> None:
    house = a_house(server, client={"DefaultRedirectURI": CALLBACK})
    page = get(house, f"{address_of(house)}/confirm-link")
    assert page.links["Sign in"].endswith("/sign-in")
    assert "/preview/" in page.links["Sign in"]


def test_an_address_is_over_after_an_hour(house: House) -> None:
    assert signed(house, house.pool_id, house.client_id, seconds=-1).status_code == 404
    assert signed(house, house.pool_id, house.client_id, seconds=30).status_code == 200


def test_a_client_that_is_gone_has_no_pages(server: RunningServer) -> None:
    house = a_house(server)
    address = address_of(house)
    assert house.browser.get(address).status_code == 200
    house.cognito.delete_user_pool_client(UserPoolId=house.pool_id, ClientId=house.client_id)
    assert house.browser.get(address).status_code == 404


def test_there_must_be_a_pool_a_client_and_a_domain(house: House) -> None:
    ask = admin_client(house.server).get_pages_preview
    other = a_pool(house.cognito)
    own = an_app(house.cognito, other)["ClientId"]
    gone = "ResourceNotFoundException"
    assert refusal(ask, UserPoolId="us-east-1_none", ClientId=house.client_id)[0] == gone
    assert refusal(ask, UserPoolId=other, ClientId=house.client_id)[0] == gone
    told = refusal(ask, UserPoolId=other, ClientId=own)
    assert told == ("InvalidParameterException", "The user pool has no domain.")


@pytest.mark.parametrize(
    ("named_by", "name"),
    [(["email"], "ada@example.com"), (["phone_number"], "+14155550100"), (["email", "phone_number"], "ada@")],
)
def test_people_are_called_what_they_are_called_in_the_pool(
    server: RunningServer, named_by: list[str], name: str
) -> None:
    person = {"username": "grace@example.com", "attributes": {}}
    if named_by == ["phone_number"]:
        person = {"username": "+14155550199", "attributes": {}}
    house = a_house(server, UsernameAttributes=named_by, **person)
    assert name in get(house, f"{address_of(house)}/confirm-link").text


@pytest.fixture
def by_host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    with a_server_on("sqlite", tmp_path_factory.mktemp("host"), request, domain_form="host") as server:
        yield server


def test_by_host_the_address_is_at_the_domains_own_host(by_host: RunningServer) -> None:
    house = a_house(by_host)
    address = urlsplit(preview_of(house)["Address"])
    assert str(address.hostname) == f"{house.domain}.localhost"
    headers = {"host": str(address.netloc)}
    answer = house.browser.get(f"{by_host.base_url}{address.path}/sign-in", headers=headers)
    assert answer.status_code == 200
    assert f'action="{address.path}/sign-in"' in answer.text
