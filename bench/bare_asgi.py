"""The least that an issuer of tokens does, as a bare ASGI handler: what the HTTP server and the signature cost.

It parses the form and the Basic header, compares the secret, signs a token with the claims that Poolhouse
gives, and writes JSON. It has no store, no log, no metrics, no limits, and no errors. For the benchmark only.
"""

from __future__ import annotations

import base64
import hmac
import os
import time
import uuid
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import orjson
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

SECRETS = {os.environ["BENCH_CLIENT_ID"]: os.environ["BENCH_CLIENT_SECRET"]}
ISSUER = "http://localhost:9229/us-east-1_aBcDeFgHi"
KEY = generate_private_key(public_exponent=65537, key_size=2048)
PADDING, DIGEST = PKCS1v15(), SHA256()
MODULUS = KEY.public_key().public_numbers().n.to_bytes(256)

Message = MutableMapping[str, Any]


def encode(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


KID = "bench"
HEADER = encode(orjson.dumps({"kid": KID, "alg": "RS256"}))
JWK = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": KID, "e": "AQAB", "n": encode(MODULUS).decode()}
JWKS = orjson.dumps({"keys": [JWK]})


async def app(
    scope: MutableMapping[str, Any],
    receive: Callable[[], Awaitable[Message]],
    send: Callable[[Message], Awaitable[None]],
) -> None:
    if scope["type"] != "http":
        return
    if scope["path"] == "/jwks.json":
        await answer(send, JWKS)
        return
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message["more_body"]:
            break
    form = dict(parse_qsl(body.decode()))
    headers = dict(scope["headers"])
    client_id, _, secret = base64.b64decode(headers[b"authorization"][6:]).decode().partition(":")
    if form["grant_type"] != "client_credentials" or not hmac.compare_digest(SECRETS[client_id], secret):
        raise ValueError("refused")
    await answer(
        send,
        orjson.dumps(
            {"access_token": token(client_id, form["scope"]), "expires_in": 3600, "token_type": "Bearer"}
        ),
    )


def token(client_id: str, scope: str) -> str:
    now = int(time.time())
    claims = {
        "sub": client_id,
        "token_use": "access",
        "scope": scope,
        "auth_time": now,
        "iss": ISSUER,
        "exp": now + 3600,
        "iat": now,
        "version": 2,
        "jti": str(uuid.uuid4()),
        "client_id": client_id,
    }
    signed = HEADER + b"." + encode(orjson.dumps(claims))
    return (signed + b"." + encode(KEY.sign(signed, PADDING, DIGEST))).decode()


async def answer(send: Callable[[Message], Awaitable[None]], body: bytes) -> None:
    headers = [
        (b"content-type", b"application/json;charset=UTF-8"),
        (b"cache-control", b"no-store"),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
