"""What is read of a person in one statement is what several would have found."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from tests.store.examples import POOL, a_client, a_group, a_pool

from poolhouse.core.credentials import Password
from poolhouse.core.families import Family
from poolhouse.core.secret import Secret
from poolhouse.core.users import User, UserStatus
from poolhouse.store import Store, Transaction

NOW = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
WITH_ALIASES = a_pool(settings={"AliasAttributes": ["preferred_username"]})
ADA = User(
    POOL, "sub-ada", "ada", UserStatus.CONFIRMED, NOW, NOW, attributes={"preferred_username": "countess"}
)
BOB = User(POOL, "sub-bob", "bob", UserStatus.CONFIRMED, NOW, NOW)
PASSWORD = Password(POOL, ADA.sub, "$argon2id$…", NOW, Secret("salt and verifier"))
FAMILY = Family(POOL, "family", ADA.sub, "client1", "origin", ("openid",), NOW, NOW, b"hash")
GROUPS = ("writers", "admins", "readers")


@pytest.fixture
def filled(store: Store) -> Store:
    def fill(tx: Transaction) -> None:
        pool = WITH_ALIASES
        tx.pools.add(pool)
        tx.clients.add(a_client())
        for user in (ADA, BOB):
            tx.users.add(pool, user)
        tx.passwords.put(PASSWORD)
        tx.families.add(FAMILY)
        for name in GROUPS:
            tx.groups.add(a_group(name))
            tx.memberships.add(POOL, name, ADA.sub, NOW)

    store.write_now(fill)
    return store


def test_a_person_comes_with_their_password_or_without_one(filled: Store) -> None:
    def look(tx: Transaction) -> None:
        assert tx.people.by_sub(POOL, ADA.sub) == (ADA, PASSWORD)
        assert tx.people.by_sub(POOL, BOB.sub) == (BOB, None)
        assert tx.people.by_sub(POOL, "nobody") is None
        assert tx.people.named(WITH_ALIASES, "ada") == (ADA, PASSWORD)
        assert tx.people.named(WITH_ALIASES, "countess") == (ADA, PASSWORD)
        assert tx.people.named(WITH_ALIASES, "bob") == (BOB, None)
        assert tx.people.named(WITH_ALIASES, "nobody") is None
        assert tx.people.named(WITH_ALIASES, "no\0body") is None

    filled.write_now(look)


def test_a_sign_in_comes_with_person_client_and_groups(filled: Store) -> None:
    def look(tx: Transaction) -> None:
        found = tx.people.signed_in(POOL, FAMILY.id, "client1")
        assert found is not None
        assert (found.family, found.user, found.has_client) == (FAMILY, ADA, True)
        assert [group.name for group in found.groups] == sorted(GROUPS)
        assert list(found.groups) == list(tx.memberships.of(POOL, ADA.sub))
        other = tx.people.signed_in(POOL, FAMILY.id, "client2")
        assert other is not None
        assert not other.has_client
        assert tx.people.of_family(POOL, FAMILY.id) == (FAMILY, ADA)
        for nothing in ("none", "no\0ne"):
            assert tx.people.signed_in(POOL, nothing, "client1") is None
            assert tx.people.of_family(POOL, nothing) is None
        for name in GROUPS:
            tx.memberships.remove(POOL, name, ADA.sub)
        lonely = tx.people.signed_in(POOL, FAMILY.id, "client1")
        assert lonely is not None
        assert lonely.groups == []

    filled.write_now(look)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_a_persons_groups_are_found_by_the_person_and_not_among_all_members_of_the_pool(
    filled: Store,
) -> None:
    """SQLite knows nothing of how many rows there are: only an index that has all it wants gets its choice right."""

    def plans(tx: Transaction) -> list[str]:
        asked: list[tuple[str, Any]] = []

        def listen(*event: Any) -> None:
            asked.append((event[2], event[3]))

        sa.event.listen(tx.connection, "before_cursor_execute", listen)
        tx.people.signed_in(POOL, FAMILY.id, "client1")
        tx.memberships.of(POOL, ADA.sub)
        sa.event.remove(tx.connection, "before_cursor_execute", listen)
        return [
            str(row[-1])
            for text, values in asked
            for row in tx.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", tuple(values))
        ]

    lines = [line for line in filled.write_now(plans) if "group_member " in line]
    assert len(lines) == 2
    assert all("(pool_id=? AND sub=?" in line for line in lines), lines
