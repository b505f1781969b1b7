"""A domain: the name under which a pool's OAuth endpoints are reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self


class DomainKind(StrEnum):
    PREFIX = "prefix"
    CUSTOM = "custom"


@dataclass(frozen=True, slots=True)
class Domain:
    """Unique over the whole server; a pool has at most one of each kind."""

    name: str
    pool_id: str
    kind: DomainKind
    managed_login_version: int = 1
    certificate_arn: str | None = None
    security_policy: str | None = None
    version: int = 1

    def to_document(self) -> dict[str, Any]:
        return {
            "managed_login_version": self.managed_login_version,
            "certificate_arn": self.certificate_arn,
            "security_policy": self.security_policy,
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, name: str, pool_id: str, kind: DomainKind, version: int
    ) -> Self:
        return cls(
            name=name,
            pool_id=pool_id,
            kind=kind,
            version=version,
            managed_login_version=document["managed_login_version"],
            certificate_arn=document["certificate_arn"],
            security_policy=document["security_policy"],
        )
