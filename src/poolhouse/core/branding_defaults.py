"""What a style looks like where nobody has set anything: the values that Cognito provides.

Colors are RGBA in eight hexadecimal digits. Source: Cognito API reference, UpdateManagedLoginBranding.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_WHITE, _NIGHT = "ffffffff", "0f1b2aff"
_INK, _MIST = "000716ff", "d1d5dbff"
_BLUE, _DEEP_BLUE = "0972d3ff", "033160ff"
_SKY, _PALE_SKY = "539fe5ff", "89bdeeff"
_GREY, _SILVER = "7d8998ff", "5f6b7aff"
_NO_COLOR = "AAAAAAAA"


def _back(background: str, border: str, text: str) -> dict[str, str]:
    return {"backgroundColor": background, "borderColor": border, "textColor": text}


def _both(light: Mapping[str, Any], dark: Mapping[str, Any]) -> dict[str, Any]:
    return {"lightMode": dict(light), "darkMode": dict(dark)}


def _text(light: str, dark: str) -> dict[str, Any]:
    return _both({"textColor": light}, {"textColor": dark})


def _status(background: str, line: str) -> dict[str, str]:
    return {"backgroundColor": background, "borderColor": line, "indicatorColor": line}


def _outlined_button(light: Mapping[str, str], dark: Mapping[str, str]) -> dict[str, Any]:
    """A button that is an outline until the pointer is over it."""
    return _both(
        {
            "defaults": dict(light),
            "hover": _back("f2f8fdff", _DEEP_BLUE, _DEEP_BLUE),
            "active": _back("d3e7f9ff", _DEEP_BLUE, _DEEP_BLUE),
        },
        {
            "defaults": dict(dark),
            "hover": _back("192534ff", _PALE_SKY, _PALE_SKY),
            "active": _back("354150ff", _PALE_SKY, _PALE_SKY),
        },
    )


def _bar() -> dict[str, Any]:
    """The page's header, and its footer."""
    return {
        "backgroundImage": {"enabled": False},
        "logo": {"enabled": False, "location": "START"},
        **_both(
            {"background": {"color": "fafafaff"}, "borderColor": "d5dbdbff"},
            {"background": {"color": "0f141aff"}, "borderColor": "424650ff"},
        ),
    }


_CATEGORIES: dict[str, Any] = {
    "auth": {
        "authMethodOrder": [
            [
                {"display": "BUTTON", "type": "FEDERATED"},
                {"display": "INPUT", "type": "USERNAME_PASSWORD"},
            ]
        ],
        "federation": {"interfaceStyle": "BUTTON_LIST", "order": []},
    },
    "form": {
        "displayGraphics": True,
        "instructions": {"enabled": False},
        "languageSelector": {"enabled": False},
        "location": {"horizontal": "CENTER", "vertical": "CENTER"},
        "sessionTimerDisplay": "NONE",
    },
    "global": {
        "colorSchemeMode": "LIGHT",
        "pageFooter": {"enabled": False},
        "pageHeader": {"enabled": False},
        "spacingDensity": "REGULAR",
    },
    "signUp": {"acceptanceElements": [{"enforcement": "NONE", "textKey": "en"}]},
}

