"""Validation: a request that was read is held against the constraints of the model, in AWS's own words.

All that is wrong is said at once: members in alphabetical order; in each of them null, length, value,
pattern, enumeration. The checks are closures, compiled from the model when a shape is first met.

Sources: messages of Cognito quoted in public issues; of the same server framework recorded elsewhere.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from poolhouse.aws.model import service_model
from poolhouse.aws.patterns import compiled
from poolhouse.aws.sensitivity import is_sensitive
from poolhouse.core.errors import InvalidParameterException, ValidationException

MAX_FAILURES = 100
"""A list of 300,000 empty structures fits in a request; a sentence for each would not fit in an answer."""

Failures = list[str]
Check = Callable[[Any, str, Failures], None]
"""Appends what is wrong with a value at a path."""

NOT_NULL = "Member must not be null"
NO_NUL = "Member must not contain the character U+0000"
"""Ours: PostgreSQL can't store it in a text, and no name or setting has a use for it."""


def validate(service: str, shape: str, value: Mapping[str, Any]) -> None:
    """Hold a whole request against its shape.

    Raises:
        InvalidParameterException: "N validation errors detected: …"; ValidationException where the service has no
            InvalidParameterException.
    """
    failures: Failures = []
    checker(service, shape)(value, "", failures)
    if failures:
        plural = "" if len(failures) == 1 else "s"
        has_its_own = InvalidParameterException.__name__ in service_model(service).shapes
        refusal = InvalidParameterException if has_its_own else ValidationException
        raise refusal(f"{len(failures)} validation error{plural} detected: {'; '.join(failures)}")


@cache
def checker(service: str, shape: str) -> Check:
    """The check of one shape's values."""
    document = service_model(service).shapes[shape]
    if document.get("document"):
        return _document
    match document["type"]:
        case "structure":
            return _structure_check(service, document)
        case "list":
            return _list_check(service, shape, document)
        case "map":
            return _map_check(service, shape, document)
        case _:
            return partial(_scalar, constraints(service, shape), is_sensitive(service, shape))


@dataclass(frozen=True, slots=True)
class Constraint:
    text: str
    holds: Callable[[Any], bool]


@cache
def constraints(service: str, shape: str) -> tuple[Constraint, ...]:
    """What the model asks of a shape's own value, in the order in which it is told."""
    document = service_model(service).shapes[shape]
    found = list(_bounds(document))
    if "pattern" in document:
        pattern = compiled(document["pattern"])
        text = f"Member must satisfy regular expression pattern: {document['pattern']}"
        # Not concurrent: to give the interpreter's lock away and get it back takes longer than most texts.
        found.append(Constraint(text, lambda value: pattern.fullmatch(value, concurrent=False) is not None))
    if "enum" in document:
        values = frozenset(document["enum"])
        listed = ", ".join(document["enum"])
        found.append(Constraint(f"Member must satisfy enum value set: [{listed}]", values.__contains__))
    return tuple(found)


def _bounds(document: Mapping[str, Any]) -> Sequence[Constraint]:
    """The upper bound, then the lower: of a number's value, of anything else's length."""
    low, high = document.get("min"), document.get("max")
    is_number = document["type"] in ("integer", "long", "float", "double")
    measure = _itself if is_number else _decoded_length if document["type"] == "blob" else len
    what = "value" if is_number else "length"
    bounds = []
    if high is not None:
        text = f"Member must have {what} less than or equal to {high}"
        bounds.append(Constraint(text, lambda value: measure(value) <= high))
    if low is not None:
        text = f"Member must have {what} greater than or equal to {low}"
        bounds.append(Constraint(text, lambda value: measure(value) >= low))
    return bounds


def _itself(value: float) -> float:
    return value


def _decoded_length(text: str) -> int:
    return len(base64.b64decode(text))


def _scalar(rules: Sequence[Constraint], hidden: bool, value: Any, path: str, failures: Failures) -> None:
    broken = _broken(rules, value)
    if broken:
        failures += [_sentence(value, path, text, hidden) for text in broken]


def _broken(rules: Sequence[Constraint], value: Any) -> list[str]:
    """The texts of the constraints that a scalar breaks."""
    if value is None:
        return [NOT_NULL]
    broken = [rule.text for rule in rules if not rule.holds(value)]
    if isinstance(value, str) and "\0" in value:
        broken.append(NO_NUL)
    return broken


