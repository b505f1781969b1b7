"""What an administrator says of an OpenID Connect, OAuth 2.0 or social provider: ProviderDetails, checked and filled in.

Source: Cognito API reference, CreateIdentityProvider (ProviderDetails); developer guide, "Using social identity
providers with a user pool", "Using OIDC identity providers with a user pool". Poolhouse's own details begin with
`poolhouse_`: docs/extensions.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from poolhouse.core.attribute_mapping import USERNAME
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.identity_providers import SOCIAL, ProviderType

ENDPOINTS = ("authorize_url", "token_url", "attributes_url", "jwks_uri")
GIVEN = ("client_id", "client_secret", "authorize_scopes")
FILLED = (*ENDPOINTS, "attributes_url_add_attributes", "oidc_issuer", "token_request_method")
APPLE_KEYS = ("team_id", "key_id", "private_key")
EXTENSIONS = ("poolhouse_type", "poolhouse_preset", "poolhouse_subject")
MAX_TEXT = 2_048
VERSION = re.compile(r"v[0-9]{1,3}\.[0-9]{1,2}", re.ASCII)
CLAIM_PATH = re.compile(r"[A-Za-z0-9_:/-]{1,64}(\.[A-Za-z0-9_:/-]{1,64}){0,4}", re.ASCII)
DEFAULT_FACEBOOK = "v17.0"

SUBJECTS: Mapping[ProviderType, str] = {
    ProviderType.OIDC: "sub",
    ProviderType.GOOGLE: "sub",
    ProviderType.APPLE: "sub",
    ProviderType.FACEBOOK: "id",
    ProviderType.AMAZON: "user_id",
}
"""Of each type, the claim that is the subject. Source: Cognito API reference, AdminLinkProviderForUser (SourceUser)."""

PRESETS: Mapping[str, Mapping[str, str]] = {
    "github": {
        "authorize_url": "https://github.com/login/oauth/authorize",
        "token_url": "https://github.com/login/oauth/access_token",
        "attributes_url": "https://api.github.com/user",
        "poolhouse_subject": "id",
    },
    "gitlab": {
        "authorize_url": "https://gitlab.com/oauth/authorize",
        "token_url": "https://gitlab.com/oauth/token",
        "attributes_url": "https://gitlab.com/api/v4/user",
        "poolhouse_subject": "id",
    },
    "discord": {
        "authorize_url": "https://discord.com/oauth2/authorize",
        "token_url": "https://discord.com/api/oauth2/token",
        "attributes_url": "https://discord.com/api/users/@me",
        "poolhouse_subject": "id",
    },
    "twitter": {
        "authorize_url": "https://x.com/i/oauth2/authorize",
        "token_url": "https://api.x.com/2/oauth2/token",
        "attributes_url": "https://api.x.com/2/users/me",
        "poolhouse_subject": "data.id",
    },
}
"""Of the extension `poolhouse_type=oauth2`."""


def check_details(type: ProviderType, given: Mapping[str, str]) -> dict[str, str]:
    """The details as they are kept, filled in as far as that needs no question to the provider.

    Raises:
        InvalidParameterException: a detail that the type has not, one that is missing, or no web address.
    """
    # Tools send back with an update what describing showed.
    details = {
        name: value.strip() if name != "private_key" else value for name, value in given.items() if value
    }
    for name, value in details.items():
        if name not in _known(type):
            raise InvalidParameterException(f"ProviderDetails contains an invalid key: {name}.")
        if len(value) > MAX_TEXT and name != "private_key":
            raise InvalidParameterException(f"ProviderDetails: {name} is longer than {MAX_TEXT} characters.")
        if not value.isprintable() and name != "private_key":
            raise InvalidParameterException(f"ProviderDetails: {name} has control characters.")
    if type is ProviderType.OIDC and details.get("poolhouse_type"):
        return _oauth2(details)
    if any(name in details for name in EXTENSIONS):
        # Of an OpenID Connect provider, the subject is `sub` and nothing else.
        raise InvalidParameterException(
            "ProviderDetails: poolhouse_type is required with the others of Poolhouse."
        )
    _require(details, _needed(type))
    if type is ProviderType.OIDC:
        return _oidc(details)
    if type is ProviderType.APPLE:
        _check_key(details["private_key"])
    return {**details, **_social(type, details)}


def needs_discovery(details: Mapping[str, str]) -> bool:
    """Whether an OpenID Connect provider's own description has to say where its endpoints are."""
    return any(not details.get(name) for name in ENDPOINTS)


