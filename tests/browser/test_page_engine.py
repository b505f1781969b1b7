"""What every page is, whatever it shows: its headers, its addresses, its languages, its cookie, its errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.harness import RunningServer
from tests.people.people import PASSWORD

from poolhouse.http import Request
from poolhouse.operation import SystemRandom
from poolhouse.pages.face import TITLES, refusal
from poolhouse.pages.flow import Flow, TooMuch, seal, unseal
from poolhouse.pages.static_files import files
from poolhouse.pages.texts import LANGUAGES

NOW = datetime(2026, 11, 28, tzinfo=UTC)
KEY = b"k" * 32


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    return a_house(server)


def login(house: House, path: str = "/login", **changes: str | None) -> httpx.Response:
    house.browser.cookies.clear()
    return house.browser.get(f"{house.address}{path}?{urlencode(house.asking(**changes))}")


@pytest.mark.parametrize("address", ["/login", "/nowhere", "/login?client_id=none"])
def test_no_page_is_kept_framed_or_scripted_from_elsewhere(house: House, address: str) -> None:
    headers = (
        login(house).headers if address == "/login" else house.browser.get(house.address + address).headers
    )
    policy = headers["content-security-policy"]
    for part in ("default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "script-src 'self'"):
        assert part in policy
    assert "unsafe" not in policy
    assert headers["x-frame-options"] == "DENY"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "no-store" in headers["cache-control"]
    assert "strict-transport-security" not in headers


def test_no_page_has_a_script_or_a_style_of_its_own(house: House) -> None:
    text = login(house).text
    assert "style=" not in text
    assert "<style" not in text
    assert not re.search(r"<script(?! src)", text)
    assert not re.search(r"\son\w+=", text)


def test_a_form_may_lead_to_the_applications_kind_of_address_and_to_no_other(server: RunningServer) -> None:
    house = a_house(
        server,
        client={"CallbackURLs": ["https://app.example/callback", "http://localhost:3000/cb", "myapp://back"]},
    )
    for uri, allowed in (
        ("https://app.example/callback", "form-action 'self' https:;"),
        ("http://localhost:3000/cb", "http://localhost:*"),
        ("myapp://back", "form-action 'self' https: myapp:;"),
    ):
        assert allowed in login(house, redirect_uri=uri).headers["content-security-policy"]


def test_a_first_page_is_light_and_asks_nobody_else(house: House) -> None:
    page = login(house)
    sheets = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    weight = len(page.content)
    for sheet in sheets:
        assert sheet.startswith(f"/domains/{house.domain}/assets/")
        answer = house.browser.get(house.server.base_url + sheet)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        weight += len(answer.content)
    assert weight < 60_000
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page.text)


def test_every_address_works_by_host_too(house: House) -> None:
    host = f"{house.domain}.localhost:{house.server.port}"
    with httpx.Client(headers={"host": host}, base_url=house.server.base_url) as browser:
        answer = browser.get(f"/login?{urlencode(house.asking())}")
        page = Page(browser, answer)
        assert page.form.action.startswith("/login?")
        sheet = re.search(r'href="(/assets/style-[0-9a-f]+\.css)"', answer.text)
        assert sheet is not None
        assert browser.get(sheet[1]).status_code == 200
        cookies = answer.headers.get_list("set-cookie")
        assert all("Path=/;" in cookie and "Domain" not in cookie for cookie in cookies)
        fields = {**page.form.fields, "username": "ada", "password": PASSWORD}
        secret = cookies[0].partition(";")[0]
        done = browser.post(page.form.action, data=fields, headers={"cookie": secret})
        assert "code" in answer_of(done)


def test_cookies_belong_to_one_domain_and_no_script_reads_them(house: House) -> None:
    answer = login(house)
    page = Page(house.browser, answer)
    done = page.post(username="ada", password=PASSWORD)
    cookies = answer.headers.get_list("set-cookie") + done.headers.get_list("set-cookie")
    assert {cookie.partition("=")[0] for cookie in cookies} >= {"XSRF-TOKEN", "cognito"}
    for cookie in cookies:
        assert f"Path=/domains/{house.domain}" in cookie
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_paths_are_read_in_any_case(house: House) -> None:
    assert login(house, "/Login").status_code == 200


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("client_id=unknown", "The application is not known here."),
        ("redirect_uri=https%3A%2F%2Fevil.example", "at an address that it has not registered"),
        ("client_id=a&client_id=b", "start again there"),
        ("client_id=%ff", "start again there"),
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(house: House, query: str, says: str) -> None:
    name = query.partition("=")[0]
    asked = urlencode(house.asking(**{name: None}))
    answer = house.browser.get(f"{house.address}/login?{asked}&{query}")
    assert answer.status_code == 400
    assert says in Page(house.browser, answer).text
    assert "location" not in answer.headers


def test_what_else_is_wrong_the_application_hears(house: House) -> None:
    answer = login(house, scope="nonsense")
    assert answer_of(answer)["error"] == "invalid_scope"


def test_a_path_that_no_page_has_and_a_domain_that_nobody_has_are_not_found(house: House) -> None:
    assert house.browser.get(f"{house.address}/nowhere").status_code == 404
    assert house.browser.get(f"{house.server.base_url}/domains/nobodys/login").status_code == 404
    assert house.browser.get(f"{house.address}/assets/style-000000000000.css").status_code == 404
    answer = house.browser.delete(f"{house.address}/login")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, HEAD, POST"


def test_a_form_that_is_too_large_is_a_page(house: House) -> None:
    answer = house.browser.post(f"{house.address}/login", content=b"a" * 70_000)
    assert answer.status_code == 413
    assert "text/html" in answer.headers["content-type"]


def test_who_asks_too_often_sees_a_page_that_says_when_to_come_again(
    own_server: Callable[..., RunningServer],
) -> None:
    house = a_house(own_server(rate_per_address=50))
    answers = [house.browser.get(f"{house.address}/nowhere") for _ in range(160)]
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert "text/html" in refused.headers["content-type"]
    assert refused.headers["retry-after"] == "5"
    assert refused.headers["x-amzn-requestid"] in refused.text


def test_a_person_who_answers_too_often_is_told_to_wait(own_server: Callable[..., RunningServer]) -> None:
    house = a_house(own_server(rate_per_person=2))
    page = visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}")
    for _ in range(8):
        page = page.submit(username="ada", password="wrong")
        if "Too many tries" in page.text:
            break
    assert "Too many tries. Wait a while, then try again." in page.text


@pytest.mark.parametrize("status", sorted(TITLES))
def test_a_plain_page_says_what_is_wrong_and_which_request_it_was(status: int) -> None:
    request = Request("GET", "/login", "", [], b"", "an-id", "127.0.0.1", scheme="https")
    answer = refusal(request, status)
    headers = dict(answer.headers)
    assert answer.status == status
    assert b"an-id" in answer.body
    assert headers[b"strict-transport-security"] == b"max-age=31536000"
    assert (b"retry-after" in headers) == (status in (429, 503))


def test_what_is_typed_is_shown_as_text(house: House) -> None:
    hostile = '"><script>alert(1)</script>'
    text = login(house, login_hint=hostile, state=hostile).text
    assert "<script>" not in text
    house.browser.cookies.clear()
    page = visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}")
    again = page.submit(username=hostile, password="wrong")
    assert "<script>" not in again.response.text
    assert again.form.fields["username"] == hostile


def test_the_applications_query_goes_from_page_to_page_unchanged(house: House) -> None:
    state = '{"a": "ü&=+ %"}'
    page = Page(house.browser, login(house, state=state, nonce="n"))
    carried = parse_qs(urlsplit(page.form.action).query)
    assert carried["state"] == [state]
    assert answer_of(page.post(username="ada", password=PASSWORD))["state"] == state


def test_the_language_that_is_asked_for_is_kept(house: House) -> None:
    first = login(house, lang="DE")
    assert '<html lang="de">' in first.text
    later = house.browser.get(f"{house.address}/login?{urlencode(house.asking())}")
    assert '<html lang="de">' in later.text
    other = house.browser.get(f"{house.address}/login?{urlencode(house.asking(lang='en'))}")
    assert '<html lang="en">' in other.text


@pytest.mark.parametrize("lang", ["xx", "../../etc/passwd", "de\r\nx: y"])
def test_a_language_that_there_is_not_is_english(house: House, lang: str) -> None:
    assert '<html lang="en">' in login(house, lang=lang).text


def test_cognito_asks_the_browser_for_no_language_nor_do_we(house: House) -> None:
    house.browser.cookies.clear()
    answer = house.browser.get(
        f"{house.address}/login?{urlencode(house.asking())}", headers={"accept-language": "fr"}
    )
    assert '<html lang="en">' in answer.text


def test_each_page_offers_every_language(house: House) -> None:
    page = Page(house.browser, login(house))
    offered = {parse_qs(urlsplit(link).query).get("lang", [""])[0] for link in page.links.values()}
    assert set(LANGUAGES) <= offered


def test_every_file_of_a_look_is_small_and_has_no_address_of_others() -> None:
    for file in files().values():
        assert b"http" not in file.content
        assert len(file.content) < 30_000
    folder = resources.files("poolhouse.pages") / "templates"
    for template in folder.iterdir():
        assert "|safe" not in template.read_text().replace(" ", ""), template.name


texts = st.text(max_size=50)


@given(
    username=texts,
    session=texts,
    parameters=st.dictionaries(texts, texts, max_size=3),
    notice=texts,
    available=st.lists(texts, max_size=3).map(tuple),
)
def test_a_flow_survives_its_cookie(
    username: str, session: str, parameters: dict[str, str], notice: str, available: tuple[str, ...]
) -> None:
    flow = Flow(username, session, "PASSWORD", parameters, available, notice=notice, errors={"a": "b"})
    text = seal(flow, KEY, "pool", "client", NOW, SystemRandom())
    assert re.fullmatch(r"[A-Za-z0-9_-]+", text)
    assert unseal(text, KEY, "pool", "client", NOW) == flow


def test_a_flow_is_one_clients_of_one_pool_and_of_one_hour() -> None:
    text = seal(Flow("ada"), KEY, "pool", "client", NOW, SystemRandom())
    assert unseal(text, KEY, "pool", "client", NOW) == Flow("ada")
    assert unseal(text, KEY, "pool", "other", NOW) is None
    assert unseal(text, KEY, "other", "client", NOW) is None
    assert unseal(text, b"x" * 32, "pool", "client", NOW) is None
    assert unseal(text, KEY, "pool", "client", NOW + timedelta(hours=1)) is None
    flipped = text[:-1] + ("A" if text[-1] != "A" else "B")
    assert unseal(text[:30] + "AAAA" + text[34:], KEY, "pool", "client", NOW) is None
    assert unseal(flipped, KEY, "pool", "client", NOW) in (
        None,
        Flow("ada"),
    )  # the last letter has spare bits


@pytest.mark.parametrize("text", [None, "", "x", "é", "A" * 5_000, "====", "AQ"])
def test_what_is_no_flow_is_none(text: str | None) -> None:
    assert unseal(text, KEY, "pool", "client", NOW) is None


def test_more_than_a_cookie_holds_is_refused() -> None:
    noise = SystemRandom().token_bytes(4_000).hex()
    with pytest.raises(TooMuch):
        seal(replace(Flow(), session=noise), KEY, "pool", "client", NOW, SystemRandom())


def test_nothing_secret_is_in_the_repr_of_a_flow() -> None:
    assert "hush" not in repr(Flow(session="hush", secret="hush", parameters={"a": "hush"}))
