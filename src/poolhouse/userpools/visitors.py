"""Who is signed in to a browser, for what a person does for themselves at a page."""

from __future__ import annotations

from dataclasses import dataclass

from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools.browser_sessions import find_browser_session
from poolhouse.userpools.user_tokens import in_the_name_of, refuse_disabled

ENDED = "Not signed in any more."


@dataclass(frozen=True, slots=True)
class Visitor:
    app: AppSnapshot
    user: User
    session: BrowserSession
    call: Call
    """The call in their name."""

    def again(self, tx: Transaction) -> User:
        """The person as they are now, their row locked: for a transaction that writes because of who asks.

        Raises:
            NotAuthorizedException: they are signed out, disabled or gone meanwhile.
        """
        user = tx.users.lock(self.app.pool.id, self.user.sub)
        if user is None or tx.browser_sessions.find(self.app.pool.id, self.session.id) is None:
            raise NotAuthorizedException(ENDED, detail="signed out or deleted meanwhile")
        refuse_disabled(user)
        return user


async def find_visitor(call: Call, app: AppSnapshot, cookie: str | None) -> Visitor | None:
    """Whose browser this is; None where nobody is signed in, or somebody whose account is at another provider."""
    session = await find_browser_session(call, app, cookie)
    if session is None:
        return None
    user = await call.store.look_up(lambda tx: tx.users.by_sub(app.pool.id, session.sub))
    if user is None or user.status is UserStatus.EXTERNAL_PROVIDER:
        return None
    return Visitor(app, user, session, in_the_name_of(call, app, user.sub))
