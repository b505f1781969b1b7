"""Where nobody waits: a custom sender has longer than Cognito's five seconds, and one try."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest
from tests.triggers.running import POOL, arn_of, run, running
from tests.triggers.test_breaker import ARN, Way, functions_by

from poolhouse.ports.functions import FunctionTimeout
from poolhouse.ports.functions.configured import IN_BACKGROUND, ConfiguredFunctions, Target
from poolhouse.ports.functions.gate import Breaker, NotNow

SLOW = '[function.slow]\nhandler = "slow.handler"\ntimeout = "0.3s"\n'
TEXT = "import time\ndef handler(event, context):\n    time.sleep(0.8)\n    return event\n"


def test_it_has_longer_and_is_asked_once() -> None:
    way = Way(FunctionTimeout("late"))
    with pytest.raises(FunctionTimeout):
        asyncio.run(functions_by(way).invoke(ARN, b"", pool_id=POOL, in_background=True))
    assert way.seconds == [IN_BACKGROUND]
    assert 5 < IN_BACKGROUND < 30, "an attempt to deliver takes half a minute at most"


def test_messages_leave_half_of_a_pools_places_to_those_who_wait() -> None:
    async def work() -> None:
        let_go = asyncio.Event()

        class Slow(Way):
            async def ask(self, arn: str, event: bytes, seconds: float) -> bytes:
                self.asked += 1
                await let_go.wait()
                return event

        def target(name: str, way: Way) -> Target:
            return Target(name, way, Breaker(time.monotonic), timeout=5.0, waiting=100)

        mail, sms, sign_in = Slow(), Slow(), Way(b"answer")
        targets = {
            "mail": target("mail", mail),
            "sms": target("sms", sms),
            "sign-in": target("sign-in", sign_in),
        }
        functions = ConfiguredFunctions(targets, None, calls_per_pool=6)
        sending = [
            asyncio.create_task(functions.invoke(arn, b"", pool_id=POOL, in_background=True))
            for arn in ("mail", "sms") * 5
        ]
        refused, _ = await asyncio.wait(sending, timeout=0.2, return_when=asyncio.FIRST_EXCEPTION)
        assert all(isinstance(task.exception(), NotNow) for task in refused)
        assert mail.asked + sms.asked == 3
        assert await functions.invoke("sign-in", b"", pool_id=POOL) == b"answer"
        let_go.set()
        await asyncio.gather(*sending, return_exceptions=True)
        only_one = ConfiguredFunctions(targets, None, calls_per_pool=1)
        assert await only_one.invoke("mail", b"x", pool_id=POOL, in_background=True) == b"x"

    run(work())


def test_a_function_that_is_given_less_has_less(tmp_path: Path) -> None:
    """`timeout` of the functions file is the operator's word."""

    async def work() -> None:
        async with running(
            tmp_path, SLOW + '[function.other]\nhandler = "slow.handler"\n', slow=TEXT
        ) as functions:
            assert functions._targets[arn_of("slow")].in_background == 0.3
            assert functions._targets[arn_of("other")].in_background == IN_BACKGROUND

    run(work())


def test_a_process_lives_as_long_as_it_may(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path, SLOW, slow=TEXT) as functions:
            arn = arn_of("slow")
            functions._targets[arn] = replace(functions._targets[arn], in_background=20.0)
            assert await functions.invoke(arn, b'{"a": 1}', pool_id=POOL, in_background=True) == b'{"a": 1}'
            with pytest.raises(FunctionTimeout):
                await functions.invoke(arn, b"{}", pool_id=POOL)

    run(work())
