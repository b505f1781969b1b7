"""The client secret of Apple: a token by which we prove that a private key is ours.

Source: Apple, "Creating a client secret" (ES256; iss the team, sub the client, at most six months).
"""

from __future__ import annotations

from datetime import datetime

from poolhouse.core.federation import FederationFailed
from poolhouse.core.identity_providers import IdentityProvider
from poolhouse.core.provider_details import apple_key

AUDIENCE = "https://appleid.apple.com"
LASTS = 300
"""Seconds: made anew for each sign-in."""


def apple_secret(provider: IdentityProvider, now: datetime) -> str:
    """Raises FederationFailed: the private key is none."""
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import ECKey

    issued = int(now.timestamp())
    claims = {
        "iss": provider.details["team_id"],
        "sub": provider.client_id,
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + LASTS,
    }
    try:
        key = ECKey.import_key(apple_key(provider.secret("private_key") or ""))
        return jwt.encode({"alg": "ES256", "kid": provider.details["key_id"]}, claims, key)
    except (JoseError, ValueError) as wrong:
        raise FederationFailed("The private key of the identity provider is unusable") from wrong
