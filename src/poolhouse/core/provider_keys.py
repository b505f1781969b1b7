"""A pool's keys towards SAML providers: what it signs its requests with, and what a provider encrypts for.

A new signing key comes each year and the old ones stay good: a provider is told of a certificate by hand, so nothing
may change under it. Requests to a provider are signed with the key that was the newest when that provider was last
configured; who has given it the new certificate updates it, and from then on the new key signs.

Source: Cognito API reference, GetSigningCertificate; developer guide, "SAML signing and encryption".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from poolhouse.core.secret import Secret

KEY_SIZE = 2048
LIFETIME = timedelta(days=3652)
"""Ten years."""
RENEWED_AFTER = timedelta(days=365)
ALL_PROVIDERS = ""
"""The `provider_name` of what is the pool's own."""


class ProviderKeyUse(StrEnum):
    SIGNING = "signing"
    ENCRYPTION = "encryption"


@dataclass(frozen=True, slots=True)
class ProviderKey:
    pool_id: str
    id: str
    provider_name: str
    """Whom it is for; ALL_PROVIDERS for what signs."""
    use: ProviderKeyUse
    certificate: str
    """X.509, DER in base64, without lines."""
    private: Secret
    """PKCS #8 DER, in base64."""
    created_at: datetime
    expires_at: datetime


def generate_provider_key(
    pool_id: str, use: ProviderKeyUse, now: datetime, provider_name: str = ALL_PROVIDERS
) -> ProviderKey:
    """A new RSA-2048 key and a certificate by itself. Takes 20 ms of CPU and more: not for the event loop."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_SIZE)
    public = key.public_key().public_numbers()
    digest = hashlib.sha256(public.n.to_bytes(KEY_SIZE // 8)).digest()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, pool_id)])
    created, expires = now.replace(microsecond=0), now.replace(microsecond=0) + LIFETIME
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(digest[:16]) | 1)
        # A day before, for the clocks of those who look at it.
        .not_valid_before(created - timedelta(days=1))
        .not_valid_after(expires)
        .sign(key, SHA256())
    )
    return ProviderKey(
        pool_id=pool_id,
        id=digest.hex()[:32],
        provider_name=provider_name,
        use=use,
        certificate=base64.b64encode(certificate.public_bytes(Encoding.DER)).decode(),
        private=Secret(
            base64.b64encode(key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())).decode()
        ),
        created_at=now,
        expires_at=expires,
    )


def newest(keys: Sequence[ProviderKey], now: datetime) -> ProviderKey | None:
    """The youngest key, unless another is due. `keys` are oldest first."""
    current = keys[-1] if keys else None
    return None if current is None or current.created_at + RENEWED_AFTER <= now else current


def signs_for(keys: Sequence[ProviderKey], configured_at: datetime) -> ProviderKey:
    """The key that signs what goes to a provider that was configured then. `keys` are oldest first, at least one."""
    known = [key for key in keys if key.created_at <= configured_at]
    return known[-1] if known else keys[0]