def full_mapping(type: ProviderType, details: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The mapping with that of the user name, which is always there and always the subject.

    Raises:
        InvalidParameterException: another is asked for.
    """
    if type is ProviderType.SAML:
        # NameID, whatever a tool calls it.
        return {target: claim for target, claim in given.items() if target != USERNAME}
    subject = subject_claim(type, details)
    if given.get(USERNAME, subject) != subject:
        raise InvalidParameterException(f"Invalid AttributeMapping: username is always mapped to {subject}.")
    return {**given, USERNAME: subject}


def subject_claim(type: ProviderType, details: Mapping[str, str]) -> str:
    """The claim that says who somebody is. Of an OAuth 2.0 provider it may lie deeper: `data.id`."""
    return details.get("poolhouse_subject") or SUBJECTS[type]


def check_web_address(name: str, text: str) -> None:
    """Raises InvalidParameterException: browsers or this server can't be sent there. Plain HTTP is for the request to
    refuse, which knows where it would go."""
    try:
        parts = urlsplit(text)
        _ = parts.port
        is_good = parts.scheme in ("https", "http") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        is_good = False
    if not is_good or not text.isascii() or " " in text or "#" in text or len(text) > MAX_TEXT:
        raise InvalidParameterException(f"ProviderDetails: {name} is not a web address.")


def apple_key(text: str) -> str:
    """The private key as PEM: Apple's file, or what stands between its first and last line."""
    if "BEGIN" in text:
        return text
    return f"-----BEGIN PRIVATE KEY-----\n{text.strip()}\n-----END PRIVATE KEY-----\n"


def _check_key(text: str) -> None:
    try:
        key = load_pem_private_key(apple_key(text).encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise InvalidParameterException("ProviderDetails: private_key is no key of Sign in with Apple.")


def _known(type: ProviderType) -> frozenset[str]:
    known = {*GIVEN, *FILLED}
    match type:
        case ProviderType.FACEBOOK:
            known |= {"api_version"}
        case ProviderType.APPLE:
            known |= {*APPLE_KEYS}
        case ProviderType.OIDC:
            known |= {"attributes_request_method", *EXTENSIONS}
        case _:
            pass
    return frozenset(known)


def _needed(type: ProviderType) -> tuple[str, ...]:
    match type:
        case ProviderType.APPLE:
            return ("client_id", *APPLE_KEYS, "authorize_scopes")
        case ProviderType.OIDC:
            return ("client_id", "authorize_scopes", "oidc_issuer", "attributes_request_method")
        case _:
            return GIVEN


def _require(details: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in names:
        if not details.get(name):
            raise InvalidParameterException(f"ProviderDetails: {name} is required for this provider type.")


def _oidc(details: dict[str, str]) -> dict[str, str]:
    issuer = details["oidc_issuer"]
    check_web_address("oidc_issuer", issuer)
    if issuer.endswith("/") or "?" in issuer:
        raise InvalidParameterException("oidc_issuer must not end with a slash, nor have a query.")
    _check_method(details)
    if "openid" not in details["authorize_scopes"].split():
        raise InvalidParameterException("authorize_scopes must include openid.")
    for name in ENDPOINTS:
        if name in details:
            check_web_address(name, details[name])
    return {**details, "attributes_url_add_attributes": "false"}


def _oauth2(details: dict[str, str]) -> dict[str, str]:
    if details["poolhouse_type"] != "oauth2":
        raise InvalidParameterException("poolhouse_type can only be oauth2.")
    preset = details.get("poolhouse_preset")
    if preset is not None and preset not in PRESETS:
        raise InvalidParameterException(f"poolhouse_preset must be one of {', '.join(PRESETS)}.")
    details = {**PRESETS.get(preset or "", {}), **details}
    details.setdefault("attributes_request_method", "GET")
    _require(details, (*GIVEN, *ENDPOINTS[:3], "poolhouse_subject"))
    _check_method(details)
    for name in ENDPOINTS[:3]:
        check_web_address(name, details[name])
    if not CLAIM_PATH.fullmatch(details["poolhouse_subject"]):
        raise InvalidParameterException("poolhouse_subject must be the name of a claim, as id or data.id.")
    return {**details, "attributes_url_add_attributes": "false"}


def _check_method(details: Mapping[str, str]) -> None:
    if details["attributes_request_method"] not in ("GET", "POST"):
        raise InvalidParameterException("attributes_request_method must be GET or POST.")


def _social(type: ProviderType, details: Mapping[str, str]) -> dict[str, str]:
    """What Cognito knows of its four. It stands above what is given: these providers are where they are."""
    assert type in SOCIAL
    match type:
        case ProviderType.GOOGLE:
            return {
                "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
                "attributes_url_add_attributes": "true",
                "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
                "oidc_issuer": "https://accounts.google.com",
                "token_request_method": "POST",
                "token_url": "https://www.googleapis.com/oauth2/v4/token",
            }
        case ProviderType.FACEBOOK:
            version = details.get("api_version", DEFAULT_FACEBOOK)
            if not VERSION.fullmatch(version):
                raise InvalidParameterException("api_version must be a version as v17.0.")
            return {
                "api_version": version,
                "attributes_url": f"https://graph.facebook.com/{version}/me?fields=",
                "attributes_url_add_attributes": "true",
                "authorize_url": f"https://www.facebook.com/{version}/dialog/oauth",
                "token_request_method": "GET",
                "token_url": f"https://graph.facebook.com/{version}/oauth/access_token",
            }
        case ProviderType.AMAZON:
            return {
                "attributes_url": "https://api.amazon.com/user/profile",
                "attributes_url_add_attributes": "false",
                "authorize_url": "https://www.amazon.com/ap/oa",
                "token_request_method": "POST",
                "token_url": "https://api.amazon.com/auth/o2/token",
            }
        case _:
            return {
                "attributes_url_add_attributes": "false",
                "authorize_url": "https://appleid.apple.com/auth/authorize",
                "oidc_issuer": "https://appleid.apple.com",
                "token_request_method": "POST",
                "token_url": "https://appleid.apple.com/auth/token",
            }


SOCIAL_KEY_SETS: Mapping[ProviderType, str] = {
    ProviderType.GOOGLE: "https://www.googleapis.com/oauth2/v3/certs",
    ProviderType.APPLE: "https://appleid.apple.com/auth/keys",
}
"""Where those of Cognito's own that give ID tokens publish their keys."""
