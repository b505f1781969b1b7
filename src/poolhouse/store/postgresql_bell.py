"""PostgreSQL's bell: NOTIFY, and a lease that shows that it is heard.

A thread listens on a connection of its own, and on it sends itself an echo every 250 ms. Notifications arrive in the order of
their commits, so an echo that came back proves that every change from before it was sent has been heard. What
the cache holds may be used for one second from the sending of the last echo that came back; so a connection
that is open but silent, a database that hangs and a process that was stopped all end the use of the cache.

A pooler may swallow LISTEN, or hand our notifications to somebody else. Where one stands between, `change` is polled.
Sequence numbers become visible out of order, so the poll goes by transaction ids: below a snapshot's xmin
nothing can appear any more.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

import psycopg
import sqlalchemy as sa

from poolhouse.store.changes import CHANNEL, Change, parse_payload
from poolhouse.store.database import Forget
from poolhouse.store.deadlines import Deadlines
from poolhouse.store.postgresql_connection import Gate

_JITTER = random.SystemRandom()
LEASE = 1.0
"""Seconds for which the cache may be used after an echo was sent."""
INTERVAL = 0.25
"""Seconds between two echoes, or two polls."""
MAX_CHANGES = 10_000
_MAX_GAP = 600.0
"""Seconds between two polls after which rows may have been swept away unseen."""

_POLL = (
    "SELECT pg_snapshot_xmin(s)::text::bigint, c.seq, c.pool_id, c.kind, c.key"
    " FROM pg_current_snapshot() AS s LEFT JOIN change AS c ON c.xid >= %s LIMIT %s"
)

_log = logging.getLogger("poolhouse.store")


class _IsPooled(Exception):
    """Between us and the database stands a pooler."""


class PostgresqlBell:
    def __init__(self, engine: sa.Engine, gate: Gate, deadlines: Deadlines, forget: Forget) -> None:
        self._engine = engine
        self._gate = gate
        self._deadlines = deadlines
        self._forget = forget
        self._heard: deque[list[Change] | None] = deque()
        self._good_until = 0.0
        self._echo_channel = f"poolhouse_echo_{secrets.token_hex(8)}"
        self._is_closed = threading.Event()
        self._is_lost = False
        self._has_warned = False
        self._thread = threading.Thread(target=self._run, name="poolhouse-bell", daemon=True)
        self._thread.start()

    def ring(self) -> bool:
        heard = self._heard
        while heard:
            self._forget(heard.popleft())
        return monotonic() < self._good_until

    def has_rung_within(self, seconds: float) -> bool:
        return monotonic() < self._good_until - LEASE + seconds

    def hear(self, changes: list[Change]) -> None:
        """Of this process's own changes, ahead of the notification."""
        self._heard.append(changes)

    @property
    def is_closed(self) -> bool:
        return self._is_closed.is_set()

    def close(self) -> None:
        self._is_closed.set()
        self._thread.join()

    def _run(self) -> None:
        listens = True
        while not self.is_closed:
            try:
                with self._connected() as driver:
                    if listens:
                        self._listen(driver)
                    else:
                        self._poll(driver)
            except _IsPooled as pooled:
                listens = False
                if not self._has_warned:
                    self._has_warned = True
                    _log.warning("%s; changes are polled every %d ms", pooled, INTERVAL * 1000)
            except (
                psycopg.Error,
                sa.exc.DBAPIError,
                OSError,
            ) as error:  # OSError: no file descriptor is left
                listens = True
                if not self._is_lost:
                    self._is_lost = True
                    _log.warning("the connection that hears of changes is lost: %s", error)
                # Not all nodes at once.
                self._is_closed.wait(INTERVAL * _JITTER.uniform(0.5, 1.5))

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection[Any]]:
        connection = self._engine.raw_connection()
        try:
            driver = connection.driver_connection
            assert isinstance(driver, psycopg.Connection)
            driver.autocommit = True
            self._gate.open()
            yield driver
        finally:
            # Not given back but closed: what it listens to is nobody else's.
            connection.invalidate()

    def _listen(self, driver: psycopg.Connection[Any]) -> None:
        (pid,) = self._ask(driver, "SELECT pg_backend_pid()")[0]
        if pid != driver.info.backend_pid:
            raise _IsPooled("a pooler stands before the database")
        self._ask(driver, f"LISTEN {CHANNEL}")
        self._ask(driver, f"LISTEN {self._echo_channel}")
        # Whatever was committed before is unheard; from here on all is heard.
        self._heard.append(None)
        last_echo = next_echo = monotonic()
        while not self.is_closed:
            now = monotonic()
            if now >= next_echo:
                self._ask(driver, "SELECT pg_notify(%s, %s)", (self._echo_channel, repr(now)))
                next_echo = now + INTERVAL
            for notification in driver.notifies(timeout=max(0.0, next_echo - monotonic())):
                if notification.channel == CHANNEL:
                    self._heard.append(parse_payload(notification.payload))
                else:
                    last_echo = float(notification.payload)
                    self._is_current_from(last_echo)
            if monotonic() - last_echo > 2 * LEASE:
                raise _IsPooled("notifications do not come back from the database")

    def _poll(self, driver: psycopg.Connection[Any]) -> None:
        horizon: int | None = None
        seen: set[int] = set()
        last_poll = 0.0
        while not self.is_closed:
            now = monotonic()
            found = self._ask(driver, _POLL, (horizon, MAX_CHANGES))
            rows = [row for row in found if row[1] is not None]
            if horizon is None or len(found) == MAX_CHANGES or now - last_poll > _MAX_GAP:
                self._heard.append(None)
            elif fresh := [Change(*row[2:]) for row in rows if row[1] not in seen]:
                self._heard.append(fresh)
            # After what was found was put down: the lease vouches for it.
            self._is_current_from(now)
            last_poll = now
            horizon, seen = found[0][0], {row[1] for row in rows}
            self._is_closed.wait(INTERVAL)

    def _is_current_from(self, moment: float) -> None:
        self._good_until = moment + LEASE
        if self._is_lost:
            self._is_lost = False
            _log.info("changes are heard again")

    def _ask(self, driver: psycopg.Connection[Any], query: str, arguments: Any = ()) -> list[Any]:
        with self._deadlines.within(LEASE, driver.fileno()):
            cursor = driver.execute(query, arguments or None)
            return cursor.fetchall() if cursor.description else []
