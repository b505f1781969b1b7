"""A user pool: its identity, its attributes, and the settings that its owner gave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self, cast

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.pool_settings import tier
from poolhouse.core.risk_settings import RiskSettings
from poolhouse.shapes.cognito_idp import (
    LogConfigurationType,
    SchemaAttributeType,
    SoftwareTokenMfaConfigType,
    UserPoolType,
    WebAuthnConfigurationType,
)


@dataclass(frozen=True, slots=True)
class PoolExtensions:
    """What Cognito has no field for. Off by default; see docs/extensions.md."""

    issuer: str | None = None
    """The `iss` of the pool's tokens, where it is not `{public_url}/{poolId}`."""

    def to_document(self) -> dict[str, Any]:
        return {"issuer": self.issuer} if self.issuer else {}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(issuer=document.get("issuer"))


@dataclass(frozen=True, slots=True)
class UserPool:
    """A user pool. `settings` holds the members of the wire's UserPoolType that the owner may set, defaults
    filled in; what identifies or counts (Id, Arn, dates, tags, attributes, domains) is not among them."""

    id: str
    account_id: str
    region: str
    name: str
    created_at: datetime
    modified_at: datetime
    settings: UserPoolType
    attributes: tuple[SchemaAttributeType, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    software_token_mfa: SoftwareTokenMfaConfigType | None = None
    email_mfa: Mapping[str, str] | None = None
    web_authn: WebAuthnConfigurationType | None = None
    log_delivery: tuple[LogConfigurationType, ...] = ()
    """Which logs go where: at most one configuration for each source of events."""
    risk: RiskSettings | None = None
    """What is done about risk at clients that have no settings of their own; None: nobody has said."""
    extensions: PoolExtensions = PoolExtensions()
    version: int = 1

    @property
    def arn(self) -> str:
        return f"arn:aws:cognito-idp:{self.region}:{self.account_id}:userpool/{self.id}"

    @property
    def tier(self) -> str:
        return tier(self.settings)

    @property
    def is_deletion_protected(self) -> bool:
        return self.settings.get("DeletionProtection") == "ACTIVE"

    def changed(self, now: datetime, **changes: Any) -> UserPool:
        return replace(self, modified_at=now, **changes)

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database; `id`, `account_id`, `region` and `version` are columns."""
        return {
            "name": self.name,
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
            "settings": self.settings,
            "attributes": list(self.attributes),
            "tags": dict(self.tags),
            "software_token_mfa": self.software_token_mfa,
            "email_mfa": dict(self.email_mfa) if self.email_mfa is not None else None,
            "web_authn": self.web_authn,
            "log_delivery": list(self.log_delivery),
            "risk": None if self.risk is None else self.risk.to_document(),
            "extensions": self.extensions.to_document(),
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, id: str, account_id: str, region: str, version: int
    ) -> Self:
        return cls(
            id=id,
            account_id=account_id,
            region=region,
            version=version,
            name=document["name"],
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            settings=cast(UserPoolType, document["settings"]),
            attributes=tuple(document["attributes"]),
            tags=document["tags"],
            software_token_mfa=document["software_token_mfa"],
            email_mfa=document["email_mfa"],
            web_authn=document["web_authn"],
            # Documents from before it could be set have none.
            log_delivery=tuple(document.get("log_delivery", ())),
            risk=None if document.get("risk") is None else RiskSettings.from_document(document["risk"]),
            extensions=PoolExtensions.from_document(document["extensions"]),
        )
