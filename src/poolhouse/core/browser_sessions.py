"""A browser that is signed in to a pool, and what it was signed in with."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from poolhouse.core.assurance import level_of
from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.ids import ALPHANUMERIC, LOWER_ALPHANUMERIC, Random, random_text
from poolhouse.core.secret import Secret

LIFETIME = timedelta(hours=1)
"""From the sign-in on; use does not prolong it. Source: Cognito developer guide, "User pool managed login"."""
SECRET_LENGTH = 43
"""256 bits."""
COOKIE = re.compile(r"(sso[a-z0-9]{25})\.([A-Za-z0-9]{43})", re.ASCII)


@dataclass(frozen=True, slots=True)
class BrowserSession:
    pool_id: str
    id: str
    """`sso` and 25 letters. Source: Cognito API reference, RevokeUserSession (SessionId)."""
    sub: str
    client_id: str
    """The app client that it was begun for; it serves every client of the pool."""
    auth_time: datetime
    amr: tuple[str, ...]
    """What the person proved (RFC 8176), as Cognito names it: `pwd`, `otp`, `sms`, `email_otp`, `swk`, `mfa`, `fed`."""
    provider: str | None
    """The identity provider that they came from; None for the pool itself."""
    expires_at: datetime
    details: Mapping[str, Any] = field(default_factory=dict)
    """What else belongs to it: `level`, 1 to 4, where a provider answered one; what a provider's sign-out needs;
    `request`, the digest of the request for which the browser was sent to the provider."""

    @property
    def level(self) -> int:
        """The level of assurance that the sign-in reached, 1 to 4."""
        told = self.details.get("level")
        return told if isinstance(told, int) else level_of(self.amr)

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database."""
        return {
            "client_id": self.client_id,
            "auth_time": to_iso(self.auth_time),
            "amr": list(self.amr),
            "provider": self.provider,
            "details": dict(self.details),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], **columns: Any) -> Self:
        return cls(
            client_id=document["client_id"],
            auth_time=from_iso(document["auth_time"]),
            amr=tuple(document["amr"]),
            provider=document["provider"],
            details=document["details"],
            **columns,
        )


@dataclass(frozen=True, slots=True)
class SessionCookie:
    """What the browser holds: which session, and the proof that it is theirs."""

    id: str
    secret: Secret

    @classmethod
    def new(cls, random: Random) -> Self:
        id = "sso" + random_text(random, LOWER_ALPHANUMERIC, 25)
        return cls(id, Secret(random_text(random, ALPHANUMERIC, SECRET_LENGTH)))

    @classmethod
    def parse(cls, text: str | None) -> Self | None:
        """The cookie that `text` wrote; None for any other text."""
        match = COOKIE.fullmatch(text or "")
        return None if match is None else cls(match[1], Secret(match[2]))

    @property
    def text(self) -> str:
        return f"{self.id}.{self.secret.reveal()}"

    def hash(self, key: bytes, pool_id: str) -> bytes:
        """What is stored of it. The pool is in it: a cookie of one is worth nothing at another."""
        return hmac.digest(key, f"{pool_id}/{self.text}".encode(), hashlib.sha256)
