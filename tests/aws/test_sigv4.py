"""Signatures: what botocore signs is accepted; what was changed afterwards, or is only half signed, is not."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.aws.signed import (
    JSON,
    TARGET,
    check,
    signed_request,
    with_header,
)

from poolhouse.core.errors import (
    IncompleteSignatureException,
    InvalidSignatureException,
)
from poolhouse.core.secret import Secret

MISMATCH = "The request signature we calculated does not match the signature you provided."


# --- what honest clients send ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:9229/",
        "http://127.0.0.1:9229",
        "http://[::1]:9229/",
        "https://auth.example.com/",
        "https://auth.example.com:443/",
        "http://auth.example.com:80/",
        "http://localhost:9229/base/path/",
        "http://localhost:9229//base//path//",
        "http://localhost:9229/a/./b/../c/",
        "http://localhost:9229/a%20b/",
        "http://localhost:9229/%7Etilde/",
        "http://localhost:9229/%C3%BC/",
        "http://localhost:9229/?",
        "http://localhost:9229/?b=2&a=1&a=0",
        "http://localhost:9229/?a=b=c",
        "http://localhost:9229/?a=+",
        "http://localhost:9229/?a=%2f",
        "http://localhost:9229/?a=%7E",
        "http://localhost:9229/?a=~&B=1&b=2",
        "http://localhost:9229/?flag",
        "http://localhost:9229/?a=1&&b=2",
    ],
)
def test_what_botocore_signs_is_accepted(url):
    check(signed_request(url=url))


@given(body=st.binary(max_size=200), region=st.from_regex("[a-z]{2}-[a-z]{4,9}-[1-9]", fullmatch=True))
def test_any_body_and_region_that_botocore_signs_are_accepted(body, region):
    check(signed_request(body=body, region=region))


@given(
    headers=st.dictionaries(
        st.from_regex("X-Amz-Meta-[a-z]{1,8}", fullmatch=True),
        st.text(st.characters(codec="ascii", categories=("L", "N", "P", "Zs")), min_size=1, max_size=30),
        max_size=4,
    )
)
def test_any_header_that_botocore_signs_is_accepted(headers):
    check(signed_request(headers={"X-Amz-Target": TARGET, "Content-Type": JSON, **headers}))


def test_a_date_header_in_place_of_x_amz_date_is_accepted():
    request = signed_request(headers={"X-Amz-Target": TARGET, "Content-Type": JSON, "Date": "to be replaced"})

    assert request.header(b"x-amz-date") is None
    check(request)


def test_a_comma_without_a_space_between_the_parts_is_accepted():
    request = signed_request()
    authorization = (request.header(b"authorization") or "").replace(", ", ",")

    check(with_header(request, "authorization", authorization))


def test_the_hash_of_the_body_in_a_header_is_accepted_as_the_javascript_sdk_sends_it():
    from hashlib import sha256

    hashed = {"X-Amz-Content-SHA256": sha256(b"{}").hexdigest()}
    check(signed_request(headers={"X-Amz-Target": TARGET, "Content-Type": JSON, **hashed}))


def test_headers_that_a_proxy_adds_do_not_count():
    request = signed_request()
    for name in ("x-forwarded-for", "via", "x-amzn-trace-id", "x-amz-cf-id"):
        request.headers.append((name.encode(), b"added"))

    check(request)


@pytest.mark.parametrize(
    ("signed_for", "arrives_as", "public_hosts"),
    [
        ("https://auth.example.com/", "auth.example.com:443", ()),
        ("http://10.0.0.7/", "10.0.0.7:80", ()),
        ("https://auth.example.com/", "10.0.0.7:9229", ("auth.example.com",)),
    ],
)
def test_a_host_that_was_rewritten_on_the_way_is_still_the_one_that_was_signed(
    signed_for, arrives_as, public_hosts
):
    request = with_header(signed_request(url=signed_for), "host", arrives_as)

    check(request, public_hosts=public_hosts)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_presigned_request_is_accepted(method):
    url = "http://localhost:9229/?Action=GetCallerIdentity&Version=2011-06-15"
    request = signed_request(method=method, url=url, body=b"", headers={}, expires=60, service="sts")

    check(request, service="sts")


def test_a_body_that_was_added_to_a_presigned_request_is_refused():
    request = signed_request(expires=60, body=b"")
    check(request)

    with pytest.raises(InvalidSignatureException, match=MISMATCH):
        check(replace(request, body=b"{}"))


# --- one thing changed -----------------------------------------------------------------------------------


@given(data=st.data())
def test_one_changed_bit_of_what_is_signed_is_refused(data):
    request = signed_request(url="http://localhost:9229/base/?a=1&b=2", body=b'{"MaxResults":10}')
    part = data.draw(st.sampled_from(["method", "path", "query", "body", "header"]))
    if part == "header":
        signed = [i for i, (name, _) in enumerate(request.headers) if name != b"authorization"]
        index = data.draw(st.sampled_from(signed))
        name, value = request.headers[index]
        request.headers[index] = (name, flipped(data, value))
    else:
        value = getattr(request, part)
        changed = flipped(data, value if isinstance(value, bytes) else value.encode())
        request = replace(
            request, **{part: changed if isinstance(value, bytes) else changed.decode("latin-1")}
        )

    with pytest.raises((InvalidSignatureException, IncompleteSignatureException)):
        check(request)


def flipped(data, value: bytes) -> bytes:
    """`value` with one bit of one byte turned; white space is folded in a signature, so none is made."""
    index = data.draw(st.integers(0, len(value) - 1))
    bit = data.draw(st.integers(0, 6))
    byte = value[index] ^ (1 << bit)
    if chr(byte).isspace() or chr(byte) in "?#/&=%" or chr(value[index]) in "?#/&=%":
        byte = ord("!")
    return value[:index] + bytes([byte]) + value[index + 1 :]


@given(position=st.integers(0, 63), digit=st.sampled_from("0123456789abcdef"))
def test_one_changed_digit_of_the_signature_is_refused(position, digit):
    request = signed_request()
    authorization = request.header(b"authorization") or ""
    start = len(authorization) - 64
    if authorization[start + position] == digit:
        digit = "0" if digit != "0" else "1"
    changed = authorization[: start + position] + digit + authorization[start + position + 1 :]

    with pytest.raises(InvalidSignatureException, match=MISMATCH):
        check(with_header(request, "authorization", changed))


def test_another_secret_is_refused():
    with pytest.raises(InvalidSignatureException, match=MISMATCH):
        check(signed_request(), secret=Secret("another"))


def test_a_signature_for_another_service_is_refused():
    with pytest.raises(InvalidSignatureException) as refused:
        check(signed_request(service="sts"))

    assert refused.value.message == "Credential should be scoped to correct service: 'cognito-idp'. "


@pytest.mark.parametrize("name", ["host", "x-amz-date", "x-amz-target"])
def test_a_header_that_must_be_signed_and_is_not_is_refused(name):
    """Else a captured request could be replayed as another operation, at another time, at another server."""
    request = signed_request()
    authorization = request.header(b"authorization") or ""
    names = authorization.partition("SignedHeaders=")[2].partition(",")[0].split(";")
    rest = ";".join(signed for signed in names if signed != name)
    changed = authorization.replace(";".join(names), rest)

    with pytest.raises(InvalidSignatureException, match="must be a 'SignedHeader'"):
        check(with_header(request, "authorization", changed))


def test_an_added_amz_header_that_is_not_signed_is_refused():
    request = signed_request()
    request.headers.append((b"x-amz-other", b"added"))

    with pytest.raises(InvalidSignatureException, match="'x-amz-other' must be a 'SignedHeader'"):
        check(request)


@pytest.mark.parametrize(
    "payload_hash", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "00" * 32]
)
def test_a_body_that_its_signature_does_not_cover_is_refused(payload_hash):
    headers = {"X-Amz-Target": TARGET, "Content-Type": JSON, "X-Amz-Content-SHA256": payload_hash}

    with pytest.raises(InvalidSignatureException):
        check(signed_request(headers=headers))


def test_payload_signing_that_was_turned_off_is_refused():
    with pytest.raises(InvalidSignatureException, match="the body must be signed"):
        check(signed_request(url="https://auth.example.com/", payload_signing=False))
