"""The housekeeping of a server: what has expired goes, in small batches, by one process at a time."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta

from poolhouse.core.errors import StoreUnavailable
from poolhouse.core.ids import Random
from poolhouse.operation import Clock
from poolhouse.store import Store, Transaction
from poolhouse.store.sweeping import FOR_EVER, sweep

EVERY = 60.0
"""Seconds."""
BATCH = 500
LEASE = timedelta(minutes=5)
log = logging.getLogger("poolhouse")


class Sweeper:
    """Sweeps once a minute while this process holds the lease; another takes it when this one is gone."""

    def __init__(
        self, store: Store, clock: Clock, random: Random, audit_kept: timedelta = timedelta(0)
    ) -> None:
        """`audit_kept`: how long records of the audit stay; zero for ever."""
        self._store = store
        self._audit_kept = min(audit_kept or FOR_EVER, FOR_EVER)
        self._clock = clock
        self._holder = random.token_bytes(8).hex()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self._for_ever())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep_once(self) -> int:
        """How many rows went; 0 also where another process holds the lease."""
        total = 0
        while True:
            done = await self._store.write(self._batch)
            total += done
            if done < BATCH:
                return total

    def _batch(self, tx: Transaction) -> int:
        now = self._clock.now()
        if not tx.leases.take("sweep", self._holder, now + LEASE, now):
            return 0
        return sweep(tx, now, BATCH, self._audit_kept)

    async def _for_ever(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.sweep_once()
            except StoreUnavailable:
                log.warning("sweeping is put off: the database does not answer")
