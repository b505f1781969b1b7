"""Bounds a flood of like messages: the first of each kind in a while are kept, the rest are counted."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

WINDOW = 10.0
"""Seconds."""
KINDS_AT_MOST = 1000


class Sampler:
    def __init__(self, kept: int) -> None:
        self._kept = kept
        self._ends = 0.0
        self._seen: dict[Hashable, int] = {}

    def keeps(self, kind: Hashable) -> bool:
        """Whether to write this one."""
        if kind not in self._seen and len(self._seen) >= KINDS_AT_MOST:
            kind = None
        seen = self._seen[kind] = self._seen.get(kind, 0) + 1
        return seen <= self._kept

    def ended(self, now: float) -> Iterable[tuple[Hashable, int]]:
        """When a window is over: what was left out in it, and how often. `now` is monotonic."""
        if now < self._ends:
            return ()
        self._ends = now + WINDOW
        if not self._seen:
            return ()
        left_out = [(kind, seen - self._kept) for kind, seen in self._seen.items() if seen > self._kept]
        self._seen.clear()
        return left_out
