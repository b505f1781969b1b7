"""Reading: the JSON of a request becomes values of the types that the model names.

The first thing that has the wrong type ends it, with SerializationException in the words of AWS's server
framework. Unknown members and null members are dropped at every depth: AWS adds members often, and a null
member is an absent one. A null in a list or a map stays, for the validator to refuse; but in the maps of
a sign-in it is an absent one too, since Cognito's own clients send `"DEVICE_KEY": null`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from functools import cache, partial
from typing import Any

from poolhouse.aws.model import ServiceModel, service_model
from poolhouse.core.errors import SerializationException

Reader = Callable[[Any], Any]

_NULL_IS_ABSENT = frozenset({"AuthParametersType", "ChallengeResponsesType"})
"""Maps of the model. Source: amazon-cognito-identity-js, which renews and signs in so without a device."""

_OLDEST, _YOUNGEST = -62_135_596_800, 253_402_300_799
"""The first second of the year 1 and the last one of 9999: what a timestamp may be."""


@cache
def reader(service: str, shape: str) -> Reader:
    """The function that reads a value of one shape."""
    return _reader(service_model(service), shape)


def _reader(model: ServiceModel, name: str) -> Reader:
    shape = model.shapes[name]
    if shape.get("document"):
        return _any_json
    match shape["type"]:
        case "structure":
            members = {member: reader(model.name, of["shape"]) for member, of in shape["members"].items()}
            return partial(_structure, members)
        case "list":
            return partial(_list, reader(model.name, shape["member"]["shape"]))
        case "map":
            read = partial(_map, reader(model.name, shape["value"]["shape"]))
            return partial(_without_nulls, read) if name in _NULL_IS_ABSENT else read
        case scalar:
            return _SCALARS[scalar]


def _structure(members: dict[str, Reader], value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SerializationException("Expected map or null")
    return {
        member: members[member](item)
        for member, item in value.items()
        if item is not None and member in members
    }


def _list(element: Reader, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise SerializationException("Expected list or null")
    return [None if item is None else element(item) for item in value]


def _map(element: Reader, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SerializationException("Expected map or null")
    return {key: None if item is None else element(item) for key, item in value.items()}


def _without_nulls(read: Reader, value: Any) -> dict[str, Any]:
    return {key: item for key, item in read(value).items() if item is not None}


def _any_json(value: Any) -> Any:
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _not_a("String", value)
    return value


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _not_a("Boolean", value)
    return value


def _integer(bits: int, kind: str, value: Any) -> int:
    """A whole number that fits; `60.0` is one, `true` is none."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise _not_a(kind, value)
    if not -(1 << bits - 1) <= value < 1 << bits - 1:
        raise _not_a(kind, value)
    return value


def _double(value: Any) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _not_a("Double", value)
    return float(value)


def _timestamp(value: Any) -> float:
    """Seconds since 1970; a fraction is kept."""
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not _OLDEST <= value <= _YOUNGEST:
        raise _not_a("Date", value)
    return float(value)


def _blob(value: Any) -> str:
    """Base64 with its padding. The text is kept as it came: so it is stored and so it is answered."""
    text = _string(value)
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise SerializationException("Invalid base64 data") from error
    return text


_SCALARS: dict[str, Reader] = {
    "string": _string,
    "boolean": _boolean,
    "integer": partial(_integer, 32, "Integer"),
    "long": partial(_integer, 64, "Long"),
    "float": _double,
    "double": _double,
    "timestamp": _timestamp,
    "blob": _blob,
}


def _not_a(kind: str, value: object) -> SerializationException:
    match value:
        case dict():
            return SerializationException("Start of structure or map found where not expected.")
        case list():
            return SerializationException("Start of list found where not expected")
        case bool():
            found = "java.lang.Boolean"
        case str():
            found = "java.lang.String"
        case _:
            found = "com.amazon.coral.value.json.numbers.TruncatingBigNumber"
    return SerializationException(f"class {found} can not be converted to an {kind}")
