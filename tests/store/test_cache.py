"""The cache is coherent: what was changed anywhere is not served from it, and a late load brings nothing back."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import sys
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.store.conftest import Opener, StoreSettings
from tests.store.examples import (
    NOW,
    ONE_KEY,
    POOL,
    a_client,
    a_domain,
    a_pool,
    a_resource_server,
    a_secret,
    a_signing_key,
    an_access_key,
)
from tests.store.statements import at_every

from poolhouse.core.keys import KeyUse
from poolhouse.core.snapshots import ClientSnapshot, PoolSnapshot
from poolhouse.store import Store, Transaction
from poolhouse.store.cache import ABSENT, Cache
from poolhouse.store.sweeping import sweep

Work = Callable[[Transaction], object]


@pytest.fixture
def other(settings: StoreSettings, a_store: Opener) -> Store:
    """Another node, or another process, on the same database."""
    return a_store(settings)


@pytest.fixture
def filled(store: Store) -> Store:
    def fill(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        tx.clients.add(
            a_client(
                AllowedOAuthFlowsUserPoolClient=True,
                AllowedOAuthFlows=["client_credentials"],
                AllowedOAuthScopes=["api/get", "api/post"],
                ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"],
                AccessTokenValidity=5,
                TokenValidityUnits={"AccessToken": "minutes"},
            )
        )
        tx.clients.add(a_client("client2", AllowedOAuthFlows=["client_credentials"]))
        tx.client_secrets.add(a_secret())
        tx.resource_servers.add(a_resource_server("api", POOL, "get", "post"))
        tx.domains.add(a_domain())
        tx.signing_keys.add(a_signing_key())
        tx.access_keys.add(an_access_key())

    store.write_now(fill)
    return store


def with_cache(store: Store, test: Callable[[Cache], Coroutine[Any, Any, None]], **options: Any) -> None:
    """Run the test on a loop, with a cache whose bell has rung."""

    async def main() -> None:
        cache = Cache(store, **options)
        try:
            await until_current(cache)
            await test(cache)
        finally:
            cache.close()

    asyncio.run(main())


async def until_current(cache: Cache) -> None:
    async with asyncio.timeout(10):
        while not cache.is_current():
            await asyncio.sleep(0.01)


async def until_dropped(cache: Cache, kind: str, key: str) -> None:
    """A change made by another node is heard within a second."""
    async with asyncio.timeout(1):
        while cache.peek(kind, key) is not ABSENT:
            await asyncio.sleep(0.005)


def test_a_snapshot_holds_what_the_token_path_needs(filled: Store) -> None:
    async def test(cache: Cache) -> None:
        assert cache.peek("client", "client1") is ABSENT
        client = await cache.get("client", "client1")
        assert cache.peek("client", "client1") is client
        assert isinstance(client, ClientSnapshot)
        assert [secret.reveal() for secret in client.secrets] == ["secret"]
        assert client.oauth_flows == {"client_credentials"}
        assert client.auth_flows == {"ALLOW_USER_SRP_AUTH"}
        assert client.scopes == ("api/get", "api/post")
        assert client.access_token_lifetime == 300
        pool = client.pool
        assert isinstance(pool, PoolSnapshot)
        assert pool is await cache.get("pool", POOL)
        assert pool.scopes == {"api/get", "api/post"}
        assert pool.domains == (("prefix", "example"),)
        assert pool.access_key(NOW.timestamp()).kid == "kid1"
        assert pool.access_keys[0].private.key_size == 2048
        assert pool.published_keys[0].jwk["n"] == ONE_KEY.n
        other = await cache.get("client", "client2")
        assert other.oauth_flows == frozenset(), "OAuth is off for it"
        assert other.pool is pool
        assert (await cache.get("domain", "example")).pool_id == POOL
        assert (await cache.get("access_key", "AKIA1")).secret.reveal() == "secret"

    with_cache(filled, test)


def test_keys_that_do_not_sign_yet_are_published_and_the_next_signs_last(filled: Store) -> None:
    later = NOW + timedelta(days=2)

    def rotate(tx: Transaction) -> None:
        tx.signing_keys.add(a_signing_key("kid2", signs_from=later, created_at=NOW + timedelta(days=1)))
        tx.signing_keys.add(a_signing_key("kid3", use=KeyUse.ID))
        tx.signing_keys.withdraw("kid1", later + timedelta(days=1))

    async def test(cache: Cache) -> None:
        assert len((await cache.get("pool", POOL)).published_keys) == 1
        await filled.write(rotate)
        pool = await cache.get("pool", POOL)
        assert [key.kid for key in pool.access_keys] == ["kid1", "kid2"]
        assert pool.access_key(later.timestamp() - 1).kid == "kid1"
        assert pool.access_key(later.timestamp()).kid == "kid2"
        assert [key.jwk["kid"] for key in pool.published_keys] == ["kid1", "kid2", "kid3"]
        assert pool.published_keys[0].withdrawn_at == (later + timedelta(days=1)).timestamp()

    with_cache(filled, test)


CHANGES: dict[str, tuple[str, str, Work]] = {
    "client replaced": ("client", "client1", lambda tx: tx.clients.replace(a_client(ExplicitAuthFlows=[]))),
    "client removed": ("client", "client1", lambda tx: tx.clients.remove(POOL, "client1")),
    "secret added": ("client", "client1", lambda tx: tx.client_secrets.add(a_secret("new", 2))),
    "secret removed": ("client", "client1", lambda tx: tx.client_secrets.remove("client1", "client1--1")),
    "its pool removed": ("client", "client1", lambda tx: tx.pools.remove(POOL)),
    "its pool replaced": ("client", "client1", lambda tx: tx.pools.replace(a_pool(name="new"))),
    "scope added": (
        "client",
        "client1",
        lambda tx: tx.resource_servers.replace(a_resource_server("api", POOL, "get", "post", "put")),
    ),
    "server removed": ("pool", POOL, lambda tx: tx.resource_servers.remove(POOL, "api")),
    "key added": ("pool", POOL, lambda tx: tx.signing_keys.add(a_signing_key("kid2"))),
    "key withdrawn": ("pool", POOL, lambda tx: tx.signing_keys.withdraw("kid1", NOW)),
    "pool removed": ("pool", POOL, lambda tx: tx.pools.remove(POOL)),
    "domain replaced": ("domain", "example", lambda tx: tx.domains.replace(a_domain())),
    "domain removed": ("domain", "example", lambda tx: tx.domains.remove("example")),
    "domain's pool removed": ("domain", "example", lambda tx: tx.pools.remove(POOL)),
    "access key removed": ("access_key", "AKIA1", lambda tx: tx.access_keys.remove("AKIA1")),
    "access key replaced": ("access_key", "AKIA1", lambda tx: tx.access_keys.replace(an_access_key())),
    "client added": ("client", "client3", lambda tx: tx.clients.add(a_client("client3"))),
    "domain added": (
        "domain",
        "example2",
        lambda tx: (tx.pools.add(a_pool("us-east-1_b")), tx.domains.add(a_domain("example2", "us-east-1_b"))),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_this_process_changes_its_next_look_finds_changed(filled: Store, change: str) -> None:
    kind, key, work = CHANGES[change]

    async def test(cache: Cache) -> None:
        before = await cache.get(kind, key)
        assert cache.peek(kind, key) is before
        await filled.write(work)
        assert cache.peek(kind, key) is ABSENT
        after = await cache.get(kind, key)
        assert after is not before
        # On PostgreSQL it is heard once more, by the notification, which may come just now.
        assert cache.peek(kind, key) in (after, ABSENT)

    with_cache(filled, test)


@pytest.mark.parametrize("change", ["client removed", "its pool removed", "secret removed", "client added"])
def test_what_another_node_changes_is_heard(filled: Store, other: Store, change: str) -> None:
    kind, key, work = CHANGES[change]

    async def test(cache: Cache) -> None:
        before = await cache.get(kind, key)
        assert cache.peek(kind, key) is before
        other.write_now(work)
        await until_dropped(cache, kind, key)
        assert await cache.get(kind, key) is not before

    with_cache(filled, test)


def test_a_change_of_one_thing_drops_nothing_else(filled: Store) -> None:
    async def test(cache: Cache) -> None:
        held = {
            (k, key): await cache.get(k, key) for k, key in [("client", "client2"), ("access_key", "AKIA1")]
        }
        await filled.write(lambda tx: tx.clients.remove(POOL, "client1"))
        for (kind, key), value in held.items():
            assert cache.peek(kind, key) is value

    with_cache(filled, test)


def test_a_changed_pool_is_loaded_once_for_all_its_clients(filled: Store, other: Store) -> None:
    statements: list[str] = []

    async def test(cache: Cache) -> None:
        for client_id in ("client1", "client2"):
            await cache.get("client", client_id)
        other.write_now(lambda tx: tx.pools.replace(a_pool(name="new")))
        await until_dropped(cache, "pool", POOL)
        with at_every("before_cursor_execute", lambda *a: statements.append(a[2])):
            one, two = [await cache.get("client", client_id) for client_id in ("client1", "client2")]
        assert one.pool is two.pool
        assert not [statement for statement in statements if "FROM user_pool_client" in statement]
        assert len([statement for statement in statements if "FROM signing_key" in statement]) == 1

    with_cache(filled, test)


def test_callers_at_the_same_time_share_one_load(filled: Store) -> None:
    loads = []

    async def test(cache: Cache) -> None:
        with at_every("before_cursor_execute", lambda *a: loads.append(a[2])):
            values = await asyncio.gather(*(cache.get("client", "client1") for _ in range(50)))
        assert len({id(value) for value in values}) == 1
        assert len([statement for statement in loads if "FROM user_pool_client" in statement]) == 1

    with_cache(filled, test)


def test_the_first_caller_may_go_away(filled: Store) -> None:
    async def test(cache: Cache) -> None:
        first = asyncio.ensure_future(cache.get("client", "client1"))
        second = asyncio.ensure_future(cache.get("client", "client1"))
        await asyncio.sleep(0)
        first.cancel()
        assert (await second).id == "client1"

    with_cache(filled, test)


class AHeldLoad:
    """Holds the first load after it has read, so that what it read is the past by the time it ends."""

    def __init__(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        self.has_read, self.go_on = asyncio.Event(), asyncio.Event()
        self._look_up = store.look_up
        monkeypatch.setattr(store, "look_up", self)

    async def __call__(self, work: Work[Any], **options: Any) -> Any:
        value = await self._look_up(work, **options)
        if not self.has_read.is_set():
            self.has_read.set()
            await self.go_on.wait()
        return value


def test_a_change_that_comes_while_a_value_is_loaded_is_not_undone_by_the_load(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(cache: Cache) -> None:
        held = AHeldLoad(filled, monkeypatch)
        late = asyncio.ensure_future(cache.get("client", "client1"))
        await held.has_read.wait()
        await filled.write(lambda tx: tx.clients.remove(POOL, "client1"))
        # The bell rings here, while the load is under way; who asks now does not share it.
        assert await cache.get("client", "client1") is None
        held.go_on.set()
        await late
        assert cache.peek("client", "client1") in (None, ABSENT)
        assert await cache.get("client", "client1") is None

    with_cache(filled, test)


def test_a_change_of_something_else_while_a_value_is_loaded_does_not_waste_the_load(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(cache: Cache) -> None:
        held = AHeldLoad(filled, monkeypatch)
        late = asyncio.ensure_future(cache.get("client", "client1"))
        await held.has_read.wait()
        await filled.write(lambda tx: tx.clients.remove(POOL, "client2"))
        cache.peek("client", "client1")
        held.go_on.set()
        client = await late
        assert cache.peek("client", "client1") is client

    with_cache(filled, test)


def test_a_pool_changed_while_its_client_is_loaded_is_not_kept(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def test(cache: Cache) -> None:
        held = AHeldLoad(filled, monkeypatch)
        late = asyncio.ensure_future(cache.get("client", "client1"))
        await held.has_read.wait()
        await filled.write(lambda tx: tx.resource_servers.remove(POOL, "api"))
        cache.peek("client", "client1")
        held.go_on.set()
        await late
        client = await cache.get("client", "client1")
        assert client.pool.scopes == frozenset()

    with_cache(filled, test)


def test_the_cache_is_bounded(filled: Store) -> None:
    async def test(cache: Cache) -> None:
        for number in range(300):
            assert await cache.get("client", f"unknown{number}") is None
        for number in range(100):
            await filled.write(lambda tx, n=number: tx.clients.add(a_client(f"k{n}")))
        for number in range(100):
            assert (await cache.get("client", f"k{number}")).id == f"k{number}"
        assert cache.peek("client", "k0") is ABSENT
        assert len(cache) <= 2 * 64

    with_cache(filled, test, entries=64)


def test_a_failed_load_is_not_kept(filled: Store) -> None:
    def fail(_: Any, __: Any, statement: str, *___: Any) -> None:
        if "FROM user_pool_client" in statement:
            raise ZeroDivisionError

    async def test(cache: Cache) -> None:
        with at_every("before_cursor_execute", fail), pytest.raises(ZeroDivisionError):
            await cache.get("client", "client1")
        assert (await cache.get("client", "client1")).id == "client1"

    with_cache(filled, test)


# PostgreSQL's listener hears of every change, or starts anew.
@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_what_was_swept_away_unseen_empties_the_cache(filled: Store, engine: str) -> None:
    async def test(cache: Cache) -> None:
        assert await cache.get("client", "client1")
        await filled.write(lambda tx: tx.clients.remove(POOL, "client1"))
        # Not a look in the meantime, as in a process that was stopped for an hour.
        while await filled.write(lambda tx: sweep(tx, datetime.now(UTC) + timedelta(hours=2), 3)) == 3:
            pass
        assert cache.peek("client", "client1") is ABSENT
        assert await cache.get("client", "client1") is None

    with_cache(filled, test)


def test_the_bell_never_pins_a_snapshot(sqlite_settings: StoreSettings, a_store: Opener) -> None:
    """A bell that held a read transaction open would ring never again, and keep the journal from shrinking."""
    store = a_store(sqlite_settings)

    async def test(cache: Cache) -> None:
        for number in range(50):
            await store.write(lambda tx, n=number: tx.pools.add(a_pool(f"us-east-1_{n}")))
            assert await cache.get("pool", f"us-east-1_{number}") is not None
            assert cache.peek("pool", f"us-east-1_{number}") is not ABSENT
        with sqlite3.connect(sqlite_settings.data_dir / "poolhouse.db") as connection:
            # RESTART succeeds only when no connection reads an older state.
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(RESTART)").fetchone()
        connection.close()
        assert busy == 0

    with_cache(store, test)


def test_an_entry_is_small(
    sqlite_settings: StoreSettings, a_store: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    store = a_store(sqlite_settings)
    count = 300

    def fill(tx: Transaction) -> None:
        tx.pools.add(a_pool())
        for number in range(count):
            client_id = f"{number:026}"
            scopes = {
                "AllowedOAuthScopes": ["api/get", "api/post"],
                "AllowedOAuthFlows": ["client_credentials"],
            }
            tx.clients.add(a_client(client_id, AllowedOAuthFlowsUserPoolClient=True, **scopes))
            tx.client_secrets.add(a_secret(f"{number:051}", client_id=client_id))

    store.write_now(fill)

    async def test(cache: Cache) -> None:
        clients = [await cache.get("client", f"{number:026}") for number in range(count)]
        assert len({id(client.pool) for client in clients}) == 1
        assert len({id(client.scopes) for client in clients}) == 1
        assert len({id(client.oauth_flows) for client in clients}) == 1
        own = [
            clients[0],
            clients[0].id,
            clients[0].secrets,
            clients[0].secrets[0],
            clients[0].secrets[0].reveal(),
        ]
        assert sum(map(sys.getsizeof, own)) < 500

    with_cache(store, test)
    assert not [record for record in caplog.records if record.levelno > logging.WARNING]
