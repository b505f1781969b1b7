"""Sweeping removes what has expired, in bounded batches; changes are told whole, however many they are."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.store.conftest import Opener, StoreSettings
from tests.store.examples import NOW, POOL, a_client, a_pool, a_signing_key
from tests.store.test_cache import with_cache

from poolhouse.store import Store, Transaction
from poolhouse.store.cache import ABSENT, Cache
from poolhouse.store.changes import MAX_PAYLOAD, Change, parse_payload, payloads
from poolhouse.store.sweeping import sweep


def test_a_sweep_is_bounded_and_leaves_what_is_not_old(settings: StoreSettings, a_store: Opener) -> None:
    store = a_store(settings, now=lambda: NOW)

    def fill(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        for number in range(6):
            tx.signing_keys.add(a_signing_key(f"kid{number}"))
            tx.signing_keys.withdraw(f"kid{number}", NOW + timedelta(days=number))
        for number in range(9):
            tx.clients.add(a_client(f"client{number}"))

    def swept(after: timedelta, limit: int) -> int:
        return store.write_now(lambda tx: sweep(tx, NOW + after, limit))

    store.write_now(fill)
    assert swept(timedelta(0), 100) == 0
    assert swept(timedelta(hours=1), 100) == 0
    # Ten changes, and the keys that left the JWKS more than a day before.
    assert [swept(timedelta(days=3), 5) for _ in range(3)] == [5, 5, 2]
    left = store.write_now(lambda tx: [key.kid for key in tx.signing_keys.of(POOL)])
    assert left == ["kid2", "kid3", "kid4", "kid5"]
    assert swept(timedelta(hours=2), 100) == 1, "that the keys went was told, and is old by now"


def test_many_changes_are_told_in_messages_that_are_short_enough() -> None:
    changes = [Change(POOL, "client", f"{number:026}é\ud800") for number in range(1000)]
    told = list(payloads(changes))
    assert len(told) > 1
    assert max(len(payload.encode()) for payload in told) <= MAX_PAYLOAD
    assert [change for payload in told for change in parse_payload(payload) or ()] == changes
    assert list(payloads([])) == []
    assert parse_payload("nonsense") is None
    assert parse_payload("[[1]]") is None


def test_a_thousand_changes_in_one_transaction_are_heard_by_another_node(
    store: Store, settings: StoreSettings, a_store: Opener
) -> None:
    other = a_store(settings)
    ids = [f"client{number:026}" for number in range(1000)]
    store.write_now(lambda tx: tx.pools.add(a_pool()))

    def add_all(tx: Transaction) -> None:
        for client_id in ids:
            tx.clients.add(a_client(client_id))

    async def test(cache: Cache) -> None:
        for client_id in (ids[0], ids[-1]):
            assert await cache.get("client", client_id) is None
        await asyncio.to_thread(other.write_now, add_all, patience=20)
        async with asyncio.timeout(1):
            # They come in several notifications, so not all at once.
            while {cache.peek("client", ids[0]), cache.peek("client", ids[-1])} != {ABSENT}:
                await asyncio.sleep(0.01)
        assert await cache.get("client", ids[-1]) is not None
        assert await cache.get("client", ids[0]) is not None

    with_cache(store, test)
