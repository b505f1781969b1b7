"""The conditions of a policy's statement: operators over what is known of a request.

All operators of a block, and all keys of an operator, must hold; of an operator's values one is enough, or
for a negated operator, none may match.

Source: IAM user guide, "IAM JSON policy elements: Condition operators".
"""

from __future__ import annotations

import fnmatch
import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

Context = Mapping[str, tuple[str, ...]]
Matches = Callable[[str, str], bool]
"""Whether a value of the policy matches one of the request."""


@dataclass(frozen=True, slots=True)
class Operator:
    matches: Matches
    is_negated: bool = False


@lru_cache(maxsize=4096)
def _wildcards(pattern: str) -> re.Pattern[str]:
    # fnmatch's expressions don't backtrack over an earlier "*". Its brackets are not wildcards here.
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]")))


def is_like(pattern: str, value: str) -> bool:
    """Whether `value` is of the form of `pattern`: `*` is any text, colons and slashes too, `?` one character."""
    return _wildcards(pattern).match(value) is not None


def _is_equal(wanted: str, value: str) -> bool:
    return wanted == value


def _is_equal_ignoring_case(wanted: str, value: str) -> bool:
    return wanted.casefold() == value.casefold()


def _is_in_network(network: str, value: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False  # a caller without an address of this kind is in no network


OPERATORS: Mapping[str, Operator] = {
    "StringEquals": Operator(_is_equal),
    "StringNotEquals": Operator(_is_equal, is_negated=True),
    "StringEqualsIgnoreCase": Operator(_is_equal_ignoring_case),
    "StringNotEqualsIgnoreCase": Operator(_is_equal_ignoring_case, is_negated=True),
    "StringLike": Operator(is_like),
    "StringNotLike": Operator(is_like, is_negated=True),
    "ArnEquals": Operator(is_like),  # IAM: "ArnEquals and ArnLike behave identically"
    "ArnLike": Operator(is_like),
    "ArnNotEquals": Operator(is_like, is_negated=True),
    "ArnNotLike": Operator(is_like, is_negated=True),
    "Bool": Operator(_is_equal_ignoring_case),
    "IpAddress": Operator(_is_in_network),
    "NotIpAddress": Operator(_is_in_network, is_negated=True),
}
NULL = "Null"
FOR_ALL, FOR_ANY, IF_EXISTS = "ForAllValues:", "ForAnyValue:", "IfExists"

KEYS = frozenset(
    {
        "aws:tagkeys",
        "aws:sourceip",
        "aws:securetransport",
        "aws:requestedregion",
        "kms:encryptioncontextkeys",
    }
)
KEY_PREFIXES = ("aws:requesttag/", "aws:resourcetag/", "kms:encryptioncontext:")
"""The condition keys that a request can have here, in lower case: their names have no case."""


def hold(condition: Mapping[str, Mapping[str, Any]], context: Context) -> bool:
    """Whether a whole Condition block holds. It was checked when the policy was stored."""
    return all(
        _holds(operator, _texts(wanted), context.get(key.lower(), ()))
        for operator, keys in condition.items()
        for key, wanted in keys.items()
    )


def split_operator(written: str) -> tuple[str, str, bool]:
    """`ForAllValues:StringLikeIfExists` as its quantifier, its operator, and whether an absent key is well."""
    quantifier = next((prefix for prefix in (FOR_ALL, FOR_ANY) if written.startswith(prefix)), "")
    name = written.removeprefix(quantifier)
    return quantifier, name.removesuffix(IF_EXISTS), name.endswith(IF_EXISTS)


def _holds(written: str, wanted: Sequence[str], present: Sequence[str]) -> bool:
    quantifier, name, if_exists = split_operator(written)
    if name == NULL:
        return any((text == "true") == (not present) for text in wanted)
    if if_exists and not present:
        return True
    operator = OPERATORS[name]

    def accepts(value: str) -> bool:
        return any(operator.matches(text, value) for text in wanted) is not operator.is_negated

    if quantifier == FOR_ALL:
        return all(accepts(value) for value in present)
    if quantifier == FOR_ANY:
        return any(accepts(value) for value in present)
    if not present:
        return operator.is_negated
    if operator.is_negated:
        return all(accepts(value) for value in present)
    return any(accepts(value) for value in present)


def _texts(element: Any) -> list[str]:
    """An operator's values: one or a list; JSON's true and false are the texts."""
    listed = element if isinstance(element, list) else [element]
    return [str(item).lower() if isinstance(item, bool) else item for item in listed]
