"""Amazon Cognito's issuer addresses."""

from __future__ import annotations

import re

# API reference, UserPoolIdType: `[\w-]+_[0-9a-zA-Z]+`, of which the first half is the region.
_POOL_ID = re.compile(r"([a-z]{2}(?:-[a-z]+)+-[0-9]+)_[0-9A-Za-z]{1,55}")


def cognito_issuer(pool_id: str) -> str:
    """The issuer of a user pool of Amazon Cognito: `https://cognito-idp.{region}.amazonaws.com/{poolId}`.

    Raises:
        ValueError: the id has not the form of one (`eu-west-1_Ab12Cd34E`).
    """
    match = _POOL_ID.fullmatch(pool_id)
    if match is None:
        raise ValueError(f"{pool_id!r} is not the id of a user pool, such as 'eu-west-1_Ab12Cd34E'.")
    region = match[1]
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"https://cognito-idp.{region}.{suffix}/{pool_id}"
