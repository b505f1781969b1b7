"""How long the one who waits for an answer still waits: work for a request that is given up by then is no use."""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("ends_at", default=None)


def begin(seconds: float) -> None:
    """What runs in this context must have its answer within so many seconds."""
    _ends_at.set(asyncio.get_running_loop().time() + seconds)


def left() -> float | None:
    """Seconds; None for work that nobody waits for."""
    ends_at = _ends_at.get()
    return None if ends_at is None else ends_at - asyncio.get_running_loop().time()
