"""What a write belongs to can be deleted while it is on its way: then it is told so, and nothing is written."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.store.examples import a_pool

from poolhouse.core.credentials import Code
from poolhouse.core.errors import ResourceNotFoundException
from poolhouse.core.secret import Secret
from poolhouse.core.sessions import Session
from poolhouse.store import Store, Transaction

NOW = datetime.now(UTC)


def count_an_attempt(tx: Transaction) -> None:
    tx.attempts.lock("us-east-1_gone", "password", "nobody", NOW)


def begin_a_session(tx: Transaction) -> None:
    pool = a_pool()
    tx.pools.add(pool)
    tx.pools.remove(pool.id)
    tx.data_keys.add(pool.id)
    tx.sessions.add(Session(pool.id, "00", "client", None, "START", {}, NOW, NOW), b"")


def keep_a_code(tx: Transaction) -> None:
    pool = a_pool()
    tx.pools.add(pool)
    tx.codes.put(Code(pool.id, "nobody", "reset", b"", Secret("{}"), NOW, NOW))


@pytest.mark.parametrize("write", [count_an_attempt, begin_a_session, keep_a_code])
def test_a_row_of_what_is_gone_is_refused_as_such(store: Store, write: object) -> None:
    with pytest.raises(ResourceNotFoundException):
        store.write_now(write)  # type: ignore[arg-type]  # the parameter's type is lost
