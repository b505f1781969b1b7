"""What an administrator asks of one person, and does to them."""

from __future__ import annotations

from poolhouse.core.documents import epoch
from poolhouse.core.errors import UserNotFoundException
from poolhouse.core.pools import UserPool
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminDeleteUserRequest,
    AdminDisableUserRequest,
    AdminDisableUserResponse,
    AdminEnableUserRequest,
    AdminEnableUserResponse,
    AdminGetUserRequest,
    AdminGetUserResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import sessions
from poolhouse.userpools.users.describe import attribute_list, factors, mfa_options


async def admin_get_user(call: Call, request: AdminGetUserRequest) -> AdminGetUserResponse:
    """Raises ResourceNotFoundException, UserNotFoundException.

    Source: Cognito API reference, AdminGetUser.
    """

    def find(tx: Transaction) -> User:
        return tx.users.get(pool_of(tx, call, request["UserPoolId"]), request["Username"])

    user = await call.store.read(find)
    answer: AdminGetUserResponse = {
        "Username": user.username,
        "UserAttributes": attribute_list(user),
        "UserCreateDate": epoch(user.created_at),
        "UserLastModifiedDate": epoch(user.modified_at),
        "Enabled": user.enabled,
        "UserStatus": user.status.value,
    }
    if options := mfa_options(user):
        answer["MFAOptions"] = options
    return {**answer, **factors(user)}


async def admin_enable_user(call: Call, request: AdminEnableUserRequest) -> AdminEnableUserResponse:
    """Let a person sign in again. The tokens that ended with the disabling stay ended.

    Source: Cognito API reference, AdminEnableUser.
    """

    def enable(tx: Transaction) -> None:
        pool, user = lock_user(tx, call, request["UserPoolId"], request["Username"])
        tx.users.replace(pool, user.changed(call.now, enabled=True))

    await call.write(enable, pool_id=request["UserPoolId"])
    return {}


async def admin_disable_user(call: Call, request: AdminDisableUserRequest) -> AdminDisableUserResponse:
    """Let a person sign in no more, and end the tokens that they have.

    Source: Cognito API reference, AdminDisableUser ("revokes all access tokens for the user").
    """

    def disable(tx: Transaction) -> None:
        pool, user = lock_user(tx, call, request["UserPoolId"], request["Username"])
        tx.users.replace(pool, user.changed(call.now, enabled=False))
        tx.families.revoke_all(pool.id, user.sub, call.now)
        sessions.end_all(tx, pool.id, user.sub)

    await call.write(disable, pool_id=request["UserPoolId"])
    return {}


async def admin_delete_user(call: Call, request: AdminDeleteUserRequest) -> None:
    """Remove a person with everything that is theirs: no token of theirs is good at Poolhouse afterwards.

    Source: Cognito API reference, AdminDeleteUser.
    """

    def remove(tx: Transaction) -> None:
        pool, user = lock_user(tx, call, request["UserPoolId"], request["Username"])
        tx.users.remove(pool.id, user.sub)

    await call.write(remove, pool_id=request["UserPoolId"])


def pool_of(tx: Transaction, call: Call, pool_id: str) -> UserPool:
    """Raises ResourceNotFoundException."""
    return tx.pools.get(call.account_id, call.region, pool_id)


def lock_user(tx: Transaction, call: Call, pool_id: str, name: str) -> tuple[UserPool, User]:
    """The pool, and the person of this name as they are when nobody else can change them any more.

    Raises:
        ResourceNotFoundException, UserNotFoundException
    """
    pool = pool_of(tx, call, pool_id)
    user = tx.users.lock(pool.id, tx.users.get(pool, name).sub)
    if user is None:
        raise UserNotFoundException
    return pool, user
