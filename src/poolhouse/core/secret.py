"""A value that must not be seen by accident."""

from __future__ import annotations

import hmac
from typing import final


@final
class Secret:
    """A secret text. Its repr, str and format hide it; only `reveal` gives it, which is easy to search for."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def matches(self, presented: str) -> bool:
        """Whether `presented` is this secret, in a time that does not depend on where they differ."""
        return hmac.compare_digest(self._value.encode(), presented.encode("utf-8", "surrogatepass"))

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self.matches(other._value)

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        raise TypeError("a Secret is never pickled")
