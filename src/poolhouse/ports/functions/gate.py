"""Who may ask a function now: so many at once, and nobody for a while where it gives no answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from poolhouse.ports.functions.port import FunctionUnavailable

OPENS_AFTER = 5
"""Tries without an answer, one after the other."""
FIRST_PAUSE, LAST_PAUSE = 1.0, 30.0
"""Seconds in which nobody asks; doubled each time that the one who then may ask gets no answer either."""


class NotNow(FunctionUnavailable):
    """It was not asked."""

    cause = "TooManyRequestsException"


class Breaker:
    """After some tries without an answer it lets nobody ask for a while, then one, who shows whether it goes on."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._failures = 0
        self._pause = 0.0
        self._opens_at = 0.0
        self._is_tried = False

    def check(self) -> None:
        """Raises NotNow."""
        if self._failures < OPENS_AFTER:
            return
        now = self._monotonic()
        if now < self._opens_at:
            raise NotNow(
                f"it gave no answer {self._failures} times: asked again in {self._opens_at - now:.1f} s"
            )
        self._opens_at = now + self._pause  # the others wait for what this one hears
        self._is_tried = True

    def answered(self) -> None:
        self._failures, self._pause, self._is_tried = 0, 0.0, False

    def gave_no_answer(self) -> None:
        self._failures += 1
        if self._failures == OPENS_AFTER:
            self._pause = FIRST_PAUSE
        elif self._is_tried:
            self._pause = min(self._pause * 2, LAST_PAUSE)
        else:
            return  # too few; or one who was asking already when the pause began
        self._is_tried = False
        self._opens_at = self._monotonic() + self._pause

    @property
    def is_open(self) -> bool:
        return self._failures >= OPENS_AFTER


class Places:
    """How many calls are under way for each key, and no more than `at_once`."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._taken: Counter[str] = Counter()

    @contextmanager
    def one(self, key: str, at_once: int) -> Iterator[None]:
        """Raises NotNow: there are as many already."""
        if self._taken[key] >= at_once:
            raise NotNow(f"{at_once} calls {self._what} are under way already")
        self._taken[key] += 1
        try:
            yield
        finally:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]
