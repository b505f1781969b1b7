"""Prepared statements answer, fail and take part in a transaction as SQLAlchemy's own executions do."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from tests.store.examples import POOL, a_pool

from poolhouse.store import Store, Transaction
from poolhouse.store.statements import Prepared
from poolhouse.store.tables import attempt, pool_user, user_pool

NOW = datetime(2027, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
_USERS = Prepared(
    sa.select(pool_user.c.sub, pool_user.c.enabled.label("may")).where(
        pool_user.c.pool_id == sa.bindparam("pool_id")
    )
)
_NEW_USER = Prepared(
    sa.insert(pool_user),
    ("pool_id", "sub", "username_key", "status", "enabled", "document", "version"),
)
_NEW_ATTEMPT = Prepared(
    sa.insert(attempt), ("pool_id", "kind", "key", "tries", "since", "locked_until", "expires_at")
)
_ATTEMPTS = Prepared(sa.select(attempt).where(attempt.c.since <= sa.bindparam("at")).limit(1))
_NO_POOLS = Prepared(sa.delete(user_pool).where(user_pool.c.id == sa.bindparam("id")))


def a_user(sub: str = "one", *, enabled: bool = True) -> dict[str, object]:
    values: dict[str, object] = {"pool_id": POOL, "sub": sub, "username_key": sub, "status": "CONFIRMED"}
    return values | {"enabled": enabled, "document": "{}", "version": 1}


def an_attempt() -> dict[str, object]:
    values: dict[str, object] = {"pool_id": POOL, "kind": "k", "key": "x", "tries": 1, "since": NOW}
    return values | {"locked_until": None, "expires_at": NOW}


@pytest.fixture
def store_with_pool(store: Store) -> Store:
    store.write_now(lambda tx: tx.pools.add(a_pool()))
    return store


def test_values_come_back_as_they_went_in(store_with_pool: Store) -> None:
    def write(tx: Transaction) -> None:
        for user in (a_user(), a_user("two", enabled=False)):
            assert _NEW_USER.run(tx.connection, user) == 1
        _NEW_ATTEMPT.run(tx.connection, an_attempt())

    def read(tx: Transaction) -> None:
        assert {row.sub: row.may for row in _USERS.all(tx.connection, {"pool_id": POOL})} == {
            "one": True,
            "two": False,
        }
        row = _ATTEMPTS.one_or_none(tx.connection, {"at": NOW})
        assert row is not None
        assert (row.since, row.locked_until, row.tries) == (NOW, None, 1)
        assert _USERS.one_or_none(tx.connection, {"pool_id": "none"}) is None
        with pytest.raises(sa.exc.MultipleResultsFound):
            _USERS.one_or_none(tx.connection, {"pool_id": POOL})

    async def main() -> None:
        await store_with_pool.write(write)
        await store_with_pool.read(read)

    asyncio.run(main())


def test_how_many_rows_were_written_is_told(store_with_pool: Store) -> None:
    assert store_with_pool.write_now(lambda tx: _NO_POOLS.run(tx.connection, {"id": "none"})) == 0
    assert store_with_pool.write_now(lambda tx: _NO_POOLS.run(tx.connection, {"id": POOL})) == 1


def test_a_refused_statement_is_sqlalchemys_error_and_tells_no_value(store_with_pool: Store) -> None:
    def twice(tx: Transaction) -> None:
        _NEW_USER.run(tx.connection, a_user("unspeakable"))
        _NEW_USER.run(tx.connection, a_user("unspeakable"))

    with pytest.raises(sa.exc.IntegrityError) as refused:
        store_with_pool.write_now(twice)
    assert "parameters" not in str(refused.value.statement)
    assert refused.value.params is None
    assert "INSERT INTO pool_user" in str(refused.value)
    assert "CONFIRMED" not in str(refused.value)
    assert store_with_pool.write_now(lambda tx: _USERS.all(tx.connection, {"pool_id": POOL})) == []


def test_who_listens_to_statements_hears_these_and_can_fail_them(store_with_pool: Store) -> None:
    heard: list[str] = []

    def listen(*event: object) -> None:
        heard.append(str(event[2]))
        if "INSERT INTO pool_user" in heard[-1]:
            raise ZeroDivisionError

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    try:
        with pytest.raises(ZeroDivisionError):
            store_with_pool.write_now(lambda tx: _NEW_USER.run(tx.connection, a_user()))
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    assert any("INSERT INTO pool_user" in statement for statement in heard)
    assert store_with_pool.write_now(lambda tx: _USERS.all(tx.connection, {"pool_id": POOL})) == []
