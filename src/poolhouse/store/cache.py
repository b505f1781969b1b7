"""The cache: coherent, not merely short-lived.

Before each use the bell is asked; it tells what has changed, and that is dropped, nothing else. A client's entry
is good while its pool's snapshot is the one in the cache: so a change of the pool reaches all its clients at once,
and needs no list of them.

A change may come while a value is being loaded, and the load may have read what was there before. Such a load
is overtaken: nobody who asks from now on shares it, and what it read is kept only if the change was of something else.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import Any, Final

from poolhouse.core.errors import StoreUnavailable
from poolhouse.core.snapshots import AppSnapshot, ClientSnapshot, PoolSnapshot
from poolhouse.store import snapshots
from poolhouse.store.changes import Change
from poolhouse.store.store import Store

KINDS = ("client", "app", "pool", "domain", "access_key")
OF_A_CLIENT = ("client", "app")
"""Both are read from a client and its pool: for machines, and for people."""
MAX_NEGATIVE = 10_000
_EVICTED_AT_ONCE = 64
"""One part in this many: the oldest of a dictionary are found by walking over those deleted before them."""

Tag = tuple[str, str]


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


@dataclass(slots=True, eq=False)
class _Load:
    task: asyncio.Task[Any]
    changed: set[Tag] = field(default_factory=set)
    """What changed while it was under way."""
    all_changed: bool = False


class Cache:
    """Values by kind and key. Belongs to one event loop's thread."""

    def __init__(self, store: Store, *, entries: int = 200_000, stale_for: timedelta = timedelta(0)) -> None:
        self._store = store
        self._max_entries = entries
        self._stale_for = stale_for.total_seconds()
        self._entries: dict[str, dict[str, Any]] = {kind: {} for kind in KINDS}
        self._pools: dict[str, PoolSnapshot] = self._entries["pool"]
        self._nothing: dict[Tag, None] = {}
        self._loads: dict[Tag, _Load] = {}
        self._under_way: set[_Load] = set()
        self._bell = store.bell(self._forget)
        self._ring = self._bell.ring

    def peek(self, kind: str, key: str) -> object:
        """The value, None for "no such thing", or ABSENT: ask `get`."""
        if not self._ring():
            return ABSENT
        return self._held(kind, key)

    async def get(self, kind: str, key: str) -> Any | None:
        """The value, from here or from the database; None for "no such thing".

        Raises:
            StoreUnavailable: it is not here, or may not be used, and the database does not answer.
        """
        if not self._ring():
            return await self._get_past_cache(kind, key)
        value = self._held(kind, key)
        if value is not ABSENT:
            return value
        load = self._loads.get((kind, key))
        if load is None:
            load = self._begin(kind, key)
        # Shielded: the one who asked first may go away, the others wait on.
        return await asyncio.shield(load.task)

    def is_current(self) -> bool:
        """Whether what is held may be used just now."""
        return self._ring()

    def __len__(self) -> int:
        return sum(map(len, self._entries.values()))

    def close(self) -> None:
        self._bell.close()

    def _held(self, kind: str, key: str) -> Any:
        value = self._entries[kind].get(key)
        if value is None:
            return None if (kind, key) in self._nothing else ABSENT
        if kind in OF_A_CLIENT and self._pools.get(value.pool.id) is not value.pool:
            return ABSENT
        return value

    async def _get_past_cache(self, kind: str, key: str) -> Any | None:
        try:
            return await self._store.look_up(
                lambda tx: snapshots.load(tx, kind, key, _no_pool), of_one_state=True
            )
        except StoreUnavailable:
            if self._stale_for and self._bell.has_rung_within(self._stale_for):
                value = self._held(kind, key)
                if value is not ABSENT:
                    return value
            raise

    def _begin(self, kind: str, key: str) -> _Load:
        load = _Load(asyncio.ensure_future(self._load(kind, key)))
        self._loads[kind, key] = load
        self._under_way.add(load)
        # Also read where all who waited have gone away, so that no failure is left unseen.
        load.task.add_done_callback(lambda task: self._end(kind, key, load, task))
        return load

    async def _load(self, kind: str, key: str) -> Any | None:
        client = self._entries["client"].get(key) if kind == "client" else None
        if client is not None:
            # The client itself has not changed, only its pool.
            pool = await self.get("pool", client.pool.id)
            return None if pool is None else replace(client, pool=pool)
        return await self._store.look_up(
            lambda tx: snapshots.load(tx, kind, key, self._pools.get), of_one_state=True
        )

    def _end(self, kind: str, key: str, load: _Load, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(load)
        if self._loads.get((kind, key)) is load:
            del self._loads[kind, key]
        if task.cancelled() or task.exception() is not None:
            return
        value = task.result()
        if load.all_changed or not load.changed.isdisjoint(_tags(kind, key, value)):
            return
        self._keep(kind, key, value)

    def _keep(self, kind: str, key: str, value: Any | None) -> None:
        if value is None:
            self._entries[kind].pop(key, None)
            self._nothing[kind, key] = None
            _evict(self._nothing, MAX_NEGATIVE)
            return
        self._nothing.pop((kind, key), None)
        if isinstance(value, ClientSnapshot | AppSnapshot):
            # All clients of a pool share the snapshot that was here first; both are current.
            pool = self._pools.setdefault(value.pool.id, value.pool)
            if pool is not value.pool:
                value = replace(value, pool=pool)
            _evict(self._pools, self._max_entries)
        self._entries[kind][key] = value
        _evict(self._entries[kind], self._max_entries)

    def _forget(self, changes: list[Change] | None) -> None:
        """Called by the bell, on the loop's thread."""
        self._loads.clear()
        if changes is None:
            for held in self._entries.values():
                held.clear()
            self._nothing.clear()
            for load in self._under_way:
                load.all_changed = True
            return
        for change in changes:
            for kind in OF_A_CLIENT if change.kind == "client" else (change.kind,):
                self._entries.get(kind, {}).pop(change.key, None)
                self._nothing.pop((kind, change.key), None)
        for load in self._under_way:
            load.changed.update(change.tag for change in changes)


def _tags(kind: str, key: str, value: Any | None) -> Iterator[Tag]:
    """What the value was read from."""
    yield "client" if kind in OF_A_CLIENT else kind, key
    if isinstance(value, ClientSnapshot | AppSnapshot):
        yield "pool", value.pool.id


def _no_pool(pool_id: str) -> None:
    return None


def _evict(held: dict[Any, Any], limit: int) -> None:
    if len(held) > limit:
        for key in list(islice(held, max(1, limit // _EVICTED_AT_ONCE))):
            del held[key]
