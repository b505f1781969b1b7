"""What is kept of a person's authenticator app: a seed, and which of its codes were used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from poolhouse.core.secret import Secret


class Verdict(StrEnum):
    """What a code proved to be. Only RIGHT proves anything; a sign-in goes on with no other."""

    RIGHT = "RIGHT"
    WRONG = "WRONG"
    USED = "USED"
    """It, or a later one, was accepted before."""
    NONE = "NONE"
    """The person has no verified token."""
    LOCKED = "LOCKED"
    """Too many wrong ones: for now no code is looked at, the right one neither."""


@dataclass(frozen=True, slots=True)
class SoftwareToken:
    """At most one a person. Seeds are Base32 texts, as an authenticator takes them."""

    pool_id: str
    sub: str
    seed: Secret | None = None
    """The seed that a code proved; None before the first."""
    pending: Secret | None = None
    """A seed that was handed out and is still to be proved; the one before goes on until then."""
    last_step: int | None = None
    """The last 30-second step whose code was accepted: no code of it or of an earlier one is accepted again."""
    name: str | None = None
    """FriendlyDeviceName."""
    version: int = 1

    @property
    def is_verified(self) -> bool:
        return self.seed is not None

    def to_document(self) -> dict[str, Any]:
        return {"name": self.name}

    @staticmethod
    def name_of(document: Mapping[str, Any]) -> str | None:
        name: str | None = document["name"]
        return name
