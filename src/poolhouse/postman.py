"""The postman: takes messages out of the outbox to who carries them, or lays them into the local inbox.

A message is first tried at once, by the process that wrote it. What was not delivered then (the carrier was away,
the process died) is due a little later, for whichever process finds it first. A claim on a message holds longer
than an attempt may take, so two nodes never deliver it at the same time.

Where a function of the pool sends its messages, nobody waits for it: one that is slow holds up no other message.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from contextvars import Context
from datetime import timedelta

from poolhouse.core.custom_senders import sender_of, told_in
from poolhouse.core.errors import StoreUnavailable
from poolhouse.core.ids import uuid7
from poolhouse.core.log_delivery import undelivered_log
from poolhouse.core.messages import mask
from poolhouse.core.outgoing import Outcome, Outgoing, Told
from poolhouse.core.pauses import doubled
from poolhouse.core.pools import UserPool
from poolhouse.operation import Clock, SystemRandom
from poolhouse.ports import Ports
from poolhouse.ports.carriers import Carrier, Refused, Unavailable
from poolhouse.store import Store, Transaction
from poolhouse.store.repositories.outbox import FOR_FUNCTION, MESSAGE
from poolhouse.userpools.triggers.custom_senders import CustomSender

EVERY = 5.0
"""Seconds between two looks into the outbox."""
ATTEMPT = 30.0
"""Seconds that one attempt may take."""
CLAIM = timedelta(seconds=90)
"""How long a claim holds: an attempt, and what the database may take before and after it."""
BATCH = 20
"""Messages that are tried at the same time."""
FUNCTIONS_AT_ONCE = 100
"""Messages that functions are being told of, beyond which those that wait for one in the outbox wait longer."""
OF_ONE_POOL = 20
"""Of these, messages of one pool: beyond them its others wait, and nobody else's."""
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(hours=1)
MAX_ATTEMPTS = 40
"""More than fit into the day after which every message has ended."""

log = logging.getLogger("poolhouse")


class Gone(Exception):
    """There is nobody any more whom a message is for."""


