"""How the pages of a client look: what its style, or its classic look, makes of the templates.

A client of managed login without a style has Poolhouse's own look. Cognito shows an error there until somebody makes
a style; a developer who has just made a client wants to see a page.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from poolhouse.core.branding import Asset, ManagedLoginBranding
from poolhouse.core.branding_settings import with_defaults
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.terms import Terms, TermsLinks, links_of
from poolhouse.core.ui_customizations import UiCustomization
from poolhouse.operation import Call
from poolhouse.pages.look_css import style_sheet
from poolhouse.pages.static_files import FOLDER
from poolhouse.userpools.looks import ClientLook, find_look

MAX_SHEETS = 512
_sheets: dict[tuple[str, int], str] = {}
CLASSIC_SIZES = (
    ".inputField-customizable, .submitButton-customizable, .idpButton-customizable, .socialButton-customizable"
    " { min-height: 0 }"
)
SCHEMES = {"LIGHT": "light", "DARK": "dark", "DYNAMIC": "light dark"}


@dataclass(frozen=True, slots=True)
class Picture:
    """An image for both color modes, or one for each. Addresses are below the domain's base."""

    light: str
    dark: str


@dataclass(frozen=True, slots=True)
class Bar:
    """The page's header or footer, where a style has it."""

    logo: Picture | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """Addresses are below the domain's base."""

    title: str = ""
    """Of the window, after what the page is; "" for none."""
    stylesheets: tuple[str, ...] = ()
    """After the pages' own."""
    logo: Picture | None = None
    logo_text: str = ""
    is_logo_outside: bool = False
    """Above the form's card, not in it."""
    is_logo_below: bool = False
    header: Bar | None = None
    footer: Bar | None = None
    favicon: str | None = None
    color_scheme: str = "light dark"
    has_own_first: bool = False
    """The pool's own form before the buttons of other providers."""
    provider_order: tuple[str, ...] = ()
    """Names of those that come first."""
    icons: Mapping[str, Picture] = field(default_factory=dict)
    """By provider."""
    graphics: Mapping[str, Picture] = field(default_factory=dict)
    """By category, as EMAIL_GRAPHIC."""
    terms: Mapping[str, Terms] = field(default_factory=dict)

    @property
    def scheme_class(self) -> str:
        """Of the root element: the pages' own colors are for this mode alone; "" for what the browser prefers."""
        return self.color_scheme if self.color_scheme in ("light", "dark") else ""

    def terms_in(self, language: str) -> TermsLinks | None:
        return links_of(self.terms, language)


async def look_of(call: Call, app: AppSnapshot, version: int) -> Look:
    """`version` is the domain's ManagedLoginVersion."""
    client_id = app.client.id
    found = await find_look(call.parts, app.pool.id, client_id, version)
    if found.style is not None:
        return _managed(found, client_id)
    if found.classic is not None:
        return _classic(found.classic, client_id)
    return Look(terms=found.terms)


def css_of(found: ClientLook) -> str | None:
    """The style sheet of a look; None where there is none."""
    if found.style is not None:
        return _sheet(found.style, with_defaults(found.style.settings), found.assets)
    if found.classic is not None and found.classic.css is not None:
        return classic_sheet(found.classic.css)
    return None


def classic_sheet(css: str) -> str:
    """A style sheet for classic pages says how high things are, so the pages' own must not say how high at least."""
    return f"{CLASSIC_SIZES}\n{css}"


def css_name(client_id: str, css: str) -> str:
    """Holds a hash of what is in it, so that a browser may keep it for ever."""
    return f"look-{client_id}-{hashlib.sha256(css.encode()).hexdigest()[:16]}.css"


def _sheet(style: ManagedLoginBranding, settings: Mapping[str, Any], assets: Sequence[Asset]) -> str:
    """Written once for each version of a style: that takes longer than all else a page needs of it."""
    css = _sheets.get((style.id, style.version))
    if css is None:
        css = style_sheet(settings, assets)
        if len(_sheets) >= MAX_SHEETS:
            _sheets.clear()
        _sheets[style.id, style.version] = css
    return css


