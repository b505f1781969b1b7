"""The tags of a pool, by its ARN."""

from __future__ import annotations

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.tags import check_tags
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    ListTagsForResourceRequest,
    ListTagsForResourceResponse,
    TagResourceRequest,
    TagResourceResponse,
    UntagResourceRequest,
    UntagResourceResponse,
)
from poolhouse.store import Transaction


async def list_tags_for_resource(
    call: Call, request: ListTagsForResourceRequest
) -> ListTagsForResourceResponse:
    pool_id = pool_id_of(call, request["ResourceArn"])
    pool = await call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, pool_id))
    return {"Tags": dict(pool.tags)}


async def tag_resource(call: Call, request: TagResourceRequest) -> TagResourceResponse:
    pool_id = pool_id_of(call, request["ResourceArn"])

    def tag(tx: Transaction) -> None:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)
        tags = check_tags({**pool.tags, **request["Tags"]})
        tx.pools.replace(pool.changed(call.now, tags=tags))

    await call.write(tag, pool_id=pool_id)
    return {}


async def untag_resource(call: Call, request: UntagResourceRequest) -> UntagResourceResponse:
    pool_id = pool_id_of(call, request["ResourceArn"])

    def untag(tx: Transaction) -> None:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)
        tags = {key: value for key, value in pool.tags.items() if key not in request["TagKeys"]}
        tx.pools.replace(pool.changed(call.now, tags=tags))

    await call.write(untag, pool_id=pool_id)
    return {}


def pool_id_of(call: Call, arn: str) -> str:
    """The pool that an ARN of this account and region names.

    Raises:
        InvalidParameterException: the ARN is another account's, region's, or kind's.
    """
    prefix = f"arn:aws:cognito-idp:{call.region}:{call.account_id}:userpool/"
    if not arn.startswith(prefix):
        raise InvalidParameterException("The resource ARN is not a user pool of this account and region.")
    return arn.removeprefix(prefix)