class Postman:
    """One per process. `local_inbox`: whether what nothing is configured to carry is kept for the developer."""

    def __init__(self, store: Store, clock: Clock, ports: Ports, *, local_inbox: bool) -> None:
        self.on_attempt: Callable[[str, str], None] = lambda medium, outcome: None
        """Told of each attempt: its medium and the name of its `Outcome`."""
        self.on_look: Callable[[int], None] = lambda waiting: None
        """Told now and then how many messages wait."""
        self._store = store
        self._clock = clock
        self._ports = ports
        self._random = SystemRandom()
        self._carriers: dict[str, Carrier | None] = {"EMAIL": ports.mail, "SMS": ports.sms}
        self._local_inbox = local_inbox
        self._workers: list[asyncio.Task[None]] = []
        self._attempts: set[asyncio.Task[Outcome]] = set()
        self._functions: Counter[str] = Counter()
        """How many of the attempts ask a function, by pool."""
        self._is_held_up = False
        """Whether something is due that waits for a function."""
        self._has_answered = asyncio.Event()
        """Whether a function has, since the last look."""

    def start(self) -> None:
        for look in (self._carry_due, self._tell_due):  # neither waits for the other
            self._workers.append(asyncio.create_task(self._for_ever(look)))

    async def stop(self) -> None:
        """Let attempts under way end: one that is cut off may be made twice."""
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        if self._attempts:
            await asyncio.wait(self._attempts, timeout=5)
        for attempt in self._attempts:
            attempt.cancel()
        for carrier in self._carriers.values():
            if carrier is not None:
                await carrier.aclose()

    def send(self, message_ids: Iterable[str]) -> Sequence[asyncio.Task[Outcome]]:
        """Begin to deliver messages that were just written. The tasks go on whoever waits for them, and never
        raise."""
        begun = [asyncio.create_task(self._deliver_new(message_id)) for message_id in message_ids]
        for task in begun:
            self._attempts.add(task)
            task.add_done_callback(self._attempts.discard)
        return begun

    async def deliver_due(self) -> int:
        """Try everything that is due, but what waits for functions that have enough to do; how many were tried."""
        return await self._carry_due() + await self._tell_due()

    async def _carry_due(self) -> int:
        total = 0
        while claimed := await self._claim(MESSAGE):
            await asyncio.gather(*(self._deliver(message) for message in claimed))
            total += len(claimed)
        return total

    async def _tell_due(self) -> int:
        total = 0
        while claimed := await self._claim_for_functions():
            for message in claimed:
                self._tell(message)
            total += len(claimed)
        return total

    async def _claim_for_functions(self) -> Sequence[Outgoing]:
        self._has_answered.clear()
        busy = [pool_id for pool_id, count in self._functions.items() if count >= OF_ONE_POOL]
        is_full = self._functions.total() >= FUNCTIONS_AT_ONCE
        claimed = [] if is_full else await self._claim(FOR_FUNCTION, busy)
        now = self._clock.now()
        self._is_held_up = (
            not claimed
            and (is_full or bool(busy))
            and await self._store.read(lambda tx: tx.outbox.has_due(now, FOR_FUNCTION))
        )
        return claimed

    async def _claim(self, kind: str, busy: Collection[str] = ()) -> Sequence[Outgoing]:
        now = self._clock.now()
        if not await self._store.read(lambda tx: tx.outbox.has_due(now, kind, busy)):
            return ()
        return await self._store.write(lambda tx: tx.outbox.claim_due(now, now + CLAIM, BATCH, kind, busy))

    async def _deliver_new(self, message_id: str) -> Outcome:
        now = self._clock.now()
        try:
            message = await self._store.write(lambda tx: tx.outbox.claim_new(message_id, now + CLAIM))
            if message is None:
                return Outcome.PUT_OFF
            if message.told is None:
                return await self._deliver(message)
            self._tell(message)
        except StoreUnavailable:
            pass  # it is still in the outbox
        except Exception:
            log.exception("a message could not be sent; it is tried again", extra={"message_id": message_id})
        return Outcome.PUT_OFF

    def _tell(self, message: Outgoing) -> None:
        """Begin to deliver a message to the pool's function. It has its own time: the request's that it was written
        for is not counted."""
        task = asyncio.get_running_loop().create_task(self._deliver_alone(message), context=Context())
        self._functions[message.pool_id] += 1
        self._attempts.add(task)
        task.add_done_callback(self._attempts.discard)
        task.add_done_callback(lambda _: self._told(message.pool_id))

    def _told(self, pool_id: str) -> None:
        self._functions[pool_id] -= 1
        if not self._functions[pool_id]:
            del self._functions[pool_id]
        self._has_answered.set()

    async def _deliver_alone(self, message: Outgoing) -> Outcome:
        try:
            return await self._deliver(message)
        except StoreUnavailable:
            log.warning("a message waits: the database does not answer", extra=_about(message))
        except Exception:
            log.exception("a message could not be sent; it is tried again", extra=_about(message))
        return Outcome.PUT_OFF

    async def _deliver(self, message: Outgoing) -> Outcome:
        """Try a message that this process has claimed."""
        outcome = await self._attempt(message)
        self.on_attempt(message.medium, outcome.name)
        return outcome

    async def _attempt(self, message: Outgoing) -> Outcome:
        if self._clock.now() >= message.expires_at or message.attempts > MAX_ATTEMPTS:
            await self._give_up(message, "it is too late for it")
            return Outcome.REFUSED
        try:
            carrier = await self._carrier(message)
        except Gone:
            log.info("a message is sent to nobody: its pool or its person is gone", extra=_about(message))
            await self._store.write(lambda tx: tx.outbox.remove(message.id))
            return Outcome.REFUSED
        if carrier is None:
            return await self._keep(message)
        try:
            async with asyncio.timeout(ATTEMPT):
                await carrier.carry(message)
        except Refused as refused:
            await self._give_up(message, f"{carrier.name}: {refused}")
            return Outcome.REFUSED
        except (Unavailable, TimeoutError) as away:
            await self._put_off(message, f"{carrier.name}: {str(away) or 'no answer in time'}")
            return Outcome.PUT_OFF
        except Exception as failed:
            log.exception("a carrier failed", extra=_about(message))
            await self._put_off(message, f"{carrier.name}: {type(failed).__name__}")
            return Outcome.PUT_OFF
        await self._store.write(lambda tx: tx.outbox.remove(message.id))
        return Outcome.DELIVERED

    async def _carrier(self, message: Outgoing) -> Carrier | None:
        """Who takes the message now: what the pool has meanwhile said of its functions counts.

        Raises:
            Gone: no function is told of people who were deleted.
        """
        told = told_in(message)
        if told is not None:
            pool = await self._store.read(lambda tx: _pool_of(tx, message, told))
            if sender_of(pool, message.medium) is not None:
                return CustomSender(pool, self._ports, self._store, self._random)
        return self._carriers[message.medium]

    async def _keep(self, message: Outgoing) -> Outcome:
        if not self._local_inbox:
            await self._give_up(message, f"nothing is configured to carry {message.medium}")
            return Outcome.REFUSED

        def keep(tx: Transaction) -> None:
            # Together: it is never in both, and never in neither.
            if tx.outbox.remove(message.id):
                tx.inbox.add(message)

        await self._store.write(keep)
        return Outcome.DELIVERED

    async def _give_up(self, message: Outgoing, why: str) -> None:
        log.error("a message was not delivered, and won't be: %s", why, extra=_about(message))

        def give_up(tx: Transaction) -> None:
            if tx.outbox.remove(message.id):
                self._export(tx, message, why)

        await self._store.write(give_up)

    async def _put_off(self, message: Outgoing, why: str) -> None:
        log.warning("a message was not delivered yet: %s", why, extra=_about(message))
        next_at = self._clock.now() + pause_after(message.attempts)

        def put_off(tx: Transaction) -> None:
            tx.outbox.put_off(message, next_at, why)
            if message.attempts == 1:
                self._export(tx, message, f"{why}; it is tried again")

        await self._store.write(put_off)

    def _export(self, tx: Transaction, message: Outgoing, why: str) -> None:
        """Into the pool's own log of what did not arrive, where it exports one: the first failure, and the last."""
        pool = tx.pools.find(message.pool_id)
        if pool is None:
            return
        now = self._clock.now()
        line = undelivered_log(pool, message.medium, message.destination, why, id=uuid7(now, secrets), at=now)
        if line is not None:
            tx.dispatches.add(line)

    async def _for_ever(self, look: Callable[[], Awaitable[int]]) -> None:
        is_told = False
        while True:
            if look == self._tell_due and self._is_held_up:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._has_answered.wait(), EVERY)
            else:
                await asyncio.sleep(EVERY)
            try:
                await look()
                self.on_look(await self._store.read(lambda tx: tx.outbox.count()))
                is_told = False
            except StoreUnavailable:
                if not is_told:  # once for as long as it is away
                    log.warning("messages wait: the database does not answer")
                is_told = True
            except Exception:
                log.exception("messages wait: the postman stumbled")


def pause_after(attempts: int) -> timedelta:
    """Until the next attempt after so many in vain: ten seconds, doubling, up to an hour."""
    return doubled(FIRST_PAUSE, attempts, LONGEST_PAUSE)


def _pool_of(tx: Transaction, message: Outgoing, told: Told) -> UserPool:
    """Raises Gone."""
    pool, sub = tx.pools.find(message.pool_id), told.attributes.get("sub")  # notices name none
    if pool is None or (sub is not None and tx.users.by_sub(pool.id, sub) is None):
        raise Gone
    return pool


def _about(message: Outgoing) -> dict[str, str]:
    return {
        "message_id": message.id,
        "pool_id": message.pool_id,
        "purpose": message.purpose.value,
        "destination": mask(message.medium, message.destination),
    }
