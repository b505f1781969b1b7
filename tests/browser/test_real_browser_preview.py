"""Every page in every state, as a preview shows it in Chromium: with the look that somebody chose, no rule of axe-core
is broken and nothing overflows. And who may show it in a frame.

The pictures are in build/screenshots, with those of the tour.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import Frame, Page
from tests.browser.browser import Complaints, keep_picture
from tests.browser.houses import House, an_application
from tests.browser.providers import GOOGLE, OAUTH2, add_provider
from tests.browser.test_branding import an_asset
from tests.browser.test_look import managed, style
from tests.browser.test_preview import NAMES, preview_of
from tests.browser.test_real_browser_tour import SIZES, broken_rules
from tests.browser.test_terms import some_terms
from tests.harness import RunningServer, running_server

from poolhouse.core.terms import PRIVACY_POLICY, TERMS_OF_USE

LOGO = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 48" width="160" height="48">'
    b'<rect width="48" height="48" rx="12" fill="#7c3aed"/><circle cx="24" cy="24" r="10" fill="#ffffff"/>'
    b'<rect x="60" y="16" width="92" height="16" rx="8" fill="#8b5cf6"/></svg>'
)
GRAPHIC = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 64" width="96" height="64">'
    b'<rect x="8" y="8" width="80" height="48" rx="8" fill="#8b5cf6"/></svg>'
)
BUTTON = {"backgroundColor": "6d28d9ff", "textColor": "ffffffff"}
SETTINGS = {
    "categories": {
        "global": {
            "colorSchemeMode": "DYNAMIC",
            "pageHeader": {"enabled": True},
            "pageFooter": {"enabled": True},
        },
        "form": {"displayGraphics": True},
    },
    "components": {
        "form": {"logo": {"enabled": True, "location": "CENTER"}, "borderRadius": 16},
        "pageHeader": {"logo": {"enabled": True}},
        "pageFooter": {"logo": {"enabled": True}},
        "primaryButton": {mode: {"defaults": BUTTON, "hover": BUTTON} for mode in ("lightMode", "darkMode")},
    },
}
GRAPHICS = [f"{what}_GRAPHIC" for what in ("EMAIL", "SMS", "AUTH_APP", "PASSWORD", "PASSKEY")]
LOGOS = ["FORM_LOGO", "PAGE_HEADER_LOGO", "PAGE_FOOTER_LOGO"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    with running_server(tmp_path_factory.mktemp("data"), rate_per_person=0) as server:
        yield server


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    """With a style, terms, a social provider and a company."""
    house = managed(server)
    add_provider(
        house.cognito, house.pool_id, "Google", "Google", GOOGLE, AttributeMapping={"email": "email"}
    )
    add_provider(house.cognito, house.pool_id, "Mill", "OIDC", OAUTH2, IdpIdentifiers=["mill.example"])
    house.client = an_application(
        house.cognito, house.pool_id, SupportedIdentityProviders=["COGNITO", "Google", "Mill"]
    )
    svg = {"Extension": "SVG", "ColorMode": "DYNAMIC"}
    assets = [an_asset(category, LOGO, **svg) for category in LOGOS]
    assets += [an_asset(category, GRAPHIC, **svg) for category in GRAPHICS]
    style(house, Settings=SETTINGS, Assets=assets)
    for name in (TERMS_OF_USE, PRIVACY_POLICY):
        some_terms(house.cognito, {"UserPoolId": house.pool_id, "ClientId": house.client_id}, name)
    return house


@pytest.mark.parametrize("name", ["", *NAMES])
def test_every_page_can_be_used_with_a_look_that_somebody_chose(page: Page, house: House, name: str) -> None:
    page.goto(f"{preview_of(house)['Address']}/{name}")
    assert page.locator("h1").count() == 1
    assert page.locator("img.logo").count() >= 3
    for size, scheme in (("phone", "light"), ("desktop", "dark")):
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        keep_picture(page, f"preview-{name or 'index'}-{size}-{scheme}")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert broken_rules(page) == []


def test_a_form_of_a_preview_leads_to_another_page_of_it(page: Page, house: House) -> None:
    address = preview_of(house)["Address"]
    page.goto(f"{address}/reset")
    page.locator("[name=code]").fill("123456")
    page.locator("button.primary").click()
    page.wait_for_url(f"{address}/reset")
    page.get_by_role("link", name="Start again").click()
    page.wait_for_url(f"{address}/sign-in")
    assert page.context.cookies() == []


@pytest.mark.parametrize("name", ["passkey", "add-passkey"])
def test_a_preview_asks_for_no_passkey(page: Page, house: House, name: str) -> None:
    page.goto(f"{preview_of(house)['Address']}/{name}")
    asking = "navigator.credentials.get = navigator.credentials.create = () => { document.title = 'asked' }"
    page.evaluate(f"() => {{ {asking} }}")
    page.locator("[data-passkey-button]").click()
    assert page.title() != "asked"


def framed(page: Page, address: str, outside: str) -> Frame:
    """What a page at `outside` shows of an address in a frame."""
    html = f'<!doctype html><title>outside</title><iframe src="{address}"></iframe>'
    page.route(outside, lambda route: route.fulfill(content_type="text/html", body=html))
    page.goto(outside)
    page.wait_for_load_state("networkidle")
    return page.frames[1]


@pytest.mark.parametrize(("host", "is_shown"), [("localhost", True), ("127.0.0.1", False)])
def test_the_servers_own_pages_alone_show_a_preview_in_a_frame(
    page: Page, complaints: Complaints, house: House, host: str, is_shown: bool
) -> None:
    complaints.expected += ["frame-ancestors"]
    address = f"{preview_of(house)['Address']}/sign-in"
    frame = framed(page, address, f"http://{host}:{urlsplit(address).port}/outside")
    assert (frame.locator("h1").count() == 1) is is_shown
    assert (frame.url == address) is is_shown


def test_a_real_page_is_shown_in_no_frame(page: Page, complaints: Complaints, house: House) -> None:
    complaints.expected += ["frame-ancestors"]
    base = house.server.settings.public_url
    login = f"{base}/domains/{house.domain}/login?{urlencode(house.asking())}"
    frame = framed(page, login, f"{base}/outside")
    assert frame.locator("h1").count() == 0
    assert frame.url != login
