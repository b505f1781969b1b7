"""PostgreSQL: a few threads, each with a connection of its own, and a bounded queue before them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

import sqlalchemy as sa

from poolhouse.store.changes import Change
from poolhouse.store.database import Begin, Bell, Forget
from poolhouse.store.deadlines import Deadlines
from poolhouse.store.postgresql_bell import PostgresqlBell
from poolhouse.store.postgresql_connection import PATIENCE, Gate, create_engine
from poolhouse.store.postgresql_session import Session
from poolhouse.store.threads import Workers
from poolhouse.store.units import Kind, Mailboxes, Unit, Work

Result = TypeVar("Result")

CONNECTIONS = 8
MAX_WAITING = 1_000


class PostgresqlDatabase:
    def __init__(self, url: sa.URL, begin: Begin, *, connections: int = CONNECTIONS) -> None:
        self.engine = create_engine(url)
        self._begin = begin
        self._gate = Gate(self.engine)
        self._deadlines = Deadlines()
        self._mailboxes = Mailboxes()
        self._bells: list[PostgresqlBell] = []
        self._lock = threading.Lock()
        self._workers = Workers("poolhouse-postgresql", connections, MAX_WAITING, self._serve)

    async def read(self, work: Work[Result], patience: float | None = None) -> Result:
        return await self._answer(Unit.of(Kind.READ, work, self._mailboxes, patience or PATIENCE))

    async def look_up(self, work: Work[Result], *, of_one_state: bool = False) -> Result:
        kind = Kind.READ if of_one_state else Kind.LOOK_UP
        return await self._answer(Unit.of(kind, work, self._mailboxes, PATIENCE))

    async def write(self, work: Work[Result], patience: float | None = None) -> Result:
        return await self._answer(Unit.of(Kind.WRITE, work, self._mailboxes, patience or PATIENCE))

    def write_now(self, work: Work[Result], patience: float | None = None) -> Result:
        session = Session(self._gate, self._begin, self._deadlines)
        try:
            result, changes = session.write(work, patience or PATIENCE)
        finally:
            session.close()
        self._tell_own_bells(changes)
        return result

    def bell(self, forget: Forget) -> Bell:
        bell = PostgresqlBell(self.engine, self._gate, self._deadlines, forget)
        with self._lock:
            self._bells = [*(other for other in self._bells if not other.is_closed), bell]
        return bell

    def close(self) -> None:
        self._workers.close()
        for bell in self._bells:
            bell.close()
        self._deadlines.close()

    async def _answer(self, unit: Unit) -> Result:
        self._workers.put(unit)
        # Those who wait in the queue, or for a thread that waits for a hanging database, are answered in time too.
        timer = unit.future.get_loop().call_later(unit.patience, unit.give_up)
        try:
            result: Result = await unit.future
            return result
        finally:
            timer.cancel()

    def _serve(self, next_unit: Callable[[], Unit | None]) -> None:
        session = Session(self._gate, self._begin, self._deadlines)
        while (unit := next_unit()) is not None:
            if unit.is_abandoned:
                continue
            try:
                match unit.kind:
                    case Kind.WRITE:
                        result, changes = session.write(unit.work, unit.patience)
                        self._tell_own_bells(changes)
                    case Kind.READ:
                        result = session.read(unit.work, unit.patience)
                    case Kind.LOOK_UP:
                        result = session.look_up(unit.work, unit.patience)
                unit.succeed(result)
            except BaseException as error:
                # Whatever it is, it is the caller's, and not this thread's.
                unit.fail(error)
        session.close()

    def _tell_own_bells(self, changes: tuple[Change, ...]) -> None:
        # Before the caller is answered: what this process changed, its next request finds changed.
        if changes:
            for bell in self._bells:
                bell.hear(list(changes))
