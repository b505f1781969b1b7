"""The bytes of a request body, read as the JSON object that they must be.

What orjson refuses by itself: NaN and Infinity, numbers beyond a double, bytes that are no UTF-8, lone
surrogates. Of a repeated key the last one counts.
"""

from __future__ import annotations

from typing import Any

import orjson

from poolhouse.core.errors import SerializationException

MAX_DEPTH = 100
"""Levels. orjson writes no more than 254, so what was stored deeper could never be answered."""


def parse_body(body: bytes) -> dict[str, Any]:
    """The object in `body`; no body at all, or `null`, is the empty object.

    Raises:
        SerializationException: anything else.
    """
    if not body:
        return {}
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise SerializationException(detail=f"the body is not JSON: {error}") from error
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise SerializationException("Expected map or null")
    if body.count(b"{") + body.count(b"[") > MAX_DEPTH and _is_deeper(value, MAX_DEPTH):
        raise SerializationException(detail=f"the body has more than {MAX_DEPTH} levels")
    return value


def _is_deeper(value: object, levels: int) -> bool:
    """Whether `value` has more than `levels` levels; level by level, so without recursion."""
    current = [value]
    for _ in range(levels):
        below: list[object] = []
        for container in current:
            if isinstance(container, dict):
                below += [item for item in container.values() if isinstance(item, (dict, list))]
            elif isinstance(container, list):
                below += [item for item in container if isinstance(item, (dict, list))]
        if not below:
            return False
        current = below
    return True
