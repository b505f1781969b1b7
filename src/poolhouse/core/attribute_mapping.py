"""From a provider's claims to a pool's attributes.

Source: Cognito developer guide, "Mapping IdP attributes to profiles and tokens".
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from poolhouse.core.attributes import kind_of, name_of
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.pools import UserPool
from poolhouse.core.user_attributes import VERIFIED_BY
from poolhouse.core.users import UNSTORABLE

USERNAME = "username"
"""The target that every provider has: its subject becomes the name."""
MAX_VALUE = 2_048
"""Characters. Source: the guide, "Things to know about mappings"."""
LEFT_AS_THEY_ARE = "-.*_"
"""Besides letters and digits, in one of several values. Source: the guide, "Mapping multivalued attributes"."""


def check_mapping(pool: UserPool, mapping: Mapping[str, str]) -> None:
    """Raises InvalidParameterException: a target that is no attribute of the pool, or nobody may set."""
    names = {name_of(attribute) for attribute in pool.attributes} - {"sub"}
    for target, claim in mapping.items():
        if target != USERNAME and target not in names:
            raise InvalidParameterException(
                f"Invalid AttributeMapping: {target} is not an attribute of the user pool."
            )
        if not claim:
            raise InvalidParameterException(f"Invalid AttributeMapping: {target} is mapped to nothing.")


def mapped(
    pool: UserPool,
    mapping: Mapping[str, str],
    claims: Mapping[str, str | Sequence[str]],
    writable: Collection[str] | None,
) -> dict[str, str]:
    """The values that a sign-in sets. What the client may not write is left out, silently; a claim that is not there
    leaves what was there before.

    Raises:
        InvalidParameterException: a value is too long, or no text: half a surrogate pair, which JSON can name and
            no token can carry.
    """
    values: dict[str, str] = {}
    for target, claim in mapping.items():
        found = claims.get(claim)
        # A verification is the provider's to say, and no client's: it goes with what it verifies.
        permission = VERIFIED_BY.get(target, target)
        is_allowed = writable is None or permission in writable
        if target == USERNAME or found is None or not is_allowed:
            continue
        if not is_text(found):
            raise InvalidParameterException(f"{target}: the provider's value is no text.")
        value = _as_kind(pool, target, as_text(found))
        if len(value) > MAX_VALUE:
            raise InvalidParameterException(
                f"{target}: the provider's value is longer than {MAX_VALUE} characters."
            )
        if value:
            values[target] = value
    return values


def is_text(value: str | Sequence[str]) -> bool:
    """Whether each of the values is a text: without half a surrogate pair, and without U+0000."""
    values = (value,) if isinstance(value, str) else value
    return not any(UNSTORABLE.search(one) for one in values)


def as_text(value: str | Sequence[str]) -> str:
    """One value as it is; several texts as `[v1,v2]`, each form-encoded."""
    if isinstance(value, str):
        return value
    if len(value) == 1:
        return value[0]
    return "[" + ",".join(_encoded(one) for one in value) + "]"


def claims_of(document: Mapping[str, Any]) -> dict[str, str | Sequence[str]]:
    """The claims of an ID token or of userInfo as texts: a boolean is `true` or `false`, a list of texts several
    values, an object its JSON. null is no value."""
    return {name: claim for name, value in document.items() if (claim := _claim(value)) is not None}


def _claim(value: Any) -> str | Sequence[str] | None:
    match value:
        case None:
            return None
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float():
            return json.dumps(value)
        case list() if all(isinstance(item, str) for item in value):
            return tuple(value)
        case _:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _encoded(value: str) -> str:
    # quote leaves "_.-~" by itself; the guide's list has "*" in place of "~", and a space becomes "+".
    return quote(value, safe="*").replace("~", "%7E").replace("%20", "+")


def _as_kind(pool: UserPool, name: str, value: str) -> str:
    kind = next((kind_of(a) for a in pool.attributes if name_of(a) == name), "String")
    # Apple and others say "true" where OpenID Connect has a boolean.
    return value.lower() if kind == "Boolean" else value
