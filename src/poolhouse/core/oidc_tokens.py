"""An ID token of a provider: which key may have signed it, and whether it says what it must.

The algorithm comes from what the provider announced when it was configured, and the kind of key from the algorithm:
what a token says of itself only chooses among them. An HMAC is by our client's secret and never by a public key.

Source: OpenID Connect Core §3.1.3.6, §3.1.3.7; RFC 8725 §3.1.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from poolhouse.core.base64url import base64url

ALGORITHMS = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
    "HS256",
    "HS384",
    "HS512",
)
"""All that are known. `none` is no algorithm."""
DEFAULT = ("RS256",)
"""Where a provider announces none (OIDC Discovery §3 demands it of all)."""
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP", "HS": "oct"}
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
SHORTEST_MODULUS = 342
"""Characters of base64url: 2048 bits (RFC 7518 §3.3)."""
MAX_TOKEN = 64 * 1024
"""Characters."""
CLOCK_SKEW = timedelta(minutes=2)


class TokenRefused(Exception):
    """An ID token that proves nothing. The text says why, for the log."""


def header_of(token: str) -> Mapping[str, Any]:
    """The header, believed in nothing. Raises TokenRefused."""
    parts = token.split(".")
    if len(parts) != 3 or len(token) > MAX_TOKEN:
        raise TokenRefused("no JWS of three parts")
    try:
        padded = parts[0] + "=" * (-len(parts[0]) % 4)
        header = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error, RecursionError):
        raise TokenRefused("its header can't be read") from None
    if not isinstance(header, dict):
        raise TokenRefused("its header is no object")
    if "crit" in header or "b64" in header:
        raise TokenRefused("its header has an extension that is not known")
    return header


def algorithm_of(header: Mapping[str, Any], allowed: Collection[str]) -> str:
    """Raises TokenRefused: it is none that the provider announced."""
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS or algorithm not in (allowed or DEFAULT):
        raise TokenRefused("its algorithm is none that the provider announced")
    return algorithm


def is_meant(key: Mapping[str, Any], algorithm: str, kid: object) -> bool:
    """Whether a provider's public key may have signed this."""
    if key.get("kty") != KEY_TYPES[algorithm[:2]] or key.get("kty") == "oct":
        return False
    if key.get("use", "sig") != "sig" or key.get("alg", algorithm) != algorithm:
        return False
    if key["kty"] == "RSA" and len(str(key.get("n", ""))) < SHORTEST_MODULUS:
        return False
    if algorithm in CURVES and key.get("crv") != CURVES[algorithm]:
        return False
    return kid is None or key.get("kid") == kid


def check_claims(
    claims: Mapping[str, Any],
    *,
    issuer: str,
    client_id: str,
    nonce: str,
    now: datetime,
    max_age: int | None = None,
) -> None:
    """Raises TokenRefused: the token is not of this provider, for this client, of this sign-in, now."""
    if claims.get("iss") != issuer:
        raise TokenRefused("another issuer")
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or client_id not in audiences:
        raise TokenRefused("for another audience")
    if claims.get("azp", client_id) != client_id or (len(audiences) > 1 and "azp" not in claims):
        raise TokenRefused("another party is authorized")
    moment, skew = now.timestamp(), CLOCK_SKEW.total_seconds()
    expires, issued = _number(claims, "exp"), _number(claims, "iat")
    if expires is None or moment >= expires + skew:
        raise TokenRefused("it has expired")
    if issued is None or issued > moment + skew:
        raise TokenRefused("it is not issued yet")
    begins = _number(claims, "nbf")
    if "nbf" in claims and (begins is None or begins > moment + skew):
        raise TokenRefused("it is not valid yet")
    told = claims.get("nonce")
    if not isinstance(told, str) or not hmac.compare_digest(told.encode("utf-8", "replace"), nonce.encode()):
        raise TokenRefused("another nonce")
    subject = claims.get("sub")
    if not isinstance(subject, str) or not subject:
        raise TokenRefused("it names nobody")
    if max_age is not None:
        signed_in = _number(claims, "auth_time")
        if signed_in is None or moment > signed_in + max_age + skew:
            raise TokenRefused("the sign-in is longer ago than was asked")


def check_at_hash(claims: Mapping[str, Any], algorithm: str, access_token: str | None) -> None:
    """Raises TokenRefused: it came with another access token. One that names none says nothing."""
    told = claims.get("at_hash")
    if told is None or access_token is None:
        return
    size = "512" if algorithm.startswith("Ed") else algorithm[-3:]
    digest = hashlib.new(f"sha{size}", access_token.encode()).digest()
    expected = base64url(digest[: len(digest) // 2])
    if not isinstance(told, str) or not hmac.compare_digest(
        told.encode("utf-8", "replace"), expected.encode()
    ):
        raise TokenRefused("another access token")


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    """A moment; None where it is none: NaN too, which is neither before nor after any other."""
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
