"""What a pool says of itself: its discovery document and its keys.

Source: OpenID Connect Discovery 1.0 §3-4; RFC 7517; RFC 8414.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.core.snapshots import PoolSnapshot, PublishedKey
from poolhouse.operation import Parts

MAX_AGE = 300
"""Seconds for which a verifier may keep the keys. A new key is published longer than that before it signs."""

CLIENT_AUTHENTICATION = ["client_secret_basic", "client_secret_post", "none"]
ENDPOINTS = {
    "authorization_endpoint": "/oauth2/authorize",
    "token_endpoint": "/oauth2/token",
    "userinfo_endpoint": "/oauth2/userInfo",
    "revocation_endpoint": "/oauth2/revoke",
    "end_session_endpoint": "/logout",
}
CLAIMS = [
    *("sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "acr", "amr"),
    *("cognito:username", "cognito:groups", "identities"),
    *("email", "email_verified", "phone_number", "phone_number_verified"),
    *(
        "name",
        "family_name",
        "given_name",
        "middle_name",
        "nickname",
        "preferred_username",
        "profile",
        "picture",
    ),
    *("website", "gender", "birthdate", "zoneinfo", "locale", "updated_at", "address"),
]


def jwks(pool: PoolSnapshot, now: float) -> Mapping[str, Any]:
    """The keys that may have signed a token that is still alive, and those that will sign next."""
    return {"keys": [key.jwk for key in pool.published_keys if _is_shown(key, now)]}


def _is_shown(key: PublishedKey, now: float) -> bool:
    return key.withdrawn_at is None or key.withdrawn_at > now


def openid_configuration(parts: Parts, pool: PoolSnapshot) -> Mapping[str, Any]:
    """Cognito's members, and those that it lacks and strict clients need.

    The endpoints of a domain are missing where the pool has none. `jwks_uri` is always an address of this
    server, also where the issuer is set to another name.
    """
    home = parts.home_of(pool.id)
    document: dict[str, Any] = {
        "id_token_signing_alg_values_supported": ["RS256"],
        "issuer": parts.issuer_of(pool),
        "jwks_uri": f"{home}/.well-known/jwks.json",
        "response_types_supported": ["code", "token"],
        "scopes_supported": ["openid", "email", "phone", "profile"],
        "subject_types_supported": ["public"],
        "token_endpoint_auth_methods_supported": CLIENT_AUTHENTICATION,
        "grant_types_supported": ["authorization_code", "implicit", "refresh_token", "client_credentials"],
        "response_modes_supported": ["query", "fragment"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "select_account", "consent"],
        "claims_supported": CLAIMS,
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,  # what is left out means true (OIDC Discovery §3)
    }
    domain = parts.domain_of(pool)
    if domain is not None:
        document |= {name: domain + path for name, path in ENDPOINTS.items()}
        if pool.registers_clients:
            document["registration_endpoint"] = f"{domain}/oauth2/register"
        document["revocation_endpoint_auth_methods_supported"] = CLIENT_AUTHENTICATION
    return document
