"""Units of work: awaited, whole or absent, repeated where that is safe, refused in time where it is not."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa
import uvloop
from tests.store.conftest import Opener, StoreSettings
from tests.store.examples import (
    ACCOUNT,
    NOW,
    POOL,
    REGION,
    a_client,
    a_domain,
    a_pool,
    a_resource_server,
    a_secret,
    a_signing_key,
    an_access_key,
    an_audit_record,
)
from tests.store.statements import at_every

from poolhouse.core.errors import StoreUnavailable
from poolhouse.store import Store, Transaction


def test_what_was_written_is_read_after_the_answer(store: Store) -> None:
    async def main() -> None:
        await store.write(lambda tx: tx.pools.add(a_pool()))
        assert await store.read(lambda tx: tx.pools.find(POOL)) == a_pool()

    uvloop.run(main())


def test_a_store_serves_loops_in_several_threads(store: Store) -> None:
    errors: list[BaseException] = []

    def serve(number: int) -> None:
        async def main() -> None:
            for n in range(20):
                pool = a_pool(f"us-east-1_{number}x{n}")
                await store.write(lambda tx, pool=pool: tx.pools.add(pool))
                assert await store.read(lambda tx, pool=pool: tx.pools.find(pool.id)) == pool

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
    assert store.write_now(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 80


def test_what_the_work_raises_is_raised_and_nothing_remains(store: Store) -> None:
    def fail(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        raise ZeroDivisionError("mine")

    async def main() -> None:
        with pytest.raises(ZeroDivisionError, match="mine"):
            await store.write(fail)
        with pytest.raises(ZeroDivisionError):
            await store.read(lambda tx: 1 / 0)
        with pytest.raises(StoreUnavailable):
            await store.read(lambda tx: tx.pools.add(a_pool()))
        assert await store.read(lambda tx: tx.pools.find(POOL)) is None
        await store.write(lambda tx: tx.pools.add(a_pool()))

    asyncio.run(main())


def test_a_read_sees_one_state(store: Store) -> None:
    """A pool that is added while a read is under way is not seen by its second statement either."""

    async def main() -> None:
        has_read, go_on = threading.Event(), threading.Event()

        def read(tx: Transaction) -> tuple[int, int]:
            first = tx.pools.count(ACCOUNT, REGION)
            has_read.set()
            assert go_on.wait(1)
            return first, tx.pools.count(ACCOUNT, REGION)

        reading = asyncio.ensure_future(store.read(read))
        await asyncio.to_thread(has_read.wait)
        await store.write(lambda tx: tx.pools.add(a_pool()))
        go_on.set()
        assert await reading == (0, 0)

    asyncio.run(main())


def test_a_failing_unit_takes_nothing_of_its_group_along(
    sqlite_settings: StoreSettings, a_store: Opener
) -> None:
    store = a_store(sqlite_settings)
    commits = 0

    def count(_: sa.Connection) -> None:
        nonlocal commits
        commits += 1

    async def main() -> list[Any]:
        begun, go_on = threading.Event(), threading.Event()

        def hold(tx: Transaction) -> None:
            tx.pools.add(a_pool())
            begun.set()
            assert go_on.wait(5)

        def add(number: int) -> Callable[[Transaction], int]:
            def work(tx: Transaction) -> int:
                tx.clients.add(a_client(f"client{number}"))
                if number == 7:
                    raise ZeroDivisionError
                return number

            return work

        first = asyncio.ensure_future(store.write(hold))
        await asyncio.to_thread(begun.wait)
        others = [asyncio.ensure_future(store.write(add(number))) for number in range(20)]
        await asyncio.sleep(0)
        go_on.set()
        await first
        return await asyncio.gather(*others, return_exceptions=True)

    with at_every("commit", count):
        answers = asyncio.run(main())
    assert isinstance(answers[7], ZeroDivisionError)
    assert [answer for answer in answers if answer is not answers[7]] == [n for n in range(20) if n != 7]
    there = store.write_now(lambda tx: [client.id for client in tx.clients.page(POOL, size=99)])
    assert there == sorted(f"client{number}" for number in range(20) if number != 7)
    changes = store.write_now(
        lambda tx: tx.connection.exec_driver_sql("SELECT key FROM change").scalars().all()
    )
    assert "client7" not in changes
    assert commits <= 3, "twenty units did not take twenty commits"


def test_when_the_commit_fails_all_of_the_group_hear_it(
    sqlite_settings: StoreSettings, a_store: Opener
) -> None:
    store = a_store(sqlite_settings)

    def fail(_: sa.Connection) -> None:
        raise sa.exc.OperationalError(None, None, sqlite3.OperationalError("disk I/O error"))

    async def main() -> list[Any]:
        writes = [store.write(lambda tx, n=n: tx.pools.add(a_pool(f"us-east-1_{n}"))) for n in range(5)]
        return await asyncio.gather(*writes, return_exceptions=True)

    with at_every("commit", fail):
        answers = asyncio.run(main())
    assert all(isinstance(answer, StoreUnavailable) for answer in answers)
    assert store.write_now(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 0
    assert asyncio.run(store.write(lambda tx: tx.pools.add(a_pool()))) is None


def test_another_processs_lock_is_waited_for_and_then_refused(
    sqlite_settings: StoreSettings, a_store: Opener
) -> None:
    store = a_store(sqlite_settings)
    other = sqlite3.connect(sqlite_settings.data_dir / "poolhouse.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    async def main() -> None:
        begun = time.monotonic()
        writes = [
            store.write(lambda tx, n=n: tx.pools.add(a_pool(f"us-east-1_{n}")), patience=0.3)
            for n in range(200)
        ]
        answers = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
        assert time.monotonic() - begun < 2, "those who waited did not wait one after another"
        assert await store.read(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 0
        waiting = asyncio.ensure_future(store.write(lambda tx: tx.pools.add(a_pool())))
        assert await store.read(lambda tx: tx.pools.find(POOL)) is None
        other.execute("ROLLBACK")
        await waiting
        assert await store.read(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 1

    asyncio.run(main())
    other.close()


def test_a_full_disk_refuses_writes_and_leaves_reads(sqlite_settings: StoreSettings, a_store: Opener) -> None:
    store = a_store(sqlite_settings)

    def limit(pages: int) -> Callable[[Transaction], None]:
        return lambda tx: tx.connection.exec_driver_sql(f"PRAGMA max_page_count={pages}").close()

    async def main() -> None:
        await store.write(lambda tx: tx.pools.add(a_pool()))
        await store.write(limit(1))  # SQLite takes the present size where that is more
        answers = await asyncio.gather(
            *(
                store.write(lambda tx, n=n: tx.pools.add(a_pool(f"us-east-1_{n}", name="x" * 9000)))
                for n in range(20)
            ),
            return_exceptions=True,
        )
        assert all(isinstance(answer, StoreUnavailable) for answer in answers)
        assert await store.read(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 1
        await store.write(limit(1_000_000))
        await store.write(lambda tx: tx.pools.add(a_pool("us-east-1_after", name="x" * 9000)))
        assert await store.read(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 2

    asyncio.run(main())


def test_a_damaged_database_is_an_error_and_not_a_wrong_answer(
    sqlite_settings: StoreSettings, a_store: Opener
) -> None:
    a_store(sqlite_settings).close()
    path = sqlite_settings.data_dir / "poolhouse.db"
    path.write_bytes(b"no database at all " * 1000)
    with pytest.raises(StoreUnavailable, match=r"poolhouse\.db is damaged .* `poolhouse restore`"):
        a_store(sqlite_settings)


@pytest.mark.parametrize("code", [psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected])
def test_a_transaction_is_repeated_whichever_statement_fails(
    postgres_settings: StoreSettings, a_store: Opener, code: type[psycopg.Error]
) -> None:
    store = a_store(postgres_settings)
    nth, count, runs = 0, 0, 0

    def fail(*_: object) -> None:
        nonlocal count
        count += 1
        if count == nth:
            raise sa.exc.OperationalError(None, None, code())

    def work(tx: Transaction) -> None:
        nonlocal runs
        runs += 1
        pool = tx.pools.lock(ACCOUNT, REGION, POOL)
        tx.pools.replace(pool)

    async def main() -> None:
        nonlocal nth, count, runs
        await store.write(lambda tx: tx.pools.add(a_pool()))
        with at_every("before_cursor_execute", fail):
            for number in range(1, 6):
                nth, count, runs = number, 0, 0
                await store.write(work)
                assert runs == (1 if number == 1 else 2)  # the first is BEGIN
        assert (await store.read(lambda tx: tx.pools.get(ACCOUNT, REGION, POOL))).version == 6

    asyncio.run(main())


def test_a_real_deadlock_is_not_seen_by_anybody(postgres_settings: StoreSettings, a_store: Opener) -> None:
    store = a_store(postgres_settings)
    store.write_now(lambda tx: (tx.pools.add(a_pool("us-east-1_a")), tx.pools.add(a_pool("us-east-1_b"))))
    both_hold_one = threading.Barrier(2)
    first_try = {"ab": True, "ba": True}

    def lock(order: str) -> Callable[[Transaction], None]:
        def work(tx: Transaction) -> None:
            for letter in order:
                pool = tx.pools.lock(ACCOUNT, REGION, f"us-east-1_{letter}")
                tx.pools.replace(pool)
                if first_try[order]:
                    first_try[order] = False
                    both_hold_one.wait(2)

        return work

    async def main() -> None:
        await asyncio.gather(store.write(lock("ab"), patience=5), store.write(lock("ba"), patience=5))
        pools = await store.read(lambda tx: tx.pools.page(ACCOUNT, REGION, size=9))
        assert [pool.version for pool in pools] == [3, 3]

    asyncio.run(main())


def test_a_transaction_is_not_repeated_for_ever(postgres_settings: StoreSettings, a_store: Opener) -> None:
    store = a_store(postgres_settings)

    def fail(*_: object) -> None:
        raise sa.exc.OperationalError(None, None, psycopg.errors.SerializationFailure())

    with at_every("before_cursor_execute", fail), pytest.raises(StoreUnavailable):
        asyncio.run(store.write(lambda tx: tx.pools.add(a_pool())))


def test_what_is_counted_under_the_pools_lock_is_counted_right(store: Store) -> None:
    def add_third(tx: Transaction, number: int) -> bool:
        tx.pools.lock(ACCOUNT, REGION, POOL)
        if tx.resource_servers.count(POOL) >= 3:
            return False
        tx.resource_servers.add(a_resource_server(f"api{number}"))
        return True

    async def main() -> None:
        await store.write(lambda tx: tx.pools.add(a_pool()))
        writes = [store.write(lambda tx, n=n: add_third(tx, n)) for n in range(12)]
        assert sum(await asyncio.gather(*writes)) == 3

    asyncio.run(main())


def test_whichever_statement_fails_the_work_is_whole_or_absent(store: Store) -> None:
    def work(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        tx.clients.add(a_client())
        tx.client_secrets.add(a_secret())
        tx.resource_servers.add(a_resource_server())
        tx.domains.add(a_domain())
        tx.signing_keys.add(a_signing_key())
        tx.access_keys.add(an_access_key())
        tx.audit.add(an_audit_record())
        tx.leases.take("sweep", "a", NOW, NOW)

    def is_there(tx: Transaction) -> list[bool]:
        tables = ("user_pool", "user_pool_client", "client_secret", "resource_server", "user_pool_domain")
        tables += ("signing_key", "access_key", "audit", "lease", "change")
        return [tx.connection.exec_driver_sql(f"SELECT count(*) FROM {t}").scalar_one() > 0 for t in tables]

    nth, count = 0, 0

    def fail(*_: object) -> None:
        nonlocal count
        count += 1
        if count == nth:
            raise ZeroDivisionError

    async def main() -> None:
        nonlocal nth, count
        while True:
            nth, count = nth + 1, 0
            with at_every("before_cursor_execute", fail):
                try:
                    await store.write(work)
                except ZeroDivisionError:
                    pass
            if count < nth:
                break
            found = await store.read(is_there)
            # A failure after the work, at the release of the savepoint, takes it back too.
            assert found == [False] * len(found), f"statement {nth}"
        assert all(await store.read(is_there))
        assert nth > 12

    asyncio.run(main())


def test_a_caller_who_went_away_disturbs_nobody(store: Store) -> None:
    async def main() -> None:
        task = asyncio.ensure_future(store.write(lambda tx: tx.pools.add(a_pool("us-east-1_x"))))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await store.write(lambda tx: tx.pools.add(a_pool()))

    asyncio.run(main())


def test_closing_lets_what_waits_be_done(settings: StoreSettings, a_store: Opener) -> None:
    store = a_store(settings)

    async def main() -> None:
        writes = [
            asyncio.ensure_future(store.write(lambda tx, n=n: tx.pools.add(a_pool(f"us-east-1_{n}"))))
            for n in range(50)
        ]
        await asyncio.sleep(0)
        await store.aclose()
        await asyncio.gather(*writes)
        with pytest.raises(StoreUnavailable):
            await store.write(lambda tx: None)

    asyncio.run(main())
    assert a_store(settings).write_now(lambda tx: tx.pools.count(ACCOUNT, REGION)) == 50
