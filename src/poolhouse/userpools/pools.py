"""User pools: made, described, changed, listed, deleted."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, cast

from poolhouse.core.attributes import schema_of, with_custom_attributes
from poolhouse.core.documents import epoch
from poolhouse.core.domains import Domain, DomainKind
from poolhouse.core.errors import InvalidParameterException, LimitExceededException
from poolhouse.core.ids import new_pool_id
from poolhouse.core.keys import KeyUse, SigningKey, generate_signing_key
from poolhouse.core.pool_settings import (
    ACR_LEVELS,
    check_settings,
    check_tier_change,
    new_settings,
    triggers,
    updated_settings,
)
from poolhouse.core.pools import UserPool
from poolhouse.core.tags import check_tags
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AddCustomAttributesRequest,
    AddCustomAttributesResponse,
    CreateUserPoolRequest,
    CreateUserPoolResponse,
    DeleteUserPoolRequest,
    DescribeUserPoolRequest,
    DescribeUserPoolResponse,
    ListUserPoolsRequest,
    ListUserPoolsResponse,
    UpdateUserPoolRequest,
    UpdateUserPoolResponse,
    UserPoolDescriptionType,
    UserPoolType,
)
from poolhouse.store import Transaction
from poolhouse.userpools.paging import page

PINNED_ID_TAGS = ("poolhouse:pool-id", "_custom_id_")
"""Tags that choose a pool's id at its creation; the second is the one that people have in their files."""
POOL_ID = re.compile(r"[\w-]+_[0-9a-zA-Z]+", re.ASCII)
MAX_POOL_ID = 55
DELETING_TAKES = 20.0
"""Seconds, at most: a pool goes with its thousands of clients."""


async def create_user_pool(call: Call, request: CreateUserPoolRequest) -> CreateUserPoolResponse:
    """Make a pool with its two signing keys.

    Raises:
        InvalidParameterException: settings that contradict each other, or a pinned id that is taken.
        LimitExceededException: the account has as many pools as it may.
        FeatureUnavailableInTierException: a setting that the pool's plan does not have.

    Source: Cognito API reference, CreateUserPool; quotas page.
    """
    settings = new_settings(request)
    check_settings(request, settings, has_other_mfa=False)
    tags = check_tags(request.get("UserPoolTags", {}))
    pool = UserPool(
        id=_pinned_id(call.region, tags) or new_pool_id(call.random, call.region),
        account_id=call.account_id,
        region=call.region,
        name=request["PoolName"],
        created_at=call.now,
        modified_at=call.now,
        settings=settings,
        attributes=schema_of(request.get("Schema", ())),
        tags=tags,
    )
    keys = await _first_keys(call, pool.id)

    def make(tx: Transaction) -> None:
        tx.server.lock(f"user_pools/{pool.account_id}/{pool.region}")  # counted under a lock
        if tx.pools.count(pool.account_id, pool.region) >= call.settings.max_user_pools:
            raise LimitExceededException("Maximum number of user pools reached.")
        tx.pools.add(pool)
        for key in keys:
            tx.signing_keys.add(key)

    await call.write(make, pool_id=pool.id)
    return {"UserPool": describe(pool, ())}


async def describe_user_pool(call: Call, request: DescribeUserPoolRequest) -> DescribeUserPoolResponse:
    def find(tx: Transaction) -> UserPoolType:
        pool = tx.pools.get(call.account_id, call.region, request["UserPoolId"])
        return describe(pool, tx.domains.of(pool.id), people=tx.user_listing.estimate(pool.id))

    return {"UserPool": await call.store.read(find)}


async def update_user_pool(call: Call, request: UpdateUserPoolRequest) -> UpdateUserPoolResponse:
    """Change a pool. What is left out returns to its default, but for the few members that Cognito keeps.

    Source: Cognito API reference, UpdateUserPool ("If you don't provide a value for an attribute, Amazon
    Cognito sets it to its default value").
    """
    pool_id = request["UserPoolId"]
    tags = check_tags(request.get("UserPoolTags", {}))

    def change(tx: Transaction) -> None:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)
        settings = updated_settings(pool.settings, request)
        check_tier_change(pool.settings, settings)
        check_settings(request, settings, has_other_mfa=has_other_mfa(pool))
        name = request.get("PoolName", pool.name)
        tx.pools.replace(pool.changed(call.now, settings=settings, name=name, tags=tags))

    await call.write(change, pool_id=pool_id)
    return {}


