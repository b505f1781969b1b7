"""The filter of a list of users: one attribute, equal to a value or beginning with it.

    filter    = attribute ("=" / "^=") value        ; blanks around each are allowed
    value     = DQUOTE *(any but DQUOTE and "\\" / "\\" any) DQUOTE

Source: Cognito API reference, ListUsers (Filter); developer guide, "Searching for users using the ListUsers API".
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.users import SEARCHABLE, User

USERNAME = "username"
STATUS = "cognito:user_status"
ENABLED = "status"
SUB = "sub"
FILTERABLE = frozenset({USERNAME, STATUS, ENABLED, SUB, *SEARCHABLE})
ENABLED_NAMES = {"Enabled": True, "Disabled": False}
"""What `status`, the older of the two, is called. Compared with heed of case."""

_FORM = re.compile(r'\s*([^\s"^=]+)\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_LAST = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class UserFilter:
    attribute: str
    value: str
    is_prefix: bool = False

    def matches(self, user: User) -> bool:
        """Whether the value of one of the SEARCHABLE attributes is meant, without heed of case."""
        present = user.attributes.get(self.attribute, "").casefold()
        wanted = self.value.casefold()
        return present.startswith(wanted) if self.is_prefix else present == wanted

    def enabled(self) -> frozenset[bool]:
        """Which of the two a filter of `status` lets through."""
        return frozenset(
            is_enabled
            for name, is_enabled in ENABLED_NAMES.items()
            if (name.startswith(self.value) if self.is_prefix else name == self.value)
        )


def parse_filter(text: str) -> UserFilter | None:
    """None for an empty filter, which lets everybody through.

    Raises:
        InvalidParameterException: it is no filter, or of an attribute that can't be searched by.
    """
    if not text.strip():
        return None
    parts = _FORM.fullmatch(text)
    if parts is None:
        raise InvalidParameterException("Error while parsing filter")
    attribute, operator, value = parts.groups()
    if attribute not in FILTERABLE:
        raise InvalidParameterException(f"Invalid search attribute: {attribute}")
    return UserFilter(attribute, _ESCAPED.sub(r"\1", value), operator == "^=")


def end_of_prefix(prefix: str) -> str | None:
    """The least text above all that begin with `prefix`, in the order of code points, which is that of UTF-8's
    bytes; None where there is none."""
    for at in range(len(prefix) - 1, -1, -1):
        if prefix[at] != _LAST:
            following = ord(prefix[at]) + 1
            # No text in a database holds half a surrogate pair.
            return prefix[:at] + chr(0xE000 if 0xD800 <= following <= 0xDFFF else following)
    return None
