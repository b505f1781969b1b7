"""Tokens made to deceive: each is refused, for its own reason, and none chooses how it is checked."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

import poolhouse_verify as pv
from poolhouse_verify.testing import LocalIssuer

Signer = Callable[[bytes], bytes]


def b64(data: bytes | str) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def forged(issuer: LocalIssuer, sign: Signer, **header: Any) -> str:
    """Good claims under any header, signed in any way."""
    whole = {"kid": issuer.kid, "alg": "RS256", **header}
    signed = f"{b64(json.dumps(whole))}.{issuer.access_token().split('.')[1]}"
    return f"{signed}.{b64(sign(signed.encode()))}"


def signed_text(issuer: LocalIssuer, header: str, claims: str) -> str:
    """Exactly these texts, under the issuer's genuine signature."""
    signed = f"{b64(header)}.{b64(claims)}"
    return f"{signed}.{b64(rs256(issuer)(signed.encode()))}"


def rs256(issuer: LocalIssuer) -> Signer:
    return lambda data: issuer.private_key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def hs256(secret: bytes) -> Signer:
    return lambda data: hmac.digest(secret, data, hashlib.sha256)


def refuse(issuer: LocalIssuer, clock: Callable[[], float], token: Any, error: type[pv.TokenError]) -> None:
    with pytest.raises(pv.TokenError) as caught:
        issuer.verifier(clock=clock).verify(token)
    assert type(caught.value) is error


ALGORITHMS_OF_NOBODY = [
    "none",
    "None",
    "NONE",
    "nOnE",
    "",
    "rs256",
    "RS256 ",
    "HS256",
    "ES256",
    None,
    5,
    ["RS256"],
    {},
]


@pytest.mark.parametrize("algorithm", ALGORITHMS_OF_NOBODY)
@pytest.mark.parametrize("signature", [b"", b"x"])
def test_another_algorithm_is_refused_whatever_its_case(issuer, clock, algorithm, signature):
    refuse(issuer, clock, forged(issuer, lambda _: signature, alg=algorithm), pv.WrongAlgorithm)


def test_a_header_without_alg_is_refused(issuer, clock):
    claims = json.dumps(claims_of(issuer.access_token()))
    refuse(issuer, clock, signed_text(issuer, json.dumps({"kid": issuer.kid}), claims), pv.WrongAlgorithm)


@pytest.mark.parametrize("form", ["PEM", "PKCS1 PEM", "DER", "JWK", "JWKS", "n"])
@pytest.mark.parametrize("announced", ["HS256", "RS256"])
def test_the_public_key_is_no_shared_secret(issuer, clock, form, announced):
    public = issuer.private_key.public_key()
    spki, pkcs1 = serialization.PublicFormat.SubjectPublicKeyInfo, serialization.PublicFormat.PKCS1
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    secret = {
        "PEM": public.public_bytes(pem, spki),
        "PKCS1 PEM": public.public_bytes(pem, pkcs1),
        "DER": public.public_bytes(der, spki),
        "JWK": json.dumps(issuer.jwks()["keys"][0]).encode(),
        "JWKS": json.dumps(issuer.jwks()).encode(),
        "n": issuer.jwks()["keys"][0]["n"].encode(),
    }[form]
    error = pv.WrongAlgorithm if announced == "HS256" else pv.BadSignature
    refuse(issuer, clock, forged(issuer, hs256(secret), alg=announced), error)


@pytest.mark.parametrize("announced", ["own", "RS256"])
@pytest.mark.parametrize("real", ["RS384", "RS512", "PS256", "ES256"])
def test_neighbouring_algorithms_are_refused_under_their_own_name_and_under_rs256(
    issuer, clock, real, announced
):
    key = issuer.private_key
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), salt_length=32)
    sign: Signer = {
        "RS384": lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA384()),
        "RS512": lambda data: key.sign(data, padding.PKCS1v15(), hashes.SHA512()),
        "PS256": lambda data: key.sign(data, pss, hashes.SHA256()),
        "ES256": lambda data: ec.generate_private_key(ec.SECP256R1()).sign(data, ec.ECDSA(hashes.SHA256())),
    }[real]
    error = pv.WrongAlgorithm if announced == "own" else pv.BadSignature
    refuse(issuer, clock, forged(issuer, sign, alg=real if announced == "own" else announced), error)


