"""A token that passed every check: its claims, and typed access to those that everyone needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any


class VerifiedToken(Mapping[str, Any]):
    """The claims of a verified token, by name (`token["jti"]`) and as properties. Only verifiers make it."""

    __slots__ = ("_claims", "_scopes")

    def __init__(self, claims: dict[str, Any], scopes: frozenset[str]) -> None:
        self._claims = claims
        self._scopes = scopes

    def __getitem__(self, name: str) -> Any:
        return self._claims[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._claims)

    def __len__(self) -> int:
        return len(self._claims)

    def __repr__(self) -> str:
        return f"VerifiedToken(subject={self.subject!r}, client_id={self.client_id!r})"

    @property
    def issuer(self) -> str:
        issuer: str = self._claims["iss"]
        return issuer

    @property
    def subject(self) -> str:
        """Who the token is about: a user's `sub`, or the client's id where a machine acts for itself."""
        subject: str = self._claims["sub"]
        return subject

    @property
    def client_id(self) -> str:
        """The client that the token was issued to (`client_id`; an ID token's `aud`)."""
        client_id: str = self._claims["client_id" if self.token_use == "access" else "aud"]
        return client_id

    @property
    def token_use(self) -> str:
        """`access` or `id`."""
        token_use: str = self._claims["token_use"]
        return token_use

    @property
    def scopes(self) -> frozenset[str]:
        """What the token allows; empty for an ID token."""
        return self._scopes

    @property
    def username(self) -> str | None:
        """The user's name; None where a machine acts for itself."""
        name = self._claims.get("username", self._claims.get("cognito:username"))
        return name if isinstance(name, str) else None

    @property
    def groups(self) -> frozenset[str]:
        """The user's groups (`cognito:groups`)."""
        groups = self._claims.get("cognito:groups")
        return frozenset(g for g in groups if isinstance(g, str)) if isinstance(groups, list) else frozenset()

    @property
    def expires_at(self) -> datetime:
        return datetime.fromtimestamp(self._claims["exp"], UTC)

    @property
    def issued_at(self) -> datetime | None:
        issued_at = self._claims.get("iat")
        return None if issued_at is None else datetime.fromtimestamp(issued_at, UTC)