def _managed(found: ClientLook, client_id: str) -> Look:
    assert found.style is not None
    settings = with_defaults(found.style.settings)
    categories, components = settings["categories"], settings["components"]
    logo = components["form"]["logo"]
    icons = settings["componentClasses"]["idpButtons"]["icons"]["enabled"]
    return Look(
        stylesheets=(FOLDER + css_name(client_id, _sheet(found.style, settings, found.assets)),),
        logo=_picture(found.assets, "FORM_LOGO") if logo["enabled"] else None,
        is_logo_outside=logo["formInclusion"] == "OUT",
        is_logo_below=logo["position"] == "BOTTOM",
        header=_bar(found.assets, "pageHeader", "PAGE_HEADER_LOGO", settings),
        footer=_bar(found.assets, "pageFooter", "PAGE_FOOTER_LOGO", settings),
        favicon=_favicon(found.assets, components["favicon"]["enabledTypes"]),
        color_scheme=SCHEMES[categories["global"]["colorSchemeMode"]],
        has_own_first=_has_own_first(categories["auth"]["authMethodOrder"]),
        provider_order=_names(categories["auth"]["federation"]["order"]),
        icons=_by_resource(found.assets, "IDP_BUTTON_ICON") if icons else {},
        graphics=_graphics(found.assets) if categories["form"]["displayGraphics"] else {},
        terms=found.terms,
    )


def _classic(look: UiCustomization, client_id: str) -> Look:
    """The classic pages are light: style sheets for them say nothing of dark ones."""
    logo = None if look.image_name is None else FOLDER + look.image_name
    return Look(
        stylesheets=() if look.css is None else (FOLDER + css_name(client_id, classic_sheet(look.css)),),
        logo=None if logo is None else Picture(logo, logo),
        color_scheme="light" if look.css is not None else "light dark",
    )


def _bar(assets: Sequence[Asset], component: str, category: str, settings: Mapping[str, Any]) -> Bar | None:
    if not settings["categories"]["global"][component]["enabled"]:
        return None
    has_logo = settings["components"][component]["logo"]["enabled"]
    return Bar(_picture(assets, category) if has_logo else None)


def _picture(assets: Sequence[Asset], category: str, resource_id: str | None = None) -> Picture | None:
    """What is for both modes stands in where one mode has none of its own."""
    by_mode = {
        asset.color_mode: FOLDER + asset.file_name
        for asset in assets
        if asset.category == category and resource_id in (None, asset.resource_id)
    }
    anything = by_mode.get("DYNAMIC") or next(iter(by_mode.values()), None)
    if anything is None:
        return None
    return Picture(by_mode.get("LIGHT", anything), by_mode.get("DARK", anything))


def _by_resource(assets: Sequence[Asset], category: str) -> dict[str, Picture]:
    ids = {asset.resource_id for asset in assets if asset.category == category}
    pictures = {id: _picture(assets, category, id) for id in ids}
    return {id: picture for id, picture in pictures.items() if picture is not None}


def _graphics(assets: Sequence[Asset]) -> dict[str, Picture]:
    categories = {asset.category for asset in assets if asset.category.endswith("_GRAPHIC")}
    pictures = {category: _picture(assets, category) for category in categories}
    return {category: picture for category, picture in pictures.items() if picture is not None}


def _favicon(assets: Sequence[Asset], types: Sequence[str]) -> str | None:
    """An SVG where both are there: it is sharp at every size."""
    for type in ("SVG", "ICO"):
        picture = _picture(assets, f"FAVICON_{type}") if type in types else None
        if picture is not None:
            return picture.light
    return None


def _has_own_first(order: Sequence[Sequence[Mapping[str, str]]]) -> bool:
    types = [method.get("type") for group in order for method in group]
    return bool(types) and types[0] == "USERNAME_PASSWORD"


def _names(order: Sequence[object]) -> tuple[str, ...]:
    return tuple(name for name in order if isinstance(name, str))
