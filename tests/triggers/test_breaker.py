"""Bounds: so many calls at once, a pause where there are no answers, and no longer than somebody waits."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.triggers.running import EVENT, POOL, arn_of, ask, run, running

from poolhouse.ports import patience
from poolhouse.ports.functions import (
    FunctionFailed,
    FunctionTimeout,
    FunctionUnavailable,
    FunctionUnreachable,
)
from poolhouse.ports.functions.configured import ConfiguredFunctions, Target
from poolhouse.ports.functions.gate import LAST_PAUSE, OPENS_AFTER, Breaker, NotNow, Places

ARN = arn_of("hello")


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Way:
    """Ends each try as the test says: with an answer, or by raising."""

    def __init__(self, *outcomes: bytes | Exception) -> None:
        self.outcomes = list(outcomes)
        self.asked = 0
        self.seconds: list[float] = []

    def start(self) -> None: ...

    async def ask(self, arn: str, event: bytes, seconds: float) -> bytes:
        self.asked += 1
        self.seconds.append(seconds)
        await asyncio.sleep(0)
        outcome = self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    async def aclose(self) -> None: ...


def functions_by(way: Way, clock: Clock | None = None, **about: object) -> ConfiguredFunctions:
    clock = clock or Clock()
    target = Target("hello", way, Breaker(clock), **{"timeout": 5.0, "waiting": 100, **about})  # type: ignore[arg-type]
    return ConfiguredFunctions({ARN: target}, None, 200, clock)


def test_a_try_that_nobody_answered_is_made_twice_more() -> None:
    for lost in (FunctionTimeout("late"), FunctionUnreachable("broken")):
        way = Way(lost, lost, b"answer")
        assert asyncio.run(functions_by(way).invoke(ARN, b"", pool_id=POOL)) == b"answer"
        assert way.asked == 3
        way = Way(lost)
        with pytest.raises(type(lost)):
            asyncio.run(functions_by(way).invoke(ARN, b"", pool_id=POOL))
        assert way.asked == 3


def test_what_has_answered_is_not_asked_again() -> None:
    for said in (FunctionFailed("not you"), FunctionUnavailable("the webhook answered 503")):
        way = Way(said)
        with pytest.raises(type(said)):
            asyncio.run(functions_by(way).invoke(ARN, b"", pool_id=POOL))
        assert way.asked == 1


def test_nobody_is_asked_for_somebody_who_has_gone() -> None:
    way = Way(FunctionTimeout("late"))

    async def work(seconds: float) -> None:
        patience.begin(seconds)
        with pytest.raises(FunctionTimeout):
            await functions_by(way).invoke(ARN, b"", pool_id=POOL)

    asyncio.run(work(3.0))
    assert way.asked == 3
    assert way.seconds[0] == pytest.approx(2.5, abs=0.1)  # not the five it might have
    asyncio.run(work(1.2))
    assert way.asked == 4  # a second try would come too late
    asyncio.run(work(0.3))
    assert way.asked == 4


def test_after_five_tries_without_an_answer_there_is_a_pause_and_one_who_tries() -> None:
    clock, way = Clock(), Way(FunctionUnavailable("the webhook answered 503"))
    functions = functions_by(way, clock)

    async def invoke() -> bytes:
        return await functions.invoke(ARN, b"", pool_id=POOL)

    async def work() -> None:
        for _ in range(OPENS_AFTER):
            with pytest.raises(FunctionUnavailable, match="503"):
                await invoke()
        for _ in range(3):
            with pytest.raises(NotNow, match=r"asked again in 1\.0 s") as refused:
                await invoke()
            assert refused.value.cause == "TooManyRequestsException"
        assert way.asked == OPENS_AFTER
        clock.time += 1.0
        # Of ten who come now one asks; the pause is then twice as long.
        await asyncio.gather(*(invoke() for _ in range(10)), return_exceptions=True)
        assert way.asked == OPENS_AFTER + 1
        clock.time += 1.9
        with pytest.raises(NotNow):
            await invoke()
        clock.time += 0.2
        way.outcomes = [b"answer"]
        assert await invoke() == b"answer"
        assert await invoke() == b"answer"

    asyncio.run(work())


def test_a_function_that_throws_is_alive() -> None:
    functions = functions_by(Way(FunctionFailed("not you")))

    async def work() -> None:
        for _ in range(3 * OPENS_AFTER):
            with pytest.raises(FunctionFailed):
                await functions.invoke(ARN, b"", pool_id=POOL)

    asyncio.run(work())


def test_those_who_were_asking_when_the_pause_began_do_not_make_it_longer() -> None:
    clock = Clock()
    breaker = Breaker(clock)
    for _ in range(OPENS_AFTER + 20):
        breaker.gave_no_answer()
    clock.time += 1.0
    breaker.check()


@given(st.lists(st.sampled_from(["answer", "none", "wait"]), max_size=60))
def test_a_breaker_lets_ask_whenever_its_pause_is_over(steps: list[str]) -> None:
    clock = Clock()
    breaker = Breaker(clock)
    in_a_row = 0
    for step in steps:
        try:
            breaker.check()
        except NotNow:
            assert in_a_row >= OPENS_AFTER
            clock.time += LAST_PAUSE
            breaker.check()
        match step:
            case "answer":
                breaker.answered()
                in_a_row = 0
            case "none":
                breaker.gave_no_answer()
                in_a_row += 1
            case "wait":
                clock.time += LAST_PAUSE
        assert breaker.is_open == (in_a_row >= OPENS_AFTER)


def test_no_more_calls_at_once_than_there_are_places() -> None:
    places = Places("of this function")
    with places.one("a", 2), places.one("a", 2):
        with pytest.raises(NotNow, match="2 calls of this function"), places.one("a", 2):
            pass
        with places.one("b", 2):
            pass
    with places.one("a", 1):
        pass


def test_each_call_is_counted_by_how_it_ended() -> None:
    counted: list[tuple[str, str]] = []

    async def work() -> None:
        for outcome in (b"answer", FunctionFailed("x"), FunctionTimeout("x"), FunctionUnavailable("x")):
            functions = functions_by(Way(outcome), pools=(POOL,))
            functions.on_call = lambda name, how, seconds: counted.append((name, how))
            for pool_id in (POOL, "us-east-1_other"):
                await asyncio.gather(functions.invoke(ARN, b"", pool_id=pool_id), return_exceptions=True)

    asyncio.run(work())
    ends = ("answered", "threw", "timeout", "unavailable")
    assert counted == [pair for end in ends for pair in (("hello", end), ("hello", "refused"))]


def test_a_pool_that_is_not_among_a_function_s_pools_may_not_ask_it() -> None:
    way = Way(b"answer")
    with pytest.raises(FunctionUnavailable, match="none of the `pools`") as denied:
        asyncio.run(functions_by(way, pools=("us-east-1_other",)).invoke(ARN, b"", pool_id=POOL))
    assert denied.value.cause == "AccessDeniedException"
    assert way.asked == 0


HANGS = """
import time
def handler(event, context):
    if event.get("hang"): time.sleep(600)
    return event
