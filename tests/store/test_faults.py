"""A database that hangs, goes away, or loses an answer; a listener that is cut off: never a stale or double answer."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from tests.engines import PostgresServer
from tests.store.conftest import Opener, StoreSettings
from tests.store.examples import ACCOUNT, POOL, REGION, a_client, a_pool, a_secret
from tests.store.proxy import Message, Proxy, a_proxy
from tests.store.test_cache import until_current, until_dropped, with_cache

from poolhouse.core.errors import StoreUnavailable
from poolhouse.core.secret import Secret
from poolhouse.store import Store, Transaction
from poolhouse.store.cache import ABSENT, Cache
from poolhouse.store.postgresql import CONNECTIONS, MAX_WAITING


@pytest.fixture
def proxy(postgres_server: PostgresServer) -> Iterator[Proxy]:
    # A short path: that of a socket may have a hundred characters.
    with (
        tempfile.TemporaryDirectory(prefix="proxy") as folder,
        a_proxy(Path(folder), postgres_server) as proxy,
    ):
        yield proxy


@pytest.fixture
def node(proxy: Proxy, postgres_settings: StoreSettings, a_store: Opener) -> Store:
    """A node whose way to the database leads through the proxy."""
    assert postgres_settings.database_url is not None
    url = Secret(proxy.url_of(postgres_settings.database_url.reveal()))
    return a_store(replace(postgres_settings, database_url=url))


@pytest.fixture
def other(postgres_settings: StoreSettings, a_store: Opener, node: Store) -> Store:
    """Another node, with a way of its own; there is a client, and the first node has it in its cache."""
    store = a_store(postgres_settings)

    def fill(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        tx.clients.add(a_client())
        tx.client_secrets.add(a_secret())

    store.write_now(fill)
    return store


async def within(seconds: float, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


def delete_client(tx: Transaction) -> None:
    tx.clients.remove(POOL, "client1")


def test_a_hanging_database_ends_the_use_of_the_cache_within_a_second(
    proxy: Proxy, node: Store, other: Store
) -> None:
    async def test(cache: Cache) -> None:
        assert await cache.get("client", "client1")
        assert cache.peek("client", "client1") is not ABSENT
        proxy.freeze()
        frozen_at = time.monotonic()
        await asyncio.to_thread(other.write_now, delete_client)
        await within(1.2, lambda: cache.peek("client", "client1") is ABSENT)
        assert time.monotonic() - frozen_at < 1.2
        asked_at = time.monotonic()
        answers = await asyncio.gather(
            *(cache.get("client", "client1") for _ in range(30)),
            node.write(lambda tx: tx.pools.add(a_pool("us-east-1_x"))),
            return_exceptions=True,
        )
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
        assert time.monotonic() - asked_at < 2
        proxy.thaw()
        await until_current(cache)
        assert await cache.get("client", "client1") is None

    with_cache(node, test)


def test_a_database_that_is_down_is_refused_at_once_and_comes_back_by_itself(
    proxy: Proxy, node: Store, other: Store
) -> None:
    async def test(cache: Cache) -> None:
        assert await cache.get("client", "client1")
        proxy.shut()
        await asyncio.to_thread(other.write_now, delete_client)
        await within(1.2, lambda: not cache.is_current())
        attempts, begun = proxy.attempts, time.monotonic()
        while time.monotonic() - begun < 1:
            asked_at = time.monotonic()
            with pytest.raises(StoreUnavailable):
                await cache.get("client", "client1")
            with pytest.raises(StoreUnavailable):
                await node.write(delete_client)
            assert time.monotonic() - asked_at < 1
        proxy.open()
        await until_current(cache)
        assert await cache.get("client", "client1") is None
        await within(3, lambda: proxy.attempts > attempts)
        assert proxy.attempts - attempts < 15, "no run on a database that comes back"

    with_cache(node, test)


def test_a_listener_that_is_cut_off_starts_anew_with_nothing(proxy: Proxy, node: Store, other: Store) -> None:
    async def test(cache: Cache) -> None:
        assert await cache.get("client", "client1")
        proxy.cut()
        await asyncio.to_thread(other.write_now, delete_client)
        # From here on the client must not come from the cache, however long the old lease lasts.
        await until_dropped(cache, "client", "client1")
        await until_current(cache)
        assert await cache.get("client", "client1") is None

    with_cache(node, test)


def test_where_notifications_are_swallowed_changes_are_polled(
    proxy: Proxy, node: Store, other: Store, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.to_client = lambda message: message[0] != b"A"

    async def test(cache: Cache) -> None:
        assert "do not come back" in caplog.text
        for number in range(3):
            assert await cache.get("client", f"client{number}x") is None
            assert cache.peek("client", f"client{number}x") is None
            await asyncio.to_thread(
                other.write_now, lambda tx, n=number: tx.clients.add(a_client(f"client{n}x"))
            )
            await until_dropped(cache, "client", f"client{number}x")
            assert await cache.get("client", f"client{number}x")

    with caplog.at_level(logging.WARNING, "poolhouse.store"):
        with_cache(node, test)


def test_a_poll_misses_no_change_that_becomes_visible_out_of_order(
    proxy: Proxy, node: Store, other: Store, postgres_settings: StoreSettings
) -> None:
    proxy.to_client = lambda message: message[0] != b"A"
    assert postgres_settings.database_url is not None
    url = postgres_settings.database_url.reveal()
    insert = (
        "INSERT INTO change (pool_id, kind, key, at, xid)"
        " VALUES ('', 'client', %s, 0, pg_current_xact_id()::text::bigint) RETURNING seq"
    )

    async def test(cache: Cache) -> None:
        for client_id in ("early", "late"):
            assert await cache.get("client", client_id) is None
        with psycopg.connect(url) as slow:
            (first,) = slow.execute(insert, ("early",)).fetchone()  # type: ignore[misc]
            with psycopg.connect(url) as quick:
                (second,) = quick.execute(insert, ("late",)).fetchone()  # type: ignore[misc]
            assert first < second
            # The later number is seen first.
            await until_dropped(cache, "client", "late")
            assert cache.peek("client", "early") is None
            # While the slow one is open the quick one is found at each poll, and told once.
            assert await cache.get("client", "late") is None
            await asyncio.sleep(0.6)
            assert cache.peek("client", "late") is None
            slow.commit()
            await until_dropped(cache, "client", "early")

    with_cache(node, test)


def test_a_pooler_is_noticed_by_its_false_process_number(
    proxy: Proxy, node: Store, other: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def forget_the_number(message: Message) -> bool:
        return message[0] != b"K"

    proxy.to_client = forget_the_number

    async def test(cache: Cache) -> None:
        assert "a pooler stands before the database" in caplog.text
        assert await cache.get("client", "client1")
        await asyncio.to_thread(other.write_now, delete_client)
        await until_dropped(cache, "client", "client1")

    with caplog.at_level(logging.WARNING, "poolhouse.store"):
        with_cache(node, test)


def test_stale_answers_are_given_for_as_long_as_the_operator_prefers(
    proxy: Proxy, node: Store, other: Store
) -> None:
    async def test(cache: Cache) -> None:
        client = await cache.get("client", "client1")
        proxy.shut()
        await within(1.2, lambda: not cache.is_current())
        assert cache.peek("client", "client1") is ABSENT
        assert await cache.get("client", "client1") is client
        with pytest.raises(StoreUnavailable):
            await cache.get("client", "not held")
        # Two seconds after it was last known to be current, that ends.
        async with asyncio.timeout(4):
            while True:
                try:
                    await cache.get("client", "client1")
                except StoreUnavailable:
                    break
                await asyncio.sleep(0.05)

    with_cache(node, test, stale_for=timedelta(seconds=2))


@pytest.mark.parametrize("arrives", [True, False], ids=["commit arrives", "commit is lost"])
def test_a_commit_whose_answer_is_lost_is_done_once(
    proxy: Proxy, node: Store, other: Store, arrives: bool
) -> None:
    cuts = 0
    runs = 0

    def cut_at_commit(message: Message) -> bool:
        nonlocal cuts
        if b"COMMIT\x00" not in message[1] or cuts:
            return True
        cuts += 1
        if not arrives:
            proxy.cut()
        return arrives

    def cut_the_answer(message: Message) -> bool:
        if arrives and cuts == 1 and message[0] == b"C" and b"COMMIT" in message[1]:
            proxy.cut()
            return False
        return True

    def work(tx: Transaction) -> str:
        nonlocal runs
        runs += 1
        tx.clients.add(a_client("new"))
        return f"run {runs}"

    async def main() -> None:
        proxy.to_server, proxy.to_client = cut_at_commit, cut_the_answer
        answer = await node.write(work)
        assert cuts == 1
        assert answer == ("run 1" if arrives else "run 2")
        assert await other.read(lambda tx: tx.clients.find("new")) is not None

    asyncio.run(main())


def test_a_connection_lost_before_the_commit_is_not_noticed_by_anybody(
    proxy: Proxy, node: Store, other: Store
) -> None:
    runs = 0

    def work(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        tx.clients.add(a_client("new"))
        if runs == 1:
            proxy.cut()
        tx.client_secrets.add(a_secret(client_id="new"))

    async def main() -> None:
        await node.write(work)
        assert runs == 2
        proxy.cut()
        assert await node.read(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 1

    asyncio.run(main())


def test_a_statement_that_takes_too_long_is_ended(node: Store, other: Store) -> None:
    async def main() -> None:
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await node.read(lambda tx: tx.connection.exec_driver_sql("SELECT pg_sleep(9)"))
        assert time.monotonic() - begun < 2
        await node.write(lambda tx: tx.connection.exec_driver_sql("SELECT pg_sleep(2)"), patience=5)

    asyncio.run(main())


def test_too_many_who_wait_are_refused_early(node: Store, other: Store) -> None:
    threads_are_held = threading.Event()

    async def main() -> None:
        try:
            slow = [
                asyncio.ensure_future(node.read(lambda tx: threads_are_held.wait(60), patience=60))
                for _ in range(CONNECTIONS)
            ]
            await asyncio.sleep(0.1)  # until each thread has one, and the queue is empty
            many = [
                asyncio.ensure_future(node.read(lambda tx: tx.pools.count(ACCOUNT, REGION), patience=60))
                for _ in range(MAX_WAITING + 100)
            ]
            done, waiting = await asyncio.wait(many, timeout=1)
        finally:
            threads_are_held.set()
        assert len(done) == 100
        assert all(isinstance(task.exception(), StoreUnavailable) for task in done)
        assert await asyncio.gather(*waiting) == [1] * MAX_WAITING
        await asyncio.gather(*slow)

    asyncio.run(main())
