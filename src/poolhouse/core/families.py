"""One sign-in's tokens, and the refresh token that continues it.

All tokens of a sign-in and of its refreshes are a family: they bear its id as `event_id`, and what ends the family
ends them all. A family has one refresh token at a time. With rotation each use exchanges it for another; one that
was exchanged before is known by its own authentication code, so nothing has to be kept of it, however often the
family was refreshed, and its second use betrays that two hold what one should (RFC 9700 §4.14.2).
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Self
from uuid import UUID

from poolhouse.core.base64url import base64url
from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.secret import Secret

LONGEST_GRACE = timedelta(seconds=60)
"""Source: Cognito API reference, RefreshTokenRotationType (RetryGracePeriodSeconds)."""
NONCE_SIZE = 32
_ID_SIZE = 16
_CODE_SIZE = 16


@dataclass(frozen=True, slots=True)
class ThroughPages:
    """What a sign-in at the pages tells beside who it was. One by the API has none of it."""

    session_id: str
    """The browser's session that it came through."""
    amr: tuple[str, ...]
    acr: str
    audience: str | None = None
    """The `resource` that was asked for: the `aud` of its access tokens."""

    def to_document(self) -> dict[str, Any]:
        return {
            "session_id": self.session_id,
            "amr": list(self.amr),
            "acr": self.acr,
            "audience": self.audience,
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        return cls(**{**document, "amr": tuple(document["amr"])})


@dataclass(frozen=True, slots=True)
class Family:
    pool_id: str
    id: str
    """A UUID: the `event_id` of its tokens."""
    sub: str
    client_id: str
    origin_jti: str
    scopes: tuple[str, ...]
    auth_time: datetime
    """When the person signed in; a refresh keeps it."""
    expires_at: datetime
    """When its refresh token ends; rotation does not prolong it."""
    current: bytes
    """The keyed hash of its refresh token."""
    device_key: str | None = None
    trigger: str = "Authentication"
    """What began it, as the trigger sources name it after `TokenGeneration_`."""
    through: ThroughPages | None = None
    revoked_at: datetime | None = None
    is_repeatable: bool = False
    """Whether the refresh token itself is kept, sealed, for a client that asks again within its grace period."""

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database."""
        return {
            "origin_jti": self.origin_jti,
            "scopes": list(self.scopes),
            "auth_time": to_iso(self.auth_time),
            "device_key": self.device_key,
            "trigger": self.trigger,
            **({} if self.through is None else {"through": self.through.to_document()}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], **columns: Any) -> Self:
        return cls(
            origin_jti=document["origin_jti"],
            scopes=tuple(document["scopes"]),
            auth_time=from_iso(document["auth_time"]),
            device_key=document["device_key"],
            trigger=document["trigger"],
            through=ThroughPages.from_document(document["through"]) if "through" in document else None,
            **columns,
        )


@dataclass(frozen=True, slots=True)
class RefreshTokenKeys:
    """Keys of one server, the same on every node: of the codes in its refresh tokens, and of their hashes."""

    code: bytes
    hash: bytes

    def new(self, pool_id: str, family_id: str, nonce: bytes) -> Secret:
        """The text of a refresh token: the family's id, `nonce` (NONCE_SIZE random bytes), and a code over both."""
        body = UUID(family_id).bytes + nonce
        return Secret(base64url(body + self._code(pool_id, body)))

    def family_of(self, pool_id: str, token: str) -> str | None:
        """The id of the family that a refresh token belongs to; None where this server made no such token for
        this pool. Whether it is good still is another question."""
        try:
            data = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (NotBase64, ValueError):
            return None
        if base64url(data) != token:
            # Another spelling of a good token would not have its hash, and pass for one that was exchanged.
            return None
        body, code = data[:-_CODE_SIZE], data[-_CODE_SIZE:]
        if len(body) != _ID_SIZE + NONCE_SIZE or not hmac.compare_digest(code, self._code(pool_id, body)):
            return None
        return str(UUID(bytes=body[:_ID_SIZE]))

    def hash_of(self, pool_id: str, token: str) -> bytes:
        """What is stored of a refresh token."""
        return hmac.digest(self.hash, f"{pool_id}\0{token}".encode(), hashlib.sha256)

    def _code(self, pool_id: str, body: bytes) -> bytes:
        return hmac.digest(self.code, pool_id.encode() + b"\0" + body, hashlib.sha256)[:_CODE_SIZE]


@dataclass(frozen=True, slots=True)
class Rotation:
    """RefreshTokenRotation of an app client."""

    is_on: bool = False
    grace: timedelta = timedelta(0)
    """RetryGracePeriodSeconds: how long an exchanged refresh token still works."""

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        given = settings.get("RefreshTokenRotation", {})
        if given.get("Feature") != "ENABLED":
            return cls()
        return cls(True, timedelta(seconds=given.get("RetryGracePeriodSeconds", 0)))


class Standing(Enum):
    """What a refresh token that this server made is worth."""

    CURRENT = auto()
    IN_GRACE = auto()
    """It was exchanged a moment ago; the answer to that may have been lost, so it is given again."""
    REUSED = auto()
    REVOKED = auto()
    EXPIRED = auto()


def standing(
    family: Family, presented: bytes, retired: Mapping[bytes, datetime], rotation: Rotation, now: datetime
) -> Standing:
    """What the token of the hash `presented` is worth. `retired` says of those exchanged last when they were.

    Source: Cognito API reference, RefreshTokenRotationType; RFC 9700 §4.14.2.
    """
    if now >= family.expires_at:
        return Standing.EXPIRED
    is_current = hmac.compare_digest(family.current, presented)
    exchanged_at = retired.get(presented)
    is_in_grace = family.is_repeatable and exchanged_at is not None and now < exchanged_at + rotation.grace
    if family.revoked_at is not None:
        return Standing.REVOKED if is_current else Standing.REUSED
    if is_current:
        return Standing.CURRENT
    return Standing.IN_GRACE if is_in_grace else Standing.REUSED