@pytest.mark.parametrize("where", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_brought_along_is_never_used(issuer, stranger, clock, where):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/keys"
        own = stranger.jwks()["keys"][0] | {"kid": issuer.kid}
        extra = {"jwk": own, "jku": address, "x5u": address, "x5c": [b64(b"certificate")]}[where]
        refuse(issuer, clock, forged(issuer, rs256(stranger), **{where: extra}), pv.BadSignature)
        with pytest.raises(BlockingIOError):  # nobody called
            listener.accept()


@pytest.mark.parametrize("name", ["crit", "b64", "zip"])
@pytest.mark.parametrize("value", [["exp"], [], False, True, None, "DEF"])
def test_an_extension_nobody_agreed_on_is_refused(issuer, clock, name, value):
    refuse(issuer, clock, forged(issuer, rs256(issuer), **{name: value}), pv.UnsupportedHeader)


@pytest.mark.parametrize(
    "kid",
    [
        "../../etc/passwd",
        "' OR 1=1 --",
        "https://evil.example/k",
        "\x00",
        "x" * 257,
        "",
        None,
        5,
        ["a"],
        {"a": 1},
    ],
)
def test_a_kid_is_a_name_to_look_up_and_nothing_else(issuer, clock, kid):
    refuse(issuer, clock, forged(issuer, rs256(issuer), kid=kid), pv.UnknownKey)


def test_another_pools_key_is_refused(issuer, stranger, clock):
    refuse(issuer, clock, stranger.access_token(), pv.UnknownKey)
    refuse(issuer, clock, forged(issuer, rs256(stranger)), pv.BadSignature)


def test_the_signature_of_another_token_is_refused(issuer, clock):
    one, other = issuer.access_token(), issuer.access_token(client_id="root")
    mixed = ".".join([*other.split(".")[:2], one.split(".")[2]])
    refuse(issuer, clock, mixed, pv.BadSignature)


@pytest.mark.parametrize(
    "signature", [b"", b"\x00" * 256, b"\xff" * 256, b"\x00", b"\x00" * 257, b"\x01" * 5000]
)
def test_no_signature_and_empty_ones_are_refused(issuer, clock, signature):
    refuse(issuer, clock, forged(issuer, lambda _: signature), pv.BadSignature)


def test_the_signature_one_byte_longer_or_shorter_is_refused(issuer, clock):
    for change in (lambda s: s + b"\x00", lambda s: b"\x00" + s, lambda s: s[:-1], lambda s: s[1:]):
        refuse(issuer, clock, forged(issuer, lambda d, c=change: c(rs256(issuer)(d))), pv.BadSignature)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: "",
        lambda t: ".",
        lambda t: "..",
        lambda t: "...",
        lambda t: t.rpartition(".")[0],
        lambda t: t + ".",
        lambda t: "." + t,
        lambda t: t + "." + t.split(".")[2],
        lambda t: ".".join([*t.split("."), "a", "b"]),
        lambda t: t.split(".")[0],
        lambda t: f" {t}",
        lambda t: f"{t}\n",
        lambda t: f"{t}=",
        lambda t: f"{t}==",
        lambda t: "Bearer " + t,
        lambda t: t.replace(".", "\u3002"),
        lambda t: t.replace(".", " . "),
        lambda t: t[:20] + "\n" + t[20:],
        lambda t: t[:20] + "%" + t[20:],
        lambda t: "+" + t[1:],
        lambda t: t.encode(),
        lambda t: None,
        lambda t: 5,
        lambda t: [t],
        lambda t: "a" * 20_000,
        lambda t: t + "A" * 16_384,
        lambda t: json.dumps(dict(zip(("protected", "payload", "signature"), t.split("."), strict=True))),
        lambda t: json.dumps({"payload": t.split(".")[1], "signatures": []}),
    ],
)
def test_only_the_compact_serialization_is_read(issuer, clock, spoil):
    refuse(issuer, clock, spoil(issuer.access_token()), pv.MalformedToken)


