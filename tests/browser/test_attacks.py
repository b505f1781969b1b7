"""Attacks on who signs in at the pages, each as an attacker would try it; those that need a browser, in a real one."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import Page
from tests.browser.application import Application, an_application
from tests.browser.browser import Complaints
from tests.browser.houses import CALLBACK, House, a_house, answer_of
from tests.browser.pages import visit
from tests.harness import RunningServer, running_server
from tests.people.people import PASSWORD, a_person

EVIL = "https://evil.example"
NOT_OURS = [
    f"{EVIL}/callback",
    "https://app.example.evil.example/callback",
    "https://app.example@evil.example/callback",
    "https://app.example/callback/../../evil",
    "https://app.example/callback/..;/evil",
    "https://app.example/callback#@evil.example",
    "https://app.example/callback?next=https://evil.example",
    "https://app.example/CALLBACK",
    "https://APP.example/callback",
    "https://app.example:443/callback",
    "https://app.example:8443/callback",
    "http://app.example/callback",
    "https://app.example/callback/",
    "https://app.example/callback%2f",
    "https://app.example\\@evil.example/callback",
    "https://app.example/callback\t",
    " https://app.example/callback",
    "//evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "",
]
"""What an attacker puts in the place of a registered address."""
SCRIPTS = [
    "<script>window.acted=1</script>",
    "\"><img src=x onerror='window.acted=1'>",
    "' onfocus='window.acted=1' autofocus x='",
    "javascript:window.acted=1",
    "{{ 7 * 7 }}",
    "</title><svg onload=window.acted=1>",
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(
        tmp_path_factory.mktemp("data"), rate_per_person=0, registration_rate_per_address=0
    ) as server:
        yield server


@pytest.fixture
def application() -> Iterator[Application]:
    with an_application() as application:
        yield application


@pytest.mark.parametrize("address", NOT_OURS)
def test_no_endpoint_is_an_open_redirector(server: RunningServer, address: str) -> None:
    house = a_house(server)
    house.sign_in()
    asked = {**house.asking(), "redirect_uri": address}
    leaving = {"client_id": house.client_id}
    for path, query in (
        ("/oauth2/authorize", asked),
        ("/login", asked),
        ("/signup", asked),
        ("/forgotPassword", asked),
        ("/consent", asked),
        ("/logout", {**leaving, "logout_uri": address}),
        ("/logout", {**leaving, "redirect_uri": address, "response_type": "code"}),
        ("/logout", {**leaving, "post_logout_redirect_uri": address}),
        ("/passkeys/add", {**leaving, "redirect_uri": address}),
        ("/error", {"error": "invalid_request", "redirect_uri": address, **leaving}),
    ):
        answer = house.browser.get(f"{house.address}{path}?{urlencode(query)}")
        location = answer.headers.get("location", "")
        assert not urlsplit(location).netloc or location.startswith(house.address), (path, location)
        assert answer.status_code < 500


def test_who_registers_an_address_has_no_link_of_ours_that_leads_there(server: RunningServer) -> None:
    """RFC 9700 §4.11.2: a link with a fault in it, or that asks silently, is a redirector to whoever may register."""
    house = a_house(server, DcrConfiguration={"OpenDcrEnabled": True})
    evil = f"{EVIL}/callback"
    metadata = {"redirect_uris": [evil], "token_endpoint_auth_method": "none"}
    answer = house.browser.post(f"{house.address}/oauth2/register", json=metadata)
    house.client = {"ClientId": answer.json()["client_id"]}
    for fault in (
        {"scope": "no/such"},
        {"response_type": "token"},
        {"prompt": "none"},
        {"identity_provider": "Nobody"},
        {"idp_identifier": "nobody.example"},
        {"max_age": "x"},
    ):
        asked = house.asking(redirect_uri=evil, **fault)
        for path in ("/oauth2/authorize", "/login", "/signup"):
            answer = house.browser.get(f"{house.address}{path}?{urlencode(asked)}")
            assert not answer.headers.get("location", "").startswith(EVIL), (path, fault)
    assert "/login?" in house.authorize(redirect_uri=evil).headers["location"]
    house.sign_in()
    told = answer_of(house.authorize(redirect_uri=evil, prompt="none"), evil)
    assert told["error"] == "consent_required"  # who is signed in has met the client's page of consent


@pytest.mark.parametrize(
    "text", ["a\r\nset-cookie: planted=1", "a\nlocation: https://evil.example", "a\x00b", "é€😀"]
)
def test_no_parameter_reaches_a_header_as_it_is(server: RunningServer, text: str) -> None:
    house = a_house(server)
    house.sign_in()
    for name in ("state", "nonce", "scope", "lang", "login_hint", "prompt", "acr_values", "resource"):
        query = urlencode({**house.asking(), name: text})
        for path in ("/oauth2/authorize", "/login"):
            answer = house.browser.get(f"{house.address}{path}?{query}")
            assert answer.status_code < 500
            assert "planted" not in answer.cookies
            assert not answer.headers.get("location", "").startswith(EVIL)
            assert all(value.isascii() for value in answer.headers.values())


def test_every_answer_says_who_answers_so_that_servers_are_not_mixed_up(server: RunningServer) -> None:
    house = a_house(server)
    house.sign_in()
    for answer in (
        answer_of(house.authorize()),
        answer_of(house.authorize(scope="no/such")),
        answer_of(house.authorize(response_type=None)),
        answer_of(house.authorize(prompt="none", max_age="0")),
    ):
        assert answer["iss"] == house.issuer


def test_a_code_that_was_stolen_is_worth_nothing_in_another_flow(server: RunningServer) -> None:
    """Code injection: the attacker's client instance has another verifier than the victim's challenge."""
    house = a_house(server)
    house.sign_in()
    code = house.code()
    assert house.redeem(code, code_verifier="a" * 43).json() == {"error": "invalid_grant"}
    assert house.redeem(code, code_verifier=None).json() == {"error": "invalid_grant"}


def test_a_planted_cookie_does_not_become_somebodys_session(server: RunningServer) -> None:
    house = a_house(server)
    eve = a_person(house.cognito, house.pool_id, "eve", email="eve@example.com")
    planted = house.sign_in(eve)
    asked = urlencode(house.asking(prompt="login"))
    with httpx.Client() as victim:
        victim.cookies.set("cognito", planted)
        page = visit(victim, f"{house.address}/login?{asked}")
        answer = page.post(username="ada", password=PASSWORD)
        assert "code" in answer_of(answer)
        assert answer.cookies["cognito"] != planted
    told = answer_of(house.authorize())  # eve's own browser, with what she planted
    tokens = house.redeem(told["code"]).json()
    assert house.user_info(tokens["access_token"]).json()["sub"] == eve


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_form_on_another_site_signs_nobody_in(
    page: Page, server: RunningServer, application: Application, complaints: Complaints, host: str
) -> None:
    """Login CSRF: the attacker's page posts the attacker's own credentials from the victim's browser; from another
    site, and from another port of the same, from where the browser sends the cookies too."""
    complaints.expected.append("status of 403")
    house = a_house(server, client={"CallbackURLs": [application.callback]})
    asked = house.asking(redirect_uri=application.callback)
    action = f"http://localhost:{server.port}/domains/{house.domain}/login?{urlencode(asked)}"
    page.goto(action)
    trap = (
        f'<title>Trap</title><form method=post action="{action.replace("&", "&amp;")}">'
        f'<input name=username value=ada><input name=password value="{PASSWORD}"></form>'
        "<script>document.forms[0].submit()</script>"
    )
    with an_application() as evil:
        evil.pages["/trap"] = ("text/html", trap.encode())
        page.goto(f"{evil.address.replace('localhost', host)}/trap")
        page.wait_for_url("**/login?**")
    assert not [cookie for cookie in page.context.cookies() if cookie.get("name") == "cognito"]
    assert not application.answers()


@pytest.mark.parametrize("text", SCRIPTS)
def test_what_others_wrote_is_text_in_every_page(
    page: Page, server: RunningServer, application: Application, complaints: Complaints, text: str
) -> None:
    """A policy would stop the script too: that it had to is a complaint."""
    complaints.expected += ["status of 400", "status of 404"]
    house = a_house(
        server,
        client={"CallbackURLs": [application.callback]},
        attributes={"email": "ada@example.com", "name": text},
        DcrConfiguration={"OpenDcrEnabled": True, "AllowedScopes": ["notes/read"]},
    )
    house.cognito.create_resource_server(
        UserPoolId=house.pool_id,
        Identifier="notes",
        Name="notes",
        Scopes=[{"ScopeName": "read", "ScopeDescription": text}],
    )
    answer = house.browser.post(
        f"{house.address}/oauth2/register",
        json={
            "client_name": text,
            "redirect_uris": [application.callback],
            "token_endpoint_auth_method": "none",
        },
    )
    base = f"http://localhost:{server.port}/domains/{house.domain}"
    asked = house.asking(redirect_uri=application.callback, login_hint=text, state=text, lang=text)
    for address in (
        f"{base}/login?{urlencode(asked)}",
        f"{base}/signup?{urlencode(asked)}",
        f"{base}/error?{urlencode({'error': text, 'error_description': text})}",
        f"{base}/{quote(text)}",
        f"{base}/login?{urlencode({**asked, 'username': text})}",
    ):
        page.goto(address)
        assert page.evaluate("window.acted") is None
    page.goto(f"{base}/login?{urlencode(asked)}")
    _sign_in(page, text, "wrong")
    assert page.evaluate("window.acted") is None
    house.client = {"ClientId": answer.json()["client_id"]}
    asked = house.asking(redirect_uri=application.callback, scope="openid notes/read")
    page.goto(f"{base}/login?{urlencode(asked)}")
    _sign_in(page, "ada", PASSWORD)
    assert page.inner_text("h1") == "Allow access?"
    assert text in page.inner_text("main")
    assert page.evaluate("window.acted") is None


def _sign_in(page: Page, name: str, password: str) -> None:
    page.locator("#username").fill(name)
    page.locator("#password").fill(password)
    page.locator("button.primary").click()
    page.wait_for_load_state()


def test_what_one_domain_sets_another_does_not_read(server: RunningServer) -> None:
    """Two pools at one host, by path: a session is of one pool, whatever cookies are sent."""
    house, other = a_house(server), a_house(server)
    cookie = house.sign_in()
    other.browser.cookies.set("cognito", cookie, path=f"/domains/{other.domain}")
    answer = other.authorize()
    assert "/login?" in answer.headers["location"]


def test_a_code_never_stands_where_others_read_it(server: RunningServer) -> None:
    """Not in a Referer, not in a cache, not in a log."""
    house: House = a_house(server)
    house.sign_in()
    answer = house.authorize()
    assert answer.headers["cache-control"].startswith("no-")
    assert answer.headers.get("referrer-policy", "no-referrer") in ("no-referrer", "same-origin")
    assert answer_of(answer, CALLBACK)["code"] not in answer.text
