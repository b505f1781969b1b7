"""A pool with people in it, written in bulk: through the API a million of them would take days.

Everybody has the same password and the same SRP verifier, each sealed for the row that it stands in, and an email
address. Who refreshes has a sign-in of their own. Rows are written in the order of every index, as in no real life;
what is asked for afterwards is spread over all of them.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bench.people import dialogues
from poolhouse.core.families import NONCE_SIZE, Family
from poolhouse.core.ids import new_jti, uuid7
from poolhouse.core.pools import UserPool
from poolhouse.core.sealing import Place
from poolhouse.core.srp import Verifier
from poolhouse.core.users import User, UserStatus, search_key, username_key
from poolhouse.operation import SystemRandom
from poolhouse.ports.passwords import LANES, MEMORY_KIB, PASSES
from poolhouse.store import Store, Transaction
from poolhouse.store.documents import write_document
from poolhouse.store.tables import Instant, pool_user, user_attribute, user_password
from poolhouse.userpools.user_tokens import SELF_SERVICE, refresh_token_keys

PASSWORD = "Correct-Horse-9"  # of people who exist here alone
IN_ONE_TRANSACTION = 20_000
PATIENCE = 60.0
RANDOM = SystemRandom()
Rows = dict[sa.Table, list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Crowd:
    """The people of a pool, by number."""

    pool: UserPool
    count: int

    def sub(self, number: int) -> str:
        """In the order of the numbers, and spread as evenly as random ones."""
        step = 2**128 // self.count
        return str(UUID(int=number * step + random.Random(number).randrange(step)))

    def name(self, number: int) -> str:
        return f"person-{number:07}"

    def email(self, number: int) -> str:
        return f"{self.name(number)}@example.com"


def fill(store: Store, pool: UserPool, count: int) -> Crowd:
    """Write the people. A million take a minute or two."""
    import argon2

    hasher = argon2.PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
    hash = hasher.hash(PASSWORD)
    crowd = Crowd(pool, count)
    for begin in range(0, count, IN_ONE_TRANSACTION):
        numbers = range(begin, min(begin + IN_ONE_TRANSACTION, count))
        store.write_now(partial(_write, crowd=crowd, numbers=numbers, hash=hash), patience=PATIENCE)
    return crowd


def _write(tx: Transaction, crowd: Crowd, numbers: range, hash: str) -> None:
    pool_id, now = crowd.pool.id, datetime.now(UTC)
    verifier = Verifier(dialogues.SALT, dialogues.V).to_secret()
    set_at = Instant().process_bind_param(now, None)
    no_history = write_document("user_password", {"history": []})
    rows: Rows = {pool_user: [], user_password: [], user_attribute: []}
    for number in numbers:
        sub, email = crowd.sub(number), crowd.email(number)
        user = User(
            pool_id=pool_id,
            sub=sub,
            username=crowd.name(number),
            status=UserStatus.CONFIRMED,
            created_at=now,
            modified_at=now,
            attributes={"email": email, "email_verified": "true"},
        )
        document = write_document("pool_user", user.to_document())
        key = username_key(crowd.pool, user.username)
        rows[pool_user].append((pool_id, sub, key, user.status.value, True, document, 1))
        sealed = tx.data_keys.seal(verifier, Place("user_password", "sealed", pool_id, sub))
        rows[user_password].append((pool_id, sub, hash, sealed, set_at, None, no_history, 1))
        rows[user_attribute].append((pool_id, sub, "email", search_key(email)))
    for table, values in rows.items():
        _copy(tx.connection, table, values)


def _copy(connection: sa.Connection, table: sa.Table, values: Sequence[tuple[Any, ...]]) -> None:
    """The rows, their values in the order of the table's columns, by the engine's quickest way."""
    names = ", ".join(column.name for column in table.columns)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(table.columns))
        driver.executemany(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", values)
        return
    # Without looking up each row's pool and person: they are there.
    connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({names}) FROM STDIN") as copy:
        for row in values:
            copy.write_row(row)


def sign_in(store: Store, crowd: Crowd, client_id: str, numbers: Sequence[int]) -> list[str]:
    """A sign-in of each of these people; their refresh tokens."""
    keys, now = refresh_token_keys(store), datetime.now(UTC)
    pool_id = crowd.pool.id

    def families() -> Iterator[tuple[Family, str]]:
        for number in numbers:
            id = uuid7(now, RANDOM)
            token = keys.new(pool_id, id, RANDOM.token_bytes(NONCE_SIZE)).reveal()
            yield (
                Family(
                    pool_id=pool_id,
                    id=id,
                    sub=crowd.sub(number),
                    client_id=client_id,
                    origin_jti=new_jti(RANDOM),
                    scopes=(SELF_SERVICE,),
                    auth_time=now,
                    expires_at=now + timedelta(days=30),
                    current=keys.hash_of(pool_id, token),
                ),
                token,
            )

    begun = list(families())

    def write(tx: Transaction) -> None:
        for family, _ in begun:
            tx.families.add(family)

    store.write_now(write, patience=PATIENCE)
    return [token for _, token in begun]
