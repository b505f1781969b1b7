"""Claims of providers that have their own ways of writing them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

MAX_USER = 4_096
"""Characters of what Apple's page posts beside the code."""


def flattened(document: Mapping[str, Any], depth: int = 4) -> dict[str, Any]:
    """Objects within objects under dotted names: `{"data": {"id": 1}}` has `data.id`. What is there whole stays too."""
    flat: dict[str, Any] = {}
    for name, value in document.items():
        flat[name] = value
        if isinstance(value, dict) and depth > 0:
            flat |= {f"{name}.{inner}": one for inner, one in flattened(value, depth - 1).items()}
    return flat


def apple_name(text: str | None) -> dict[str, str]:
    """The name that Apple posts with somebody's first sign-in, unsigned: a name and nothing else is taken of it.

    Source: Apple, "Configuring your webpage for Sign in with Apple".
    """
    if text is None or len(text) > MAX_USER:
        return {}
    try:
        name = json.loads(text)["name"]
        first, last = name.get("firstName") or "", name.get("lastName") or ""
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}
    if not isinstance(first, str) or not isinstance(last, str):
        return {}
    found = {"firstName": first, "lastName": last, "name": f"{first} {last}".strip()}
    return {claim: value for claim, value in found.items() if value}


def people_value(field: Any) -> str | None:
    """The first value of a field of Google's People API: `phoneNumbers`, `genders`, `birthdays`.

    Source: People API, resource Person.
    """
    first = field[0] if isinstance(field, list) and field else None
    if not isinstance(first, dict):
        return None
    date = first.get("date")
    if isinstance(date, dict) and all(isinstance(date.get(part), int) for part in ("year", "month", "day")):
        return f"{date['year']:04}-{date['month']:02}-{date['day']:02}"
    value = first.get("canonicalForm") or first.get("value") or first.get("displayName")
    return value if isinstance(value, str) else None
