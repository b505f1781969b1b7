"""Identity providers of a pool: where its people may come from, besides the pool itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.secret import Secret

MAX_IDENTIFIERS = 50
SECRETS = ("client_secret", "private_key")
"""Details that are sealed in the database."""


class ProviderType(StrEnum):
    SAML = "SAML"
    OIDC = "OIDC"
    GOOGLE = "Google"
    FACEBOOK = "Facebook"
    AMAZON = "LoginWithAmazon"
    APPLE = "SignInWithApple"


SOCIAL = frozenset(set(ProviderType) - {ProviderType.SAML, ProviderType.OIDC})
"""Each is named as its type. Source: Cognito API reference, CreateIdentityProvider (ProviderName)."""


@dataclass(frozen=True, slots=True)
class IdentityProvider:
    pool_id: str
    name: str
    type: ProviderType
    created_at: datetime
    modified_at: datetime
    details: Mapping[str, str]
    """ProviderDetails without their secrets: what was given, and what was filled in."""
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    mapping: Mapping[str, str] = field(default_factory=dict)
    """AttributeMapping: of each attribute of the pool, the provider's claim."""
    identifiers: tuple[str, ...] = ()
    acr: Mapping[str, str] = field(default_factory=dict)
    """AcrMapping: Level1 to Level4, as the provider calls them."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    """What the provider's own description says besides: of SAML its metadata (`Metadata.to_document`); of OpenID
    Connect `algorithms` and `says_issuer`."""
    version: int = 1

    @property
    def is_oauth2(self) -> bool:
        """Whether it speaks OAuth 2.0 alone, and gives no ID token: an extension."""
        return self.details.get("poolhouse_type") == "oauth2"

    @property
    def client_id(self) -> str:
        return self.details["client_id"]

    def secret(self, name: str = "client_secret") -> str | None:
        found = self.secrets.get(name)
        return None if found is None else found.reveal()

    def is_on(self, name: str) -> bool:
        """Whether a detail that is a switch is on: all details are texts."""
        return self.details.get(name, "").lower() == "true"

    def level_of(self, acr: str | None) -> int | None:
        """The pool's level for what the provider answered; None where nothing is mapped.

        Source: Cognito API reference, CreateIdentityProvider (AcrMapping).
        """
        if not self.acr:
            return None
        levels = [int(level.removeprefix("Level")) for level, value in self.acr.items() if value == acr]
        return max(levels, default=1)

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database; secrets, identifiers and keys are columns or rows."""
        return {
            "type": self.type.value,
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
            "details": dict(self.details),
            "mapping": dict(self.mapping),
            "acr": dict(self.acr),
            "facts": dict(self.facts),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], **columns: Any) -> Self:
        return cls(
            type=ProviderType(document["type"]),
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            details=document["details"],
            mapping=document["mapping"],
            acr=document["acr"],
            facts=document["facts"],
            **columns,
        )
