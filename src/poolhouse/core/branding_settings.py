"""The settings document of a style: what it may hold, and how a change is laid over it.

Its shape is that of the defaults. What the defaults have must have the defaults' type; what they have not is kept
and has no effect, for Cognito calls the document free and adds to it. A null returns a setting to its default.

Source: Cognito API reference, UpdateManagedLoginBranding, whose example is a full document.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import orjson

from poolhouse.core.branding_defaults import DEFAULTS
from poolhouse.core.errors import InvalidParameterException

Settings = Mapping[str, Any]

MAX_SETTINGS = 256 * 1024
"""Bytes of JSON: changes are added to what is there, so each must be held against the whole."""
MAX_RADIUS = 100

_COLOR = re.compile("[0-9a-fA-F]{8}")
_WORD = re.compile("[A-Z][A-Z_]{0,39}")
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "colorSchemeMode": ("LIGHT", "DARK", "DYNAMIC"),
    "display": ("BUTTON", "INPUT"),
    "enabledTypes": ("ICO", "SVG"),
    "formInclusion": ("IN", "OUT"),
    "horizontal": ("START", "CENTER", "END"),
    "vertical": ("START", "CENTER", "END"),
    "location": ("START", "CENTER", "END"),
    "position": ("TOP", "BOTTOM"),
    "type": ("FEDERATED", "USERNAME_PASSWORD"),
}
"""By the name of a member: the words that are known. Of other members any word is good."""
_FREE_LISTS = frozenset({"order", "acceptanceElements"})


def check_settings(settings: Any) -> Settings:
    """The document that a request brings.

    Raises:
        InvalidParameterException: the message says what is wrong, and where.
    """
    if not isinstance(settings, dict):
        raise _invalid("Settings", "must be an object")
    for root, value in settings.items():
        if root not in DEFAULTS:
            raise _invalid(root, "is not known")
        _check(root, root, value, DEFAULTS[root])
    return settings


def merge(settings: Settings, changes: Settings) -> dict[str, Any]:
    """What is there with the changes laid over it; lists and values are replaced, objects are merged.

    Raises:
        InvalidParameterException: it has become too large.
    """
    merged = _merge(settings, changes)
    if len(orjson.dumps(merged)) > MAX_SETTINGS:
        raise InvalidParameterException(f"Settings must not be larger than {MAX_SETTINGS} bytes.")
    return merged


def with_defaults(settings: Settings) -> dict[str, Any]:
    """The whole document, what was not set from the defaults."""
    return _merge(DEFAULTS, settings)


def _merge(below: Settings, above: Settings) -> dict[str, Any]:
    merged = dict(below)
    for key, value in above.items():
        under = below.get(key)
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping):
            merged[key] = _merge(under if isinstance(under, Mapping) else {}, value)
        else:
            merged[key] = value
    return merged


def _check(path: str, name: str, value: Any, default: Any) -> None:
    match default:
        case _ if value is None:
            return
        case dict():
            if not isinstance(value, dict):
                raise _invalid(path, "must be an object")
            for key, item in value.items():
                _check(f"{path}.{key}", key, item, default.get(key))
        case bool():
            if not isinstance(value, bool):
                raise _invalid(path, "must be true or false")
        case list():
            _check_list(path, name, value)
        case _ if name == "borderRadius":
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= MAX_RADIUS:
                raise _invalid(path, f"must be a number from 0 to {MAX_RADIUS}")
        case _ if name == "color" or name.endswith("Color"):
            if not isinstance(value, str) or not _COLOR.fullmatch(value):
                raise _invalid(path, "must be a color of eight hexadecimal digits")
        case str():
            _check_word(path, name, value)
        case None if isinstance(value, dict):
            for key, item in value.items():
                _check(f"{path}.{key}", key, item, None)


def _check_list(path: str, name: str, value: Any) -> None:
    if not isinstance(value, list):
        raise _invalid(path, "must be a list")
    if name in _FREE_LISTS:
        return
    for item in value:
        if name == "authMethodOrder":
            if not isinstance(item, list) or not all(isinstance(method, dict) for method in item):
                raise _invalid(path, "must be a list of lists of methods")
            for method in item:
                for key in ("type", "display"):
                    _check_word(f"{path}.{key}", key, method.get(key))
        else:
            _check_word(path, name, item)


def _check_word(path: str, name: str, value: Any) -> None:
    known = _CHOICES.get(name)
    if not isinstance(value, str) or (value not in known if known else not _WORD.fullmatch(value)):
        raise _invalid(path, f"must be one of {', '.join(known)}" if known else "must be a word in capitals")


def _invalid(path: str, why: str) -> InvalidParameterException:
    shown = path if len(path) <= 256 and path.isprintable() else "A setting"
    return InvalidParameterException(f"The settings are invalid: {shown} {why}.")
