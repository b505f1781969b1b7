"""The signing keys of a pool: made, published, used in turn, and withdrawn.

A key is published (in the JWKS) from the moment it is stored, signs from `signs_from` on until a younger
key of the same use does, and is withdrawn at `withdrawn_at`. So a rotation is one row and the clock; no
job has to run at the right moment, and every node changes over at the same one.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)

from poolhouse.core.base64url import base64url
from poolhouse.core.secret import Secret

KEY_SIZE = 2048
MAX_TOKEN_LIFETIME = timedelta(days=1)
"""The longest AccessTokenValidity and IdTokenValidity. Source: Cognito API reference, CreateUserPoolClient."""


class KeyUse(StrEnum):
    """Cognito signs ID tokens and access tokens with different keys of the pool."""

    ACCESS = "access"
    ID = "id"


@dataclass(frozen=True, slots=True)
class SigningKey:
    kid: str
    pool_id: str
    use: KeyUse
    private: Secret
    """PKCS #8 DER, in base64."""
    n: str
    """The modulus, as a JWK writes it (RFC 7518 §6.3.1.1)."""
    created_at: datetime
    signs_from: datetime
    withdrawn_at: datetime | None = None

    @property
    def is_superseded(self) -> bool:
        """Whether a younger key took its turn before it came."""
        return self.withdrawn_at is not None and self.withdrawn_at <= self.signs_from

    def jwk(self) -> Mapping[str, str]:
        """The public key as the JWKS shows it."""
        return {"alg": "RS256", "e": "AQAB", "kid": self.kid, "kty": "RSA", "n": self.n, "use": "sig"}


def generate_signing_key(pool_id: str, use: KeyUse, now: datetime, signs_from: datetime) -> SigningKey:
    """A new RSA-2048 key. Takes about 20 ms of CPU and more at times: not for the event loop."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    numbers = key.public_key().public_numbers()
    modulus = numbers.n.to_bytes(KEY_SIZE // 8)
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return SigningKey(
        # 44 characters of base64, the form of Cognito's own key ids.
        kid=base64.b64encode(hashlib.sha256(modulus).digest()).decode(),
        pool_id=pool_id,
        use=use,
        private=Secret(base64.b64encode(der).decode()),
        n=base64url(modulus),
        created_at=now,
        signs_from=signs_from,
    )


def load_private_key(private: Secret) -> rsa.RSAPrivateKey:
    """The key, ready to sign. The checks of its numbers cost 28 ms and are left out: the text comes out of
    our own authenticated seal, where only `generate_signing_key` puts it."""
    der = base64.b64decode(private.reveal())
    key = load_der_private_key(der, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("a pool's signing key is not RSA")
    return key


def in_turn(keys: Iterable[SigningKey], use: KeyUse) -> list[SigningKey]:
    """The keys of one use that sign or have signed or will, the next to sign last. One that was withdrawn before
    its turn came never signs: nobody could verify it."""
    used = (key for key in keys if key.use is use and not key.is_superseded)
    return sorted(used, key=lambda key: key.signs_from)
