"""What is kept of a person's password, of a code sent to them, and of how often either was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from poolhouse.core.secret import Secret


@dataclass(frozen=True, slots=True)
class Password:
    pool_id: str
    sub: str
    hash: str
    """Argon2id, in its own text form ($argon2id$…)."""
    set_at: datetime
    verifier: Secret | None = None
    """What SRP needs, as `core.srp` writes it; None where no client of the pool allowed SRP when it was set."""
    expires_at: datetime | None = None
    """When a temporary password ends; None for one that the person chose."""
    history: tuple[str, ...] = ()
    """The hashes of earlier passwords, the last one first, as many as the pool's policy forbids to use again."""
    version: int = 1

    def to_document(self) -> dict[str, Any]:
        return {"history": list(self.history)}

    @staticmethod
    def history_of(document: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(document["history"])


@dataclass(frozen=True, slots=True)
class Code:
    """What was sent to a person to be typed in once. There is one of each purpose: a new one takes its place."""

    pool_id: str
    sub: str
    purpose: str
    """`sign_up`, `reset`, `verify:email`, `verify:phone_number`; `passkey` for the challenge of a registration."""
    hash: bytes
    """A keyed hash of the code with whose and what for it is."""
    detail: Secret
    """A JSON object: the code itself, while a repeated request may send it again, where it went, and of which attribute."""
    created_at: datetime
    expires_at: datetime


LOCKS_FROM = 5
"""Failures in a row."""
LONGEST_LOCK = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often something was tried in vain, or asked for, since when."""

    count: int
    since: datetime
    locked_until: datetime | None = None

    def is_locked(self, now: datetime) -> bool:
        return self.locked_until is not None and now < self.locked_until

    def failed(self, now: datetime) -> Attempts:
        """After one more failure: from the fifth on a lock of 2^(n-5) seconds, up to 15 minutes. Fifteen minutes
        without an attempt forget the earlier ones.

        Source: Cognito developer guide, "Lockout behavior for failed sign-in attempts".
        """
        last = self.locked_until or self.since
        count = 1 if now - last >= LONGEST_LOCK else self.count + 1
        locked = None
        if count >= LOCKS_FROM:
            locked = now + min(timedelta(seconds=2 ** min(count - LOCKS_FROM, 20)), LONGEST_LOCK)
        return Attempts(count, now, locked)

    def counted(self, now: datetime, per: timedelta) -> Attempts:
        """After one more, in a window of `per` that begins with the first."""
        if now - self.since >= per:
            return Attempts(1, now)
        return Attempts(self.count + 1, self.since)
