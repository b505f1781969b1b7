"""Signatures that are stale, malformed, or none."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.aws.signed import (
    NOW,
    SKEW,
    check,
    later,
    received,
    signed_request,
    with_header,
)

from poolhouse.core.errors import (
    CognitoError,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)
from poolhouse.http import Request

# --- time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("now", [NOW - SKEW, NOW, NOW + SKEW])
def test_a_clock_within_the_window_is_accepted(now):
    check(signed_request(), now=now)


def test_an_old_signature_is_refused():
    with pytest.raises(InvalidSignatureException) as refused:
        check(signed_request(), now=later(minutes=5, seconds=1))

    assert refused.value.message == (
        "Signature expired: 20261124T120000Z is now earlier than 20261124T120001Z (20261124T120501Z - 5 min.)"
    )


def test_a_signature_of_the_future_is_refused():
    with pytest.raises(InvalidSignatureException) as refused:
        check(signed_request(), now=later(minutes=-5, seconds=-1))

    assert refused.value.message == (
        "Signature not yet current: 20261124T120000Z is still later than 20261124T115959Z"
        " (20261124T115459Z + 5 min.)"
    )


@pytest.mark.parametrize(("seconds", "is_accepted"), [(-301, False), (-300, True), (60, True), (61, False)])
def test_a_presigned_request_lives_as_long_as_it_says(seconds, is_accepted):
    request = signed_request(expires=60, body=b"")
    if is_accepted:
        check(request, now=later(seconds=seconds))
    else:
        with pytest.raises(InvalidSignatureException):
            check(request, now=later(seconds=seconds))


@pytest.mark.parametrize("expires", [0, -1, 604_801])
def test_a_presigned_request_lives_a_week_at_most(expires):
    with pytest.raises(IncompleteSignatureException, match="X-Amz-Expires"):
        check(signed_request(expires=expires))


def test_the_date_of_the_scope_must_be_that_of_the_request():
    request = signed_request()
    authorization = (request.header(b"authorization") or "").replace("/20261124/", "/20261123/")

    with pytest.raises(InvalidSignatureException, match="'20261123' != '20261124', from '20261124T120000Z'"):
        check(with_header(request, "authorization", authorization))


def test_the_scope_must_end_as_it_should():
    request = signed_request()
    authorization = (request.header(b"authorization") or "").replace("/aws4_request", "/aws4_other")

    with pytest.raises(InvalidSignatureException, match="terminator: 'aws4_request', not 'aws4_other'"):
        check(with_header(request, "authorization", authorization))


# --- what is no signature --------------------------------------------------------------------------------


def test_no_signature_at_all():
    with pytest.raises(MissingAuthenticationTokenException, match="Missing Authentication Token"):
        check(received("POST", "http://localhost/", {}))


def test_all_that_is_missing_is_told():
    request = received("POST", "http://localhost/", {"Authorization": "AWS4-HMAC-SHA256 Other=1"})

    with pytest.raises(IncompleteSignatureException) as refused:
        check(request)

    assert refused.value.message == (
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature'"
        " parameter. Authorization header requires 'SignedHeaders' parameter. Authorization header requires"
        " existence of either a 'X-Amz-Date' or a 'Date' header."
    )


@pytest.mark.parametrize(
    "authorization",
    [
        "Bearer eyJhbGciOiJIUzI1NiJ9.canary.canary",
        "Basic canary",
        "AWS4-HMAC-SHA256 canary",
        "AWS4-HMAC-SHA256",
        "AWS4-ECDSA-P256-SHA256 Credential=canary, SignedHeaders=host, Signature=00",
        "canary",
        "",
    ],
)
def test_another_kind_of_authorization_is_refused_and_not_repeated(authorization):
    request = received("POST", "http://localhost/", {"Authorization": authorization, "X-Amz-Date": "x"})

    with pytest.raises(IncompleteSignatureException) as refused:
        check(request)

    assert "canary" not in refused.value.message


@pytest.mark.parametrize("name", ["authorization", "x-amz-date", "host"])
def test_a_header_of_the_signature_that_is_there_twice_is_refused(name):
    request = signed_request()
    request.headers.append((name.encode(), (request.header(name.encode()) or "").encode()))

    with pytest.raises(IncompleteSignatureException, match="more than once"):
        check(request)


def test_both_forms_at_once_are_refused():
    request = signed_request()

    with pytest.raises(IncompleteSignatureException, match="both"):
        check(replace(request, query="X-Amz-Signature=" + "0" * 64))


@pytest.mark.parametrize("expires", [None, 60])
def test_a_session_token_is_refused_since_none_was_ever_given_out(expires):
    with pytest.raises(UnrecognizedClientException):
        check(signed_request(token="a-session-token", expires=expires))


@pytest.mark.parametrize(
    "date", ["", "20261124", "2026-11-24T12:00:00Z", "20261324T120000Z", "20261124T120000z"]
)
def test_a_date_that_is_none_is_refused(date):
    with pytest.raises(CognitoError):
        check(with_header(signed_request(), "x-amz-date", date))


@pytest.mark.parametrize(
    "names", ["Host;x-amz-date;x-amz-target", "x-amz-date;host", "host;host", ";host", "host;"]
)
def test_signed_headers_that_are_not_names_in_order_are_refused(names):
    request = signed_request()
    authorization = request.header(b"authorization") or ""
    written = authorization.partition("SignedHeaders=")[2].partition(",")[0]

    with pytest.raises(InvalidSignatureException):
        check(with_header(request, "authorization", authorization.replace(written, names)))


@given(authorization=st.binary(max_size=200), date=st.binary(max_size=40), query=st.binary(max_size=200))
def test_nothing_makes_the_reader_fail_otherwise_than_with_an_error_of_aws(authorization, date, query):
    headers = [(b"host", b"h"), (b"authorization", authorization), (b"x-amz-date", date)]
    for lines in (
        headers,
        [*headers[:1], (b"authorization", b"AWS4-HMAC-SHA256 " + authorization), headers[2]],
    ):
        request = Request("POST", "/", query.decode("latin-1"), lines, b"{}", "id", "127.0.0.1")
        with pytest.raises(CognitoError):
            check(request)


@given(date=st.text(max_size=40))
def test_no_date_header_makes_the_reader_fail_otherwise(date):
    request = received("POST", "http://localhost/", {"Date": date.encode()})
    request.headers.append(
        (
            b"authorization",
            b"AWS4-HMAC-SHA256 Credential=a/b/c/d/aws4_request, SignedHeaders=date;host, Signature="
            + b"0" * 64,
        )
    )
    with pytest.raises(CognitoError):
        check(request)