def test_a_second_spelling_of_the_same_bytes_is_refused(issuer, clock):
    """The last character of 256 bytes has four unused bits: 15 other characters decode to the same signature."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    token = issuer.access_token()
    last = alphabet.index(token[-1])
    assert last % 16 == 0
    for stray in range(1, 16):
        refuse(issuer, clock, token[:-1] + alphabet[last + stray], pv.MalformedToken)


@pytest.mark.parametrize(
    "claims",
    [
        "",
        "null",
        "[]",
        '"text"',
        "5",
        "{",
        "{}{}",
        "{'a': 1}",
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": ' + "9" * 5000 + "}",
        '{"a": "\\ud800"}',
        '{"\\udfff": 1}',
        "[" * 6000,
        '{"a":' * 2400 + "1" + "}" * 2400,
        '\ufeff{"a": 1}',
    ],
)
def test_claims_that_are_no_plain_json_object_are_refused(issuer, clock, claims):
    header = json.dumps({"kid": issuer.kid, "alg": "RS256"})
    refuse(issuer, clock, signed_text(issuer, header, claims), pv.MalformedToken)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_claims_in_another_encoding_are_refused(issuer, clock, encoding):
    header = b64(json.dumps({"kid": issuer.kid, "alg": "RS256"}))
    claims = json.dumps(claims_of(issuer.access_token()) | {"a": "é"}, ensure_ascii=False)
    signed = f"{header}.{b64(claims.encode(encoding))}"
    refuse(issuer, clock, f"{signed}.{b64(rs256(issuer)(signed.encode()))}", pv.MalformedToken)


def test_a_name_twice_is_refused_in_claims_and_header_at_any_depth(issuer, clock):
    claims = json.dumps(claims_of(issuer.access_token()))
    header = json.dumps({"kid": issuer.kid, "alg": "RS256"})
    issuer.verifier(clock=clock).verify(signed_text(issuer, header, claims))

    for twice in ('{"client_id": "root", ' + claims[1:], '{"a": {"b": 1, "b": 1}, ' + claims[1:]):
        refuse(issuer, clock, signed_text(issuer, header, twice), pv.MalformedToken)
    refuse(issuer, clock, signed_text(issuer, '{"alg": "none", ' + header[1:], claims), pv.MalformedToken)


def test_an_encrypted_token_is_named_as_such(issuer, clock):
    with pytest.raises(pv.MalformedToken, match="encrypted"):
        issuer.verifier(clock=clock).verify("e30.a.b.c.d")


def weak_key() -> dict[str, Any]:
    issuer = LocalIssuer.__new__(LocalIssuer)
    issuer.private_key, issuer.kid = rsa.generate_private_key(65537, 1024), "weak"
    return issuer.jwks()["keys"][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"kty": "oct", "k": "c2VjcmV0"}, "kty"),
        ({"kty": None}, "kty"),
        ({"use": "enc"}, "use"),
        ({"alg": "RS512"}, "alg"),
        ({"key_ops": ["encrypt"]}, "verifying"),
        ({"key_ops": "verify"}, "verifying"),
        ({"kid": ""}, "kid"),
        ({"kid": 5}, "kid"),
        ({"n": "AQAB"}, "17 bits"),
        ({"n": "AQ=="}, "n or e"),
        ({"n": None}, "n or e"),
        ({"n": "é"}, "n or e"),
        ({"n": "_" * 12000}, "72000 bits"),
        ({"e": "AA"}, "n or e"),
        ({"e": "AQ"}, ""),
        ({"e": "_" * 40}, "exponent"),
    ],
)
def test_a_key_that_fits_no_rs256_signature_is_not_taken(issuer, change, words):
    with pytest.raises(ValueError, match="no usable key") as caught:
        pv.StaticKeys({"keys": [issuer.jwks()["keys"][0] | change]})
    assert words in str(caught.value)


def test_a_short_key_is_not_taken():
    with pytest.raises(ValueError, match="1024 bits"):
        pv.StaticKeys({"keys": [weak_key()]})


def test_good_keys_are_found_beside_unfit_ones(issuer, stranger, clock):
    """And of two keys under one kid the first counts, so that a later one can't replace it."""
    second = stranger.jwks()["keys"][0] | {"kid": issuer.kid}
    entries = [5, {"kty": "EC", "kid": issuer.kid}, weak_key(), *issuer.jwks()["keys"], second]
    verifier = issuer.verifier(keys=pv.StaticKeys(json.dumps({"keys": entries})), clock=clock)
    verifier.verify(issuer.access_token())
    with pytest.raises(pv.UnknownKey):
        verifier.keys.find("weak")


@pytest.mark.parametrize(
    "document", ["", "[]", "{}", '{"keys": {}}', '{"keys": []}', '{"keys": [], "keys": []}']
)
def test_what_is_no_jwks_is_refused(document):
    with pytest.raises(ValueError, match=r"."):
        pv.StaticKeys(document)
