"""Records of requests that come together, committed together.

While one transaction is under way, the records of the next gather: a thousand requests at once wait for some tens of
commits, on either engine, and one that comes alone for its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence

from poolhouse.core.audit import AuditRecord
from poolhouse.core.errors import StoreUnavailable
from poolhouse.store.store import Store

MAX_BATCH = 256
MAX_WAITING = 10_000


class Gathering:
    """For the requests of one event loop."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: deque[tuple[AuditRecord, asyncio.Future[None]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def add(self, record: AuditRecord) -> None:
        """Returns after the commit that holds the record. Where nobody waits for it any more it may be kept still.

        Raises:
            StoreUnavailable: the database does not answer, or too many wait for it.
        """
        if len(self._waiting) >= MAX_WAITING:
            raise StoreUnavailable("too many records wait for the database")
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[None] = loop.create_future()
        self._waiting.append((record, kept))
        if self._writer is None:
            # A task of its own: who came first may be cut off, and the others wait on.
            self._writer = loop.create_task(self._write())
        await kept

    async def _write(self) -> None:
        try:
            while self._waiting:
                size = min(len(self._waiting), MAX_BATCH)
                batch = [self._waiting.popleft() for _ in range(size)]
                error = await self._written([record for record, _ in batch])
                for _, kept in batch:
                    if kept.done():
                        continue
                    if error is None:
                        kept.set_result(None)
                    else:
                        kept.set_exception(error)
        finally:
            self._writer = None

    async def _written(self, records: Sequence[AuditRecord]) -> Exception | None:
        try:
            await self._store.write(lambda tx: tx.audit.add_all(records))
        except Exception as error:
            # Whatever it is, it is for those who wait, and the next batch is tried for itself.
            return error
        return None
