"""Targets, methods, paths, hosts, headers and signatures that are broken in every part, at every endpoint."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import examples
from tests.fuzz.house import OPERATIONS, House
from tests.fuzz.wire import FORM, JSON, PREFIXES, check_harmless, raw, signed

TARGET = f"{PREFIXES['cognito-idp']}.DescribeUserPool"
REFUSED_SIGNATURES = {
    "MissingAuthenticationTokenException",
    "IncompleteSignatureException",
    "InvalidSignatureException",
    "UnrecognizedClientException",
}
TARGETS = [
    "", ".", "..", "DescribeUserPool", ".DescribeUserPool", f"{TARGET}.", f"{TARGET} ", f" {TARGET}x", TARGET.lower(), TARGET.upper(),
    TARGET.replace(".", ":"), f"{TARGET},{TARGET}", f"{TARGET}\t", "AWSCognitoIdentityProviderService.__class__", f"{PREFIXES['poolhouse']}.",
    f"{PREFIXES['cognito-identity']}.DescribeUserPool", "AWSCognitoIdentityProviderService.describe_user_pool", "a" * 20_000, "é", "\xff.\xfe",
    "AWSCognitoIdentityProviderService.DescribeUserPool/../DeleteUserPool", "AWSCognitoIdentityProviderService_20160418.DescribeUserPool",
]  # fmt: skip

FIELD_VALUES = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=300
)
"""What a header may carry without ending it."""


def endpoints(house: House) -> list[tuple[str, str]]:
    pool, domain = house.machine.pool_id, house.machine.domain
    return [
        ("POST", "/"), ("GET", "/"), ("GET", "/?Action=GetCallerIdentity&Version=2011-06-15"), ("POST", "/?Action="), ("OPTIONS", "/"),
        ("GET", f"/{pool}/.well-known/jwks.json"), ("GET", f"/{pool}/.well-known/openid-configuration"),
        ("POST", f"/domains/{domain}/oauth2/token"), ("OPTIONS", f"/domains/{domain}/oauth2/token"),
        ("GET", f"/domains/{domain}/.well-known/jwks.json"), ("GET", "/healthz"), ("GET", "/readyz"), ("GET", "/nothing"),
    ]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: repr(target[:40]))
def test_a_target_that_names_no_operation_is_refused(house: House, target: str) -> None:
    """What differs from an operation's name by white space at its ends alone is that operation: HTTP strips it."""
    body = json.dumps({"UserPoolId": house.machine.pool_id}).encode()
    headers = {"Content-Type": JSON, "X-Amz-Target": target}
    try:
        headers = signed(house.server, "cognito-idp", headers, body)
    except UnicodeEncodeError:
        pass
    reply = house.wire.send("POST", "/", headers, body)
    check_harmless(reply)
    if target.strip() == TARGET:
        assert reply.status in (200, 400)
    else:
        assert reply.error == "UnknownOperationException"


@pytest.mark.parametrize("prefix", PREFIXES.values())
def test_every_described_operation_is_answered(house: House, prefix: str) -> None:
    from poolhouse.aws.model import service_model

    service = next(name for name, found in PREFIXES.items() if found == prefix)
    for operation in service_model(service).operations:
        if (service, operation) not in OPERATIONS:
            reply = house.wire.aws(service, operation, b"{}")
            check_harmless(reply)
            assert reply.error == "UnsupportedOperationException", (operation, reply.body)
            check_harmless(
                house.wire.aws(service, operation, b'{"ClientId":"a","AccessToken":"a.b.c"}', is_signed=False)
            )


