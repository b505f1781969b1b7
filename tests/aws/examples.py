"""Requests made from the models alone: smallest whole ones, and values of a given size."""

from __future__ import annotations

import base64
from typing import Any

from poolhouse.aws.model import SERVICES, service_model
from poolhouse.aws.patterns import matches
from poolhouse.aws.reading import reader
from poolhouse.aws.validation import validate
from poolhouse.core.errors import InvalidParameterException

INPUTS = [
    (service, operation.input)
    for service in SERVICES
    for operation in service_model(service).operations.values()
    if operation.input
]
EXAMPLES = (
    "a", "ab", "abc", "a_b", "aa_1", "us-east-1", "us-east-1_aBcDeFgHi", "1", "123456", "auth-1.example.com", "https://example.com/x",
    "arn:aws:iam::000000000000:role/role", "arn:aws:acm:us-east-1:000000000000:certificate/1",
    "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/1/2", "us-east-1:00000000-0000-4000-8000-000000000000",
    "00000000-0000-4000-8000-000000000000", "Your code is {####}", "Click {##here##}", "import-1", "a@example.com",
    "arn:aws:secretsmanager:us-east-1:000000000000:secret:secret/a", "cognito:default", "cognito:english",
    "authenticated", "terms-of-use", "Level1", "AWS", "0" * 64, "a" * 20, "A" * 24, "tkn" + "a" * 25,
)  # fmt: skip
"""Texts of the forms that the models' patterns ask for."""


def read(service: str, shape: str, document: Any) -> Any:
    return reader(service, shape)(document)


def wrong(service: str, shape: str, document: Any) -> str:
    """The message with which a document is refused; "" where it is accepted."""
    try:
        validate(service, shape, read(service, shape, document))
    except InvalidParameterException as refused:
        return refused.message
    return ""


def example(service: str, name: str) -> Any:
    """A value of a shape that its constraints allow."""
    shape = service_model(service).shapes[name]
    if shape.get("document"):
        return {}
    match shape["type"]:
        case "structure":
            return {
                member: example(service, shape["members"][member]["shape"])
                for member in shape.get("required", ())
            }
        case "list":
            return [example(service, shape["member"]["shape"])] * max(shape.get("min", 0), 1)
        case "map":
            return {example(service, shape["key"]["shape"]): example(service, shape["value"]["shape"])}
        case "string":
            return text_of_length(service, name, None)
        case "blob":
            return base64.b64encode(b"a" * max(shape.get("min", 0), 1)).decode()
        case "boolean":
            return True
        case _:
            return max(shape.get("min", 0), 1)


def text_of_length(service: str, name: str, length: int | None) -> str | None:
    """A text that the pattern and the enumeration of a shape allow, of a length, or of any that is allowed."""
    shape = service_model(service).shapes[name]
    if "enum" in shape:
        return shape["enum"][0] if length is None else None
    low, high = shape.get("min", 0), shape.get("max", 1 << 20)
    wanted = range(low, high + 1) if length is None else (length,)
    candidates = list(EXAMPLES)
    for size in {low, length} - {None}:
        candidates += [(letter * size) for letter in ("a", "0", "A")]
        candidates += [seed[:1] * (size - len(seed)) + seed for seed in EXAMPLES if len(seed) <= size]
        candidates += [seed + seed[-1:] * (size - len(seed)) for seed in EXAMPLES if len(seed) <= size]
    for text in candidates:
        if len(text) in wanted and ("pattern" not in shape or matches(shape["pattern"], text)):
            return text
    if length is None:
        raise AssertionError(f"no example for {name}: {shape.get('pattern')}")
    return None


def members(service: str, shape: str) -> dict[str, str]:
    """The members of a request at its first level, and their shapes."""
    return {
        member: reference["shape"]
        for member, reference in service_model(service).shapes[shape]["members"].items()
    }


def path(member: str) -> str:
    return member[0].lower() + member[1:]


def of_size(service: str, name: str, size: int) -> Any:
    """A value of a size (a number, of a value) that breaks no other constraint, if there is one; text of
    that size breaking others where there is none, but only beyond the bounds."""
    shape = service_model(service).shapes[name]
    if size < 0 and shape["type"] not in ("integer", "long"):
        return None
    match shape["type"]:
        case "string":
            found = text_of_length(service, name, size)
            is_outside = not shape.get("min", 0) <= size <= shape.get("max", size)
            return "a" * size if found is None and is_outside else found
        case "blob":
            return base64.b64encode(b"a" * size).decode()
        case "list":
            return [example(service, shape["member"]["shape"])] * size
        case _:
            return size
