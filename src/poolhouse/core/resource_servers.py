"""A resource server: an API, and the scopes that its access tokens can carry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Scope:
    name: str
    description: str


@dataclass(frozen=True, slots=True)
class ResourceServer:
    pool_id: str
    identifier: str
    name: str
    scopes: tuple[Scope, ...] = ()
    version: int = 1

    @property
    def scope_names(self) -> tuple[str, ...]:
        """The scopes as tokens and clients name them: `identifier/name`."""
        return tuple(f"{self.identifier}/{scope.name}" for scope in self.scopes)

    def to_document(self) -> dict[str, Any]:
        return {"name": self.name, "scopes": [[scope.name, scope.description] for scope in self.scopes]}

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, pool_id: str, identifier: str, version: int
    ) -> Self:
        scopes = tuple(Scope(name, description) for name, description in document["scopes"])
        return cls(pool_id, identifier, document["name"], scopes, version)
