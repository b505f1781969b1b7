"""An OpenID Connect provider on this machine that does as the test says: well, or wrongly in one way."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT_ID = "poolhouse-at-the-provider"
CLIENT_SECRET = "a secret between the two of them, and nobody else"
LOOPBACK = ("127.0.0.0/8", "::1/128")
"""What a server whose providers are on this machine has to allow."""

KEY = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
SOMEBODY_ELSES = RSAKey.generate_key(2048, {"kid": "one"})


def _nothing(claims: dict[str, Any]) -> dict[str, Any]:
    return claims


@dataclass
class FakeProvider:
    port: int = 0
    key: RSAKey = field(default_factory=lambda: KEY)
    discovery: dict[str, Any] = field(default_factory=dict)
    """Members that are other than usual."""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "Ada-1", "email": "ada@provider.example"})
    user: dict[str, Any] = field(default_factory=dict)
    """What userInfo says; by default the subject, and no more."""
    change: Callable[[dict[str, Any]], dict[str, Any]] = _nothing
    """What becomes of the ID token's claims."""
    sign: Callable[[FakeProvider, dict[str, Any]], str] | None = None
    token_answer: tuple[int, bytes] | None = None
    """In place of a good one."""
    keys_answer: tuple[int, bytes] | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """Path and parameters of each request."""
    check_secret: bool = True
    paths: dict[str, str] = field(default_factory=dict)
    """Where else its addresses are."""
    delays: dict[str, float] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def details(self) -> dict[str, str]:
        return {
            "client_id": CLIENT_ID,
            "client_secret": CLIENT_SECRET,
            "authorize_scopes": "openid email",
            "oidc_issuer": self.issuer,
            "attributes_request_method": "GET",
        }

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "id_token_signing_alg_values_supported": ["RS256"],
            **self.discovery,
        }

    def answer_to(self, address: str, **changes: str) -> str:
        """Where the provider sends a browser that was sent to `address`, somebody having signed in."""
        asked = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state'], **changes})}"

    def tokens(self, form: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form.get("redirect_uri") != asked["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        is_known = not self.check_secret or form.get("client_secret") == CLIENT_SECRET
        if not is_known or form.get("client_id") != CLIENT_ID:
            return 401, {"error": "invalid_client"}
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300, **self.claims}
        if "nonce" in asked:
            claims["nonce"] = asked["nonce"]
        claims = self.change(claims)
        token = self.sign(self, claims) if self.sign else signed(claims, self.key)
        return 200, {"access_token": "of-the-provider", "token_type": "Bearer", "id_token": token}


def signed(claims: dict[str, Any], key: RSAKey | ECKey | OctKey, alg: str = "RS256", **header: Any) -> str:
    kid = key.as_dict().get("kid")
    return jwt.encode({"alg": alg, **({"kid": kid} if kid else {}), **header}, claims, key, algorithms=[alg])


def unsigned(_: FakeProvider, claims: dict[str, Any]) -> str:
    def part(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).rstrip(b"=").decode()

    return f"{part({'alg': 'none'})}.{part(claims)}."


def with_public_key_as_secret(provider: FakeProvider, claims: dict[str, Any]) -> str:
    public = provider.key.as_pem(private=False)
    return signed(claims, OctKey.import_key(public), "HS256", kid="one")


def with_client_secret(_: FakeProvider, claims: dict[str, Any]) -> str:
    return signed(claims, OctKey.import_key(CLIENT_SECRET.encode()), "HS256")


def with_another_key(_: FakeProvider, claims: dict[str, Any]) -> str:
    return signed(claims, SOMEBODY_ELSES)


@contextmanager
def a_fake_provider(**options: Any) -> Iterator[FakeProvider]:
    provider = FakeProvider(**options)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(dict(parse_qsl(urlsplit(self.path).query)))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            self._answer(dict(parse_qsl(body)))

        def _answer(self, parameters: dict[str, str]) -> None:
            path = urlsplit(self.path).path
            path = provider.paths.get(path, path)
            provider.seen.append((path, parameters))
            provider.stop.wait(provider.delays.get(path, 0))
            status, body = _reply(provider, path, parameters)
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            try:
                self.wfile.write(body)
            except OSError:
                pass  # it was too much, and the caller went

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    provider.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        provider.stop.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def _reply(provider: FakeProvider, path: str, parameters: dict[str, str]) -> tuple[int, bytes]:
    status, document = 200, {}
    match path:
        case "/.well-known/openid-configuration":
            document = provider.document()
        case "/jwks":
            if provider.keys_answer is not None:
                return provider.keys_answer
            document = {"keys": [provider.key.as_dict(private=False)]}
        case "/token":
            if provider.token_answer is not None:
                return provider.token_answer
            status, document = provider.tokens(parameters)
        case "/userinfo":
            document = provider.user or {"sub": provider.claims["sub"]}
        case _:
            status = 404
    return status, json.dumps(document).encode()
