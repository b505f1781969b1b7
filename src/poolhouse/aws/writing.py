"""Writing: an operation's answer becomes the JSON that its output shape describes.

Only members that the shape has are written, and none that is null: the JavaScript SDK of version 2 would
hand the null to the program.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

from poolhouse.aws.model import service_model

Writer = Callable[[Any], Any]


@cache
def writer(service: str, shape: str) -> Writer | None:
    """The function that prepares a value of one shape; None where the value is written as it is."""
    document = service_model(service).shapes[shape]
    if document.get("document"):
        return None
    match document["type"]:
        case "structure":
            members = {name: writer(service, of["shape"]) for name, of in document["members"].items()}
            return partial(_structure, members)
        case "list":
            element = writer(service, document["member"]["shape"])
            return list if element is None else partial(_list, element)
        case "map":
            element = writer(service, document["value"]["shape"])
            return dict if element is None else partial(_map, element)
        case _:
            return None


def _structure(members: Mapping[str, Writer | None], value: Mapping[str, Any]) -> dict[str, Any]:
    written = {}
    for name, item in value.items():
        if item is not None and name in members:
            write = members[name]
            written[name] = item if write is None else write(item)
    return written


def _list(write: Writer, value: Any) -> list[Any]:
    return [write(item) for item in value]


def _map(write: Writer, value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: write(item) for key, item in value.items()}
