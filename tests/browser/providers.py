"""Identity providers for the tests: their details, and a small one of the tests' own that does as it is told."""

from __future__ import annotations

from typing import Any

GOOGLE = {"client_id": "g", "client_secret": "s", "authorize_scopes": "openid email profile"}
OAUTH2 = {
    "poolhouse_type": "oauth2",
    "client_id": "hub",
    "client_secret": "hush",
    "authorize_scopes": "read",
    "authorize_url": "https://hub.example/authorize",
    "token_url": "https://hub.example/token",
    "attributes_url": "https://hub.example/user",
    "poolhouse_subject": "id",
}


def add_provider(
    cognito: Any, pool_id: str, name: str, type: str, details: dict[str, str], **more: Any
) -> dict[str, Any]:
    answer = cognito.create_identity_provider(
        UserPoolId=pool_id, ProviderName=name, ProviderType=type, ProviderDetails=details, **more
    )
    made: dict[str, Any] = answer["IdentityProvider"]
    return made