@examples(100)
@given(data=st.data())
def test_no_broken_signature_passes(house: House, data: st.DataObject) -> None:
    """One part of a good Authorization header, or of what it covers, is changed."""
    body = json.dumps({"PoolName": "never"}).encode()
    headers = signed(
        house.server,
        "cognito-idp",
        {"Content-Type": JSON, "X-Amz-Target": f"{PREFIXES['cognito-idp']}.CreateUserPool"},
        body,
    )
    authorization = headers["Authorization"]
    how = data.draw(st.sampled_from(["cut", "replace", "insert", "part", "header", "garbage"]))
    position = data.draw(st.integers(0, len(authorization) - 1))
    letter = data.draw(
        st.sampled_from([*"aZ09/=,; +%\t\"'\xe9\xff", "", "//", ", ", "Signature=", "Credential="])
    )
    if how == "cut":
        authorization = authorization[:position]
    elif how == "replace":
        authorization = authorization[:position] + letter + authorization[position + 1 :]
    elif how == "insert":
        authorization = authorization[:position] + letter + authorization[position:]
    elif how == "part":
        parts = authorization.split(data.draw(st.sampled_from([" ", ",", "/", ";", "="])))
        number = data.draw(st.integers(0, len(parts) - 1))
        parts[number] = data.draw(
            st.sampled_from(["", "a", "20200101", "99999999", "aws4_request", "é", "0" * 300])
        )
        authorization = "/".join(parts)
    elif how == "garbage":
        authorization = data.draw(FIELD_VALUES)
    else:
        name = data.draw(st.sampled_from(["X-Amz-Date", "X-Amz-Target", "Host", "X-Amz-Content-SHA256"]))
        changed = data.draw(
            st.sampled_from(
                ["", "20260230T250000Z", "99991231T235959Z", "0", "é", "Sun, 06 Nov 1994 08:49:37"]
            )
        )
        headers[name] = changed if name != "X-Amz-Target" else f"{PREFIXES['cognito-idp']}.DeleteUserPool"
    sent = {**headers, "Authorization": authorization}
    before = house.database.rows()
    reply = house.wire.send("POST", "/", {name: text.encode("latin-1") for name, text in sent.items()}, body)
    check_harmless(reply)
    if reply.status == 200:
        # White space between the parts is all that may be different.
        assert "".join(authorization.split()) == "".join(headers["Authorization"].split())
        assert how != "header"
        return
    assert reply.status == 404 or reply.error in REFUSED_SIGNATURES, reply.body
    assert house.database.rows() == before


QUERY = {
    "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
    "X-Amz-Credential": "AKIAROOTROOTROOTROOT/20261124/us-east-1/cognito-idp/aws4_request",
    "X-Amz-Date": "20261124T000000Z",
    "X-Amz-Expires": "60",
    "X-Amz-SignedHeaders": "host",
    "X-Amz-Signature": "0" * 64,
}


@examples(40)
@given(
    changed=st.dictionaries(
        st.sampled_from([*QUERY, "X-Amz-Security-Token", "Action", "x", ""]),
        st.sampled_from(
            [
                "",
                "%",
                "%zz",
                "%ff",
                "%00",
                "%F0%9F%98%80",
                "a" * 5_000,
                "-1",
                "9" * 400,
                "a;b",
                "/////",
                "host;host",
            ]
        ),
        max_size=4,
    ),
    service=st.sampled_from(list(PREFIXES)),
)
def test_no_broken_presigned_query_passes(house: House, changed: dict[str, str], service: str) -> None:
    query = "&".join(f"{name}={value}" for name, value in {**QUERY, **changed}.items())
    headers = {"Content-Type": JSON, "X-Amz-Target": f"{PREFIXES[service]}.DescribeUserPool"}
    for reply in (
        house.wire.send("POST", f"/?{query}", headers, b"{}"),
        house.wire.send("GET", f"/?{query}"),
    ):
        check_no_success(reply)


def check_no_success(reply: Any) -> None:
    assert reply.status < 500, reply.body
    assert reply.status >= 400


@examples(100)
@given(data=st.data())
def test_any_headers_at_any_endpoint_do_no_harm(house: House, data: st.DataObject) -> None:
    method, path = data.draw(st.sampled_from(endpoints(house)))
    names = st.sampled_from([
        "Authorization", "Content-Type", "Host", "X-Amz-Target", "X-Amz-Date", "X-Forwarded-For", "X-Forwarded-Proto", "Forwarded",
        "Origin", "Access-Control-Request-Headers", "If-None-Match", "Accept", "Cookie", "Range", "Expect", "TE", "Content-Encoding", "X-Amz-Content-SHA256",
    ])  # fmt: skip
    values = FIELD_VALUES | st.sampled_from(
        [FORM, JSON, "*", 'W/""', ",,,", "127.0.0.1," * 300, "[::1", "localhost:99999999", "bytes=0-"]
    )
    headers = data.draw(st.lists(st.tuples(names, values), max_size=5))
    reply = house.wire.send(
        method, path, [(name, value.encode("latin-1")) for name, value in headers], b"a=b"
    )
    assert reply.status < 500, reply.body
    if reply.status >= 400 and not reply.headers["Content-Type"].startswith("text/xml"):
        check_harmless(reply)


