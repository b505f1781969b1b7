"""Who is in which group."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.groups import Group
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminAddUserToGroupRequest,
    AdminListGroupsForUserRequest,
    AdminListGroupsForUserResponse,
    AdminRemoveUserFromGroupRequest,
    ListUsersInGroupRequest,
    ListUsersInGroupResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import groups
from poolhouse.userpools.paging import page
from poolhouse.userpools.users.admin import lock_user, pool_of
from poolhouse.userpools.users.describe import describe_user

MAX_GROUPS_PER_USER = 100
"""Source: Cognito quotas page."""


async def admin_add_user_to_group(call: Call, request: AdminAddUserToGroupRequest) -> None:
    """Put a person into a group; who is in it already stays there.

    Raises:
        ResourceNotFoundException: no such pool or group.
        UserNotFoundException: no such person.
        InvalidParameterException: the person is in as many groups as they may be. (The operation declares no
            LimitExceededException, and TooManyRequestsException would be tried again.)

    Source: Cognito API reference, AdminAddUserToGroup.
    """

    def add(tx: Transaction) -> None:
        pool, user = lock_user(tx, call, request["UserPoolId"], request["Username"])
        tx.groups.get(pool.id, request["GroupName"])
        is_new = tx.memberships.add(pool.id, request["GroupName"], user.sub, call.now)
        # Counted with the new one, under the lock of the person's row: what is raised undoes it.
        if is_new and tx.memberships.count(pool.id, user.sub) > MAX_GROUPS_PER_USER:
            raise InvalidParameterException("Maximum number of groups for the user reached.")

    await call.write(add, pool_id=request["UserPoolId"])


async def admin_remove_user_from_group(call: Call, request: AdminRemoveUserFromGroupRequest) -> None:
    """Take a person out of a group; who is not in it is none the worse.

    Source: Cognito API reference, AdminRemoveUserFromGroup.
    """

    def remove(tx: Transaction) -> None:
        pool, user = lock_user(tx, call, request["UserPoolId"], request["Username"])
        tx.groups.get(pool.id, request["GroupName"])
        tx.memberships.remove(pool.id, request["GroupName"], user.sub)

    await call.write(remove, pool_id=request["UserPoolId"])


async def admin_list_groups_for_user(
    call: Call, request: AdminListGroupsForUserRequest
) -> AdminListGroupsForUserResponse:
    """By name, in pages.

    Source: Cognito API reference, AdminListGroupsForUser.
    """
    pool_id, username = request["UserPoolId"], request["Username"]

    def read(tx: Transaction, after: str, size: int) -> Sequence[Group]:
        user = tx.users.get(pool_of(tx, call, pool_id), username)
        return tx.memberships.of(pool_id, user.sub, after=after, size=size)

    found, token = await page(
        call,
        read,
        lambda group: group.name,
        about=f"{pool_id}|{username}",
        size=request.get("Limit"),
        token=request.get("NextToken"),
    )
    answer: AdminListGroupsForUserResponse = {"Groups": [groups.describe(group) for group in found]}
    if token is not None:
        answer["NextToken"] = token
    return answer


async def list_users_in_group(call: Call, request: ListUsersInGroupRequest) -> ListUsersInGroupResponse:
    """In no order of meaning, in pages.

    Source: Cognito API reference, ListUsersInGroup.
    """
    pool_id, name = request["UserPoolId"], request["GroupName"]

    def read(tx: Transaction, after: str, size: int) -> Sequence[User]:
        tx.groups.get(pool_of(tx, call, pool_id).id, name)
        return tx.memberships.members(pool_id, name, after=after, size=size)

    found, token = await page(
        call,
        read,
        lambda user: user.sub,
        about=f"{pool_id}|{name}",
        size=request.get("Limit"),
        token=request.get("NextToken"),
    )
    answer: ListUsersInGroupResponse = {"Users": [describe_user(user) for user in found]}
    if token is not None:
        answer["NextToken"] = token
    return answer
