"""For any text at all: a token error or a genuine token, and no bit of a genuine one can be changed."""

from __future__ import annotations

import base64
import json

from hypothesis import given, settings
from hypothesis import strategies as st

import poolhouse_verify as pv
from poolhouse_verify.command import as_json, as_text
from poolhouse_verify.encoding import decode_base64url, decode_integer, encode_base64url, encode_integer
from poolhouse_verify.explain import explain
from poolhouse_verify.testing import LocalIssuer

NOW = 1_800_000_000
ISSUER = LocalIssuer(clock=lambda: NOW)
VERIFIER = ISSUER.verifier(scopes=["a/b"])
TOKEN = ISSUER.access_token(
    scopes=["a/b"], claims={"note": "é \U0001f40e", "nested": {"list": [1, 2.5, None]}}
)

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
b64 = st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).rstrip(b"=").decode())
names = st.sampled_from(["iss", "exp", "nbf", "iat", "sub", "client_id", "aud", "scope", "token_use", "jti"])


def answer(token: object) -> pv.VerifiedToken | None:
    """Anything but a TokenError comes through and fails the test."""
    refused: pv.TokenError | None = None
    try:
        return VERIFIER.verify(token)  # type: ignore[arg-type]  # also what is no text
    except pv.TokenError as error:
        refused = error
    assert type(refused) is not pv.TokenError
    assert str(refused).isprintable()
    return None


def test_the_token_of_these_tests_is_good():
    assert answer(TOKEN) is not None


@given(st.text() | st.text(alphabet="aA0-_=.{}\"' \n", max_size=50) | st.tuples(b64, b64, b64).map(".".join))
def test_no_text_is_taken_for_a_token(text):
    assert answer(text) is None


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "x"]), json_values),
    st.dictionaries(names, json_values),
)
def test_no_header_and_no_claims_of_any_type_break_the_verifier(header, claims):
    """Genuinely signed, so that every check behind the signature sees them too."""
    usual = dict(answer(TOKEN) or {})
    for text in (ISSUER.sign(usual | claims), ISSUER.sign(usual, header)):
        token = answer(text)
        if token is not None:
            assert token.scopes >= {"a/b"}
            assert token.issuer == ISSUER.issuer
            assert isinstance(token.client_id, str)
            assert token.expires_at.timestamp() > NOW - 11
            assert isinstance(token.groups, frozenset)
            assert repr(token)


@given(st.integers(0, len(TOKEN) * 8 - 1))
@settings(max_examples=400)
def test_a_token_with_any_bit_flipped_is_refused(bit):
    changed = bytearray(TOKEN.encode())
    changed[bit // 8] ^= 1 << (bit % 8)
    assert answer(changed.decode("latin-1")) is None


@given(st.integers(0, 2), st.data())
@settings(max_examples=200)
def test_a_token_with_any_decoded_bit_flipped_is_refused(which, data):
    """The same below the base64: the text stays well-formed, only header, claims or signature differ."""
    parts = [bytearray(decode_base64url(part.encode())) for part in TOKEN.split(".")]
    bit = data.draw(st.integers(0, len(parts[which]) * 8 - 1))
    parts[which][bit // 8] ^= 1 << (bit % 8)
    assert answer(".".join(encode_base64url(bytes(part)).decode() for part in parts)) is None


@given(st.integers(0, len(TOKEN)), st.integers(0, len(TOKEN)), st.text(max_size=3))
def test_a_token_cut_or_filled_is_refused(start, end, filling):
    changed = TOKEN[:start] + filling + TOKEN[end:]
    assert (answer(changed) is not None) == (changed == TOKEN)


@given(st.binary())
def test_base64url_has_one_text_a_value(data):
    text = encode_base64url(data)
    assert decode_base64url(text) == data
    assert b"=" not in text


@given(st.integers(min_value=1))
def test_integers_survive_the_wire(number):
    assert decode_integer(encode_integer(number)) == number


@given(st.text() | st.tuples(b64, b64, b64).map(".".join))
def test_any_text_can_be_explained_and_printed(text):
    explanation = explain(text, keys=pv.StaticKeys(ISSUER.jwks()), clock=lambda: NOW)
    assert not explanation.is_verified
    assert as_text(explanation).replace("\n", "").isprintable()
    assert json.loads(as_json(explanation))["verified"] is False


@given(
    st.dictionaries(st.sampled_from(["alg", "kid", "typ"]), json_values),
    st.dictionaries(names | st.text(), json_values),
)
def test_any_claims_can_be_explained_and_printed(header, claims):
    token = ISSUER.sign(dict(answer(TOKEN) or {}) | claims, header)
    explanation = explain(token, keys=pv.StaticKeys(ISSUER.jwks()), clock=lambda: NOW)
    assert as_text(explanation).replace("\n", "").isprintable()
    assert json.loads(as_json(explanation))["verified"] is explanation.is_verified
