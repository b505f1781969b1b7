"""Readiness: how often the database is asked for it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Any

from tests.harness import MovableClock, RunningServer

from poolhouse.core.errors import StoreUnavailable
from poolhouse.edge.health import Health
from poolhouse.http import Request

READY, NOT_READY = 200, 503


class CountedStore:
    """The real store, with a count of its reads; away while `is_away`."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.reads = 0
        self.is_away = False

    async def read(self, work: Any) -> Any:
        self.reads += 1
        if self.is_away:
            raise StoreUnavailable
        return await self._store.read(work)


class StoppedClock(MovableClock):
    """Goes on only where the test moves it: a busy machine is no second that passes."""

    def __init__(self) -> None:
        super().__init__()
        self._began = super().now()

    def now(self) -> datetime:
        return self._began + self._offset


def a_health(server: RunningServer) -> tuple[Health, CountedStore, StoppedClock]:
    parts, clock = server.server.parts, StoppedClock()
    store: Any = CountedStore(parts.store)
    return Health(replace(parts, store=store, clock=clock), lambda: b""), store, clock


def ready() -> Request:
    return Request("GET", "/readyz", "", [], b"", "r", "192.0.2.1")


def ask(server: RunningServer, health: Health, times: int = 1) -> set[int]:
    async def at_once() -> set[int]:
        answers = await asyncio.gather(*(health.answer(ready()) for _ in range(times)))
        return {answer.status for answer in answers}

    statuses: set[int] = server.run(at_once())
    return statuses


def test_a_thousand_callers_of_readiness_at_once_share_one_read(server: RunningServer) -> None:
    health, store, _ = a_health(server)
    assert ask(server, health, times=1000) == {READY}
    assert store.reads == 1


def test_callers_of_readiness_within_a_second_share_one_read(server: RunningServer) -> None:
    health, store, clock = a_health(server)
    assert ask(server, health) == ask(server, health) == {READY}
    assert store.reads == 1
    clock.advance(seconds=1)
    assert ask(server, health) == {READY}
    assert store.reads == 2
    clock.advance(hours=-1)
    assert ask(server, health) == {READY}
    assert store.reads == 3


def test_readiness_is_a_second_behind_the_database_at_most(server: RunningServer) -> None:
    health, store, clock = a_health(server)
    assert ask(server, health) == {READY}
    store.is_away = True
    clock.advance(seconds=1)
    assert ask(server, health) == {NOT_READY}
    store.is_away = False
    clock.advance(seconds=1)
    assert ask(server, health) == {READY}


def test_a_caller_of_readiness_who_hangs_up_takes_nobodys_answer_along(server: RunningServer) -> None:
    health, store, _ = a_health(server)

    async def hang_up() -> int:
        first = asyncio.create_task(health.answer(ready()))
        second = asyncio.create_task(health.answer(ready()))
        await asyncio.sleep(0)
        first.cancel()
        return (await second).status

    assert server.run(hang_up()) == READY
    assert store.reads == 1


def test_a_server_that_stops_says_so_at_once(server: RunningServer) -> None:
    health, _, _ = a_health(server)
    assert ask(server, health) == {READY}
    health.is_stopping = True
    assert ask(server, health) == {NOT_READY}
