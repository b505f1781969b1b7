"""How policies name what an operation touches.

Source: AWS service authorization reference, Amazon Cognito user pools and identity pools. Clients, groups,
domains and resource servers have no ARNs of their own: their pool's stands for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from poolhouse.core.kms import ALIAS, arn_named

ResourceOf = Callable[[Mapping[str, Any], str, str], str]
"""The ARN that a request (read, not yet validated) names, given region and account; `*` for none."""

MAX_ARN = 2048
"""Characters. What is longer is refused by the validator afterwards, whatever a policy says of its beginning."""


def everything(request: Mapping[str, Any], region: str, account_id: str) -> str:
    """The operation is about no resource that exists: only a policy for `*` allows it."""
    return "*"


def user_pool(request: Mapping[str, Any], region: str, account_id: str) -> str:
    # Without an id it is any pool: a policy for one pool alone does not allow it.
    return user_pool_arn(request.get("UserPoolId", "*"), region, account_id)


def user_pool_or_everything(request: Mapping[str, Any], region: str, account_id: str) -> str:
    """Of one pool where the request names one, else of all that there is."""
    return user_pool(request, region, account_id) if "UserPoolId" in request else "*"


def user_pool_arn(pool_id: str, region: str, account_id: str) -> str:
    return f"arn:aws:cognito-idp:{region}:{account_id}:userpool/{pool_id}"[:MAX_ARN]


def identity_pool(request: Mapping[str, Any], region: str, account_id: str) -> str:
    pool_id = request.get("IdentityPoolId", "*")
    return f"arn:aws:cognito-identity:{region}:{account_id}:identitypool/{pool_id}"[:MAX_ARN]


def named_by_arn(request: Mapping[str, Any], region: str, account_id: str) -> str:
    arn: str = request.get("ResourceArn", "*")
    return arn[:MAX_ARN]


def access_key(request: Mapping[str, Any], region: str, account_id: str) -> str:
    return f"arn:aws:poolhouse:{region}:{account_id}:accesskey/{request.get('AccessKeyId', '*')}"[:MAX_ARN]


def kms_key(request: Mapping[str, Any], region: str, account_id: str) -> str:
    # A ciphertext may come without the key's name: there is one key that it can be of.
    return arn_named(request.get("KeyId", ALIAS), region, account_id)[:MAX_ARN]


def any_kind(request: Mapping[str, Any], region: str, account_id: str) -> str:
    """By what the request holds: for operations that are described but not here."""
    if "ResourceArn" in request:
        return named_by_arn(request, region, account_id)
    if "UserPoolId" in request:
        return user_pool(request, region, account_id)
    if "IdentityPoolId" in request:
        return identity_pool(request, region, account_id)
    if "KeyId" in request:
        return kms_key(request, region, account_id)
    return "*"
