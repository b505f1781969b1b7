"""What a call is held against its caller's policies with: the action, the resource, and the facts that a
condition may ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from poolhouse.aws.authentication import Authenticated
from poolhouse.core.authorization import Access, Decision, authorize, evaluate, mentions
from poolhouse.http import Request
from poolhouse.operation import Parts

_POOL_IN_ARN = ":userpool/"
_DENIED_WITH = {"cognito-idp:DescribeTermsByClient": "cognito-idp:DescribeTerms"}
"""Who is denied the second is denied the first. Source: Cognito API reference, DescribeTermsByClient."""


async def authorize_call(
    parts: Parts,
    who: Authenticated,
    request: Request,
    *,
    action: str,
    resource: str,
    members: Mapping[str, Any],
) -> None:
    """Refuse what the caller's policies don't allow. The root may do everything.

    Raises:
        AccessDeniedException: in IAM's words.
    """
    caller = who.caller
    if caller.is_root:
        return
    context = {
        "aws:sourceip": (request.peer,),
        "aws:securetransport": ("true" if request.scheme == "https" else "false",),
        "aws:requestedregion": (who.region,),
        **_tags_of_request(members),
        **_encryption_context(members),
    }
    if mentions(caller.policies, "aws:ResourceTag/"):
        context |= await _tags_of_resource(parts, resource)
    access = Access(action, resource, context)
    authorize(caller.arn, caller.policies, access)
    other = _DENIED_WITH.get(action)
    if other is not None and evaluate(caller.policies, replace(access, action=other)) is Decision.DENIED:
        authorize(caller.arn, caller.policies, replace(access, action=other))


def _tags_of_request(members: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """The tags that a request sets or takes away. It has not been validated yet: a null may be among them."""
    tags: dict[str, str] = {}
    for member in ("UserPoolTags", "IdentityPoolTags", "Tags"):
        found = members.get(member)
        if isinstance(found, dict):
            tags |= {key: value for key, value in found.items() if isinstance(value, str)}
    context = {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    names = [*tags, *(key for key in members.get("TagKeys", ()) if isinstance(key, str))]
    return context | ({"aws:tagkeys": tuple(names)} if names else {})


def _encryption_context(members: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """What a request to KMS says that its ciphertext is bound to.

    Source: AWS KMS developer guide, "AWS KMS condition keys".
    """
    given = members.get("EncryptionContext")
    if not isinstance(given, dict) or not given:
        return {}
    values = {
        f"kms:encryptioncontext:{key.lower()}": (value,)
        for key, value in given.items()
        if isinstance(value, str)
    }
    return values | {"kms:encryptioncontextkeys": tuple(given)}


async def _tags_of_resource(parts: Parts, arn: str) -> dict[str, tuple[str, ...]]:
    """The tags of the pool that an ARN names. A pool that is not there, or in another account, has none."""
    pool_id = arn.rpartition(_POOL_IN_ARN)[2] if _POOL_IN_ARN in arn else ""
    pool = await parts.store.look_up(lambda tx: tx.pools.find(pool_id)) if pool_id else None
    if pool is None or pool.arn != arn:
        return {}
    return {f"aws:resourcetag/{key.lower()}": (value,) for key, value in pool.tags.items()}
