"""The bytes of a request: JSON, and everything that is none."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.aws.examples import INPUTS, read

from poolhouse.aws.json_body import parse_body
from poolhouse.aws.model import service_model
from poolhouse.aws.validation import validate
from poolhouse.core.errors import InvalidParameterException, SerializationException


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b" {} "])
def test_no_body_is_the_empty_object(body):
    assert parse_body(body) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"[]", b'"a"', b"5", b"true", b"{", b"{}{}", b"NaN", b'{"a":NaN}', b'{"a":Infinity}', b'{"a":1e400}',
        b'{"a":' + b"1" * 100_000 + b"}", b'{"a":"\\ud800"}', b'{"a":"\xff"}', b'{"a":"\x00"}', b"\xef\xbb\xbf{}",
        b"{'a':1}", b'{"a":01}', b'{"a":"' , b'{"a":' * 101 + b"{}" + b"}" * 101, b'{"a":' + b"[" * 100 + b"]" * 100 + b"}",
        b"[" * 100_000, b'{"a":' * 100_000,
    ],
)  # fmt: skip
def test_what_is_no_json_object_is_refused(body):
    with pytest.raises(SerializationException):
        parse_body(body)


def test_a_hundred_levels_are_read():
    body = b'{"a":' + b"[" * 99 + b"]" * 99 + b"}"

    assert list(parse_body(body)) == ["a"]


def test_of_a_repeated_key_the_last_one_counts():
    assert parse_body(b'{"a":1,"a":2}') == {"a": 2}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4),
    max_leaves=20,
)


@given(body=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_as_aws_does(body):
    try:
        parse_body(body)
    except SerializationException:
        pass


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_values_for_the_members_of_a_request_are_accepted_or_refused_as_aws_does(data):
    service, shape = data.draw(st.sampled_from(INPUTS))
    names = list(service_model(service).shapes[shape]["members"]) or ["none"]
    document = data.draw(st.dictionaries(st.sampled_from(names), JSON, max_size=6))
    try:
        validate(service, shape, read(service, shape, document))
    except (SerializationException, InvalidParameterException):
        pass
