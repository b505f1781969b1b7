"""People at the pages, in a real browser."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.application import Application, an_application
from tests.browser.browser import Complaints
from tests.browser.houses import House, a_house
from tests.harness import RunningServer, running_server
from tests.people.people import PASSWORD

Factory = pytest.TempPathFactory


@pytest.fixture(scope="module")
def server(tmp_path_factory: Factory) -> Iterator[RunningServer]:
    """On one engine only: a browser can't tell which it is."""
    with running_server(tmp_path_factory.mktemp("data"), rate_per_person=0) as server:
        yield server


@pytest.fixture
def application() -> Iterator[Application]:
    with an_application() as application:
        yield application


def a_home(server: RunningServer, application: Application, **options: Any) -> House:
    client = {"CallbackURLs": [application.callback], "LogoutURLs": [f"{application.address}/goodbye"]}
    return a_house(server, client={**client, **options.pop("client", {})}, **options)


def address_of(
    house: House, application: Application, path: str = "/oauth2/authorize", **changes: str
) -> str:
    """By name: no browser makes a passkey for an IP address."""
    base = f"http://localhost:{house.server.port}/domains/{house.domain}"
    return f"{base}{path}?{urlencode(house.asking(redirect_uri=application.callback, **changes))}"


def sign_in(page: Page, name: str = "ada", password: str = PASSWORD) -> None:
    page.get_by_label("User name").fill(name)
    page.locator("#password").fill(password)
    page.locator("button.primary").click()


def arrived(page: Page, application: Application) -> dict[str, str]:
    """What the application was told."""
    page.wait_for_url(f"{application.callback}**")
    assert page.title() == "Arrived"
    return application.answers()[-1]


def test_a_person_signs_in_and_the_application_gets_tokens(
    page: Page, server: RunningServer, application: Application
) -> None:
    house = a_home(server, application)
    page.goto(address_of(house, application))
    sign_in(page)
    answer = arrived(page, application)
    assert answer["state"] == "a state"
    tokens = house.redeem(answer["code"], redirect_uri=application.callback)
    assert tokens.status_code == 200
    page.goto(address_of(house, application, state="again"))
    assert arrived(page, application)["state"] == "again"


def test_without_script_everything_but_passkeys_works(
    browser: Browser, server: RunningServer, application: Application
) -> None:
    house = a_home(server, application)
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        page.goto(address_of(house, application))
        sign_in(page, password="wrong")
        assert "Incorrect username or password." in page.inner_text("main")
        sign_in(page)
        assert "code" in arrived(page, application)
    finally:
        context.close()


def test_the_error_is_where_the_focus_goes(
    page: Page, server: RunningServer, application: Application
) -> None:
    house = a_home(server, application)
    page.goto(address_of(house, application))
    sign_in(page, password="wrong")
    page.wait_for_selector("[role=alert]")
    assert page.evaluate("document.activeElement.id") == "summary"
    assert page.input_value("#username") == "ada"


def test_back_and_reload_do_nothing_twice(
    page: Page, server: RunningServer, application: Application
) -> None:
    house = a_home(server, application)
    page.goto(address_of(house, application))
    sign_in(page)
    arrived(page, application)
    page.go_back()
    page.reload()
    assert page.url.startswith(f"http://localhost:{server.port}/domains/{house.domain}/login")
    assert len(application.answers()) == 1
    page.get_by_role("button", name="Continue as").click()
    arrived(page, application)
    assert len(application.answers()) == 2


def test_a_blocked_cookie_is_told_of_and_not_looped_over(
    page: Page, server: RunningServer, application: Application, complaints: Complaints
) -> None:
    complaints.expected.append("status of 403")
    house = a_home(server, application)
    page.goto(address_of(house, application))
    page.context.clear_cookies()
    sign_in(page)
    page.wait_for_load_state()
    assert "cookies" in page.inner_text("main").lower()
    assert not application.answers()


def test_the_first_page_is_small_and_asks_nobody_else(
    page: Page, server: RunningServer, application: Application
) -> None:
    house = a_home(server, application)
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body()) if response.ok else 0))
    page.goto(address_of(house, application))
    page.wait_for_load_state("networkidle")
    assert 0 < sum(sizes) < 60_000


def test_a_page_is_shown_in_no_frame(
    page: Page, server: RunningServer, application: Application, complaints: Complaints
) -> None:
    house = a_home(server, application)
    complaints.expected += ["frame-ancestors", "X-Frame-Options", "Refused to frame", "Framing"]
    frame = f'<iframe src="{address_of(house, application, "/login").replace("&", "&amp;")}"></iframe>'
    application.pages["/trap"] = ("text/html", f"<title>Trap</title>{frame}".encode())
    page.goto(f"{application.address}/trap")
    page.wait_for_timeout(300)
    assert all(frame.locator("#username").count() == 0 for frame in page.frames)


def test_an_application_at_an_ipv6_address_is_reached(
    page: Page, server: RunningServer, complaints: Complaints
) -> None:
    complaints.allowed_hosts.add("::1")
    with an_application("::1") as application:
        house = a_home(server, application)
        page.goto(address_of(house, application))
        sign_in(page)
        assert "code" in arrived(page, application)


def choose(page: Page, way: str) -> None:
    """How to sign in, where the page asks."""
    page.wait_for_selector("form")
    button = page.locator(f"button.way[value={way}]")
    if button.count():
        button.click()


def an_authenticator(page: Page) -> Any:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session


def a_house_with_passkeys(server: RunningServer, application: Application) -> House:
    house = a_home(
        server,
        application,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "WEB_AUTHN"]}},
        client={"ExplicitAuthFlows": ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]},
    )
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id,
        MfaConfiguration="OFF",
        WebAuthnConfiguration={"RelyingPartyId": "localhost", "UserVerification": "preferred"},
    )
    return house


def test_a_passkey_is_made_at_its_page_and_signs_in(
    page: Page, server: RunningServer, application: Application
) -> None:
    house = a_house_with_passkeys(server, application)
    an_authenticator(page)
    page.goto(address_of(house, application))
    page.get_by_label("User name").fill("ada")
    page.locator("button.primary").click()
    choose(page, "PASSWORD")
    page.locator("#password").fill(PASSWORD)
    page.locator("button.primary").click()
    arrived(page, application)

    adding = urlencode({"client_id": house.client_id, "redirect_uri": application.callback})
    page.goto(f"http://localhost:{server.port}/domains/{house.domain}/passkeys/add?{adding}")
    page.locator("[data-passkey-button]").click()
    page.wait_for_url(f"{application.callback}**")

    page.context.clear_cookies()
    page.goto(address_of(house, application, state="by passkey"))
    page.get_by_label("User name").fill("ada")
    page.locator("button.primary").click()
    choose(page, "WEB_AUTHN")
    page.locator("[data-passkey-button]").click()
    answer = arrived(page, application)
    assert answer["state"] == "by passkey"
    assert house.redeem(answer["code"], redirect_uri=application.callback).status_code == 200
