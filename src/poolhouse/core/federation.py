"""A person as an identity provider describes them, and what this pool remembers of where they come from.

Somebody is the same person by (provider, subject), and by nothing else: an e-mail address links nobody to anybody,
whoever says that it is verified.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso

SUBJECT = "Cognito_Subject"
"""What the API calls the identifier that a provider gives a person. Source: Cognito API reference,
AdminLinkProviderForUser (ProviderAttributeName)."""
THIS_POOL = "Cognito"
"""What AdminLinkProviderForUser calls the pool's own people."""
MAX_IDENTITIES = 5
"""Linked to one person. Source: Cognito quotas page."""
MAX_ATTRIBUTE_NAMES = 5
"""By which people of a pool are linked. Source: AdminLinkProviderForUser's limits in the developer guide."""
MAX_SUBJECT = 1_024
"""Characters."""


class FederationFailed(Exception):
    """A sign-in by an identity provider that can't be completed. `description` is for the application, in words of
    ours or of Cognito's; `detail` for the log."""

    def __init__(self, description: str, *, detail: str = "") -> None:
        self.description = description
        self.detail = detail or description
        super().__init__(description)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a provider says of a person, proved: signature, audience and time have been checked."""

    subject: str
    attributes: Mapping[str, str | Sequence[str]] = field(repr=False)
    """By the provider's own names; more than one value where there are several."""
    acr: str | None = None
    """How sure the provider is, in its own words; None where it does not say."""
    details: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What the browser's session keeps: what a sign-out at the provider needs."""
    issuer: str | None = None
    """Who says it, where a person's `identities` name it: a SAML provider's entity id."""
    said: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, repr=False)
    """Of OpenID Connect and OAuth 2.0, each answer as it came: `tokens`, the claims of the `id_token`, `user`. For a
    function of the pool alone."""


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """That somebody of a provider is somebody of this pool."""

    pool_id: str
    sub: str
    provider_name: str
    provider_type: str
    attribute_name: str
    """By what they are known: Cognito_Subject, or an attribute."""
    value: str = field(repr=False)
    created_at: datetime
    primary: bool
    """Whether it made the person; else an administrator linked it."""
    issuer: str | None = None
    disabled: bool = False
    """Whether nobody may sign in by it any more."""
    version: int = 1

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database."""
        return {
            "provider_type": self.provider_type,
            "value": self.value,
            "created_at": to_iso(self.created_at),
            "primary": self.primary,
            "issuer": self.issuer,
            "disabled": self.disabled,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], **columns: Any) -> Self:
        return cls(
            provider_type=document["provider_type"],
            value=document["value"],
            created_at=from_iso(document["created_at"]),
            primary=document["primary"],
            issuer=document["issuer"],
            disabled=document["disabled"],
            **columns,
        )

    def stopped(self) -> UserIdentity:
        return replace(self, disabled=True)


def identities_attribute(identities: Iterable[UserIdentity]) -> str:
    """The attribute `identities` of a person, as Cognito writes it.

    Source: Cognito developer guide, "Linking federated users to an existing user profile"; answers of AdminGetUser.
    """
    ordered = sorted(
        identities, key=lambda one: (not one.primary, one.created_at, one.provider_name, one.value)
    )
    return json.dumps(
        [
            {
                "userId": one.value,
                "providerName": one.provider_name,
                "providerType": one.provider_type,
                "issuer": one.issuer,
                "primary": one.primary,
                "dateCreated": int(one.created_at.timestamp() * 1000),
            }
            for one in ordered
        ],
        separators=(",", ":"),
    )


def group_of_provider(pool_id: str, provider_name: str) -> str:
    """The group of those whom a provider made. Source: Cognito developer guide, "Adding groups to a user pool"."""
    return f"{pool_id}_{provider_name}"
