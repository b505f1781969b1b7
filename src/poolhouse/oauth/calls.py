"""The call that a request at a domain makes: nobody signed it, and the pool says for which account it is."""

from __future__ import annotations

from poolhouse.core.snapshots import AppSnapshot, PoolSnapshot
from poolhouse.http import Request
from poolhouse.operation import Call, Caller, Parts

SERVICE = "cognito-idp"


def call_of(parts: Parts, request: Request, app: AppSnapshot, operation: str) -> Call:
    return call_of_pool(parts, request, app.pool, operation)


def call_of_pool(parts: Parts, request: Request, pool: PoolSnapshot, operation: str) -> Call:
    return _call(parts, request, operation, pool.account_id, pool.region)


def call_of_nobody(parts: Parts, request: Request, operation: str) -> Call:
    """The same where only what is presented can say which pool it is of."""
    return _call(parts, request, operation, parts.settings.account_id, parts.settings.region)


def _call(parts: Parts, request: Request, operation: str, account_id: str, region: str) -> Call:
    return Call(
        parts=parts,
        caller=Caller(),
        account_id=account_id,
        region=region,
        now=parts.clock.now(),
        request_id=request.id,
        address=request.peer,
        user_agent=request.user_agent,
        operation=operation,
        service=SERVICE,
    )
