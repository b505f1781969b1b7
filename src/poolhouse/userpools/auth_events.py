"""The history of what people did to get in: kept where threat protection watches, in the transaction of what it tells.

record(tx, call, app, kind="SignIn", user=user, event_id=attempt.event_id, outcome="Fail", challenges=(…))

Nothing is kept of nobody, nor in other pools, and no further transaction is made for it.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace

from poolhouse.core.auth_events import (
    AuthEvent,
    Challenge,
    Kind,
    Origin,
    Outcome,
    Risk,
    are_recorded,
)
from poolhouse.core.errors import CognitoError
from poolhouse.core.ids import uuid7
from poolhouse.core.log_delivery import auth_event_log
from poolhouse.core.pools import UserPool
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.store import Transaction

__all__ = ["are_recorded", "finish", "new_event_id", "record", "settled"]


def new_event_id(call: Call) -> str:
    """Of an event that begins."""
    return uuid7(call.now, call.random)


def record(
    tx: Transaction,
    call: Call,
    app: AppSnapshot,
    *,
    kind: Kind,
    user: User | None,
    outcome: Outcome,
    event_id: str | None = None,
    challenges: Sequence[Challenge] = (),
    risk: Risk | None = None,
    provider: str = "",
) -> None:
    """Keep an event, or what became of the one with this id. Of nobody (`user` is None) nothing is kept. The person
    is locked before the rows of attempts are, or not at all.

    `event_id` is that of the sign-in; without one the event is new. `risk` is what threat protection thought of it;
    None leaves what is known. `provider` is the identity provider that vouched for the person.
    """
    _note(
        tx,
        call,
        app.user_pool,
        app.client.id,
        kind=kind,
        user=user,
        outcome=outcome,
        event_id=event_id,
        challenges=challenges,
        risk=risk,
        provider=provider,
    )


def finish(
    tx: Transaction,
    call: Call,
    pool: UserPool,
    *,
    kind: Kind,
    user: User | None,
    outcome: Outcome,
    client_id: str = "",
    risk: Risk | None = None,
) -> None:
    """What became of the person's newest event of a kind that is done in two requests, as a forgotten password is.
    Where none is under way, an event of its own; but a vain try then is none, or anybody could fill the history."""
    if user is None or not are_recorded(pool):
        return
    begun = tx.auth_events.latest(user.pool_id, user.sub, kind)
    event_id = begun.id if begun is not None and begun.outcome != "Pass" else None
    if event_id is None and outcome == "Fail":
        return
    _note(tx, call, pool, client_id, kind=kind, user=user, outcome=outcome, event_id=event_id, risk=risk)


def settled(tx: Transaction, call: Call, app: AppSnapshot, *, kind: Kind, error: CognitoError | None) -> None:
    """What a request with a code came to, in the transaction that counts it: for the audit, and for the history of
    the person whom that transaction locked."""
    pool, sub = app.user_pool, tx.users.concerned
    record = replace(
        call.record(pool.id), client_id=app.client.id, error_code=None if error is None else error.code
    )
    tx.audit.add(record)
    if sub is not None and are_recorded(pool):
        user = tx.users.by_sub(pool.id, sub)
        outcome: Outcome = "Pass" if error is None else "Fail"
        finish(tx, call, pool, kind=kind, user=user, outcome=outcome, client_id=app.client.id)


def _note(
    tx: Transaction,
    call: Call,
    pool: UserPool,
    client_id: str,
    *,
    kind: Kind,
    user: User | None,
    outcome: Outcome,
    event_id: str | None,
    challenges: Sequence[Challenge] = (),
    risk: Risk | None = None,
    provider: str = "",
) -> None:
    if user is None or not are_recorded(pool):
        return
    known = None if event_id is None else tx.auth_events.find(pool.id, user.sub, event_id)
    if known is not None:
        event = known.went_on(outcome, tuple(challenges), risk)
        tx.auth_events.replace(event)
    else:
        event = AuthEvent(
            pool_id=pool.id,
            sub=user.sub,
            # A unit of work runs in the store's threads, and a call's randomness belongs to the loop's.
            id=event_id or uuid7(call.now, secrets),
            kind=kind,
            created_at=call.now,
            outcome=outcome,
            client_id=client_id,
            username=user.username,
            request_id=call.request_id,
            origin=origin_of(call),
            challenges=tuple(challenges),
            risk=risk or Risk(),
            provider=provider,
        )
        tx.auth_events.add(event)
    tell(tx, call, pool, event)


def tell(tx: Transaction, call: Call, pool: UserPool, event: AuthEvent) -> None:
    """Export the event as it is now, where the pool wants that."""
    line = auth_event_log(pool, event, id=uuid7(call.now, secrets), at=call.now)
    if line is not None:
        tx.dispatches.add(line)


def origin_of(call: Call) -> Origin:
    """Where the person is: what the request says of it, and else it is who calls."""
    return call.origin or Origin(call.address, call.user_agent)
