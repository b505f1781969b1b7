"""Addresses from which a pool lets nobody in, whatever they prove."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.core.auth_events import Risk
from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.existence import hides_existence
from poolhouse.core.risk_settings import mode
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools import auth_events
from poolhouse.userpools.existence import begin, find_locked, on_the_beat
from poolhouse.userpools.risk.context import is_told

NOT_ALLOWED = "Request not allowed due to security reasons."


def is_blocked(call: Call, app: AppSnapshot) -> bool:
    """Whether requests of people from this address are refused: where threat protection acts, and the pool's or the
    client's RiskExceptionConfiguration says so."""
    if mode(app.user_pool.settings) != "ENFORCED" or not is_told(call):
        return False
    return app.risk.blocks_address(auth_events.origin_of(call).address)


async def refuse_blocked(call: Call, app: AppSnapshot) -> None:
    """For requests that are no sign-in.

    Raises:
        NotAuthorizedException: they come from an address that is blocked.
    """
    if is_blocked(call, app):
        await call.store.write(lambda tx: _tell(tx, call, app, None))
        raise NotAuthorizedException(NOT_ALLOWED)


async def refuse_blocked_sign_in(call: Call, app: AppSnapshot, name: str) -> None:
    """For one that begins or goes on, which the history of the person of this name tells of, too.

    Raises:
        NotAuthorizedException: it comes from an address that is blocked. Whoever is meant.
    """
    if is_blocked(call, app):
        begun = begin()
        await call.store.write(lambda tx: _tell(tx, call, app, name))
        if hides_existence(app):
            await on_the_beat(begun)  # a history takes a moment that nobody's does not
        raise NotAuthorizedException(NOT_ALLOWED)


def _tell(tx: Transaction, call: Call, app: AppSnapshot, name: str | None) -> None:
    now = None if name is None else find_locked(tx, app.user_pool, name)
    told = replace(call, subject=None if now is None else now.sub, client_id=app.client.id)
    tx.audit.add(replace(told.record(app.pool.id), error_code="NotAuthorizedException"))
    auth_events.record(tx, call, app, kind="SignIn", user=now, outcome="Fail", risk=Risk("Block"))
