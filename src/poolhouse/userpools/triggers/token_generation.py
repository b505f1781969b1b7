"""The function that shapes tokens: PreTokenGeneration, in its three versions.

It is asked before anything is written. What it is told of a person, the transaction that follows compares with
what is true by then: if they, or their groups, have changed, it is asked again, so that no token carries what was
made of somebody else. A function that fails leaves everything as it was.

Source: Cognito developer guide, "Pre token generation Lambda trigger".
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import orjson

from poolhouse.core.errors import CognitoError, TooManyRequestsException
from poolhouse.core.groups import Group
from poolhouse.core.snapshots import AppSnapshot, ClientSnapshot
from poolhouse.core.token_overrides import NO_OVERRIDES, V1, V3, Shaping, TokenOverrides, overrides_in
from poolhouse.core.triggers import FAILURES, Trigger, attributes_of, event_of, sdk_of, token_function_of
from poolhouse.core.user_tokens import in_precedence, preferred_role
from poolhouse.core.users import User
from poolhouse.operation import Call, Parts
from poolhouse.store import Transaction
from poolhouse.userpools.triggers.authentication import given
from poolhouse.userpools.triggers.calling import ask, run

MACHINE_SOURCE = "TokenGeneration_ClientCredentials"
MACHINE_NAME = "ClientCredentials"
"""The `userName` of a machine, which has none."""
MAX_ROUNDS = 3
"""How often a function is asked for one answer, while the person changes under it."""


class Told(Protocol):
    """What a transaction that leads to tokens ends with: whose they are, and for what."""

    @property
    def user(self) -> User: ...

    @property
    def groups(self) -> Sequence[Group]: ...

    @property
    def scopes(self) -> Sequence[str]: ...


Result = TypeVar("Result", bound=Told | None)
Work = Callable[[Transaction], Result]


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why tokens are made."""

    source: str
    """What `TokenGeneration_` is followed by."""
    client_metadata: Mapping[str, str] | None = None


class _Changed(Exception):
    """The person is no longer who the function was told of."""


class _Rehearsed(Exception):
    """Undoes a transaction that was only to see what it comes to."""


async def shaped(
    call: Call,
    app: AppSnapshot,
    occasion: Occasion,
    do: Callable[[Work[Result]], Awaitable[Result]],
    work: Work[Result],
    *,
    known: Shaping | None = None,
) -> tuple[Result, TokenOverrides]:
    """`do(work)`, a unit of work that leads to tokens, and what the pool's function says of these; a pool without
    one does the work and no more. `known` is an earlier answer, which is good as long as it is true.

    The work is done twice then: first for what it comes to, and undone. So the function hears of the person as they
    will be, with a new password say, and never of somebody who is refused.

    Raises:
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: nothing is done.
        TooManyRequestsException: the person changed each time that the function had answered.
    """
    if token_function_of(app.user_pool.settings)[0] is None:
        return await do(work), NO_OVERRIDES
    for _ in range(MAX_ROUNDS + 1):
        if known is None:
            told = await _rehearse(do, work)
            if told is None:
                return await do(work), NO_OVERRIDES
            known = await shaping_of(call, app, occasion, told)
        try:
            return await do(_if_still(known, work)), known.overrides
        except _Changed:
            known = None
    raise TooManyRequestsException(detail="the person changed whenever the function had answered")


async def shaping_of(call: Call, app: AppSnapshot, occasion: Occasion, told: Told) -> Shaping:
    """Ask the pool's function, which there must be.

    Raises:
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException
    """
    pool = app.user_pool
    version = token_function_of(pool.settings)[1]
    response = await run(
        call,
        pool,
        Trigger.PRE_TOKEN_GENERATION,
        f"TokenGeneration_{occasion.source}",
        client_id=app.client.id,
        username=told.user.username,
        request={
            "userAttributes": attributes_of(pool, told.user),
            "groupConfiguration": group_configuration(told.groups),
            **({} if version == V1 else {"scopes": list(told.scopes)}),
            **given(occasion.client_metadata),
        },
        response={_details(version): None},
        version=_event_version(version),
    )
    return Shaping(_digest(told), overrides_in(response or {}, version))


async def machine_overrides(
    parts: Parts,
    client: ClientSnapshot,
    scopes: Sequence[str],
    client_metadata: Mapping[str, str] | None,
    user_agent: str,
) -> TokenOverrides:
    """What the pool's function says of a machine's token. `client.pool.machine_function` is its ARN.

    Raises:
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException
    """
    arn = client.pool.machine_function
    assert arn is not None, "asked of a pool without a function"
    event = event_of(
        source=MACHINE_SOURCE,
        region=client.pool.region,
        pool_id=client.pool.id,
        client_id=client.id,
        username=MACHINE_NAME,
        request={
            "userAttributes": {},
            "groupConfiguration": None,
            "scopes": list(scopes),
            **given(client_metadata),
        },
        response={_details(V3): None},
        sdk=sdk_of(user_agent),
        version=_event_version(V3),
    )
    return overrides_in(await ask(parts, Trigger.PRE_TOKEN_GENERATION, arn, event), V3)


def group_configuration(groups: Sequence[Group]) -> dict[str, Any]:
    """The person's groups as the function is told of them, the best first."""
    ordered = in_precedence(groups)
    return {
        "groupsToOverride": [group.name for group in ordered],
        "iamRolesToOverride": list(dict.fromkeys(group.role_arn for group in ordered if group.role_arn)),
        "preferredRole": preferred_role(groups),
    }


def is_of_function(error: CognitoError) -> bool:
    """Whether a function is the cause, whose words the application may hear."""
    return isinstance(error, FAILURES)


def _details(version: str) -> str:
    return "claimsOverrideDetails" if version == V1 else "claimsAndScopeOverrideDetails"


def _event_version(version: str) -> str:
    """`1`, `2` or `3`."""
    return version[1]


def _digest(told: Told) -> str:
    """Of everything that a function hears of a person and their groups."""
    heard = [
        told.user.sub,
        told.user.username,
        told.user.status.value,
        sorted(told.user.attributes.items()),
        group_configuration(told.groups),
    ]
    return hashlib.sha256(orjson.dumps(heard, option=orjson.OPT_SORT_KEYS)).hexdigest()


async def _rehearse(do: Callable[[Work[Result]], Awaitable[Result]], work: Work[Result]) -> Result:
    result: list[Result] = []

    def rehearsal(tx: Transaction) -> Result:
        result[:] = [work(tx)]
        raise _Rehearsed

    try:
        await do(rehearsal)
    except _Rehearsed:
        pass
    return result[0]


def _if_still(known: Shaping, work: Work[Result]) -> Work[Result]:
    """The work, undone where the person is another than the one that the function answered for."""

    def checked(tx: Transaction) -> Result:
        result = work(tx)
        if result is not None and _digest(result) != known.of:
            raise _Changed
        return result

    return checked
