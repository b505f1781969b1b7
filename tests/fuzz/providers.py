"""Where a pool's people may come from: a provider that is there, and somebody who is linked to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.fuzz.people import INVITED, SIGNED_IN

DETAILS = {"client_id": "poolhouse", "client_secret": "secret", "authorize_scopes": "public_profile, email"}
KNOWN, NEW = "Facebook", "LoginWithAmazon"
IDENTIFIER = "example.com"
SUBJECT = "Cognito_Subject"


def _source(subject: str) -> dict[str, str]:
    return {"ProviderName": KNOWN, "ProviderAttributeName": SUBJECT, "ProviderAttributeValue": subject}


def _user(name: str) -> dict[str, str]:
    return {"ProviderName": "Cognito", "ProviderAttributeValue": name}


def provider_requests(pool_id: str) -> dict[str, dict[str, Any]]:
    pool = {"UserPoolId": pool_id}
    known = {**pool, "ProviderName": KNOWN}
    return {
        "AdminDisableProviderForUser": {**pool, "User": _source("4711")},
        "AdminLinkProviderForUser": {
            **pool,
            "DestinationUser": _user(INVITED),
            "SourceUser": _source("4712"),
        },
        "CreateIdentityProvider": {
            **pool,
            "ProviderName": NEW,
            "ProviderType": NEW,
            "ProviderDetails": {**DETAILS, "authorize_scopes": "profile"},
        },
        "DeleteIdentityProvider": known,
        "DescribeIdentityProvider": known,
        "GetIdentityProviderByIdentifier": {**pool, "IdpIdentifier": IDENTIFIER},
        "GetSigningCertificate": pool,
        "ListIdentityProviders": pool,
        "UpdateIdentityProvider": {**known, "AttributeMapping": {"email": "email"}},
    }


def open_doors(ask: Callable[[str, Mapping[str, Any]], Any], pool_id: str) -> None:
    """Make the provider, and link to it somebody who is there."""
    pool = {"UserPoolId": pool_id}
    provider = {"ProviderName": KNOWN, "ProviderType": KNOWN, "ProviderDetails": DETAILS}
    ask("CreateIdentityProvider", {**pool, **provider, "IdpIdentifiers": [IDENTIFIER]})
    link = {"DestinationUser": _user(SIGNED_IN), "SourceUser": _source("4711")}
    ask("AdminLinkProviderForUser", {**pool, **link})
