"""What a person has allowed an application that registered itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso


@dataclass(frozen=True, slots=True)
class Consent:
    pool_id: str
    sub: str
    client_id: str
    scopes: frozenset[str]
    given_at: datetime
    version: int = 1

    def covers(self, scopes: Collection[str]) -> bool:
        return self.scopes.issuperset(scopes)

    def with_scopes(self, scopes: Collection[str], now: datetime) -> Consent:
        return replace(self, scopes=self.scopes | frozenset(scopes), given_at=now)

    def to_document(self) -> dict[str, Any]:
        return {"scopes": sorted(self.scopes), "given_at": to_iso(self.given_at)}

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, pool_id: str, sub: str, client_id: str, version: int
    ) -> Self:
        return cls(
            pool_id=pool_id,
            sub=sub,
            client_id=client_id,
            scopes=frozenset(document["scopes"]),
            given_at=from_iso(document["given_at"]),
            version=version,
        )
