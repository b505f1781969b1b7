"""The store: units of work, run in threads, awaited by the event loop."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import TypeVar

from poolhouse.store.database import Bell, Database, Forget
from poolhouse.store.units import Work

Result = TypeVar("Result")


class Store:
    """One database, for one process. May be used from an event loop in any thread.

    A unit of work is a synchronous function of a Transaction; it may be run again, so it is pure but for the
    transaction. What it raises is raised to the caller, and nothing that it did remains. `patience` is the time
    in seconds that it may take where it is long by nature; without it, what a request can wait for.
    """

    def __init__(self, database: Database, page_key: bytes, master_key_id: str) -> None:
        self._database = database
        self.master_key_id = master_key_id
        """The id of the master key that seals now."""
        self.page_key = page_key
        """The key that page tokens are signed with, and that `key_for` derives others from."""
        self._keys: dict[str, bytes] = {}

    def key_for(self, purpose: str) -> bytes:
        """32 bytes for keyed hashes of one purpose, the same on every node (RFC 5869's expansion, one block)."""
        key = self._keys.get(purpose)
        if key is None:
            info = b"poolhouse key for " + purpose.encode()
            key = self._keys[purpose] = hmac.digest(self.page_key, info + b"\x01", hashlib.sha256)
        return key

    async def read(self, work: Work[Result], *, patience: float | None = None) -> Result:
        """The answer of `work`, which sees one state of the database and changes nothing.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return await self._database.read(work, patience)

    async def look_up(self, work: Work[Result], *, of_one_state: bool = False) -> Result:
        """The same for a few rows by their keys, and nothing that grows with the data: an embedded database answers it
        at once, on the event loop's thread, and everybody else waits meanwhile.

        Without `of_one_state` each statement may see a later state than the one before: then PostgreSQL is asked once
        for each, and not twice more for a transaction around them. What must not change between is read so, or
        looked at again by the write.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        return await self._database.look_up(work, of_one_state=of_one_state)

    async def write(self, work: Work[Result], *, patience: float | None = None) -> Result:
        """The answer of `work`, after the commit that holds what it did.

        Raises:
            StoreUnavailable: the database does not answer. What `work` did is then, as a rule, not done.
        """
        return await self._database.write(work, patience)

    def write_now(self, work: Work[Result], *, patience: float | None = None) -> Result:
        """The same, on the calling thread: for start-up and for commands."""
        return self._database.write_now(work, patience)

    def bell(self, forget: Forget) -> Bell:
        return self._database.bell(forget)

    def close(self) -> None:
        """Let what has begun or waits be done, then close."""
        self._database.close()

    async def aclose(self) -> None:
        await asyncio.to_thread(self.close)
