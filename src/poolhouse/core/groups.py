"""A group of users: its precedence and its role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso


@dataclass(frozen=True, slots=True)
class Group:
    pool_id: str
    name: str
    created_at: datetime
    modified_at: datetime
    description: str | None = None
    role_arn: str | None = None
    precedence: int | None = None
    version: int = 1

    def to_document(self) -> dict[str, Any]:
        return {
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
            "description": self.description,
            "role_arn": self.role_arn,
            "precedence": self.precedence,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], *, pool_id: str, name: str, version: int) -> Self:
        return cls(
            pool_id=pool_id,
            name=name,
            version=version,
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            description=document["description"],
            role_arn=document["role_arn"],
            precedence=document["precedence"],
        )
