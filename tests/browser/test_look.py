"""What styles, classic looks and terms do to the pages."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from tests.browser.houses import House, a_house
from tests.browser.test_branding import ICO, PNG, SVG, an_asset
from tests.browser.test_terms import LINK
from tests.browser.test_ui_customization import JPEG
from tests.harness import RunningServer

from poolhouse.core.branding import Asset
from poolhouse.core.branding_defaults import DEFAULTS
from poolhouse.core.branding_settings import with_defaults
from poolhouse.pages.look_css import style_sheet

VIOLET = {"components": {"primaryButton": {"lightMode": {"defaults": {"backgroundColor": "7c3aedff"}}}}}


def managed(server: RunningServer, **options: Any) -> House:
    """A house whose domain has managed login."""
    house = a_house(server, **options)
    house.cognito.update_user_pool_domain(
        UserPoolId=house.pool_id, Domain=house.domain, ManagedLoginVersion=2
    )
    return house


def style(house: House, **options: Any) -> dict[str, Any]:
    answer = house.cognito.create_managed_login_branding(
        UserPoolId=house.pool_id, ClientId=house.client_id, **options
    )
    made: dict[str, Any] = answer["ManagedLoginBranding"]
    return made


def page(house: House, path: str = "/login", **changes: str) -> str:
    answer = house.browser.get(f"{house.address}{path}?{urlencode(house.asking(**changes))}")
    assert answer.status_code == 200, answer.text
    return answer.text


def sheets(html: str) -> list[str]:
    """The style sheets of a page, behind its own."""
    return re.findall(r'<link rel="stylesheet" href="([^"]+)">', html)[1:]


def get(house: House, path: str) -> httpx.Response:
    return house.browser.get(f"{house.server.base_url}{path}")


def css_of(house: House) -> str:
    found = sheets(page(house))
    assert len(found) == 1
    return get(house, found[0]).text


def test_a_client_without_a_style_has_poolhouses_own_look(server: RunningServer) -> None:
    house = managed(server)
    html = page(house)
    assert sheets(html) == []
    assert '<html lang="en">' in html
    assert "<img" not in html


def test_a_style_is_a_style_sheet_that_may_be_kept_for_ever(server: RunningServer) -> None:
    house = managed(server)
    made = style(house, Settings=VIOLET)
    (address,) = sheets(page(house))
    assert re.fullmatch(
        rf"/domains/{house.domain}/assets/look-{house.client_id}-[0-9a-f]{{16}}\.css", address
    )
    answer = get(house, address)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert "--accent: #7c3aedff" in answer.text
    assert "prefers-color-scheme" not in answer.text, "the default is light alone"

    ids = {name: made[name] for name in ("UserPoolId", "ManagedLoginBrandingId")}
    dynamic = {"categories": {"global": {"colorSchemeMode": "DYNAMIC"}}}
    house.cognito.update_managed_login_branding(**ids, Settings=dynamic)
    (changed,) = sheets(page(house))
    assert changed != address
    assert "@media (prefers-color-scheme: dark)" in get(house, changed).text
    stale = get(house, address)
    assert (stale.text, stale.headers["cache-control"]) == (get(house, changed).text, "no-cache")
    house.cognito.delete_managed_login_branding(**ids)
    assert sheets(page(house)) == []
    assert get(house, changed).status_code == 404


def test_the_color_scheme_is_the_pages(server: RunningServer) -> None:
    house = managed(server)
    made = style(house, UseCognitoProvidedValues=True)
    ids = {name: made[name] for name in ("UserPoolId", "ManagedLoginBrandingId")}
    for mode, meta, root in (
        ("LIGHT", "light", ' class="light"'),
        ("DARK", "dark", ' class="dark"'),
        ("DYNAMIC", "light dark", ""),
    ):
        scheme = {"categories": {"global": {"colorSchemeMode": mode}}}
        house.cognito.update_managed_login_branding(**ids, Settings=scheme)
        html = page(house)
        assert f'<meta name="color-scheme" content="{meta}">' in html
        assert f'<html lang="en"{root}>' in html


def test_logos_and_icons_are_shown_and_served_as_nothing_but_images(server: RunningServer) -> None:
    house = managed(server)
    settings = {
        "categories": {"global": {"colorSchemeMode": "DYNAMIC"}},
        "components": {"form": {"logo": {"enabled": True}}, "pageBackground": {"image": {"enabled": True}}},
    }
    hidden = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    assets = [
        an_asset(),
        an_asset(content=SVG, Extension="SVG", ColorMode="DARK"),
        an_asset("FAVICON_ICO", ICO, Extension="ICO"),
        an_asset("FAVICON_SVG", hidden, Extension="SVG"),
        an_asset("PAGE_BACKGROUND", SVG, Extension="SVG", ColorMode="DYNAMIC"),
    ]
    style(house, Settings=settings, Assets=assets)
    html = page(house)
    (light,) = re.findall(r'<img class="logo logo-customizable" src="([^"]+)" alt="">', html)
    (dark,) = re.findall(r'<source srcset="([^"]+)" media="\(prefers-color-scheme: dark\)">', html)
    (icon,) = re.findall(r'<link rel="icon" href="([^"]+)">', html)
    (background,) = re.findall(r'body { background-image: url\("([^"]+)"\)', css_of(house))[:1]
    background = f"/domains/{house.domain}/assets/{background}"
    cleaned = b'<svg xmlns="http://www.w3.org/2000/svg"/>'
    for address, content, type in (
        (light, PNG, "image/png"),
        (dark, SVG, "image/svg+xml"),
        (icon, cleaned, "image/svg+xml"),
        (background, SVG, "image/svg+xml"),
    ):
        answer = get(house, address)
        assert (answer.status_code, answer.content) == (200, content)
        assert answer.headers["content-type"] == type
        assert answer.headers["x-content-type-options"] == "nosniff"
        policy = answer.headers["content-security-policy"]
        assert policy == "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_an_image_is_served_at_its_own_pools_domain_alone(server: RunningServer) -> None:
    house, other = managed(server), managed(server)
    style(house, Settings={"components": {"form": {"logo": {"enabled": True}}}}, Assets=[an_asset()])
    (address,) = re.findall(r'src="([^"]+)" alt="">', page(house))
    (sheet,) = sheets(page(house))
    for path in (address, sheet):
        assert get(house, path).status_code == 200
        assert get(house, path.replace(house.domain, other.domain)).status_code == 404
    assert get(house, address.replace(".png", ".svg")).status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "image-../../../etc/passwd",
        "image-%2e%2e%2fpasswd.png",
        "image-0123.png",
        f"image-{'0' * 32}.png",
        f"logo-ALL-{'0' * 32}.png",
        f"look-nobody-{'0' * 16}.css",
        "look-.css",
        "look.css",
        "style.css",
        "",
        "..",
    ],
)
def test_what_is_no_file_is_not_found(server: RunningServer, name: str) -> None:
    house = managed(server)
    assert get(house, f"/domains/{house.domain}/assets/{name}").status_code == 404


def test_files_are_read_and_nothing_else(server: RunningServer) -> None:
    house = managed(server)
    style(house, UseCognitoProvidedValues=True)
    own, of_style = re.findall(r'<link rel="stylesheet" href="([^"]+)">', page(house))
    for path in (own, of_style):
        for method in ("POST", "PUT", "DELETE"):
            answer = house.browser.request(method, f"{server.base_url}{path}")
            assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


def test_places_of_logo_header_and_footer(server: RunningServer) -> None:
    house = managed(server)
    made = style(
        house,
        Settings={
            "categories": {"global": {"pageHeader": {"enabled": True}, "pageFooter": {"enabled": True}}},
            "components": {
                "form": {"logo": {"enabled": True, "formInclusion": "OUT", "position": "BOTTOM"}},
                "pageHeader": {"logo": {"enabled": True, "location": "END"}},
            },
        },
        Assets=[an_asset(), an_asset("PAGE_HEADER_LOGO", SVG, Extension="SVG")],
    )
    html = page(house)
    assert '<body class="framed">' in html
    assert html.index('<header class="page-header">') < html.index("<main")
    assert html.index("</main>") < html.index("banner-customizable") < html.index("page-footer")
    css = css_of(house)
    assert ".page-header { justify-content: flex-end }" in css
    ids = {name: made[name] for name in ("UserPoolId", "ManagedLoginBrandingId")}
    inside = {"components": {"form": {"logo": {"formInclusion": "IN", "position": "TOP"}}}}
    house.cognito.update_managed_login_branding(**ids, Settings=inside)
    html = page(house)
    assert html.index("<main") < html.index("banner-customizable") < html.index("<h1")


def test_classic_pages_have_the_classic_look_and_managed_login_has_not(server: RunningServer) -> None:
    house = a_house(server)
    css = ".submitButton-customizable { background-color: #7c3aed; }"
    set_to = {"UserPoolId": house.pool_id, "CSS": css, "ImageFile": JPEG}
    look = house.cognito.set_ui_customization(**set_to)["UICustomization"]
    style(house, Settings=VIOLET)
    html = page(house)
    assert css_of(house).endswith(f"\n{css}")
    assert '<html lang="en" class="light">' in html
    (logo,) = re.findall(r'<img class="logo logo-customizable" src="([^"]+)"', html)
    assert look["ImageUrl"] == f"{server.settings.public_url}{logo}"
    image = get(house, logo)
    assert (image.content, image.headers["content-type"]) == (JPEG, "image/jpeg")
    assert "sandbox" in image.headers["content-security-policy"]

    own = ".label-customizable { font-weight: 400 }"
    house.cognito.set_ui_customization(UserPoolId=house.pool_id, ClientId=house.client_id, CSS=own)
    assert css_of(house).endswith(f"\n{own}")
    assert "<img" not in page(house), "a client's own look replaces the pool's as a whole"

    house.cognito.update_user_pool_domain(
        UserPoolId=house.pool_id, Domain=house.domain, ManagedLoginVersion=2
    )
    assert "--accent: #7c3aedff" in css_of(house)
    assert own not in css_of(house)


def terms(house: House, name: str, **links: str) -> None:
    by_language = {f"cognito:{language}": url for language, url in links.items()}
    client = {"UserPoolId": house.pool_id, "ClientId": house.client_id}
    house.cognito.create_terms(**client, TermsName=name, **LINK, Links=by_language)


def test_terms_are_linked_once_both_documents_are_there(server: RunningServer) -> None:
    house = managed(server)
    terms(house, "terms-of-use", default="https://example.com/terms?a=1&b=2")
    assert "example.com" not in page(house)
    terms(
        house,
        "privacy-policy",
        default="https://example.com/privacy",
        german="https://example.com/datenschutz",
    )
    html = page(house)
    assert '<a href="https://example.com/terms?a=1&amp;b=2" target="_blank" rel="noopener">' in html
    assert 'href="https://example.com/privacy"' in html
    german = page(house, lang="de")
    assert 'href="https://example.com/datenschutz"' in german
    assert 'href="https://example.com/terms?a=1&amp;b=2"' in german, "there is no German one"
    house.cognito.update_user_pool_domain(
        UserPoolId=house.pool_id, Domain=house.domain, ManagedLoginVersion=1
    )
    assert "example.com/privacy" not in page(house), "the classic pages have no terms"


def test_the_order_of_ways_to_sign_in_is_the_styles() -> None:
    from poolhouse.pages.look import _has_own_first
    from poolhouse.pages.sign_in import Provider, _in_order

    assert not _has_own_first(DEFAULTS["categories"]["auth"]["authMethodOrder"])
    assert _has_own_first([[{"type": "USERNAME_PASSWORD", "display": "INPUT"}]])
    providers = [Provider(name, name, False) for name in ("A", "B", "C")]
    assert [provider.name for provider in _in_order(providers, ("C", "X", "A"))] == ["C", "A", "B"]


def test_every_color_of_the_defaults_that_pages_have_is_in_the_style_sheet() -> None:
    css = style_sheet(with_defaults({"categories": {"global": {"colorSchemeMode": "DYNAMIC"}}}), ())
    assert css.count("{") == css.count("}")
    for color in ("0972d3ff", "033160ff", "539fe5ff", "89bdeeff", "0f1b2aff", "c6c6cdff", "037f0cff"):
        assert f"#{color}" in css
    assert "currentcolor" not in css


def test_a_style_sheet_holds_no_text_that_a_setting_brings() -> None:
    """Settings are checked when they are stored. What another release stored is looked at again."""
    hostile = 'red; } body { background: url("https://evil.test/'
    settings = with_defaults(
        {
            "components": {
                "form": {"lightMode": {"backgroundColor": hostile}},
                "idpButton": {
                    "custom": {
                        '"] } * { x: ': {"lightMode": {"defaults": {"textColor": "000000ff"}}},
                        "\\": {"lightMode": {"defaults": {"textColor": hostile}}},
                        "x": hostile,
                    }
                },
            }
        }
    )
    css = style_sheet(settings, [Asset("PAGE_BACKGROUND", "LIGHT", "PNG", hostile, "0" * 32)])
    assert "evil" not in css
    assert r'[data-provider="\22 \5d \20 \7d \20 \2a \20 \7b \20 x\3a \20 "]' in css
    assert css.count("{") == css.count("}")
