"""A unit of work on its way to a thread, and its answer on its way back to the event loop."""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from time import monotonic
from typing import Any, TypeVar

from poolhouse.core.errors import StoreUnavailable
from poolhouse.store.transaction import Transaction

Result = TypeVar("Result")
Work = Callable[[Transaction], Result]


class Kind(Enum):
    READ = auto()
    LOOK_UP = auto()
    """Each of its statements may see a state of its own."""
    WRITE = auto()


class Mailbox:
    """Where threads leave answers for one event loop: many answers wake it once."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._answers: deque[tuple[asyncio.Future[Any], Any, BaseException | None]] = deque()
        self._is_called = False

    def post(self, future: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
        self._answers.append((future, result, error))
        if self._is_called:
            return
        # Set before the call: the loop clears it before it empties the box, so no answer is left behind.
        self._is_called = True
        try:
            self._loop.call_soon_threadsafe(self._deliver)
        except RuntimeError:
            # The loop is closed: nobody waits any more.
            self._answers.clear()

    def _deliver(self) -> None:
        self._is_called = False
        while self._answers:
            future, result, error = self._answers.popleft()
            if future.done():
                continue
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)


class Mailboxes:
    """The mailbox of each event loop that uses the store; a store may be used from several."""

    def __init__(self) -> None:
        self._by_loop: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Mailbox] = (
            weakref.WeakKeyDictionary()
        )

    def of_this_loop(self) -> tuple[asyncio.AbstractEventLoop, Mailbox]:
        loop = asyncio.get_running_loop()
        mailbox = self._by_loop.get(loop)
        if mailbox is None:
            mailbox = self._by_loop.setdefault(loop, Mailbox(loop))
        return loop, mailbox


@dataclass(slots=True, eq=False)
class Unit:
    """One unit of work and who waits for it."""

    work: Work[Any]
    future: asyncio.Future[Any]
    mailbox: Mailbox
    asked_at: float
    patience: float
    """Seconds."""
    kind: Kind

    @classmethod
    def of(cls, kind: Kind, work: Work[Any], mailboxes: Mailboxes, patience: float) -> Unit:
        loop, mailbox = mailboxes.of_this_loop()
        return cls(work, loop.create_future(), mailbox, monotonic(), patience, kind)

    @property
    def is_abandoned(self) -> bool:
        """Nobody waits any more, so it need not begin."""
        return self.future.done()

    def give_up(self) -> None:
        """Called on the loop's thread: no answer came in time."""
        if not self.future.done():
            self.future.set_exception(StoreUnavailable("the database did not answer in time"))

    def succeed(self, result: Any) -> None:
        self.mailbox.post(self.future, result, None)

    def fail(self, error: BaseException) -> None:
        self.mailbox.post(self.future, None, error)
