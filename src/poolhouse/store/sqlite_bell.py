"""SQLite's bell: `PRAGMA data_version` changes when any other connection, of any process, has committed.

It is asked before the cache is used, on the loop's thread: 3 µs, and five times that between two signatures, which
leave nothing of SQLite in the CPU's caches. So it is asked once in each turn of the loop: the requests of one turn had
all arrived before it was asked, and a change that was acknowledged before a request was sent is seen by that request.

The connection does nothing else, and its cursor is read to the end: a cursor left open would pin a snapshot of the
database, in which nothing ever changes again, and the bell would be mute for good.
"""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from poolhouse.store.changes import HORIZON, Change
from poolhouse.store.database import Forget

MAX_CHANGES = 10_000
"""More than this many at once, and all is forgotten: that is cheaper."""


class SqliteBell:
    """Belongs to one thread at a time, the loop's."""

    def __init__(self, path: Path, forget: Forget) -> None:
        self._forget = forget
        self._bell = _connect(path)
        # What changed is read by another connection, so that this one can't pin a snapshot.
        self._reader = _connect(path)
        self._ask = self._bell.execute
        self._has_rung = False
        self._version = self._data_version()
        self._seen = self._last_change()

    def ring(self) -> bool:
        if self._has_rung:
            return True
        try:
            version = self._ask("PRAGMA data_version").fetchall()[0][0]
            if version != self._version:
                self._look()
        except sqlite3.Error:
            # What can't be asked can't be trusted; the caller asks the database itself and hears why.
            self._forget(None)
            self._version = -1
            return False
        self._version = version
        # What the loop was given to do before this moment is done before the flag falls; what comes in later, after.
        self._has_rung = True
        asyncio.get_running_loop().call_soon(self._next_turn)
        return True

    def _next_turn(self) -> None:
        self._has_rung = False

    def has_rung_within(self, seconds: float) -> bool:
        return False

    def close(self) -> None:
        self._bell.close()
        self._reader.close()

    def _look(self) -> None:
        found = self._reader.execute(
            "SELECT seq, pool_id, kind, key FROM change WHERE seq > ? ORDER BY seq LIMIT ?",
            (self._seen, MAX_CHANGES),
        ).fetchall()
        if len(found) == MAX_CHANGES or self._horizon() > self._seen:
            # Too much, or some of it was swept away before it was seen (a process stopped for an hour).
            self._seen = self._last_change()
            self._forget(None)
        elif found:
            self._seen = found[-1][0]
            self._forget([Change(*row[1:]) for row in found])

    def _data_version(self) -> int:
        version: int = self._bell.execute("PRAGMA data_version").fetchall()[0][0]
        return version

    def _last_change(self) -> int:
        # Of AUTOINCREMENT's own record, since the rows themselves may have been swept away.
        found = self._reader.execute("SELECT seq FROM sqlite_sequence WHERE name = 'change'").fetchall()
        return int(found[0][0]) if found else 0

    def _horizon(self) -> int:
        found = self._reader.execute("SELECT value FROM server_fact WHERE name = ?", (HORIZON,)).fetchall()
        return int(found[0][0]) if found else 0


def _connect(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(path, timeout=1, isolation_level=None, check_same_thread=False)
