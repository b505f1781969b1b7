"""Groups of users: their definitions."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.core.documents import epoch
from poolhouse.core.errors import LimitExceededException
from poolhouse.core.groups import Group
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    CreateGroupRequest,
    CreateGroupResponse,
    DeleteGroupRequest,
    GetGroupRequest,
    GetGroupResponse,
    GroupType,
    ListGroupsRequest,
    ListGroupsResponse,
    UpdateGroupRequest,
    UpdateGroupResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.paging import page

DELETING_TAKES = 20.0
"""Seconds, at most: a group goes with the memberships of all who are in it."""


async def create_group(call: Call, request: CreateGroupRequest) -> CreateGroupResponse:
    """Define a group, its precedence (0 is the highest) and its role.

    Raises:
        ResourceNotFoundException: no such pool.
        GroupExistsException: the pool has a group of this name.
        LimitExceededException: the pool has as many groups as it may.

    Source: Cognito API reference, CreateGroup; quotas page.
    """
    group = Group(
        pool_id=request["UserPoolId"],
        name=request["GroupName"],
        created_at=call.now,
        modified_at=call.now,
        description=request.get("Description"),
        role_arn=request.get("RoleArn"),
        precedence=request.get("Precedence"),
    )

    def define(tx: Transaction) -> None:
        tx.pools.lock(call.account_id, call.region, group.pool_id)  # counted under the pool's row lock
        if tx.groups.count(group.pool_id) >= call.settings.max_groups:
            raise LimitExceededException("Maximum number of groups reached.")
        tx.groups.add(group)

    await call.write(define, pool_id=group.pool_id)
    return {"Group": describe(group)}


async def get_group(call: Call, request: GetGroupRequest) -> GetGroupResponse:
    def find(tx: Transaction) -> Group:
        tx.pools.get(call.account_id, call.region, request["UserPoolId"])
        return tx.groups.get(request["UserPoolId"], request["GroupName"])

    return {"Group": describe(await call.store.read(find))}


async def update_group(call: Call, request: UpdateGroupRequest) -> UpdateGroupResponse:
    """Change what is given; what is left out stays."""
    pool_id = request["UserPoolId"]

    def change(tx: Transaction) -> Group:
        tx.pools.get(call.account_id, call.region, pool_id)
        group = tx.groups.get(pool_id, request["GroupName"])
        changed = replace(
            group,
            modified_at=call.now,
            description=request.get("Description", group.description),
            role_arn=request.get("RoleArn", group.role_arn),
            precedence=request.get("Precedence", group.precedence),
        )
        tx.groups.replace(changed)
        return changed

    return {"Group": describe(await call.write(change, pool_id=pool_id))}


async def delete_group(call: Call, request: DeleteGroupRequest) -> None:
    """Delete a group; its members stay people of the pool.

    Source: Cognito API reference, DeleteGroup.
    """
    pool_id = request["UserPoolId"]

    def remove(tx: Transaction) -> None:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.groups.get(pool_id, request["GroupName"])
        tx.groups.remove(pool_id, request["GroupName"])

    await call.write(remove, pool_id=pool_id, patience=DELETING_TAKES)


async def list_groups(call: Call, request: ListGroupsRequest) -> ListGroupsResponse:
    pool_id = request["UserPoolId"]

    def read(tx: Transaction, after: str, limit: int) -> list[Group]:
        tx.pools.get(call.account_id, call.region, pool_id)
        return list(tx.groups.page(pool_id, after=after, size=limit))

    groups, token = await page(
        call,
        read,
        lambda group: group.name,
        about=pool_id,
        size=request.get("Limit"),
        token=request.get("NextToken"),
    )
    answer: ListGroupsResponse = {"Groups": [describe(group) for group in groups]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def describe(group: Group) -> GroupType:
    answer: GroupType = {
        "GroupName": group.name,
        "UserPoolId": group.pool_id,
        "LastModifiedDate": epoch(group.modified_at),
        "CreationDate": epoch(group.created_at),
    }
    if group.description is not None:
        answer["Description"] = group.description
    if group.role_arn is not None:
        answer["RoleArn"] = group.role_arn
    if group.precedence is not None:
        answer["Precedence"] = group.precedence
    return answer
