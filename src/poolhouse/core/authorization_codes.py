"""What an authorization code stands for: who signed in, for which client, and what it may have."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from poolhouse.core.base64url import base64url
from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.families import ThroughPages
from poolhouse.core.token_overrides import Shaping

LIFETIME = timedelta(minutes=5)
"""Source: Cognito developer guide, "Token endpoint"."""


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    pool_id: str
    hash: bytes
    """The keyed hash of its text, which nobody keeps."""
    sub: str
    client_id: str
    redirect_uri: str
    challenge: str | None
    scopes: tuple[str, ...]
    auth_time: datetime
    nonce: str | None
    through: ThroughPages
    expires_at: datetime
    used_at: datetime | None = None
    family_id: str | None = None
    """What its use gave."""
    shaping: Shaping | None = None
    """What the pool's function said of its tokens, while the browser could be told of a refusal."""

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database."""
        return {
            "redirect_uri": self.redirect_uri,
            "challenge": self.challenge,
            "scopes": list(self.scopes),
            "auth_time": to_iso(self.auth_time),
            "nonce": self.nonce,
            "through": self.through.to_document(),
            **({} if self.shaping is None else {"shaping": self.shaping.to_document()}),
        }

    @classmethod
    def from_document(cls, document: Mapping[str, Any], **columns: Any) -> Self:
        return cls(
            redirect_uri=document["redirect_uri"],
            challenge=document["challenge"],
            scopes=tuple(document["scopes"]),
            auth_time=from_iso(document["auth_time"]),
            nonce=document["nonce"],
            through=ThroughPages.from_document(document["through"]),
            shaping=Shaping.from_document(document["shaping"]) if "shaping" in document else None,
            **columns,
        )


def hash_of(key: bytes, pool_id: str, code: str) -> bytes:
    return hmac.digest(key, f"{pool_id}/{code}".encode("utf-8", "surrogatepass"), hashlib.sha256)


def answers_challenge(challenge: str | None, verifier: str | None) -> bool:
    """Whether `verifier` is what the challenge was made of: of none, that there is none.

    A verifier without a challenge is refused too: it would mean that somebody took the challenge out of the
    request on its way (RFC 9700 §2.1.1).

    Source: RFC 7636 §4.6, S256 alone.
    """
    if challenge is None or verifier is None:
        return challenge is None and verifier is None
    return hmac.compare_digest(challenge_of(verifier), challenge)


def challenge_of(verifier: str) -> str:
    """S256 (RFC 7636 §4.2)."""
    return base64url(hashlib.sha256(verifier.encode("utf-8", "surrogatepass")).digest())