_CLASSES: dict[str, Any] = {
    "buttons": {"borderRadius": 8.0},
    "divider": _both({"borderColor": "ebebf0ff"}, {"borderColor": "232b37ff"}),
    "dropDown": {
        "borderRadius": 8.0,
        **_both(
            {
                "defaults": {"itemBackgroundColor": _WHITE},
                "hover": {
                    "itemBackgroundColor": "f4f4f4ff",
                    "itemBorderColor": _GREY,
                    "itemTextColor": _INK,
                },
                "match": {"itemBackgroundColor": "414d5cff", "itemTextColor": _BLUE},
            },
            {
                "defaults": {"itemBackgroundColor": "192534ff"},
                "hover": {
                    "itemBackgroundColor": "081120ff",
                    "itemBorderColor": _SILVER,
                    "itemTextColor": "e9ebedff",
                },
                "match": {"itemBackgroundColor": _MIST, "itemTextColor": _PALE_SKY},
            },
        ),
    },
    "focusState": _both({"borderColor": _BLUE}, {"borderColor": _SKY}),
    "idpButtons": {"icons": {"enabled": True}},
    "input": {
        "borderRadius": 8.0,
        **_both(
            {
                "defaults": {"backgroundColor": _WHITE, "borderColor": _GREY},
                "placeholderColor": _SILVER,
            },
            {
                "defaults": {"backgroundColor": _NIGHT, "borderColor": _SILVER},
                "placeholderColor": "8d99a8ff",
            },
        ),
    },
    "inputDescription": _text(_SILVER, "8d99a8ff"),
    "inputLabel": _text(_INK, _MIST),
    "link": _both(
        {"defaults": {"textColor": _BLUE}, "hover": {"textColor": _DEEP_BLUE}},
        {"defaults": {"textColor": _SKY}, "hover": {"textColor": _PALE_SKY}},
    ),
    "optionControls": _both(
        {
            "defaults": {"backgroundColor": _WHITE, "borderColor": _GREY},
            "selected": {"backgroundColor": _BLUE, "foregroundColor": _WHITE},
        },
        {
            "defaults": {"backgroundColor": _NIGHT, "borderColor": _GREY},
            "selected": {"backgroundColor": _SKY, "foregroundColor": _INK},
        },
    ),
    "statusIndicator": _both(
        {
            "error": _status("fff7f7ff", "d91515ff"),
            "pending": {"indicatorColor": _NO_COLOR},
            "success": _status("f2fcf3ff", "037f0cff"),
            "warning": _status("fffce9ff", "8d6605ff"),
        },
        {
            "error": _status("1a0000ff", "eb6f6fff"),
            "pending": {"indicatorColor": _NO_COLOR},
            "success": _status("001a02ff", "29ad32ff"),
            "warning": _status("1d1906ff", "e0ca57ff"),
        },
    ),
}

_COMPONENTS: dict[str, Any] = {
    "alert": {
        "borderRadius": 12.0,
        **_both(
            {"error": {"backgroundColor": "fff7f7ff", "borderColor": "d91515ff"}},
            {"error": {"backgroundColor": "1a0000ff", "borderColor": "eb6f6fff"}},
        ),
    },
    "favicon": {"enabledTypes": ["ICO", "SVG"]},
    "form": {
        "backgroundImage": {"enabled": False},
        "borderRadius": 8.0,
        "logo": {"enabled": False, "formInclusion": "IN", "location": "CENTER", "position": "TOP"},
        **_both(
            {"backgroundColor": _WHITE, "borderColor": "c6c6cdff"},
            {"backgroundColor": _NIGHT, "borderColor": "424650ff"},
        ),
    },
    "idpButton": {
        "custom": {},
        "standard": _outlined_button(
            _back(_WHITE, "424650ff", "424650ff"), _back(_NIGHT, "c6c6cdff", "c6c6cdff")
        ),
    },
    "pageBackground": {
        "image": {"enabled": True},
        **_both({"color": _WHITE}, {"color": _NIGHT}),
    },
    "pageFooter": _bar(),
    "pageHeader": _bar(),
    "pageText": _both(
        {"bodyColor": "414d5cff", "descriptionColor": "414d5cff", "headingColor": _INK},
        {"bodyColor": "b6bec9ff", "descriptionColor": "b6bec9ff", "headingColor": _MIST},
    ),
    "phoneNumberSelector": {"displayType": "TEXT"},
    "primaryButton": _both(
        {
            "defaults": {"backgroundColor": _BLUE, "textColor": _WHITE},
            "hover": {"backgroundColor": _DEEP_BLUE, "textColor": _WHITE},
            "active": {"backgroundColor": _DEEP_BLUE, "textColor": _WHITE},
            "disabled": {"backgroundColor": _WHITE, "borderColor": _WHITE},
        },
        {
            "defaults": {"backgroundColor": _SKY, "textColor": _INK},
            "hover": {"backgroundColor": _PALE_SKY, "textColor": _INK},
            "active": {"backgroundColor": _SKY, "textColor": _INK},
            "disabled": {"backgroundColor": _WHITE, "borderColor": _WHITE},
        },
    ),
    "secondaryButton": _outlined_button(_back(_WHITE, _BLUE, _BLUE), _back(_NIGHT, _SKY, _SKY)),
}

DEFAULTS: Mapping[str, Any] = {
    "categories": _CATEGORIES,
    "componentClasses": _CLASSES,
    "components": _COMPONENTS,
}
