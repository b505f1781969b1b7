"""Styles in Chromium: they are what is seen, break no policy, and what others uploaded can't act."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page
from tests.browser.browser import Complaints
from tests.browser.houses import House
from tests.browser.test_branding import PNG, SVG, an_asset
from tests.browser.test_look import get, managed, sheets, style
from tests.browser.test_look import page as html_of
from tests.harness import RunningServer

from poolhouse.core.branding import Asset, Image

HOSTILE = (
    b'<svg xmlns="http://www.w3.org/2000/svg" onload="document.documentElement.id = \'acted\'">'
    b"<script>document.documentElement.id = 'acted'</script></svg>"
)


def open_login(page: Page, house: House) -> None:
    page.goto(f"{house.address}/login?{urlencode(house.asking())}")


def color(page: Page, selector: str, name: str) -> str:
    script = f"element => getComputedStyle(element).getPropertyValue('{name}')"
    found: str = page.locator(selector).first.evaluate(script)
    return found


@pytest.mark.parametrize(
    ("mode", "preferred", "seen"),
    [
        ("LIGHT", "light", "light"),
        ("LIGHT", "dark", "light"),
        ("DARK", "light", "dark"),
        ("DYNAMIC", "light", "light"),
        ("DYNAMIC", "dark", "dark"),
    ],
)
def test_a_style_is_what_is_seen_in_its_mode(
    page: Page, server: RunningServer, mode: str, preferred: Any, seen: str
) -> None:
    house = managed(server)
    settings = {
        "categories": {"global": {"colorSchemeMode": mode}},
        "components": {
            "form": {"logo": {"enabled": True}},
            "primaryButton": {"lightMode": {"defaults": {"backgroundColor": "7c3aedff"}}},
        },
    }
    assets = [an_asset(), an_asset(content=SVG, Extension="SVG", ColorMode="DARK")]
    assets.append(an_asset("PAGE_BACKGROUND", SVG, Extension="SVG", ColorMode="DYNAMIC"))
    style(house, Settings=settings, Assets=assets)
    page.emulate_media(color_scheme=preferred)
    open_login(page, house)
    is_dark = seen == "dark"
    assert color(page, ".primary", "background-color") == (
        "rgb(83, 159, 229)" if is_dark else "rgb(124, 58, 237)"
    )
    assert color(page, "body", "background-color") == ("rgb(15, 27, 42)" if is_dark else "rgb(255, 255, 255)")
    assert color(page, "h1", "color") == ("rgb(209, 213, 219)" if is_dark else "rgb(0, 7, 22)")
    assert color(page, ".primary", "border-radius") == "8px"
    logo = page.locator("img.logo")
    assert logo.evaluate("image => image.currentSrc").endswith(".svg" if is_dark else ".png")
    assert logo.evaluate("image => image.complete && image.naturalWidth > 0")


def test_a_classic_style_sheet_wins_over_the_pages_own(page: Page, server: RunningServer) -> None:
    from tests.browser.houses import a_house

    house = a_house(server)
    css = (
        ".submitButton-customizable { background-color: rgb(1, 2, 3); height: 60px }"
        ".submitButton-customizable:hover { background-color: rgb(4, 5, 6) }"
        ".inputField-customizable { height: 34px; border: 2px solid rgb(7, 8, 9); background-color: rgb(250, 250, 250) }"
        ".label-customizable { font-weight: 400; color: rgb(10, 11, 12) }"
        ".background-customizable { background-color: rgb(240, 240, 240) }"
        ".banner-customizable { background-color: rgb(13, 14, 15) }"
        ".redirect-customizable { color: rgb(16, 17, 18) }"
    )
    house.cognito.set_ui_customization(UserPoolId=house.pool_id, CSS=css, ImageFile=PNG)
    page.emulate_media(color_scheme="dark")
    open_login(page, house)
    assert color(page, ".primary", "background-color") == "rgb(1, 2, 3)"
    assert color(page, ".primary", "height") == "60px"
    page.hover(".primary")
    assert color(page, ".primary", "background-color") == "rgb(4, 5, 6)"
    assert color(page, "#password", "height") == "34px"
    assert color(page, "#password", "border-top-color") == "rgb(7, 8, 9)"
    assert color(page, "#password", "background-color") == "rgb(250, 250, 250)"
    assert color(page, "label", "font-weight") == "400"
    assert color(page, ".card", "background-color") == "rgb(240, 240, 240)"
    assert color(page, ".banner", "background-color") == "rgb(13, 14, 15)"
    assert color(page, "a.redirect-customizable", "color") == "rgb(16, 17, 18)"


def test_an_image_that_slipped_through_still_does_nothing(
    page: Page, complaints: Complaints, server: RunningServer
) -> None:
    """The second lock by itself: what is stored here was never cleaned."""
    house = managed(server)
    made = style(house, Settings={"components": {"form": {"logo": {"enabled": True}}}}, Assets=[an_asset()])
    image = Image(Asset("FORM_LOGO", "LIGHT", "SVG", "", "0" * 32), HOSTILE)
    write = server.server.parts.store.write
    server.run(
        write(lambda tx: tx.branding.put_images(house.pool_id, made["ManagedLoginBrandingId"], [image]))
    )
    open_login(page, house)
    assert page.locator("html").get_attribute("id") is None
    complaints.expected += ["sandboxed", "Content Security Policy"]
    page.goto(f"{house.address}/assets/{image.asset.file_name}")
    assert "<script>" in page.content()
    assert page.locator("svg").get_attribute("id") is None
    assert any("Blocked script execution" in text for text in complaints.found)


def test_every_part_of_a_style_is_loaded_from_the_domain_itself(page: Page, server: RunningServer) -> None:
    house = managed(server)
    style(house, UseCognitoProvidedValues=True)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_login(page, house)
    assert all(url.startswith(house.address) for url in asked)
    (sheet,) = sheets(html_of(house))
    assert any(url.endswith(sheet) for url in asked)
    assert len(get(house, sheet).content) < 8_000
