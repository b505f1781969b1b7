"""What authenticators write, read by our own hands: against cbor2, and against whatever a stranger may send."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.people.authenticator import AT, UP, Authenticator, b64

from poolhouse.core import cbor
from poolhouse.core.authenticator_names import NAMES, friendly_name
from poolhouse.core.authenticators import NotSupported, public_key, read_attestation_object
from poolhouse.core.cbor import NotCbor
from poolhouse.core.errors import CognitoError, InvalidParameterException
from poolhouse.core.passkey_answers import (
    check_registration,
    counts_on,
    read_assertion,
    read_registration,
)
from poolhouse.core.passkeys import decode, decoy, encode, is_allowed_origin, relying_party
from poolhouse.core.pools import UserPool

INTEGERS = st.integers(-(2**64), 2**64 - 1)
KEYS = INTEGERS | st.text(max_size=8) | st.binary(max_size=8)
SIMPLE = INTEGERS | st.text(max_size=20) | st.binary(max_size=20) | st.booleans() | st.none()
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


def depth(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + max((depth(item) for item in value.values()), default=1)
    return 1 + max(map(depth, value), default=1) if isinstance(value, list) else 1


@given(VALUES)
def test_what_cbor2_writes_is_read(value: Any) -> None:
    if depth(value) <= cbor.MAX_DEPTH:
        assert cbor.read(cbor2.dumps(value)) == value
    else:
        with pytest.raises(NotCbor):
            cbor.read(cbor2.dumps(value))


@given(st.binary(max_size=64))
@example(b"\x9b" + b"\xff" * 8)
@example(b"\xbb" + b"\xff" * 8)
@example(b"\x5b" + b"\xff" * 8)
@example(b"\x81" * 64)
@example(b"\xd8\x1c\x81\xd8\x1d\x00")
@example(b"\x7f\xff")
@example(b"\xf9\x00\x00")
def test_any_bytes_are_cbor_or_not(content: bytes) -> None:
    try:
        value = cbor.read(content)
    except NotCbor:
        return
    assert cbor2.loads(content) == value


def a_key_that_grows(levels: int) -> bytes:
    """Lists of two references to the one before: each level doubles what the last one stands for."""
    shared = b"\xd8\x1c\x81\x61x"
    for level in range(levels):
        reference = b"\xd8\x1d\x18" + bytes([level])
        shared += b"\xd8\x1c\x82" + reference * 2
    return b"\xa1\x01" + bytes([0x98, levels + 1]) + shared


def test_three_hundred_bytes_keep_nobody_busy() -> None:
    data = bytes(32) + bytes([UP | AT]) + bytes(20) + b"\x00\x10" + bytes(16) + a_key_that_grows(40)
    before = time.process_time()
    with pytest.raises(NotCbor):
        read_attestation_object(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data}))
    assert time.process_time() - before < 0.1


def options() -> dict[str, Any]:
    return {
        "pubKeyCredParams": [{"alg": -7, "type": "public-key"}],
        "rp": {"id": "example.com"},
        "user": {"id": "YQ"},
        "challenge": "Y2hhbGxlbmdl",
    }


HONEST = Authenticator(id=bytes(16))
REGISTRATION = HONEST.create(options())
ASSERTION = HONEST.get(options())


@given(st.sampled_from(["clientDataJSON", "attestationObject"]), st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_is_the_callers_error_or_changes_nothing(part: str, at: int, by: int) -> None:
    content = bytearray(decode(REGISTRATION["response"][part]))
    content[at % len(content)] ^= by
    changed = {**REGISTRATION, "response": {**REGISTRATION["response"], part: b64(bytes(content))}}
    try:
        answer = read_registration(changed)
        proven = check_registration(
            answer, challenge="Y2hhbGxlbmdl", relying_party="example.com", verification="required"
        )
    except CognitoError:
        return
    assert proven.id == encode(HONEST.id)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["public-key", "AA", "e30"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*REGISTRATION, *REGISTRATION["response"], *ASSERTION["response"]]),
            inner,
            max_size=6,
        )
    ),
    max_leaves=20,
)


@given(JSON)
def test_any_document_is_an_answer_or_the_callers_error(document: Any) -> None:
    for read, given_as in ((read_registration, document), (read_assertion, json.dumps(document))):
        try:
            read(given_as)
        except InvalidParameterException:
            pass


@given(st.dictionaries(st.sampled_from([1, 3, -1, -2, -3]), INTEGERS | st.binary(max_size=40) | st.none()))
def test_any_cose_key_is_one_or_not(cose: dict[int, Any]) -> None:
    try:
        public_key(cose)
    except NotSupported:
        pass


@pytest.mark.parametrize("coordinate", [-2, -3])
def test_a_coordinate_has_one_spelling(coordinate: int) -> None:
    cose = Authenticator()._cose()
    public_key(cose)
    with pytest.raises(NotSupported):
        public_key({**cose, coordinate: b"\x00" + cose[coordinate]})


@given(st.binary(max_size=40), st.sampled_from(["", "=", "=="]))
def test_padding_is_taken_or_left(content: bytes, padding: str) -> None:
    assert decode(encode(content) + padding) == content


@given(st.text(max_size=30))
def test_an_origin_is_below_the_rp_id_or_refused(host: str) -> None:
    origin = f"https://{host}"
    if is_allowed_origin(origin, "example.com"):
        assert host.partition(":")[0].split(".")[-2:] == ["example", "com"]


@pytest.mark.parametrize(
    ("origin", "rp", "allowed"),
    [
        ("https://example.com", "example.com", True),
        ("https://example.com:8443", "example.com", True),
        ("https://a.b.example.com", "example.com", True),
        ("https://example.com", "app.example.com", False),
        ("https://xexample.com", "example.com", False),
        ("https://example.com\n", "example.com", False),
        ("https://example.com:", "example.com", False),
        ("https://example.com#.evil.net", "example.com", False),
        ("http://localhost", "localhost", True),
        ("http://localhost:5173", "localhost", True),
        ("http://demo.localhost:9229", "demo.localhost", True),
        ("http://localhost.evil.net", "localhost", False),
        ("http://example.com", "example.com", False),
        ("http://127.0.0.1", "127.0.0.1", False),
    ],
)
def test_origins(origin: str, rp: str, allowed: bool) -> None:
    assert is_allowed_origin(origin, rp) is allowed


def a_user_pool(**configured: Any) -> UserPool:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return UserPool("us-east-1_aaaaaaaaa", "000000000000", "us-east-1", "p", now, now, {}, (), **configured)


def test_the_rp_id_is_the_one_set_or_the_domains_host() -> None:
    assert (
        relying_party(a_user_pool(web_authn={"RelyingPartyId": "a.example"}), ["https://b.example"])
        == "a.example"
    )
    assert relying_party(a_user_pool(), ["https://b.example", "https://c.example"]) == "b.example"
    assert relying_party(a_user_pool(), ["http://localhost:9229/domains/x"]) == "localhost"
    assert relying_party(a_user_pool(), ["http://127.0.0.1:9229/domains/x"]) == "localhost"
    assert relying_party(a_user_pool(), ["http://192.0.2.7/domains/x"]) is None
    assert relying_party(a_user_pool(), []) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1))
def test_a_counter_goes_up_or_stays_at_zero(before: int, now: int) -> None:
    assert counts_on(before, now) is (now > before or before == now == 0)


def test_made_up_passkeys_have_several_lengths() -> None:
    sizes = {len(decode(decoy(bytes(32), "pool", f"name {n}")["id"])) for n in range(50)}
    assert sizes == {16, 20, 32}


def test_names_of_keepers_are_by_whole_ids() -> None:
    assert all(len(bytes.fromhex(aaguid)) == 16 for aaguid in NAMES)
    assert friendly_name("0" * 32, "cross-platform") == "Security key"
    assert friendly_name("0" * 32, None) == "Passkey"