"""


def test_a_stuck_function_holds_up_no_other(tmp_path: Path) -> None:
    toml = "".join(
        f'[function.{name}]\nhandler = "hangs.handler"\nconcurrency = 1\nwaiting = 5\ntimeout = "2s"\n'
        for name in ("stuck", "well")
    )

    async def work() -> None:
        async with running(tmp_path, toml, hangs=HANGS) as functions:
            await asyncio.gather(ask(functions, "stuck", {}), ask(functions, "well", {}))
            stuck = [asyncio.create_task(ask(functions, "stuck", {"hang": True})) for _ in range(20)]
            await asyncio.sleep(0.05)
            assert sum(task.done() for task in stuck) == 15  # they heard at once that too many wait
            took = []
            for _ in range(50):
                started = time.perf_counter()
                assert await ask(functions, "well", EVENT) == EVENT
                took.append(time.perf_counter() - started)
            assert sorted(took)[48] < 0.2
            assert not all(task.done() for task in stuck)
            for task in stuck:
                task.cancel()
            ends = await asyncio.gather(*stuck, return_exceptions=True)
            assert any(isinstance(end, NotNow) for end in ends)

    run(work())


def test_a_call_that_was_given_up_leaves_no_answer_for_the_next(tmp_path: Path) -> None:
    slow = "import time\ndef handler(event, context):\n    time.sleep(event['sleep'])\n    return event['name']\n"

    async def work() -> None:
        toml = '[function.slow]\nhandler = "slow.handler"\nconcurrency = 1\n'
        async with running(tmp_path, toml, slow=slow) as functions:
            assert await ask(functions, "slow", {"name": "first", "sleep": 0}) == "first"
            given_up = asyncio.create_task(ask(functions, "slow", {"name": "second", "sleep": 0.3}))
            await asyncio.sleep(0.1)
            given_up.cancel()
            assert await ask(functions, "slow", {"name": "third", "sleep": 0}) == "third"

    run(work())


def test_a_process_that_is_given_to_one_who_goes_at_that_moment_serves_the_next(tmp_path: Path) -> None:
    slow = "import time\ndef handler(event, context):\n    time.sleep(event['sleep'])\n    return event['name']\n"

    async def work() -> None:
        toml = '[function.slow]\nhandler = "slow.handler"\nconcurrency = 1\n'
        async with running(tmp_path, toml, slow=slow) as functions:
            way: Any = functions._targets[arn_of("slow")].way
            await ask(functions, "slow", {"name": "warm", "sleep": 0})
            [process] = way._processes
            first = asyncio.create_task(ask(functions, "slow", {"name": "first", "sleep": 0.2}))
            await asyncio.sleep(0.05)
            second = asyncio.create_task(ask(functions, "slow", {"name": "second", "sleep": 0}))

            def ready_and_gone(ready: Any) -> None:
                way._ready(ready)
                process._on_ready = way._ready
                second.cancel()

            process._on_ready = ready_and_gone
            await asyncio.sleep(0)
            third = asyncio.create_task(ask(functions, "slow", {"name": "third", "sleep": 0}))
            assert await first == "first"
            assert await asyncio.wait_for(third, 3) == "third"
            assert second.cancelled()

    run(work())
