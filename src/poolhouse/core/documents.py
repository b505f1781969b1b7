"""How values are written inside the JSON documents of the database."""

from __future__ import annotations

from datetime import UTC, datetime


def to_iso(moment: datetime) -> str:
    """UTC, RFC 3339, with the microseconds kept."""
    return moment.astimezone(UTC).isoformat()


def from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text)


def epoch(moment: datetime) -> float:
    """Seconds since 1970 with three decimals: how AWS JSON writes a timestamp."""
    return round(moment.timestamp(), 3)
