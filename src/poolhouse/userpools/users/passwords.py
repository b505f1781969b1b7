"""Passwords that an administrator sets."""

from __future__ import annotations

from poolhouse.core.credentials import Password
from poolhouse.core.errors import TooManyRequestsException, UserNotFoundException
from poolhouse.core.pools import UserPool
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import AdminSetUserPasswordRequest, AdminSetUserPasswordResponse
from poolhouse.store import Transaction
from poolhouse.userpools import sessions
from poolhouse.userpools.passwords import make_password

TRIES = 3
"""How often a password is made anew because another was set while it was being hashed."""


async def admin_set_user_password(
    call: Call, request: AdminSetUserPasswordRequest
) -> AdminSetUserPasswordResponse:
    """Set a password: for good (Permanent), or one to be changed at the next sign-in.

    Raises:
        ResourceNotFoundException, UserNotFoundException: no such pool, no such person.
        InvalidPasswordException: it does not conform to the policy.
        PasswordHistoryPolicyViolationException: the pool forbids to use an earlier one again.
        TooManyRequestsException: others set this person's password at the same time, again and again.

    Source: Cognito API reference, AdminSetUserPassword.
    """
    pool_id = request["UserPoolId"]
    pool = await call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, pool_id))
    for _ in range(TRIES):
        if await _set(call, pool, request):
            return {}
    raise TooManyRequestsException


async def _set(call: Call, pool: UserPool, request: AdminSetUserPasswordRequest) -> bool:
    """Whether it was done: not if another password was set while this one was being hashed."""
    permanent = bool(request.get("Permanent"))
    status = UserStatus.CONFIRMED if permanent else UserStatus.FORCE_CHANGE_PASSWORD
    known, former = await find_with_password(call, pool, request["Username"])
    password = await make_password(
        call,
        pool,
        sub=known.sub,
        username=known.username,
        password=request["Password"],
        temporary=not permanent,
        former=former,
    )

    def change(tx: Transaction) -> bool:
        user = tx.users.lock(pool.id, known.sub)
        if user is None:
            raise UserNotFoundException
        if not has_same_password(tx, user, former):
            return False
        tx.passwords.put(password)
        sessions.end_all(tx, pool.id, user.sub)
        tx.users.replace(pool, user.changed(call.now, status=status))
        return True

    return await call.write(change, pool_id=pool.id)


async def find_with_password(call: Call, pool: UserPool, name: str) -> tuple[User, Password | None]:
    """Raises UserNotFoundException."""

    def find(tx: Transaction) -> tuple[User, Password | None]:
        user = tx.users.get(pool, name)
        return user, tx.passwords.find(pool.id, user.sub)

    return await call.store.read(find)


def has_same_password(tx: Transaction, user: User, former: Password | None) -> bool:
    """Whether the password is still the one that a new one's history was made from. `user` is locked."""
    now = tx.passwords.find(user.pool_id, user.sub)
    if now is None or former is None:
        return now is former
    return now.version == former.version
