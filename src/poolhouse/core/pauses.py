"""How long to wait before what was tried in vain is tried again."""

from __future__ import annotations

from datetime import timedelta


def doubled(first: timedelta, attempts: int, longest: timedelta) -> timedelta:
    """Until the next attempt after so many in vain, at least one: `first`, then twice as long each time, up to
    `longest`."""
    doublings: int = 2 ** min(attempts - 1, 20)
    return min(first * doublings, longest)
