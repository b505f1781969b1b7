"""Tags: labels of a resource, which policies can ask for."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.core.errors import InvalidParameterException

MAX_TAGS = 50
RESERVED = "aws:"


def check_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags as they came.

    Raises:
        InvalidParameterException: more than 50, a key that AWS keeps for itself, or two that differ by case alone: a
            policy's condition, which knows no case, could not tell them apart.
    """
    if len(tags) > MAX_TAGS:
        raise InvalidParameterException(f"A user pool can have at most {MAX_TAGS} tags.")
    if len({key.lower() for key in tags}) != len(tags):
        raise InvalidParameterException("Tag keys must differ by more than their case.")
    for key in tags:
        if key.lower().startswith(RESERVED):
            raise InvalidParameterException(f"Tag keys that begin with '{RESERVED}' are reserved: {key}")
    return tags
