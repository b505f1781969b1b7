"""Bodies that are no JSON, or JSON that no operation wants: refused in AWS's words, and nothing changes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import examples
from tests.fuzz.house import OPERATIONS, House
from tests.fuzz.rows import COUNTED_ERRORS, but_for_counts
from tests.fuzz.wire import PREFIXES, check_harmless

NO_JSON = [
    b"{", b"}", b"[", b"{]", b'{"a"}', b'{"a":}', b'{"a":1,}', b"{'a':1}", b"{a:1}", b"{} {}", b"{}x", b"\x00", b" \t\r\n",
    b"NaN", b"-Infinity", b'{"MaxResults":NaN}', b'{"MaxResults":Infinity}', b'{"MaxResults":01}', b'{"MaxResults":+1}',
    b'{"MaxResults":.5}', b'{"MaxResults":1e}', b'{"MaxResults":0x10}', b'{"MaxResults":1e999}', b'{"PoolName":"\xff"}',
    b'{"PoolName":"\xed\xa0\x80"}', b'{"PoolName":"\\ud800"}', b'{"PoolName":"\\udfff\\ud800"}', b'{"PoolName":"\\u12"}',
    b'{"PoolName":"\x00"}', b'{"PoolName":"\n"}', b'{"PoolName":"\\x41"}', b"\xef\xbb\xbf{}", '{"a":1}'.encode("utf-16"),
    '{"a":1}'.encode("utf-32"), b"[" * 60_000, b'{"a":' * 10_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b"//{}", b"tru",
    b"a=1&b=2", b"<xml/>", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00",
    b"[" + b"1," * 30_000 + b"1]", b'"text"', b"17", b"1.5", b"true", b"[{}]", b'[[["a"]]]',
]  # fmt: skip
"""Each is refused before anything is known of the caller."""

DEEP: Any = []
for _ in range(120):
    DEEP = [DEEP]

HOSTILE: list[Any] = [
    None, True, False, 0, -1, 1, 1.5, -0.0, 2**31, -(2**31) - 1, 2**53 + 1, 2**63, 2**64, 10**30, 10**400, 1e308, 5e-324,
    "", " ", "\0", "a\0b", "\x1b[31m", "\u202e", "\ufeff", "\uffff", "\U0010ffff", "e\u0301" * 40, "👩‍👩‍👧‍👦" * 10, "İıſK",
    "a" * 3_000, "*", "us-east-1_*", "../../etc/passwd", "%00", "${jndi:ldap://a}", "'; DROP TABLE t; --", "<script>",
    "\r\nX-Injected: 1", "us-east-1_AAAAAAAAA", "arn:aws:cognito-idp:us-east-1:000000000000:userpool/*", [], [[]], [None],
    ["a"] * 200, [1, "a", {}], {}, {"": ""}, {"a": None}, {"__proto__": {}}, {"a": {"b": {"c": {}}}}, {"\0": "\0"}, DEEP,
]  # fmt: skip


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: repr(body[:24]))
def test_what_is_no_json_object_is_refused_by_every_operation(house: House, body: bytes) -> None:
    before = house.database.rows()
    for service, operation in OPERATIONS[::4] if len(body) > 9_000 else OPERATIONS[::3]:
        reply = house.wire.aws(service, operation, body, is_signed=False)
        check_harmless(reply)
        assert reply.error in ("SerializationException", "MissingAuthenticationTokenException"), reply.body
    assert house.database.rows() == before


@examples(100)
@given(data=st.data())
def test_a_member_of_another_kind_is_refused_and_changes_nothing(house: House, data: st.DataObject) -> None:
    service, operation = data.draw(st.sampled_from(OPERATIONS))
    request: dict[str, Any] = json.loads(json.dumps(house.requests()[operation]))
    members = [*request, "NextToken", "Unknown"]
    member = data.draw(st.sampled_from(members))
    request[member] = data.draw(st.sampled_from(HOSTILE))
    check_refusal_changes_nothing(house, service, operation, json.dumps(request).encode())


@examples(80)
@given(data=st.data())
def test_a_broken_byte_in_a_good_request_does_no_harm(house: House, data: st.DataObject) -> None:
    service, operation = data.draw(st.sampled_from([o for o in OPERATIONS if not o[1].startswith("Delete")]))
    body = bytearray(json.dumps(house.requests()[operation]).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    check_refusal_changes_nothing(house, service, operation, bytes(body))


@examples(40)
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
    operation=st.sampled_from(OPERATIONS),
)
def test_any_json_at_all_does_no_harm(house: House, body: Any, operation: tuple[str, str]) -> None:
    if operation[1] not in ("RotateMasterKey", "GetServerStatus"):
        check_refusal_changes_nothing(house, *operation, json.dumps(body).encode())


@pytest.mark.parametrize("service", PREFIXES)
def test_a_repeated_key_counts_once_for_the_policy_and_the_operation(house: House, service: str) -> None:
    """The last one, for both: no request may be one thing to the policy and another to the operation."""
    body = b'{"UserPoolId":"us-east-1_AAAAAAAAA","UserPoolId":"%s"}' % house.machine.pool_id.encode()
    if service == "cognito-idp":
        reply = house.wire.aws(service, "DescribeUserPool", body)
        assert reply.document["UserPool"]["Id"] == house.machine.pool_id
    elif service == "poolhouse":
        reply = house.wire.aws(service, "DescribeUserPoolExtensions", body)
        assert reply.document["Extensions"]["UserPoolId"] == house.machine.pool_id


def check_refusal_changes_nothing(house: House, service: str, operation: str, body: bytes) -> None:
    """Signed by the root, so that nothing but the request itself can be what is refused."""
    before = house.database.rows()
    reply = house.wire.aws(service, operation, body)
    check_harmless(reply)
    if reply.error in COUNTED_ERRORS:
        assert but_for_counts(house.database.rows()) == but_for_counts(before)
    elif reply.status >= 400:
        assert house.database.rows() == before
    else:
        house.mend()
