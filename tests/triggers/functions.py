"""Functions of the tests: Python callables, each under an ARN of its own, that a test server asks.

asked = a_function(server, lambda event: {"autoConfirmUser": True})
pool_id = a_pool(cognito, LambdaConfig={"PreSignUp": asked.arn})
…
golden(asked.event, {"version": "1", …})
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any
from unittest.mock import ANY

from tests.harness import RunningServer
from tests.triggers.samples import check_shape

from poolhouse.ports.functions import FunctionFailed, Functions

Event = dict[str, Any]
Answer = Callable[[Event], Mapping[str, Any] | bytes | None]
_numbers = iter(range(10_000_000))


class Function:
    """One function. `events` has what it was asked, oldest first."""

    def __init__(self, arn: str, answer: Answer) -> None:
        self.arn = arn
        self.answer = answer
        """May be replaced while the test runs."""
        self.events: list[Event] = []

    @property
    def event(self) -> Event:
        """The one event that it was asked."""
        assert len(self.events) == 1, f"{len(self.events)} events"
        return self.events[0]

    @property
    def sources(self) -> list[str]:
        return [event["triggerSource"] for event in self.events]


class Recorded(Functions):
    """Routes each ARN to the callable of a test. It runs in a thread, so it may call the server itself."""

    def __init__(self, otherwise: Functions) -> None:
        self._otherwise = otherwise
        self._functions: dict[str, Function] = {}

    def add(self, answer: Answer) -> Function:
        arn = f"arn:aws:lambda:us-east-1:123456789012:function:test-{next(_numbers)}"
        self._functions[arn] = Function(arn, answer)
        return self._functions[arn]

    async def invoke(self, arn: str, event: bytes, *, pool_id: str, in_background: bool = False) -> bytes:
        function = self._functions.get(arn)
        if function is None:
            return await self._otherwise.invoke(arn, event, pool_id=pool_id, in_background=in_background)
        asked = json.loads(event)
        assert asked["userPoolId"] == pool_id
        check_shape(asked)
        function.events.append(json.loads(event))
        answer = await asyncio.to_thread(function.answer, asked)
        if isinstance(answer, bytes):
            return answer
        if answer is not None:
            asked["response"] = {**asked["response"], **answer}
        return json.dumps(asked).encode()


def functions_of(server: RunningServer) -> Recorded:
    """What a test server asks from now on; ARNs of no test go on to what it was configured with."""
    ports = server.server.parts.ports
    if not isinstance(ports.functions, Recorded):
        object.__setattr__(ports, "functions", Recorded(ports.functions))
    assert isinstance(ports.functions, Recorded)
    return ports.functions


def a_function(server: RunningServer, answer: Answer = lambda event: None) -> Function:
    """A function that answers an event by what `answer` makes of it: the members of its `response`; None for the
    event as it came; bytes for an answer that is no event. It may raise FunctionFailed or FunctionUnavailable."""
    return functions_of(server).add(answer)


def throwing(message: str) -> Answer:
    """What a function does that throws."""

    def answer(event: Event) -> None:
        raise FunctionFailed(message, "Error")

    return answer


def golden(event: Any, shape: Any, at: str = "event") -> None:
    """Say where an event is not, member by member and in this order, what `shape` says. `unittest.mock.ANY` stands
    for any value."""
    if isinstance(shape, dict):
        assert isinstance(event, dict), f"{at}: {event!r} is no document"
        assert list(event) == list(shape), at
        for name, expected in shape.items():
            golden(event[name], expected, f"{at}.{name}")
    elif isinstance(shape, list):
        assert isinstance(event, list), f"{at}: {event!r} is no list"
        assert len(event) == len(shape), f"{at}: {event!r}"
        for number, expected in enumerate(shape):
            golden(event[number], expected, f"{at}[{number}]")
    elif shape is not ANY:
        assert (type(event), event) == (type(shape), shape), at
