"""Tags: labels of a resource, which policies can ask for."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.core.errors import InvalidParameterException

MAX_TAGS = 50
RESERVED = "aws:"


def check_tags(tags: Mapping[str, str]) -> Mapping[str, str]:
    """The tags as they came.

    Raises:
        InvalidParameterException: more than 50, or a key that AWS keeps for itself.
    """
    if len(tags) > MAX_TAGS:
        raise InvalidParameterException(f"A user pool can have at most {MAX_TAGS} tags.")
    for key in tags:
        if key.lower().startswith(RESERVED):
            raise InvalidParameterException(f"Tag keys that begin with '{RESERVED}' are reserved: {key}")
    return tags
