"""Passwords that others know: refused where a pool wants that, and told of in the history."""

from __future__ import annotations

from poolhouse.core.errors import InvalidPasswordException
from poolhouse.core.risk_settings import Filter, mode
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call

REFUSED = "Provided password cannot be used for security reasons."
RESET = "Password reset required for user due to security reasons"


async def is_compromised(call: Call, app: AppSnapshot, password: str, event: Filter) -> bool:
    """Whether threat protection looks at passwords at this event, and knows this one. Asked before any transaction:
    it may take a moment."""
    if mode(app.user_pool.settings) == "OFF" or not app.risk.looks_for_compromised(event):
        return False
    return await call.ports.compromised.contains(password)


def is_refused(app: AppSnapshot, event: Filter) -> bool:
    """Whether a password that is compromised is refused; else it is told of alone."""
    return mode(app.user_pool.settings) == "ENFORCED" and app.risk.blocks_compromised(event)


async def refuse_compromised(call: Call, app: AppSnapshot, password: str, event: Filter) -> bool:
    """For a new password, after the policy of the pool has let it through. Whether it is compromised, and taken all
    the same.

    Raises:
        InvalidPasswordException: it is compromised.
    """
    if not await is_compromised(call, app, password, event):
        return False
    if is_refused(app, event):
        raise InvalidPasswordException(REFUSED)
    return True
