"""Values that a service model allows, made from the model alone: as strange as its constraints let them be."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from hypothesis import strategies as st
from tests.aws.examples import example, text_of_length

from poolhouse.aws.model import service_model
from poolhouse.aws.patterns import matches

LONGEST = 600
"""Characters of a text that has no bound, or a far one."""

ALPHABETS = [
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"),
    st.characters(categories=["L", "M", "N", "P", "S", "Zs"], include_characters="\t\n\r"),
    st.characters(categories=["L", "M", "N", "P", "S"]),
    st.characters(codec="ascii", categories=["L", "N", "P", "S"]),
    st.sampled_from("abzAZ019_+=,.@-"),
    st.sampled_from("abzAZ019_-"),
    st.sampled_from("abzAZ019"),
    st.sampled_from("0189"),
]
"""The widest first; a shape gets the first that its pattern seems to allow whole."""
SAMPLES = [
    "a\u0301\x01\u202e\uffff\U0010ffff\u200d ", "é 界\t\n😀∑", "é界😀∑ⅷ", "~!@#$%^&*()`'\"\\|<>?/", "a+=,.@-_", "a_-9", "aZ9", "019",
]  # fmt: skip


def value(service: str, name: str) -> st.SearchStrategy[Any]:
    """Any value that the shape allows."""
    shape = service_model(service).shapes[name]
    if shape.get("document"):
        return st.just({})
    match shape["type"]:
        case "structure":
            return structure(service, name)
        case "list":
            low, high = shape.get("min", 0), shape.get("max", 6)
            element = st.deferred(lambda: value(service, shape["member"]["shape"]))
            return st.lists(element, min_size=low, max_size=max(low, min(high, 4)))
        case "map":
            key, item = shape["key"]["shape"], shape["value"]["shape"]
            return st.dictionaries(value(service, key), value(service, item), max_size=3)
        case "string":
            return text(service, name)
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            bits = 31 if shape["type"] == "integer" else 63
            low, high = shape.get("min", -(2**bits)), shape.get("max", 2**bits - 1)
            return st.sampled_from([low, high]) | st.integers(low, min(high, low + 100))
        case "timestamp":
            return st.floats(0, 4e9)
        case "blob":
            return st.binary(max_size=shape.get("max", 64)).map(
                lambda content: base64.b64encode(content).decode()
            )
        case _:
            return st.just(example(service, name))


def structure(
    service: str, name: str, given: dict[str, Any] | None = None
) -> st.SearchStrategy[dict[str, Any]]:
    """What is required, what is `given`, and some of what is optional: with all of it a request is hardly
    ever without a contradiction."""
    shape = service_model(service).shapes[name]
    fixed = given or {}
    required = [member for member in shape.get("required", ()) if member not in fixed]
    optional = [member for member in shape["members"] if member not in required and member not in fixed]

    @st.composite
    def build(draw: st.DrawFn) -> dict[str, Any]:
        chosen = draw(st.lists(st.sampled_from(optional), max_size=3, unique=True)) if optional else []
        members = {m: draw(value(service, shape["members"][m]["shape"])) for m in (*required, *chosen)}
        return {**members, **fixed}

    return build()


@cache
def text(service: str, name: str) -> st.SearchStrategy[str]:
    shape = service_model(service).shapes[name]
    if "enum" in shape:
        return st.sampled_from(sorted(shape["enum"]))
    low, high = shape.get("min", 0), min(shape.get("max", LONGEST), LONGEST)
    high = max(low, high)
    pattern = shape.get("pattern")
    plain = text_of_length(service, name, None)
    for alphabet, sample in zip(ALPHABETS, SAMPLES, strict=True):
        if pattern is None or all(matches(pattern, letter * max(low, 1)) for letter in sample):
            wide = st.text(alphabet, min_size=low, max_size=min(high, 60))
            longest = alphabet.map(lambda letter: letter * high)
            return (wide | longest | st.just(plain)).filter(
                lambda found: pattern is None or matches(pattern, found)
            )
    return st.just(plain)
