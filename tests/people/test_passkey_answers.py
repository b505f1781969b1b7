"""What authenticators write, and whatever a stranger may send in its place."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import cbor2
import pytest
from fido2.cose import CoseKey
from hypothesis import example, given
from hypothesis import strategies as st
from tests.people.authenticator import AT, UP, Authenticator, b64, unb64

from poolhouse.core.authenticator_names import NAMES, friendly_name
from poolhouse.core.authenticators import (
    MAX_ATTESTATION,
    MAX_DATA,
    NotReadable,
    NotSupported,
    checked_key,
    read_attestation_object,
    read_authenticator_data,
)
from poolhouse.core.base64url import base64url
from poolhouse.core.errors import CognitoError, InvalidParameterException
from poolhouse.core.passkey_answers import (
    check_registration,
    counts_on,
    read_assertion,
    read_registration,
)
from poolhouse.core.passkeys import decode, decoy, is_allowed_origin, relying_party
from poolhouse.core.pools import UserPool

INTEGERS = st.integers(-(2**64), 2**64 - 1)
KEYS = INTEGERS | st.text(max_size=8) | st.binary(max_size=8)
SIMPLE = INTEGERS | st.text(max_size=20) | st.binary(max_size=20) | st.booleans() | st.none() | st.floats()
VALUES = st.recursive(
    SIMPLE,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)
HUGE = 2**40
BEFORE_KEY = bytes(32) + bytes([UP | AT]) + bytes(20) + b"\x00\x10" + bytes(16)
"""Authenticator data up to where the COSE key begins."""


def statement(data: Any, **more: Any) -> bytes:
    return cbor2.dumps({"fmt": "none", "attStmt": {}, **more, "authData": data})


def a_key_with(more: bytes) -> bytes:
    """An ES256 key with one member too many."""
    return b"\xa2\x03\x26\x04" + more


def read_either(content: bytes) -> None:
    for read in (read_attestation_object, read_authenticator_data):
        try:
            read(content)
        except NotReadable:
            pass


@given(st.binary(max_size=64))
@example(b"")
@example(b"\x9b" + b"\xff" * 8)
@example(b"\xbb" + b"\xff" * 8)
@example(b"\x5b" + b"\xff" * 8)
@example(b"\x81" * 64)
@example(b"\x81" * 4_000)
@example(b"\xa1\x80\x00")
@example(b"\xd8\x1c\x81\xd8\x1d\x00")
@example(b"\x7f\xff")
@example(b"\xf9\x00\x00")
def test_any_bytes_are_an_authenticators_or_not_readable(content: bytes) -> None:
    read_either(content)
    read_either(BEFORE_KEY + content)
    read_either(BEFORE_KEY + a_key_with(content))
    read_either(bytes(32) + b"\x80" + bytes(4) + content)
    for data in (content, BEFORE_KEY + content, BEFORE_KEY + a_key_with(content)):
        read_either(statement(data))


@given(VALUES, VALUES)
def test_any_value_in_a_statement_is_read_or_not(data: Any, key: Any) -> None:
    read_either(cbor2.dumps(data))
    read_either(statement(data))
    read_either(statement(BEFORE_KEY + cbor2.dumps(key), attStmt=data))


def a_key_that_grows(levels: int) -> bytes:
    """Lists of two references to the one before: each level doubles what the last one stands for."""
    shared = b"\xd8\x1c\x81\x61x"
    for level in range(levels):
        reference = b"\xd8\x1d\x18" + bytes([level])
        shared += b"\xd8\x1c\x82" + reference * 2
    return b"\xa1\x01" + bytes([0x98, levels + 1]) + shared


def test_three_hundred_bytes_keep_nobody_busy() -> None:
    before = time.process_time()
    with pytest.raises(NotReadable):
        read_attestation_object(statement(BEFORE_KEY + a_key_that_grows(40)))
    assert time.process_time() - before < 0.1


@pytest.mark.parametrize("item", [b"\x00", b"\x18\x20", b"\x60", b"\x80", b"\xa0", b"\x81", b"\xa1\x00"])
def test_the_most_that_is_read_keeps_nobody_busy(item: bytes) -> None:
    def filled(size: int) -> bytes:
        count = size // len(item)
        return b"\x99" + count.to_bytes(2) + item * count

    data = BEFORE_KEY + a_key_with(filled(MAX_DATA - 100))
    assert len(data) <= MAX_DATA
    before = time.process_time()
    read_either(data)
    read_either(filled(MAX_ATTESTATION - 3))
    assert time.process_time() - before < 0.25


@pytest.mark.parametrize(
    "content",
    [
        statement(HUGE),
        statement([HUGE]),
        statement(BEFORE_KEY + b"\x5b" + HUGE.to_bytes(8)),
        statement(BEFORE_KEY + a_key_with(b"\x9b" + HUGE.to_bytes(8))),
        b"\x5b" + HUGE.to_bytes(8),
    ],
)
def test_a_large_number_asks_for_no_memory(content: bytes) -> None:
    read_authenticator_data(bytes(37))  # what the library keeps for itself
    tracemalloc.start()
    try:
        with pytest.raises(NotReadable):
            read_attestation_object(content)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("member", ["id", "rawId", "clientDataJSON", "attestationObject", "transports"])
def test_a_number_in_place_of_a_text_asks_for_no_memory(member: str) -> None:
    changed = {**REGISTRATION, "response": dict(REGISTRATION["response"])}
    (changed if member in changed else changed["response"])[member] = HUGE
    try:
        read_registration(changed)
    except InvalidParameterException:
        assert member != "transports"
    claimed = json.dumps({"type": "webauthn.create", "challenge": HUGE, "origin": "https://example.com"})
    changed = {
        **REGISTRATION,
        "response": {**REGISTRATION["response"], "clientDataJSON": b64(claimed.encode())},
    }
    with pytest.raises(InvalidParameterException):
        read_registration(changed)


def test_what_is_longer_than_authenticators_write_is_not_read() -> None:
    honest = read_attestation_object(unb64(REGISTRATION["response"]["attestationObject"]))
    read_authenticator_data(bytes(honest))
    read_attestation_object(statement(bytes(honest), attStmt={"x5c": [bytes(10_000)]}))
    with pytest.raises(NotReadable):
        read_attestation_object(statement(bytes(honest), attStmt={"x5c": [bytes(MAX_ATTESTATION)]}))
    with pytest.raises(NotReadable):
        read_attestation_object(statement(BEFORE_KEY + a_key_with(cbor2.dumps(bytes(MAX_DATA)))))


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
    assert proven.id == base64url(HONEST.id)


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


COSE = st.fixed_dictionaries(
    {1: st.sampled_from([1, 2, 3]), 3: st.sampled_from([-7, -9, -8, -257, -65535])},
    optional={
        label: INTEGERS
        | st.binary(max_size=40)
        | st.binary(min_size=32, max_size=32)
        | st.none()
        | st.text(max_size=3)
        for label in (-1, -2, -3)
    },
)


@given(COSE | st.fixed_dictionaries({3: VALUES}) | st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_cose_key_is_one_or_not(cose: dict[Any, Any]) -> None:
    try:
        data = read_authenticator_data(BEFORE_KEY + cbor2.dumps(cose))
    except NotReadable:
        return
    assert data.credential_data is not None
    with pytest.raises(NotSupported):  # nobody guesses a point, nor a modulus of 2048 bits
        checked_key(data.credential_data.public_key)


def rsa_key(bits: int, e: bytes = b"\x01\x00\x01", *, type: int = 3, algorithm: int = -257) -> CoseKey:
    return CoseKey.parse({1: type, 3: algorithm, -1: (2**bits - 1).to_bytes(bits // 8), -2: e})


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        (rsa_key(2048), True),
        (rsa_key(4096), True),
        (rsa_key(2040), False),
        (rsa_key(4104), False),
        (rsa_key(2048, b"\x01\x00\x00"), False),
        (rsa_key(2048, b"\x01"), False),
        (rsa_key(2048, b"\x01\x00\x00\x00\x01"), False),
        (rsa_key(2048, type=2), False),
        (rsa_key(2048, algorithm=-65535), False),  # with SHA-1
        (rsa_key(2048, algorithm=-37), False),
        (rsa_key(2048, b""), False),
    ],
)
def test_an_rsa_key_is_of_the_kind_that_was_offered(key: CoseKey, taken: bool) -> None:
    if taken:
        assert cbor2.loads(checked_key(key)) == key
    else:
        with pytest.raises(NotSupported):
            checked_key(key)


@pytest.mark.parametrize("coordinate", [-2, -3])
def test_a_coordinate_has_one_spelling(coordinate: int) -> None:
    cose = Authenticator()._cose()
    checked_key(CoseKey.parse(cose))
    for other in (b"\x00" + cose[coordinate], list(cose[coordinate]), bytes(32), b"\xff" * 32):
        with pytest.raises(NotSupported):
            checked_key(CoseKey.parse({**cose, coordinate: other}))


def test_of_a_key_nothing_is_kept_but_the_key() -> None:
    cose = Authenticator()._cose()
    assert cbor2.loads(checked_key(CoseKey.parse({**cose, 2: b"a name", "more": [1]}))) == cose


def test_the_library_is_read_where_a_passkey_is() -> None:
    """A server without passkeys has neither its memory nor its time."""
    program = "import sys, poolhouse.app; sys.exit('fido2' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


@given(st.binary(max_size=40), st.sampled_from(["", "=", "=="]))
def test_padding_is_taken_or_left(content: bytes, padding: str) -> None:
    assert decode(base64url(content) + padding) == content


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
