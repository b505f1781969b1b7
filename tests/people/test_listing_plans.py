"""Every page of a list of users is one range of one index, whatever it is searched by: on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from tests.conftest import a_pool
from tests.harness import RunningServer

from poolhouse.core.groups import Group
from poolhouse.core.pools import UserPool
from poolhouse.core.user_filter import parse_filter
from poolhouse.core.users import SEARCHABLE, User, UserStatus, search_key
from poolhouse.store import Transaction
from poolhouse.store.documents import write_document
from poolhouse.store.repositories.user_listing import COUNTED_EXACTLY, page_statement
from poolhouse.store.tables import group_member, pool_user, user_attribute

NOW = datetime(2026, 11, 24, tzinfo=UTC)
PEOPLE = 12_000
GROUP = "everybody"


def sub_of(number: int) -> str:
    """Spread as random ones are."""
    text = f"{number * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def fill(tx: Transaction, pool: UserPool, people: int) -> None:
    statuses = list(UserStatus)
    for begin in range(0, people, 1000):
        users = [
            User(
                pool_id=pool.id,
                sub=sub_of(number),
                username=f"user{number:08}",
                status=statuses[number % len(statuses)],
                created_at=NOW,
                modified_at=NOW,
                enabled=number % 50 != 0,
                attributes=dict.fromkeys(SEARCHABLE, f"Value {number % 997:06}"),
            )
            for number in range(begin, min(begin + 1000, people))
        ]
        tx.connection.execute(
            sa.insert(pool_user),
            [
                {
                    "pool_id": user.pool_id,
                    "sub": user.sub,
                    "username_key": user.username,
                    "status": user.status.value,
                    "enabled": user.enabled,
                    "document": write_document("pool_user", user.to_document()),
                    "version": 1,
                }
                for user in users
            ],
        )
        tx.connection.execute(
            sa.insert(user_attribute),
            [
                {"pool_id": user.pool_id, "sub": user.sub, "name": name, "value_key": search_key(value)}
                for user in users
                for name, value in user.attributes.items()
            ],
        )
    tx.groups.add(Group(pool.id, GROUP, NOW, NOW))
    everybody = [
        {"pool_id": pool.id, "group_name": GROUP, "sub": sub_of(number), "added_at": NOW}
        for number in range(people)
    ]
    tx.connection.execute(sa.insert(group_member), everybody)
    tx.connection.execute(sa.text("ANALYZE"))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def filled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningServer, str]]:
    from tests.conftest import a_server_on

    with a_server_on(request.param, tmp_path_factory.mktemp("data"), request) as server:
        cognito = server.client()
        pool_id = a_pool(cognito)
        store = server.server.parts.store
        pool = server.run(
            store.read(lambda tx: tx.pools.get(server.settings.account_id, server.region, pool_id))
        )
        server.run(store.write(lambda tx: fill(tx, pool, PEOPLE), patience=25))
        yield server, pool_id


FILTERS = [
    "",
    'username = "user00000001"',
    'username ^= "user0000"',
    f'sub = "{sub_of(7)}"',
    'sub ^= "1"',
    'status = "Disabled"',
    'status = "Enabled"',
    'cognito:user_status = "CONFIRMED"',
    'cognito:user_status ^= "E"',
    *(f'{name} = "value 000007"' for name in SEARCHABLE),
    *(f'{name} ^= "value"' for name in SEARCHABLE),
]


def plan_of(server: RunningServer, tx: Transaction, statement: sa.Select[Any]) -> str:
    dialect = tx.connection.dialect
    text = str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))
    asked = "EXPLAIN" if dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    rows = tx.connection.exec_driver_sql(f"{asked} {text}".replace("%", "%%")).all()
    return "\n".join(str(row[-1]) for row in rows)


def check_reads_an_index(lines: list[str]) -> None:
    for line in lines:
        assert "Seq Scan" not in line, lines
        assert "Bitmap" not in line, lines
        assert not line.startswith(("SCAN pool_user", "SCAN user_attribute", "SCAN group_member")), lines


@pytest.mark.parametrize("text", FILTERS)
@pytest.mark.parametrize("is_first", [True, False], ids=["first page", "a later page"])
def test_each_page_is_read_from_an_index_and_not_sorted(
    filled: tuple[RunningServer, str], text: str, is_first: bool
) -> None:
    server, pool_id = filled

    def plan(tx: Transaction) -> str:
        pool = tx.pools.get(server.settings.account_id, server.region, pool_id)
        wanted = parse_filter(text)
        first = tx.user_listing.page(pool, wanted, after=None, size=20)
        assert first
        statement = page_statement(pool, wanted, None if is_first else first[-1].place, 61)
        assert statement is not None
        return plan_of(server, tx, statement)

    lines = server.run(server.server.parts.store.read(plan)).splitlines()
    check_reads_an_index(lines)
    # The few keys of a page may be put in order once they are read; all people may not.
    sorts = [line for line in lines if "TEMP B-TREE" in line or "Sort " in line]
    assert not sorts or text.split(" ")[0] in SEARCHABLE, lines


@pytest.mark.parametrize("is_first", [True, False], ids=["first page", "a later page"])
def test_the_members_of_a_large_group_are_read_from_an_index_and_not_sorted(
    filled: tuple[RunningServer, str], is_first: bool
) -> None:
    server, pool_id = filled

    def plan(tx: Transaction) -> list[str]:
        asked: list[tuple[str, Any]] = []

        def listen(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _m: Any) -> None:
            asked.append((statement, parameters))

        sa.event.listen(tx.connection, "before_cursor_execute", listen)
        after = "" if is_first else sub_of(7)
        assert len(tx.memberships.members(pool_id, GROUP, after=after, size=61)) == 61
        sa.event.remove(tx.connection, "before_cursor_execute", listen)
        ((statement, parameters),) = asked
        explain = "EXPLAIN" if tx.connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
        return [str(row[-1]) for row in tx.connection.exec_driver_sql(f"{explain} {statement}", parameters)]

    lines = server.run(server.server.parts.store.read(plan))
    check_reads_an_index(lines)
    assert not [line for line in lines if "TEMP B-TREE" in line or "Sort " in line], lines


def test_the_number_of_people_is_exact_while_it_is_small_and_near_when_it_is_not(
    filled: tuple[RunningServer, str],
) -> None:
    server, pool_id = filled
    cognito = server.client()
    small = a_pool(cognito)
    for username in ("ada", "alan"):
        cognito.admin_create_user(UserPoolId=small, Username=username, MessageAction="SUPPRESS")
    assert cognito.describe_user_pool(UserPoolId=small)["UserPool"]["EstimatedNumberOfUsers"] == 2
    assert PEOPLE > COUNTED_EXACTLY
    estimate = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["EstimatedNumberOfUsers"]
    assert abs(estimate - PEOPLE) < PEOPLE * 0.05
