"""Where each function runs, and the rules for asking any of them.

A call has one try and, where nothing was heard of that, two more, as long as somebody waits for it. A function that
threw, or that answered with an error of its own, has answered.

Source: Cognito developer guide, "Important considerations" of Lambda triggers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from poolhouse.ports import patience
from poolhouse.ports.functions.gate import Breaker, NotNow, Places
from poolhouse.ports.functions.keeper import Keeper
from poolhouse.ports.functions.port import (
    ACCESS_DENIED,
    FunctionFailed,
    FunctionTimeout,
    FunctionUnavailable,
    FunctionUnreachable,
)

TRIES = 3
MARGIN = 0.5
"""Seconds that are left to the request for saying that there is no answer."""
ENOUGH = 1.0
"""Seconds: with less left, another try is of no use."""
IN_BACKGROUND = 25.0
"""Seconds of the one try where nobody waits: Cognito asks custom senders so, which may take as long as Lambda lets them."""
OTHERS = "lambda"
"""What the figures call all functions that are not in the file."""
OTHERS_AT_ONCE = 1_000

Outcome = str
"""`answered`, `threw`, `timeout`, `unavailable` or `refused`: of a closed set."""


class Way(Protocol):
    """How a function is asked."""

    def start(self) -> None: ...

    async def ask(self, arn: str, event: bytes, seconds: float) -> bytes:
        """Raises FunctionFailed, FunctionTimeout, FunctionUnreachable, FunctionUnavailable."""

    async def aclose(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    way: Way
    breaker: Breaker
    timeout: float
    waiting: int
    pools: tuple[str, ...] | None = None
    in_background: float = IN_BACKGROUND
    """Seconds, as `timeout`, where nobody waits."""


class ConfiguredFunctions:
    """`targets` by ARN; `others` for ARNs that are not among them. Belongs to one event loop."""

    def __init__(
        self,
        targets: Mapping[str, Target],
        others: Way | None,
        calls_per_pool: int,
        monotonic: Callable[[], float] = time.monotonic,
        keeper: Keeper | None = None,
    ) -> None:
        self._targets, self._others, self._calls_per_pool = targets, others, calls_per_pool
        self._monotonic, self._keeper = monotonic, keeper
        self._of_others: dict[str, Target] = {}
        self._per_function, self._per_pool = Places("of this function"), Places("of this user pool")
        self.on_call: Callable[[str, Outcome, float], None] = lambda name, outcome, seconds: None
        """Told of each call: the function's name, how it ended and how long it took."""

    @property
    def names(self) -> list[str]:
        return [target.name for target in self._targets.values()]

    def start(self, only: str | None = None) -> None:
        """Begin to keep processes ready; `only` those of one ARN."""
        for arn, target in self._targets.items():
            if only in (None, arn):
                target.way.start()

    async def aclose(self) -> None:
        ways = {id(target.way): target.way for target in self._targets.values()}
        await asyncio.gather(*(way.aclose() for way in ways.values()))
        if self._others is not None:
            await self._others.aclose()
        if self._keeper is not None:
            await self._keeper.aclose()

    async def invoke(
        self,
        arn: str,
        event: bytes,
        *,
        pool_id: str,
        in_background: bool = False,
        of_the_operator: bool = False,
    ) -> bytes:
        """As `Functions.invoke`. The operator may try a function whatever its `pools` are."""
        target = self._target(arn)
        started = self._monotonic()
        outcome = "unavailable"
        try:
            if target.pools is not None and pool_id not in target.pools and not of_the_operator:
                outcome = "refused"
                raise FunctionUnavailable(f"{pool_id} is none of the `pools` of {target.name}", ACCESS_DENIED)
            # Whoever signs in must find a place, however many messages a pool's functions are slow to send.
            at_once = max(1, self._calls_per_pool // 2) if in_background else self._calls_per_pool
            with (
                self._per_pool.one(pool_id, at_once),
                self._per_function.one(arn if target.name == OTHERS else target.name, target.waiting),
            ):
                if in_background:
                    answer = await self._persist(target, arn, event, target.in_background, tries=1)
                else:
                    answer = await self._persist(target, arn, event, target.timeout, TRIES)
            outcome = "answered"
            return answer
        except FunctionFailed:
            outcome = "threw"
            raise
        except FunctionTimeout:
            outcome = "timeout"
            raise
        except NotNow:
            outcome = "refused"
            raise
        finally:
            self.on_call(target.name, outcome, self._monotonic() - started)

    def _target(self, arn: str) -> Target:
        target = self._targets.get(arn) or self._targets.get(_without_qualifier(arn))
        if target is not None:
            return target
        if self._others is None:
            raise FunctionUnavailable(f"nothing is configured to run {arn}", ACCESS_DENIED)
        if arn not in self._of_others:
            while len(self._of_others) >= OTHERS_AT_ONCE:  # ARNs are of pools' owners
                del self._of_others[next(iter(self._of_others))]
            self._of_others[arn] = Target(OTHERS, self._others, Breaker(self._monotonic), 5.0, 100)
        return self._of_others[arn]

    async def _persist(self, target: Target, arn: str, event: bytes, longest: float, tries: int) -> bytes:
        for attempt in range(1, tries + 1):
            target.breaker.check()
            left = patience.left()
            seconds = longest if left is None else min(longest, left - MARGIN)
            try:
                answer = await self._try(target, arn, event, seconds)
            except FunctionFailed:
                target.breaker.answered()
                raise
            except (FunctionTimeout, FunctionUnreachable):
                target.breaker.gave_no_answer()
                left = patience.left()
                if attempt == tries or (left is not None and left - MARGIN < ENOUGH):
                    raise
            except FunctionUnavailable:
                target.breaker.gave_no_answer()
                raise
            else:
                target.breaker.answered()
                return answer
        raise AssertionError("the last try returns or raises")

    async def _try(self, target: Target, arn: str, event: bytes, seconds: float) -> bytes:
        if seconds <= 0:
            raise FunctionTimeout("nobody waits for an answer any more")
        try:
            async with asyncio.timeout(seconds):
                return await target.way.ask(arn, event, seconds)
        except TimeoutError:
            raise FunctionTimeout(f"no answer of {target.name} within {seconds:.3g} s") from None


def _without_qualifier(arn: str) -> str:
    """`…:function:name` of `…:function:name:alias`."""
    parts = arn.split(":")
    return ":".join(parts[:7])
