"""What is told to those who listen outside: records of the audit, and logs that a pool exports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class DispatchKind(StrEnum):
    """Of each, where it goes is configured."""

    AUDIT = "audit"
    """To the webhook of events."""
    LOG = "log"
    """To where the pool's log delivery sends it."""


@dataclass(frozen=True, slots=True)
class Dispatch:
    """One event on its way. It is delivered at least once; its id tells a repetition. Holds no secret."""

    id: str
    """A UUID that sorts by time."""
    kind: DispatchKind
    type: str
    """What happened, for whom listens: `audit.InitiateAuth`, `log.userAuthEvents`."""
    data: Mapping[str, Any]
    created_at: datetime
    destination: str = ""
    """Of a log: the ARN of the log group, bucket or stream."""
    attempts: int = 0

    def to_document(self) -> dict[str, Any]:
        return {"type": self.type, "data": dict(self.data), "destination": self.destination}
