"""For the tests of a service: an issuer in the test's own process, whose tokens its verifier accepts. No network.

issuer = LocalIssuer()
verifier = issuer.verifier(scopes=["transactions/post"])
verifier.verify(issuer.access_token(scopes=["transactions/post"]))
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Collection, Mapping
from datetime import timedelta
from typing import Any, Unpack

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

from poolhouse_verify.encoding import encode_base64url, encode_integer, encode_object
from poolhouse_verify.keys import StaticKeys
from poolhouse_verify.rules import scope_set
from poolhouse_verify.verifier import TokenVerifier, VerifierOptions


class LocalIssuer:
    """Signs tokens in Cognito's form, with a key of its own."""

    def __init__(
        self,
        issuer: str = "https://issuer.example/eu-west-1_Test00000",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.issuer = issuer
        self.private_key: RSAPrivateKey = generate_private_key(65537, 2048)
        self.kid = str(uuid.uuid4())
        self._clock = clock

    def jwks(self) -> dict[str, Any]:
        """The JWKS document, as the issuer would publish it."""
        numbers = self.private_key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": self.kid,
                    "n": encode_integer(numbers.n),
                    "e": encode_integer(numbers.e),
                }
            ]
        }

    def verifier(self, **options: Unpack[VerifierOptions]) -> TokenVerifier:
        """A verifier of these tokens; the options are those of `TokenVerifier`."""
        settings: VerifierOptions = {"keys": StaticKeys(self.jwks()), "clock": self._clock}
        settings.update(options)
        return TokenVerifier(self.issuer, **settings)

    def access_token(
        self,
        *,
        client_id: str = "test-client",
        scopes: str | Collection[str] = (),
        lifetime: timedelta = timedelta(hours=1),
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A client_credentials access token, with `claims` beside or in place of the usual ones."""
        own = {
            "sub": client_id,
            "scope": " ".join(sorted(scope_set(scopes))),
            "client_id": client_id,
            "version": 2,
        }
        return self.sign({**self._common("access", lifetime), **own, **(claims or {})})

    def id_token(
        self,
        *,
        client_id: str = "test-client",
        subject: str = "test-user",
        lifetime: timedelta = timedelta(hours=1),
        claims: Mapping[str, Any] | None = None,
    ) -> str:
        """A user's ID token, with `claims` beside or in place of the usual ones."""
        own = {"sub": subject, "aud": client_id, "cognito:username": subject}
        return self.sign({**self._common("id", lifetime), **own, **(claims or {})})

    def sign(self, claims: Mapping[str, Any], header: Mapping[str, Any] | None = None) -> str:
        """Any claims at all, with `header` beside or in place of the usual one."""
        whole_header = {"kid": self.kid, "alg": "RS256", **(header or {})}
        signed = b".".join(encode_base64url(encode_object(part)) for part in (whole_header, claims))
        signature = self.private_key.sign(signed, PKCS1v15(), SHA256())
        return (signed + b"." + encode_base64url(signature)).decode("ascii")

    def _common(self, token_use: str, lifetime: timedelta) -> dict[str, Any]:
        now = int(self._clock())
        return {
            "iss": self.issuer,
            "token_use": token_use,
            "auth_time": now,
            "iat": now,
            "exp": now + int(lifetime.total_seconds()),
            "jti": str(uuid.uuid4()),
        }
