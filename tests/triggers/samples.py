"""Compares an event that a flow fires with the sample of its source."""

from __future__ import annotations

from typing import Any

from poolhouse.core.trigger_samples import sample

MAY_LACK = {"clientMetadata", "userNotFound", "password"}
"""Members of a request that depend on what was asked."""
VARIED = {"attributes", "userAttributes"}
"""Documents whose members depend on the person, or on the provider."""


def check_shape(event: dict[str, Any]) -> None:
    """Raises AssertionError: the event's members, their order or their kinds are not those of the sample."""
    source = event["triggerSource"]
    expected = sample(source, version=event["version"] if source.startswith("TokenGeneration_") else "")
    assert list(event) == list(expected), f"{source}: {list(event)}"
    assert list(event["callerContext"]) == list(expected["callerContext"])
    request, wanted = event["request"], expected["request"]
    names = [name for name in wanted if name in request or name not in MAY_LACK]
    assert list(request) == names, f"{source}: its request has {list(request)}, the sample {names}"
    for name, value in request.items():
        if name in VARIED or value is None or wanted[name] is None:
            continue
        assert isinstance(value, type(wanted[name])), f"{source}: {name} is {value!r}"
    answer = expected["response"]
    assert event["response"] == answer, (
        f"{source}: its response is {event['response']}, of the sample {answer}"
    )
