"""An app client: who may ask a pool for tokens, by which flows, for which scopes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self, cast

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.risk_settings import RiskSettings
from poolhouse.core.secret import Secret
from poolhouse.shapes.cognito_idp import UserPoolClientType

MAX_SECRETS = 2
THIS_POOL = "COGNITO"
"""What SupportedIdentityProviders and `identity_provider` call the pool itself."""
UNITS = {
    "seconds": timedelta(seconds=1),
    "minutes": timedelta(minutes=1),
    "hours": timedelta(hours=1),
    "days": timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class ClientExtensions:
    """What Cognito has no field for. Off by default; see docs/extensions.md."""

    audience: str | None = None
    """The `aud` of the client's machine tokens; Cognito puts none there."""
    requires_pkce: bool = False
    """Whether a request for a code without a `code_challenge` is refused (RFC 9700 §2.1.1); Cognito takes it."""
    claims: Mapping[str, Any] = field(default_factory=dict)
    """What all its tokens say beside what the server says of them."""

    def to_document(self) -> dict[str, Any]:
        return {
            **({"audience": self.audience} if self.audience else {}),
            **({"requires_pkce": True} if self.requires_pkce else {}),
            **({"claims": dict(self.claims)} if self.claims else {}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(
            audience=document.get("audience"),
            requires_pkce=bool(document.get("requires_pkce", False)),
            claims=document.get("claims", {}),
        )


@dataclass(frozen=True, slots=True)
class Registration:
    """Of a client that registered itself (RFC 7591): what no setting holds."""

    metadata: Mapping[str, Any]
    """What it said of itself, by the names of RFC 7591 §2, and its `auth_method`."""
    is_open: bool
    """Whether it needed no token for that: then anybody may have registered it."""

    def to_document(self) -> dict[str, Any]:
        return {"metadata": dict(self.metadata), "is_open": self.is_open}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(metadata=document["metadata"], is_open=document["is_open"])


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """One of the at most two secrets of a client that are alive at once."""

    id: str
    """`{client_id}--{epoch}`, as Cognito writes it."""
    pool_id: str
    client_id: str
    value: Secret
    created_at: datetime


@dataclass(frozen=True, slots=True)
class UserPoolClient:
    """An app client. `settings` holds the members of the wire's UserPoolClientType that its owner may set,
    defaults filled in; ids, name, dates and secrets are not among them."""

    id: str
    pool_id: str
    name: str
    created_at: datetime
    modified_at: datetime
    settings: UserPoolClientType
    extensions: ClientExtensions = ClientExtensions()
    registration: Registration | None = None
    """None: an administrator made it."""
    risk: RiskSettings | None = None
    """What is done about risk here; None: what is done in the whole pool."""
    version: int = 1

    @property
    def type(self) -> str:
        """Source: Cognito API reference, UserPoolClientType (ClientType)."""
        return "REGULAR" if self.registration is None else "DCR"

    @property
    def is_vouched_for(self) -> bool:
        """Whether anybody answers for its addresses: an administrator, or who was trusted with a token to register
        it. Others may be anybody's."""
        return self.registration is None or not self.registration.is_open

    @property
    def may_use_oauth(self) -> bool:
        return bool(self.settings.get("AllowedOAuthFlowsUserPoolClient"))

    @property
    def oauth_flows(self) -> frozenset[str]:
        return frozenset(self.settings.get("AllowedOAuthFlows", ()))

    @property
    def oauth_scopes(self) -> tuple[str, ...]:
        return tuple(self.settings.get("AllowedOAuthScopes", ()))

    @property
    def auth_flows(self) -> frozenset[str]:
        return frozenset(self.settings.get("ExplicitAuthFlows", ()))

    @property
    def providers(self) -> tuple[str, ...]:
        """Where its people may come from: names of identity providers, and THIS_POOL for the pool's own people, who
        alone may where it names none. Source: Cognito API reference, CreateUserPoolClient
        (SupportedIdentityProviders)."""
        return tuple(self.settings.get("SupportedIdentityProviders") or (THIS_POOL,))

    def takes_people_of(self, provider: str | None) -> bool:
        """Whether who comes from this provider may sign in here; None for the pool itself."""
        return (provider or THIS_POOL) in self.providers

    @property
    def access_token_lifetime(self) -> timedelta:
        """How long this client's access tokens live: 5 minutes to 1 day, 1 hour by default.

        `AccessTokenValidity` is a bare number; `TokenValidityUnits` says of what, hours if absent.

        Source: Cognito API reference, CreateUserPoolClient (AccessTokenValidity).
        """
        return self._validity("AccessTokenValidity", "AccessToken", "hours") or timedelta(hours=1)

    @property
    def id_token_lifetime(self) -> timedelta:
        """The same for ID tokens. Source: Cognito API reference, CreateUserPoolClient (IdTokenValidity)."""
        return self._validity("IdTokenValidity", "IdToken", "hours") or timedelta(hours=1)

    @property
    def refresh_token_lifetime(self) -> timedelta:
        """How long a sign-in can be refreshed: 1 hour to 10 years, 30 days by default; the bare number is of days.

        Source: Cognito API reference, CreateUserPoolClient (RefreshTokenValidity).
        """
        return self._validity("RefreshTokenValidity", "RefreshToken", "days") or timedelta(days=30)

    @property
    def may_revoke_tokens(self) -> bool:
        """Source: Cognito API reference, CreateUserPoolClient (EnableTokenRevocation, true unless it is turned off)."""
        return self.settings.get("EnableTokenRevocation", True)

    def _validity(self, name: str, unit_name: str, default_unit: str) -> timedelta:
        number = cast("Mapping[str, int]", self.settings).get(name) or 0
        unit = cast("Mapping[str, str]", self.settings.get("TokenValidityUnits", {})).get(unit_name)
        return number * UNITS[unit or default_unit]

    def changed(self, now: datetime, **changes: Any) -> UserPoolClient:
        return replace(self, modified_at=now, **changes)

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database; `id`, `pool_id` and `version` are columns."""
        return {
            "name": self.name,
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
            "settings": self.settings,
            "extensions": self.extensions.to_document(),
            **({} if self.registration is None else {"registration": self.registration.to_document()}),
            **({} if self.risk is None else {"risk": self.risk.to_document()}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], *, id: str, pool_id: str, version: int) -> Self:
        return cls(
            id=id,
            pool_id=pool_id,
            version=version,
            name=document["name"],
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            settings=cast(UserPoolClientType, document["settings"]),
            extensions=ClientExtensions.from_document(document["extensions"]),
            registration=(
                Registration.from_document(document["registration"]) if "registration" in document else None
            ),
            risk=RiskSettings.from_document(document["risk"]) if "risk" in document else None,
        )
