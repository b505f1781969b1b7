"""The call that a request at a domain makes: nobody signed it, and the pool says for which account it is."""

from __future__ import annotations

from poolhouse.core.snapshots import AppSnapshot
from poolhouse.http import Request
from poolhouse.operation import Call, Caller, Parts

SERVICE = "cognito-idp"


def call_of(parts: Parts, request: Request, app: AppSnapshot, operation: str) -> Call:
    return Call(
        parts=parts,
        caller=Caller(),
        account_id=app.user_pool.account_id,
        region=app.user_pool.region,
        now=parts.clock.now(),
        request_id=request.id,
        address=request.peer,
        operation=operation,
        service=SERVICE,
    )
