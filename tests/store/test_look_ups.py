"""Look-ups: few rows by key, one state of the database, and never a wait on the event loop's thread."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time

import pytest
import uvloop
from tests.store.conftest import Opener, StoreSettings
from tests.store.examples import ACCOUNT, POOL, REGION, a_pool

from poolhouse.core.errors import StoreUnavailable
from poolhouse.store import Store, Transaction


@pytest.fixture
def embedded(sqlite_settings: StoreSettings, a_store: Opener) -> Store:
    return a_store(sqlite_settings)


def test_what_was_written_is_looked_up_after_the_answer(store: Store) -> None:
    async def main() -> None:
        for version in range(1, 6):
            if version == 1:
                await store.write(lambda tx: tx.pools.add(a_pool()))
            else:
                await store.write(lambda tx: tx.pools.replace(tx.pools.lock(ACCOUNT, REGION, POOL)))
            assert (await store.look_up(lambda tx: tx.pools.get(ACCOUNT, REGION, POOL))).version == version

    uvloop.run(main())


def test_what_another_process_wrote_is_looked_up(settings: StoreSettings, a_store: Opener) -> None:
    store, other = a_store(settings), a_store(settings)

    async def main() -> None:
        assert await store.look_up(lambda tx: tx.pools.find(POOL)) is None
        other.write_now(lambda tx: tx.pools.add(a_pool()))
        assert await store.look_up(lambda tx: tx.pools.find(POOL)) == a_pool()

    asyncio.run(main())


def test_a_look_up_of_one_state_sees_one(settings: StoreSettings, a_store: Opener) -> None:
    store, other = a_store(settings), a_store(settings)

    def look(tx: Transaction) -> tuple[int, int]:
        first = tx.pools.count(ACCOUNT, REGION)
        other.write_now(lambda tx: tx.pools.add(a_pool(f"us-east-1_{time.monotonic_ns()}")))
        return first, tx.pools.count(ACCOUNT, REGION)

    first, second = asyncio.run(store.look_up(look, of_one_state=True))
    assert first == second


def test_another_begins_no_transaction_at_postgresql(
    postgres_settings: StoreSettings, a_store: Opener
) -> None:
    """One round trip a statement: what begins one would be a second, what ends it a third."""

    def look(tx: Transaction) -> bool:
        return bool(tx.connection.exec_driver_sql("SELECT now() = statement_timestamp()").scalar_one())

    store = a_store(postgres_settings)
    assert asyncio.run(store.look_up(look))
    assert not asyncio.run(store.look_up(look, of_one_state=True))


@pytest.mark.parametrize("of_one_state", [True, False])
def test_what_a_look_up_raises_is_raised(store: Store, of_one_state: bool) -> None:
    def look(tx: Transaction) -> None:
        tx.pools.find(POOL)
        raise ZeroDivisionError

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await store.look_up(look, of_one_state=of_one_state)
        assert await store.look_up(lambda tx: tx.pools.find(POOL)) is None
        await store.write(lambda tx: tx.pools.add(a_pool()))

    asyncio.run(main())


def test_a_look_up_of_one_state_writes_nothing(store: Store) -> None:
    async def main() -> None:
        with pytest.raises(StoreUnavailable):
            await store.look_up(lambda tx: tx.pools.add(a_pool()), of_one_state=True)
        assert await store.look_up(lambda tx: tx.pools.find(POOL)) is None
        await store.write(lambda tx: tx.pools.add(a_pool()))

    asyncio.run(main())


def test_no_look_up_writes_at_the_embedded_engine(embedded: Store) -> None:
    """So none of the code's does at PostgreSQL, which does not keep it from that."""

    async def main() -> None:
        with pytest.raises(StoreUnavailable):
            await embedded.look_up(lambda tx: tx.pools.add(a_pool()))
        assert await embedded.look_up(lambda tx: tx.pools.find(POOL)) is None

    asyncio.run(main())


def test_loops_in_several_threads_look_up_in_one_store(store: Store) -> None:
    errors: list[BaseException] = []

    def serve(number: int) -> None:
        async def main() -> None:
            for n in range(20):
                pool = a_pool(f"us-east-1_{number}x{n}")
                await store.write(lambda tx, pool=pool: tx.pools.add(pool))
                assert await store.look_up(lambda tx, pool=pool: tx.pools.find(pool.id)) == pool

        try:
            (asyncio if number % 2 else uvloop).run(main())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=serve, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors


def test_an_embedded_database_is_looked_up_on_the_loops_thread(embedded: Store) -> None:
    async def main() -> None:
        assert await embedded.look_up(lambda tx: threading.get_ident()) == threading.get_ident()

    asyncio.run(main())


def test_a_look_up_does_not_wait_for_a_lock_on_the_loops_thread(
    sqlite_settings: StoreSettings, embedded: Store
) -> None:
    """Who has the file to itself, as another program may, holds no event loop up: the reader threads wait."""
    embedded.write_now(lambda tx: tx.pools.add(a_pool()))
    threads: list[int] = []

    def look(tx: Transaction) -> object:
        pool = tx.pools.find(POOL)
        threads.append(threading.get_ident())
        return pool

    async def main() -> None:
        other = sqlite3.connect(sqlite_settings.data_dir / "poolhouse.db", isolation_level=None)
        other.execute("PRAGMA locking_mode=EXCLUSIVE")
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        looking = asyncio.ensure_future(embedded.look_up(look))
        await asyncio.sleep(0)
        assert time.monotonic() - began < 0.05
        assert not threads
        other.close()
        assert await looking == a_pool()
        assert threads != [threading.get_ident()]
        await embedded.look_up(look)
        assert threads[1:] == [threading.get_ident()]

    asyncio.run(main())


def test_a_look_up_that_the_database_refuses_is_told_as_a_read_is(embedded: Store) -> None:
    def broken(tx: Transaction) -> None:
        tx.connection.exec_driver_sql("SELECT * FROM nothing_of_this_name")

    async def main() -> None:
        with pytest.raises(StoreUnavailable):
            await embedded.look_up(broken)
        assert await embedded.look_up(lambda tx: tx.pools.find(POOL)) is None

    asyncio.run(main())


def test_a_closed_store_is_looked_up_no_more(sqlite_settings: StoreSettings, a_store: Opener) -> None:
    store = a_store(sqlite_settings)

    async def main() -> None:
        await store.look_up(lambda tx: tx.pools.find(POOL))
        await store.aclose()
        with pytest.raises(StoreUnavailable, match="closed"):
            await store.look_up(lambda tx: tx.pools.find(POOL))

    asyncio.run(main())


def test_a_look_up_that_asks_nothing_keeps_no_state_of_the_database(embedded: Store) -> None:
    async def main() -> None:
        await embedded.look_up(lambda tx: None)
        await embedded.write(lambda tx: tx.pools.add(a_pool()))
        assert await embedded.look_up(lambda tx: tx.pools.find(POOL)) == a_pool()

    asyncio.run(main())
