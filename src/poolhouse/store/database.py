"""What the store asks of an engine."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

import sqlalchemy as sa

from poolhouse.store.changes import Change
from poolhouse.store.transaction import Transaction
from poolhouse.store.units import Work

Result = TypeVar("Result")

Begin = Callable[[sa.Connection], Transaction]
"""Makes the transaction's repositories over a connection."""
Forget = Callable[["list[Change] | None"], None]
"""Told what changed; None stands for anything."""


class Bell(Protocol):
    """Says what has changed in the database, to one cache."""

    def ring(self) -> bool:
        """Tell the cache what has changed since it was last asked; whether what the cache holds may be used.

        On the hot path: a few microseconds.
        """

    def has_rung_within(self, seconds: float) -> bool:
        """Whether the cache was known to be current at some moment in the last `seconds`."""

    def close(self) -> None: ...


class Database(Protocol):
    """One engine. The `read`, `look_up` and `write` of a store, and the same at once, on the calling thread.

    `patience` is how many seconds the work may wait or take, where that is not the engine's usual.
    """

    def read(self, work: Work[Result], patience: float | None = None) -> Awaitable[Result]: ...

    def look_up(self, work: Work[Result], *, of_one_state: bool = False) -> Awaitable[Result]: ...

    def write(self, work: Work[Result], patience: float | None = None) -> Awaitable[Result]: ...

    def write_now(self, work: Work[Result], patience: float | None = None) -> Result: ...

    def bell(self, forget: Forget) -> Bell: ...

    def close(self) -> None: ...
