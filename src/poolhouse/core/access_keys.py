"""An access key: who may call the AWS APIs, and what its policies let it do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.secret import Secret


@dataclass(frozen=True, slots=True)
class AccessKey:
    """A key beside the root's. Every one of `policies` must allow a call: the key's own, and, so that no
    key can make one that may do more than itself, those of the key that made it."""

    id: str
    account_id: str
    user_name: str
    """What the key is called: the last part of its ARN, `arn:aws:iam::{account}:user/{user_name}`."""
    secret: Secret
    policies: tuple[Mapping[str, Any], ...]
    """IAM policy documents; the key's own first."""
    is_active: bool
    created_at: datetime
    version: int = 1

    @property
    def arn(self) -> str:
        return f"arn:aws:iam::{self.account_id}:user/{self.user_name}"

    def to_document(self) -> dict[str, Any]:
        """The secret is a sealed column of its own."""
        return {
            "user_name": self.user_name,
            "policies": [dict(policy) for policy in self.policies],
            "is_active": self.is_active,
            "created_at": to_iso(self.created_at),
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, id: str, account_id: str, secret: Secret, version: int
    ) -> Self:
        return cls(
            id=id,
            account_id=account_id,
            secret=secret,
            version=version,
            user_name=document["user_name"],
            policies=tuple(document["policies"]),
            is_active=document["is_active"],
            created_at=from_iso(document["created_at"]),
        )
