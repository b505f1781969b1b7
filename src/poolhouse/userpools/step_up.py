"""Step-up: whether a browser's sign-in is what an application asks for, of those that the person can do.

Source: Cognito developer guide, "Authorize endpoint" (acr_values, max_age).
"""

from __future__ import annotations

from poolhouse.core.assurance import asked_levels, level_within_reach
from poolhouse.core.authorize_request import AuthorizeRequest
from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.clients import THIS_POOL
from poolhouse.core.mfa import available_factors
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import Factor, User
from poolhouse.operation import Call
from poolhouse.store import Transaction


async def still_serves(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession
) -> bool:
    """Whether the browser goes on at once as who it is signed in as, with nothing shown."""
    return "select_account" not in asked.prompt and await may_go_on(call, app, asked, session)


async def may_go_on(call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession) -> bool:
    """Whether the person may go on as who they are signed in as, if they want to: the sign-in is recent enough and
    sure enough, came from where the application names, and from where its client takes people at all: one that takes
    those of its company's provider alone is not entered by a password given to another client of the pool."""
    if "login" in asked.prompt or not app.client.takes_people_of(session.provider):
        return False
    if asked.max_age is not None and (call.now - session.auth_time).total_seconds() > asked.max_age:
        return False
    named = asked.identity_provider
    if named is not None and (None if named == THIS_POOL else named) != session.provider:
        return False
    return await is_sure_enough(call, app, asked, session)


async def is_sure_enough(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession
) -> bool:
    """Whether the sign-in has the first level of those asked for that the person can reach at all."""
    levels = asked_levels(app.user_pool, asked.acr_values)
    if not levels or session.level >= max(levels):
        return True
    if session.provider is not None:
        within_reach = frozenset({session.level})  # what more they could prove, their provider knows
    else:
        within_reach = await call.store.look_up(lambda tx: _within_reach(tx, app, session.sub))
    asked_for = next((level for level in levels if level in within_reach), None)
    return asked_for is None or session.level >= asked_for


def _within_reach(tx: Transaction, app: AppSnapshot, sub: str) -> frozenset[int]:
    user: User | None = tx.users.by_sub(app.pool.id, sub)
    if user is None:
        return frozenset()
    factors = available_factors(app.user_pool, user, tx.totp.is_verified(user.pool_id, sub)).factors
    return level_within_reach(
        password=tx.passwords.find(user.pool_id, sub) is not None,
        passkey=tx.passkeys.count(user.pool_id, sub) > 0,
        code=bool({Factor.SMS, Factor.EMAIL} & set(factors)),
        otp=Factor.TOTP in factors,
    )