async def delete_user_pool(call: Call, request: DeleteUserPoolRequest) -> None:
    """Delete a pool with all that is in it; its sealing key goes too.

    Raises:
        InvalidParameterException: it is protected, or has a domain.
    """
    pool_id = request["UserPoolId"]

    def remove(tx: Transaction) -> None:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)
        if pool.is_deletion_protected:
            raise InvalidParameterException(
                "The user pool cannot be deleted because deletion protection is activated. Deletion protection "
                "must be inactivated first."
            )
        if tx.domains.of(pool_id):
            raise InvalidParameterException(
                "User pool cannot be deleted. It has a domain configured that should be deleted first."
            )
        tx.pools.remove(pool_id)

    await call.write(remove, pool_id=pool_id, patience=DELETING_TAKES)


async def list_user_pools(call: Call, request: ListUserPoolsRequest) -> ListUserPoolsResponse:
    def read(tx: Transaction, after: str, limit: int) -> list[UserPool]:
        return list(tx.pools.page(call.account_id, call.region, after=after, size=limit))

    pools, token = await page(
        call,
        read,
        lambda pool: pool.id,
        about="",
        size=request["MaxResults"],
        token=request.get("NextToken"),
    )
    answer: ListUserPoolsResponse = {"UserPools": [summarize(pool) for pool in pools]}
    if token is not None:
        answer["NextToken"] = token
    return answer


async def add_custom_attributes(
    call: Call, request: AddCustomAttributesRequest
) -> AddCustomAttributesResponse:
    pool_id = request["UserPoolId"]

    def extend(tx: Transaction) -> None:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)
        attributes = with_custom_attributes(pool.attributes, request["CustomAttributes"])
        tx.pools.replace(pool.changed(call.now, attributes=attributes))

    await call.write(extend, pool_id=pool_id)
    return {}


def has_other_mfa(pool: UserPool) -> bool:
    """Whether a second factor other than SMS is set up."""
    totp = bool(pool.software_token_mfa and pool.software_token_mfa.get("Enabled"))
    passkeys = bool(pool.web_authn) and pool.web_authn is not None and "FactorConfiguration" in pool.web_authn
    return totp or pool.email_mfa is not None or passkeys


async def _first_keys(call: Call, pool_id: str) -> list[SigningKey]:
    """Two keys, made side by side off the event loop: one takes 20 ms of CPU and now and then 200."""

    def make(use: KeyUse) -> SigningKey:
        return generate_signing_key(pool_id, use, call.now, call.now - timedelta(seconds=1))

    return list(await asyncio.gather(*(asyncio.to_thread(make, use) for use in KeyUse)))


def _pinned_id(region: str, tags: Mapping[str, str]) -> str | None:
    """The id that a tag asks for. It must begin with the region, as every pool's does: the region of an
    unsigned call is read off it."""
    for tag in PINNED_ID_TAGS:
        if tag not in tags:
            continue
        wanted = tags[tag]
        if not wanted.startswith(f"{region}_"):
            raise InvalidParameterException(f"The pool id in the tag {tag} must begin with '{region}_'.")
        if not POOL_ID.fullmatch(wanted) or len(wanted) > MAX_POOL_ID:
            raise InvalidParameterException(f"The tag {tag} holds no pool id: letters and digits behind '_'.")
        return wanted
    return None


def describe(pool: UserPool, domains: list[Domain] | tuple[()], people: int = 0) -> UserPoolType:
    answer: dict[str, Any] = {
        "Id": pool.id,
        "Name": pool.name,
        "Arn": pool.arn,
        "CreationDate": epoch(pool.created_at),
        "LastModifiedDate": epoch(pool.modified_at),
        "SchemaAttributes": list(pool.attributes),
        "EstimatedNumberOfUsers": people,
        **pool.settings,
    }
    if pool.tags:
        answer["UserPoolTags"] = dict(pool.tags)
    if pool.tier != "LITE":
        # "Always returns the effective configuration" (the service model's words).
        answer["AcrConfiguration"] = {**ACR_LEVELS, **pool.settings.get("AcrConfiguration", {})}
    for domain in domains:
        answer["Domain" if domain.kind is DomainKind.PREFIX else "CustomDomain"] = domain.name
    return cast(UserPoolType, answer)


def summarize(pool: UserPool) -> UserPoolDescriptionType:
    return {
        "Id": pool.id,
        "Name": pool.name,
        "LambdaConfig": triggers(pool.settings),
        "LastModifiedDate": epoch(pool.modified_at),
        "CreationDate": epoch(pool.created_at),
    }
