"""Browsers that are signed in: begun where a person has proved everything, known again by their cookie, ended.

A session serves every client of its pool until it ends: an hour after the sign-in, when the person signs out, or
when all that they have is ended, by them or by an administrator. A cookie is one sign-in's: each gives a new one, so
one that was planted in a browser beforehand never becomes somebody's (session fixation).
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Mapping
from typing import Any

from poolhouse.core.assurance import amr_of
from poolhouse.core.browser_sessions import LIFETIME, BrowserSession, SessionCookie
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools.risk.blocking import is_blocked
from poolhouse.userpools.user_tokens import SIGNED_IN_STATES, Also, admit, in_the_name_of


async def begin_browser_session(
    call: Call,
    app: AppSnapshot,
    sub: str,
    *,
    amr: Collection[str],
    provider: str | None = None,
    also: Also | None = None,
    states: Collection[UserStatus] = SIGNED_IN_STATES,
    details: Mapping[str, Any] | None = None,
) -> tuple[BrowserSession, str]:
    """The session of a sign-in in which everything that was asked for has been proved, and the text of its cookie.

    As `issue_user_tokens`, of which it is the other end: all is read again under the person's lock, and `also` uses
    up what was proved. `amr` are the methods, without `mfa`, which follows from them.

    Raises:
        ResourceNotFoundException, NotAuthorizedException, UserNotConfirmedException,
        PasswordResetRequiredException: as `issue_user_tokens`.
    """
    cookie = SessionCookie.new(call.random)
    session = BrowserSession(
        pool_id=app.pool.id,
        id=cookie.id,
        sub=sub,
        client_id=app.client.id,
        auth_time=call.now,
        amr=amr_of(amr),
        provider=provider,
        expires_at=call.now + LIFETIME,
        details=dict(details or {}),
    )
    hash = cookie.hash(_key(call), session.pool_id)

    def begin(tx: Transaction) -> None:
        admit(tx, app, sub, states, also)
        # After `also`: a password that was changed in this sign-in ends the person's other sessions.
        tx.browser_sessions.add(session, hash)

    await in_the_name_of(call, app, sub).write(begin, pool_id=app.pool.id)
    return session, cookie.text


async def find_browser_session(call: Call, app: AppSnapshot, cookie: str | None) -> BrowserSession | None:
    """The session that a cookie stands for; None where it has ended, is another pool's, or never was, and at an
    address from which nobody is let in."""
    return None if is_blocked(call, app) else await _find(call, app.pool.id, cookie)


async def find_lone_session(
    call: Call, pool_id: str, cookie: str | None
) -> tuple[AppSnapshot | None, BrowserSession] | None:
    """The same where only the pool is known, with the client that it was begun for, if that is there still."""
    session = await _find(call, pool_id, cookie)
    if session is None:
        return None
    app = await call.cache.get("app", session.client_id)
    return (app if isinstance(app, AppSnapshot) else None), session


async def _find(call: Call, pool_id: str, cookie: str | None) -> BrowserSession | None:
    asked = SessionCookie.parse(cookie)
    if asked is None:
        return None

    def look(tx: Transaction) -> tuple[BrowserSession, bytes, User | None] | None:
        found = tx.browser_sessions.find(pool_id, asked.id)
        return None if found is None else (*found, tx.users.by_sub(pool_id, found[0].sub))

    found = await call.store.look_up(look)
    if found is None:
        return None
    session, hash, user = found
    is_theirs = hmac.compare_digest(hash, asked.hash(_key(call), pool_id))
    if not is_theirs or user is None or not user.enabled or call.now >= session.expires_at:
        return None
    return session


async def end_browser_session(call: Call, app: AppSnapshot | None, session: BrowserSession) -> None:
    """Sign the browser out. Tokens live on, as Cognito's do."""
    in_their_name = call if app is None else in_the_name_of(call, app, session.sub)

    def end(tx: Transaction) -> None:
        tx.browser_sessions.remove(session.pool_id, session.id)

    await in_their_name.write(end, pool_id=session.pool_id)


def _key(call: Call) -> bytes:
    return call.store.key_for("browser session")
