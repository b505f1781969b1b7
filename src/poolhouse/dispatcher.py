"""The dispatcher: tells those who listen outside, by a webhook or by files, what was written for them.

What it tells was written in the transaction that it tells of, so nothing is told that did not happen, and nothing
that happened is left out: each event is delivered at least once, as the postman's messages are (`postman`).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from poolhouse.core.dispatches import Dispatch, DispatchKind
from poolhouse.core.errors import StoreUnavailable
from poolhouse.core.pauses import doubled
from poolhouse.operation import Clock
from poolhouse.ports.carriers import Unavailable
from poolhouse.ports.listeners import Listener
from poolhouse.store import Store

EVERY = 1.0
"""Seconds between two looks."""
ATTEMPT = 30.0
"""Seconds that one attempt may take."""
CLAIM = timedelta(seconds=90)
"""How long a claim holds: an attempt, and what the database may take before and after it."""
BATCH = 20
"""Events that are tried at the same time."""
FIRST_PAUSE = timedelta(seconds=5)
"""Before the second attempt; twice as long before each that follows."""
LONGEST_PAUSE = timedelta(minutes=15)
WORTH_TELLING = timedelta(days=3)
"""After so long an event is given up: who listened is gone. The audit has it still."""

log = logging.getLogger("poolhouse")


class Dispatcher:
    """One per process."""

    def __init__(self, store: Store, clock: Clock, listeners: Mapping[DispatchKind, Listener]) -> None:
        self.on_attempt: Callable[[str, str], None] = lambda kind, outcome: None
        """Told of each attempt: the kind of the event, and DELIVERED, PUT_OFF or REFUSED."""
        self._store = store
        self._clock = clock
        self._listeners = listeners
        self._worker: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._worker = asyncio.create_task(self._for_ever())

    async def stop(self) -> None:
        """What is cut off is told again by whoever looks next."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
        for listener in set(self._listeners.values()):
            await listener.aclose()

    async def deliver_due(self) -> int:
        """Try everything that is due; how many were tried."""
        total = 0
        while True:
            now = self._clock.now()
            if not await self._store.read(lambda tx: tx.dispatches.has_due(now)):  # noqa: B023  # run at once
                return total
            claimed = await self._store.write(lambda tx: tx.dispatches.claim_due(now, now + CLAIM, BATCH))  # noqa: B023
            # Each kind in its own order: a webhook's answers are waited for together, lines follow one another.
            delivered = await asyncio.gather(
                *(self._deliver(event) for event in claimed if event.kind is not DispatchKind.LOG),
                self._deliver_in_turn([event for event in claimed if event.kind is DispatchKind.LOG]),
            )
            done = [id for ids in delivered for id in ids]
            await self._store.write(lambda tx: tx.dispatches.remove(done))  # noqa: B023
            total += len(claimed)

    async def _deliver_in_turn(self, events: Sequence[Dispatch]) -> list[str]:
        return [id for event in events for id in await self._deliver(event)]

    async def _deliver(self, event: Dispatch) -> list[str]:
        """The id, if there is nothing more to be done."""
        if self._clock.now() >= event.created_at + WORTH_TELLING:
            log.error("an event was not told to who listens, and won't be", extra=_about(event))
            self.on_attempt(event.kind.value, "REFUSED")
            return [event.id]
        listener = self._listeners.get(event.kind)
        if listener is None:
            return [event.id]  # nobody listens any more: the setting was taken away
        try:
            async with asyncio.timeout(ATTEMPT):
                await listener.hear(event)
        except (Unavailable, TimeoutError) as away:
            await self._put_off(event, str(away) or "no answer in time")
            return []
        except Exception as failed:
            log.exception("who listens to events failed", extra=_about(event))
            await self._put_off(event, type(failed).__name__)
            return []
        self.on_attempt(event.kind.value, "DELIVERED")
        return [event.id]

    async def _put_off(self, event: Dispatch, why: str) -> None:
        log.warning("an event was not told yet to who listens: %s", why, extra=_about(event))
        self.on_attempt(event.kind.value, "PUT_OFF")
        next_at = self._clock.now() + doubled(FIRST_PAUSE, event.attempts, LONGEST_PAUSE)
        await self._store.write(lambda tx: tx.dispatches.put_off(event, next_at, why))

    async def _for_ever(self) -> None:
        is_told = False
        while True:
            await asyncio.sleep(EVERY)
            try:
                await self.deliver_due()
                is_told = False
            except StoreUnavailable:
                if not is_told:  # once for as long as it is away
                    log.warning("events wait: the database does not answer")
                is_told = True
            except Exception:
                log.exception("events wait: the dispatcher stumbled")


def _about(event: Dispatch) -> dict[str, str]:
    return {"event_id": event.id, "event_type": event.type}
