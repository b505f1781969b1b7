"""Asking a function, and telling its failures in Cognito's words. Never within a transaction."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import orjson

from poolhouse.core.errors import UnexpectedLambdaException, UserLambdaValidationException
from poolhouse.core.pools import UserPool
from poolhouse.core.triggers import Trigger, event_of, function_of, response_in, sdk_of
from poolhouse.operation import Call, Parts
from poolhouse.ports.functions import FunctionFailed, FunctionUnavailable

MOST_WORDS = 2_048
"""Characters of what a function throws that are told: browsers carry them in an address, and servers in a header."""

log = logging.getLogger("poolhouse.triggers")


async def run(
    call: Call,
    pool: UserPool,
    trigger: Trigger,
    source: str,
    *,
    client_id: str | None,
    username: str | None,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    version: str = "1",
) -> dict[str, Any] | None:
    """Ask the pool's function of this moment; its `response`, or None where the pool has none.

    `source` is the whole triggerSource, as `PreSignUp_SignUp`; `response` has the members that it may fill in.

    Raises:
        UserLambdaValidationException: the function threw.
        UnexpectedLambdaException: it gave no answer.
        InvalidLambdaResponseException: its answer is no event.
    """
    arn = function_of(pool.settings, trigger)
    if arn is None:
        return None
    event = event_of(
        source=source,
        region=pool.region,
        pool_id=pool.id,
        client_id=client_id,
        username=username,
        request=request,
        response=response,
        sdk=sdk_of(call.user_agent),
        version=version,
    )
    return await ask(call.parts, trigger, arn, event)


async def ask(parts: Parts, trigger: Trigger, arn: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """The `response` of a function's answer to an event.

    Raises:
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: as `run`.
    """
    try:
        answer = await parts.ports.functions.invoke(arn, orjson.dumps(event), pool_id=event["userPoolId"])
    except FunctionFailed as failed:
        words = failed.message[:MOST_WORDS]
        raise UserLambdaValidationException(f"{trigger.value} failed with error {words}.") from None
    except FunctionUnavailable as unavailable:
        log.warning("%s of %s: no answer: %s", trigger.value, event["userPoolId"], unavailable)
        raise UnexpectedLambdaException(
            f"{trigger.value} invocation failed due to error {unavailable.cause}."
        ) from None
    return response_in(answer)
