"""JSON Web Tokens in Cognito's form: the claims, and the text that is signed."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson

from poolhouse.core.snapshots import ClientSnapshot


def machine_access_token(
    client: ClientSnapshot, issuer: str, scope: str, now: int, jti: str
) -> dict[str, Any]:
    """The claims of a client_credentials access token. The client is its own subject.

    Source: Cognito developer guide, "Understanding the access token"; RFC 7519 §4.1.
    """
    claims: dict[str, Any] = {
        "sub": client.id,
        "token_use": "access",
        "scope": scope,
        "auth_time": now,
        "iss": issuer,
        "exp": now + client.access_token_lifetime,
        "iat": now,
        "version": 2,
        "jti": jti,
        "client_id": client.id,
    }
    if client.audience is not None:
        claims["aud"] = client.audience
    return claims


def signing_input(kid: str, claims: Mapping[str, Any]) -> bytes:
    """`header.payload` (RFC 7515 §5.1): what the signature covers."""
    return _header(kid) + b"." + _encode(orjson.dumps(claims))


def token(signed: bytes, signature: bytes) -> str:
    """The compact serialization (RFC 7515 §7.1)."""
    return (signed + b"." + _encode(signature)).decode("ascii")


@lru_cache(maxsize=4096)
def _header(kid: str) -> bytes:
    """Cognito's header: no `typ`."""
    return _encode(orjson.dumps({"kid": kid, "alg": "RS256"}))


def _encode(data: bytes) -> bytes:
    return urlsafe_b64encode(data).rstrip(b"=")
