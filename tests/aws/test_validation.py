"""Every constraint of the models, just inside and just outside.

The requests are built from the models alone, so an operation that a newer model brings is tested too.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.aws.examples import INPUTS, example, members, of_size, path, read, wrong

from poolhouse.aws.model import SERVICES, service_model
from poolhouse.aws.patterns import matches
from poolhouse.aws.sensitivity import is_sensitive
from poolhouse.aws.validation import constraints
from poolhouse.core.errors import SerializationException


@pytest.mark.parametrize(("service", "shape"), INPUTS)
def test_a_request_with_nothing_but_what_is_required_is_accepted(service, shape):
    assert wrong(service, shape, example(service, shape)) == ""


@pytest.mark.parametrize(("service", "shape"), INPUTS)
def test_a_required_member_that_is_absent_or_null_is_refused(service, shape):
    whole = example(service, shape)
    for member in service_model(service).shapes[shape].get("required", ()):
        hidden = is_sensitive(service, service_model(service).shapes[shape]["members"][member]["shape"])
        shown = "Value" if hidden else "Value null"
        expected = (
            f"1 validation error detected: {shown} at '{path(member)}' failed to satisfy constraint:"
            " Member must not be null"
        )
        without = {name: value for name, value in whole.items() if name != member}
        assert wrong(service, shape, without) == expected
        assert wrong(service, shape, {**without, member: None}) == expected


@pytest.mark.parametrize(("service", "shape"), INPUTS)
def test_each_bound_holds_just_inside_and_not_just_outside(service, shape):
    for member, of in members(service, shape).items():
        document = service_model(service).shapes[of]
        whole = example(service, shape)
        for bound, step, words in (
            ("max", 1, "less than or equal to"),
            ("min", -1, "greater than or equal to"),
        ):
            if bound not in document or document["type"] not in ("string", "integer", "long", "blob", "list"):
                continue
            limit = document[bound]
            inside, outside = of_size(service, of, limit), of_size(service, of, limit + step)
            sentence = f"Member must have {'value' if document['type'] in ('integer', 'long') else 'length'} {words} {limit}"
            if inside is not None:
                assert wrong(service, shape, {**whole, member: inside}) == ""
            if outside is not None:
                assert f"at '{path(member)}' failed to satisfy constraint: {sentence}" in wrong(
                    service, shape, {**whole, member: outside}
                )


@pytest.mark.parametrize(("service", "shape"), INPUTS)
def test_a_text_outside_its_pattern_or_enumeration_is_refused(service, shape):
    for member, of in members(service, shape).items():
        document = service_model(service).shapes[of]
        message = (
            wrong(service, shape, {**example(service, shape), member: "\u0001"})
            if "pattern" in document
            else ""
        )
        if "pattern" in document and not matches(document["pattern"], "\u0001"):
            assert f"Member must satisfy regular expression pattern: {document['pattern']}" in message
        if "enum" in document:
            message = wrong(service, shape, {**example(service, shape), member: "no-such-value"})
            assert "Value 'no-such-value' at" in message
            listed = message.partition("enum value set: [")[2].rstrip("]").split(", ")
            assert set(listed) == set(document["enum"])


@pytest.mark.parametrize(("service", "shape"), INPUTS)
def test_another_type_is_refused_before_anything_else(service, shape):
    for member, of in members(service, shape).items():
        document = service_model(service).shapes[of]
        if document.get("document"):
            continue
        others: dict[str, list[Any]] = {
            "string": [5, 1.5, True, [], {}],
            "blob": [5, True, [], {}, "no base64!"],
            "boolean": [5, "true", [], {}],
            "integer": ["5", True, 1.5, 2**31, [], {}],
            "long": ["5", True, 1.5, 2**63, [], {}],
            "timestamp": ["2026-11-24T12:00:00Z", True, 1e18, [], {}],
            "list": [5, "a", True, {}],
            "map": [5, "a", True, []],
            "structure": [5, "a", True, []],
        }
        for value in others[document["type"]]:
            with pytest.raises(SerializationException):
                read(service, shape, {member: value})


@pytest.mark.parametrize(("service", "shape"), INPUTS)
def test_nul_is_refused_in_every_text(service, shape):
    """PostgreSQL can't store it; a request with it must not reach a transaction."""
    for member, of in members(service, shape).items():
        document = service_model(service).shapes[of]
        value: Any = {
            "string": "a\0b",
            "list": ["a\0b"],
            "map": {"a\0b": "a"},
        }.get(document["type"], {"a": [{"b\0": 1}]} if document.get("document") else None)
        if (
            document["type"] == "list"
            and service_model(service).shapes[document["member"]["shape"]]["type"] != "string"
        ):
            continue
        if (
            document["type"] == "map"
            and service_model(service).shapes[document["value"]["shape"]]["type"] != "string"
        ):
            continue
        if value is not None:
            assert "Member must not contain the character U+0000" in wrong(
                service, shape, {**example(service, shape), member: value}
            )


@pytest.mark.parametrize("shape", ["AuthParametersType", "ChallengeResponsesType"])
def test_a_null_in_the_maps_of_a_sign_in_is_absent(shape):
    assert read("cognito-idp", shape, {"USERNAME": "ada", "DEVICE_KEY": None}) == {"USERNAME": "ada"}


def test_every_constraint_of_the_models_is_one_that_the_validator_knows():
    known = {
        "type",
        "members",
        "required",
        "member",
        "key",
        "value",
        "min",
        "max",
        "pattern",
        "enum",
        "sensitive",
    }
    known |= {"documentation", "document", "exception", "fault", "deprecated", "deprecatedMessage", "box"}
    for service in SERVICES:
        for name, shape in service_model(service).shapes.items():
            assert set(shape) <= known, name
            assert len(constraints(service, name)) == len({"min", "max", "pattern", "enum"} & set(shape)), (
                name
            )
