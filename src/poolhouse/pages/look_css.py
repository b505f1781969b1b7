"""The style sheet of a managed-login style: variables of the pages' own sheet, and a few rules beside them.

Every value is a color of eight hexadecimal digits, a number, a word that is known, or the address of an image by its
hash: settings are checked where they are stored, and are looked at here again, since one text that is not what it
should be could end a rule and begin another.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from poolhouse.core.branding import Asset

_COLOR = re.compile("[0-9a-fA-F]{8}")
_PLACES = {"START": "flex-start", "CENTER": "center", "END": "flex-end"}
_MARGINS = {"START": "1rem auto", "CENTER": "auto", "END": "auto 1rem"}
_ALIGNED = {"START": "start", "CENTER": "center", "END": "end"}

Rules = Iterator[tuple[str, str]]
"""(selector, declarations)."""


def style_sheet(settings: Mapping[str, Any], assets: Sequence[Asset]) -> str:
    """Of the whole settings, defaults and all."""
    scheme = settings["categories"]["global"]["colorSchemeMode"]
    parts = [*_written(_forms(settings))]
    if scheme != "DARK":
        parts += _written(_mode(settings, assets, "light"))
    if scheme == "DARK":
        parts += _written(_mode(settings, assets, "dark"))
    if scheme == "DYNAMIC":
        parts += ["@media (prefers-color-scheme: dark) {", *_written(_mode(settings, assets, "dark")), "}"]
    return "\n".join(parts) + "\n"


def _written(rules: Iterable[tuple[str, str]]) -> Iterator[str]:
    for selector, declarations in rules:
        if declarations:
            yield f"{selector} {{ {declarations} }}"


def _forms(settings: Mapping[str, Any]) -> Rules:
    """What is the same in both modes."""
    components, classes = settings["components"], settings["componentClasses"]
    place = settings["categories"]["form"]["location"]
    logo = components["form"]["logo"]
    yield (
        "body",
        f"align-items: {_PLACES[place['horizontal']]}; justify-content: safe {_PLACES[place['vertical']]}",
    )
    yield ".framed .card", f"margin-block: {_MARGINS[place['vertical']]}"
    yield ".card", f"border-radius: {_pixels(components['form']['borderRadius'])}; box-shadow: none"
    fields = 'input:not([type="hidden"], [type="checkbox"], [type="radio"], .unseen), select'
    yield fields, f"border-radius: {_pixels(classes['input']['borderRadius'])}"
    yield "button, .provider", f"border-radius: {_pixels(classes['buttons']['borderRadius'])}"
    yield ".error, .notice", f"border-radius: {_pixels(components['alert']['borderRadius'])}"
    yield ".banner", f"text-align: {_ALIGNED[logo['location']]}"
    for bar in ("Header", "Footer"):
        place = components[f"page{bar}"]["logo"]["location"]
        yield f".page-{bar.lower()}", f"justify-content: {_PLACES[place]}"


def _mode(settings: Mapping[str, Any], assets: Sequence[Asset], mode: str) -> Rules:
    components, classes = settings["components"], settings["componentClasses"]
    images = _Images(assets, mode)
    key = f"{mode}Mode"
    form, text = components["form"][key], components["pageText"][key]
    alert = components["alert"][key]["error"]
    status, field = classes["statusIndicator"][key], classes["input"][key]
    primary = components["primaryButton"][key]
    # Twice the root: the pages' own dark colors must not win.
    yield (
        ":root:root:root",
        "; ".join(
            (
                f"color-scheme: {mode}",
                *_variable("page", components["pageBackground"][key]["color"]),
                *_variable("card", form["backgroundColor"]),
                *_variable("text", text["bodyColor"]),
                *_variable("quiet", text["descriptionColor"]),
                *_variable("line", field["defaults"]["borderColor"]),
                *_variable("field", field["defaults"]["backgroundColor"]),
                *_variable("accent", primary["defaults"]["backgroundColor"]),
                *_variable("accent-over", primary["hover"]["backgroundColor"]),
                *_variable("on-accent", primary["defaults"]["textColor"]),
                *_variable("link", classes["link"][key]["defaults"]["textColor"]),
                *_variable("wrong", status["error"]["indicatorColor"]),
                *_variable("wrong-back", alert["backgroundColor"]),
                *_variable("notice", status["success"]["indicatorColor"]),
                *_variable("notice-back", status["success"]["backgroundColor"]),
                *_variable("focus", classes["focusState"][key]["borderColor"]),
            )
        ),
    )
    yield ".card", f"border: 1px solid {_color(form['borderColor'])}"
    yield "h1", f"color: {_color(text['headingColor'])}"
    yield "label", f"color: {_color(classes['inputLabel'][key]['textColor'])}"
    yield ".hint", f"color: {_color(classes['inputDescription'][key]['textColor'])}"
    yield "::placeholder", f"color: {_color(field['placeholderColor'])}; opacity: 1"
    yield "a:hover", f"color: {_color(classes['link'][key]['hover']['textColor'])}"
    yield ".error", f"border: 1px solid {_color(alert['borderColor'])}"
    yield ".or::before, .or::after", f"background: {_color(classes['divider'][key]['borderColor'])}"
    yield from _button(".primary", primary)
    yield from _button(".secondary", components["secondaryButton"][key])
    yield from _button(".provider", components["idpButton"]["standard"][key])
    for name, style in components["idpButton"]["custom"].items():
        if isinstance(style, Mapping) and isinstance(style.get(key), Mapping):
            yield from _button(f'.provider[data-provider="{_escaped(name)}"]', style[key])
    yield "body", images.background("PAGE_BACKGROUND", components["pageBackground"]["image"])
    yield ".card", images.background("FORM_BACKGROUND", components["form"]["backgroundImage"])
    for bar in ("Header", "Footer"):
        look = components[f"page{bar}"]
        yield (
            f".page-{bar.lower()}",
            f"background-color: {_color(look[key]['background']['color'])};"
            f" border-color: {_color(look[key]['borderColor'])}",
        )
        category = f"PAGE_{bar.upper()}_BACKGROUND"
        yield f".page-{bar.lower()}", images.background(category, look["backgroundImage"])


def _button(selector: str, states: Mapping[str, Any]) -> Rules:
    for state, suffix in (("defaults", ""), ("hover", ":hover"), ("active", ":active")):
        colors = states.get(state)
        if not isinstance(colors, Mapping):
            continue
        names = (("backgroundColor", "background"), ("borderColor", "border-color"), ("textColor", "color"))
        yield (
            selector + suffix,
            "; ".join(
                f"{declared} {_color(colors[name])}"
                for name, declared in ((name, f"{declared}:") for name, declared in names)
                if isinstance(colors.get(name), str)
            ),
        )


class _Images:
    """Those of one mode; what is for both stands in."""

    def __init__(self, assets: Sequence[Asset], mode: str) -> None:
        fitting = [asset for asset in assets if asset.color_mode in ("DYNAMIC", mode.upper())]
        fitting.sort(key=lambda asset: asset.color_mode != "DYNAMIC")
        self._files = {asset.category: asset.file_name for asset in fitting}

    def background(self, category: str, is_wanted: Mapping[str, Any]) -> str:
        if not is_wanted["enabled"] or category not in self._files:
            return ""
        # Beside the style sheet, so the address is right whatever stands before the domain's paths.
        return f'background-image: url("{self._files[category]}"); background-size: cover; background-position: center'


def _variable(name: str, color: str) -> tuple[str]:
    return (f"--{name}: {_color(color)}",)


def _color(value: object) -> str:
    if not isinstance(value, str) or not _COLOR.fullmatch(value):
        return "currentcolor"
    return f"#{value.lower()}"


def _pixels(value: float) -> str:
    return f"{float(value):g}px"


def _escaped(name: str) -> str:
    """A text within quotes in CSS (CSS Syntax 3 §4.3.7)."""
    return "".join(
        letter if letter.isascii() and letter.isalnum() else f"\\{ord(letter):x} " for letter in name
    )