def _structure_check(service: str, document: Mapping[str, Any]) -> Check:
    required = frozenset(document.get("required", ()))
    members = []
    for name, reference in document["members"].items():
        shape = reference["shape"]
        check = checker(service, shape)
        members.append(
            (name[0].lower() + name[1:], name, name in required, is_sensitive(service, shape), check)
        )
    members.sort(key=lambda member: member[0])

    def check_structure(value: Mapping[str, Any], path: str, failures: Failures) -> None:
        for shown, name, is_required, hidden, check in members:
            if len(failures) >= MAX_FAILURES:
                return
            item = value.get(name)
            if item is not None:
                check(item, f"{path}.{shown}" if path else shown, failures)
            elif is_required:
                failures.append(_sentence(None, f"{path}.{shown}" if path else shown, NOT_NULL, hidden))

    return check_structure


def _list_check(service: str, shape: str, document: Mapping[str, Any]) -> Check:
    lengths = constraints(service, shape)
    hidden = is_sensitive(service, shape)
    element = document["member"]["shape"]
    check = checker(service, element)
    is_scalar = _is_scalar(service, element)
    rules = constraints(service, element) if is_scalar else ()

    def check_list(value: list[Any], path: str, failures: Failures) -> None:
        before = len(failures)
        _scalar(lengths, hidden, value, path, failures)
        if len(failures) > before:
            return  # what stands in a list of the wrong length is not looked at: it may be very long
        if is_scalar:
            broken = _broken_elements(rules, value)
            if broken:
                failures.append(_sentence(value, path, f"Member must satisfy constraint: {broken}", hidden))
            return
        for number, item in enumerate(value, 1):
            if len(failures) >= MAX_FAILURES:
                return
            if item is None:
                failures.append(_sentence(None, f"{path}.{number}.member", NOT_NULL, hidden))
            else:
                check(item, f"{path}.{number}.member", failures)

    return check_list


def _map_check(service: str, shape: str, document: Mapping[str, Any]) -> Check:
    lengths = constraints(service, shape)
    hidden = is_sensitive(service, shape)
    keys = constraints(service, document["key"]["shape"])
    element = document["value"]["shape"]
    check = checker(service, element)
    is_scalar = _is_scalar(service, element)
    rules = constraints(service, element) if is_scalar else ()

    def check_map(value: dict[str, Any], path: str, failures: Failures) -> None:
        before = len(failures)
        _scalar(lengths, hidden, value, path, failures)
        if broken := _broken_elements(keys, value):
            failures.append(_sentence(value, path, f"Map keys must satisfy constraint: {broken}", hidden))
        if len(failures) > before:
            return
        items = list(value.values())
        if broken := _broken_elements(
            rules, items if is_scalar else [item for item in items if item is None]
        ):
            failures.append(_sentence(value, path, f"Map value must satisfy constraint: {broken}", hidden))
        elif not is_scalar:
            for key, item in value.items():
                if len(failures) >= MAX_FAILURES:
                    return
                check(item, f"{path}.{key}.member", failures)

    return check_map


def _broken_elements(rules: Sequence[Constraint], values: Sequence[Any] | Mapping[str, Any]) -> str:
    """Whatever one element breaks, all constraints of its type are told, and null and NUL where they occur."""
    broken: dict[str, None] = {}
    for value in values:
        broken.update(dict.fromkeys(_broken(rules, value)))
    if not broken:
        return ""
    told = [rule.text for rule in rules]
    told += [text for text in (NOT_NULL, NO_NUL) if text in broken]
    return f"[{', '.join(told)}]"


def _is_scalar(service: str, shape: str) -> bool:
    return service_model(service).shapes[shape]["type"] not in ("structure", "list", "map")


def _document(value: Any, path: str, failures: Failures) -> None:
    """Free JSON, but for NUL, in texts and in names."""
    rest = [value]
    while rest:
        item = rest.pop()
        match item:
            case dict():
                rest += [*item.keys(), *item.values()]
            case list():
                rest += item
            case str() if "\0" in item:
                failures.append(_sentence(item, path, NO_NUL, False))
                return


def _sentence(value: Any, path: str, constraint: str, hidden: bool) -> str:
    shown = "" if hidden else " null" if value is None else f" '{_java(value)}'"
    return f"Value{shown} at '{path}' failed to satisfy constraint: {constraint}"


def _java(value: Any) -> str:
    """A value as Java's toString prints it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list():
            return f"[{', '.join(map(_java, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}={_java(item)}' for key, item in value.items())}}}"
        case _:
            return str(value)