@pytest.mark.parametrize("path", [
    "/%", "/%00", "/%2e%2e/%2e%2e/etc/passwd", "/../../etc/passwd", "/domains/../healthz", "/domains//oauth2/token", "/domains/%2e%2e/oauth2/token",
    "/domains/a%00b/oauth2/token", "/domains/" + "a" * 20_000 + "/oauth2/token", "/" + "a" * 30 + "_" + "b" * 70 + "/.well-known/jwks.json",
    "/us-east-1_a/.well-known/../jwks.json", "/us-east-1_a/.well-known/jwks.json%00", "/us-east-1_%27/.well-known/jwks.json", "//healthz", "/healthz/", "/;",
    "/metrics/../", "/?" + "a=b&" * 5_000, "/domains/a/oauth2/token/", "/domains/a/oauth2/token;x", "/domains/A/oauth2/token", "/domains/a.b/oauth2/authorize",
])  # fmt: skip
def test_a_path_leads_nowhere_else(house: House, path: str) -> None:
    for method in ("GET", "POST", "PUT", "DELETE", "TRACE", "PATCH", "OPTIONS", "PROPFIND"):
        reply = house.wire.send(method, path, {"Content-Type": FORM}, b"grant_type=client_credentials")
        assert reply.status < 500
        assert reply.status >= 400 or method == "OPTIONS", (method, path, reply.body)


@pytest.mark.parametrize("host", [
    b"", b" ", b"\xff", b"localhost:", b"localhost:0", b"localhost:9229:9229", b"LOCALHOST", b"[::1]", b"[::1", b"127.1", b"0x7f.1", b"localhost.", b"a@localhost",
    b"." * 250, b"a" * 300, b"a." * 120, b"..localhost", b"-.localhost", b"evil.example.com", b"localhost.evil.example.com", b"localhost,evil.example.com",
])  # fmt: skip
def test_a_strange_host_is_its_own_or_unknown(house: House, host: bytes) -> None:
    for path in ("/", "/oauth2/token", f"/{house.machine.pool_id}/.well-known/openid-configuration"):
        answer = raw(
            house.server,
            b"POST %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
            % (path.encode(), host),
        )
        status = int(answer[9:12])
        assert 400 <= status < 500, answer
        assert b"evil" not in answer


BASICS = [
    b"", b":", b"::", b"a", b"a:", b":a", b"\x00:\x00", b"\xff\xfe:\xff", b"%:%", b"%zz:%zz", b"%00:%00", b"a:b:c", "é:é".encode(), "é:é".encode("latin-1"),
    b"a" * 9_000 + b":b", b"a:" + b"b" * 9_000, b"a\r\nb:c", "😀:😀".encode(), b"+:+", b"%ff:%ff", b"a%3Ab:c",
]  # fmt: skip


@pytest.mark.parametrize(
    "scheme", ["Basic", "basic", "BASIC", "Basic\t", "Basic  ", "Bearer", "Digest", "AWS4-HMAC-SHA256", ""]
)
def test_no_broken_basic_passes(house: House, scheme: str) -> None:
    path = f"/domains/{house.machine.domain}/oauth2/token"
    encoded = [base64.b64encode(text).decode() for text in BASICS]
    good = base64.b64encode(f"{house.machine.client_id}:{house.machine.client_secret}".encode()).decode()
    encoded += [
        good[:-3],
        good + "=",
        good[:10] + " " + good[10:],
        good.swapcase(),
        good + good,
        "=" + good,
        good.replace("=", "") + "%3D",
        "%",
    ]
    for text in encoded:
        for body in (b"grant_type=client_credentials", b""):
            headers = {"Authorization": f"{scheme} {text}", "Content-Type": FORM}
            reply = house.wire.send("POST", path, headers, body)
            check_harmless(reply)
            assert reply.error in ("invalid_client", "invalid_request")
