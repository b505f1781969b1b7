"""The public keys of identity providers, kept for a while in this process's memory.

A key that is not among them makes the set be fetched again, but at most once a minute: else anybody could have the
server ask on by making keys up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from poolhouse.ports.guarded import GuardedOutbound, OutboundFailed, Reply

KEPT = timedelta(hours=1)
NOT_SOONER = timedelta(minutes=1)
MAX_SETS = 1_000
MAX_KEYS = 100
"""Of one set that are looked at."""

Key = Mapping[str, Any]


@dataclass(slots=True)
class _Set:
    keys: Sequence[Key]
    fetched_at: datetime


class KeySets:
    """JWK Sets (RFC 7517 §5) by address. Belongs to one event loop."""

    def __init__(self, outbound: GuardedOutbound, now: Callable[[], datetime]) -> None:
        self._outbound = outbound
        self._now = now
        self._sets: dict[str, _Set] = {}
        self._turns: dict[str, asyncio.Lock] = {}

    async def find(self, url: str, is_meant: Callable[[Key], bool]) -> Sequence[Key]:
        """The keys at this address that are meant; none where there is no such key.

        Raises:
            OutboundFailed: they can't be fetched, and none that is remembered is meant.
        """
        known = self._sets.get(url)
        if known is not None and self._now() - known.fetched_at < KEPT:
            found = [key for key in known.keys if is_meant(key)]
            if found or self._now() - known.fetched_at < NOT_SOONER:
                return found
        return [key for key in await self._fetch(url, known) if is_meant(key)]

    async def _fetch(self, url: str, known: _Set | None) -> Sequence[Key]:
        async with self._turns.setdefault(url, asyncio.Lock()):
            newer = self._sets.get(url)
            if newer is not None and newer is not known:
                return newer.keys  # another request fetched them while this one waited
            reply = await self._outbound.get(url, {"accept": "application/json"})
            if reply.status != 200:
                raise OutboundFailed(f"the keys' address answered {reply.status}")
            keys = _read(reply)
            while len(self._sets) >= MAX_SETS:
                oldest = next(iter(self._sets))
                del self._sets[oldest]
                self._turns.pop(oldest, None)
            self._sets.pop(url, None)
            self._sets[url] = _Set(keys, self._now())
            return keys


def _read(reply: Reply) -> Sequence[Key]:
    """Raises OutboundFailed: it is no JWK Set."""
    keys = (reply.json_object() or {}).get("keys")
    if not isinstance(keys, list):
        raise OutboundFailed("the keys are no JWK Set")
    return [key for key in keys[:MAX_KEYS] if isinstance(key, dict)]
