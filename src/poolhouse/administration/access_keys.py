"""Access keys: who may call the AWS APIs, and what its policies let it do."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from poolhouse.core.access_keys import AccessKey
from poolhouse.core.authorization import Policy
from poolhouse.core.documents import epoch
from poolhouse.core.errors import LimitExceededException
from poolhouse.core.ids import new_access_key_id, new_secret_access_key
from poolhouse.core.policies import parse_policy
from poolhouse.core.secret import Secret
from poolhouse.operation import Call
from poolhouse.shapes.poolhouse import (
    AccessKeyType,
    CreateAccessKeyRequest,
    CreateAccessKeyResponse,
    DeleteAccessKeyRequest,
    GetAccessKeyRequest,
    GetAccessKeyResponse,
    ListAccessKeysRequest,
    ListAccessKeysResponse,
    UpdateAccessKeyRequest,
    UpdateAccessKeyResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.paging import page

MAX_ACCESS_KEYS = 5_000
"""Per account, so that nobody who may make keys can fill the database with them."""
MAX_POLICIES = 10
"""Of one key, its own and what it inherited: each call is held against all of them."""


async def create_access_key(call: Call, request: CreateAccessKeyRequest) -> CreateAccessKeyResponse:
    """Make a key. Its secret is answered once, and never again.

    No key makes one that may do more than itself: the maker's policies come to bear on the new key too.

    Raises:
        InvalidParameterException: the policy is none.
        LimitExceededException: the account has as many keys as it may, or the key would inherit too many policies.
    """
    policy = parse_policy(request["Policy"])
    key = AccessKey(
        id=new_access_key_id(call.random),
        account_id=call.account_id,
        user_name=request["UserName"],
        secret=Secret(new_secret_access_key(call.random)),
        policies=_bounded((policy, *call.caller.policies)),
        is_active=True,
        created_at=call.now,
    )

    def add(tx: Transaction) -> None:
        tx.server.lock(f"access_keys/{call.account_id}")  # counted under a lock
        if tx.access_keys.count(call.account_id) >= MAX_ACCESS_KEYS:
            raise LimitExceededException("Maximum number of access keys reached.")
        tx.access_keys.add(key)

    await call.write(add)
    return {"AccessKey": {**describe(key), "SecretAccessKey": key.secret.reveal()}}


async def get_access_key(call: Call, request: GetAccessKeyRequest) -> GetAccessKeyResponse:
    return {"AccessKey": describe(await call.store.read(lambda tx: _get(tx, call, request["AccessKeyId"])))}


async def update_access_key(call: Call, request: UpdateAccessKeyRequest) -> UpdateAccessKeyResponse:
    """Change a key's own policy or its status; both at once count from the next call on, on every node.

    The policies that it inherited stay, and whoever gives it a new one adds his own.
    """
    policy = parse_policy(request["Policy"]) if "Policy" in request else None

    def change(tx: Transaction) -> AccessKey:
        key = _get(tx, call, request["AccessKeyId"])
        if policy is not None:
            inherited = [*key.policies[1:], *(p for p in call.caller.policies if p not in key.policies[1:])]
            key = replace(key, policies=_bounded((policy, *inherited)))
        if "Status" in request:
            key = replace(key, is_active=request["Status"] == "ACTIVE")
        tx.access_keys.replace(key)
        return key

    return {"AccessKey": describe(await call.write(change))}


async def delete_access_key(call: Call, request: DeleteAccessKeyRequest) -> None:
    def remove(tx: Transaction) -> None:
        tx.access_keys.remove(_get(tx, call, request["AccessKeyId"]).id)

    await call.write(remove)


async def list_access_keys(call: Call, request: ListAccessKeysRequest) -> ListAccessKeysResponse:
    def read(tx: Transaction, after: str, limit: int) -> list[AccessKey]:
        return list(tx.access_keys.page(call.account_id, after=after, size=limit))

    keys, token = await page(
        call,
        read,
        lambda key: key.id,
        about="",
        size=request.get("MaxResults"),
        token=request.get("NextToken"),
    )
    answer: ListAccessKeysResponse = {"AccessKeys": [describe(key) for key in keys]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def _bounded(policies: Sequence[Policy]) -> tuple[Policy, ...]:
    if len(policies) > MAX_POLICIES:
        raise LimitExceededException(
            f"An access key can have at most {MAX_POLICIES} policies, inherited ones included."
        )
    return tuple(policies)


def _get(tx: Transaction, call: Call, key_id: str) -> AccessKey:
    key = tx.access_keys.get(key_id)
    if key.account_id != call.account_id:
        return tx.access_keys.get("")  # another account's key is as unknown as none
    return key


def describe(key: AccessKey) -> AccessKeyType:
    answer: AccessKeyType = {
        "AccessKeyId": key.id,
        "UserName": key.user_name,
        "Arn": key.arn,
        "Status": "ACTIVE" if key.is_active else "INACTIVE",
        "Policy": json.dumps(key.policies[0]),
        "CreateDate": epoch(key.created_at),
    }
    if len(key.policies) > 1:
        answer["InheritedPolicies"] = [json.dumps(policy) for policy in key.policies[1:]]
    return answer
