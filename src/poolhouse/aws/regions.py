"""The region of a call that nobody signed: a part of the ids that it names."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

import orjson

from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.operation import Parts

_POOL_ID = re.compile(r"([a-z0-9-]{1,32})_[0-9a-zA-Z]{1,40}")
CLIENT_ID = re.compile(r"[\w+]{1,128}", re.ASCII)
_IDENTITY_ID = re.compile(r"([a-z0-9-]{1,32}):[0-9a-f-]{36}")


async def region_of(parts: Parts, request: Mapping[str, Any]) -> str:
    """From the pool's id, the identity's, the client's pool, or the token's issuer; else the server's own.

    Only a hint of where to look: the token is not verified here.
    """
    for member, form in (
        ("UserPoolId", _POOL_ID),
        ("IdentityPoolId", _IDENTITY_ID),
        ("IdentityId", _IDENTITY_ID),
    ):
        if (found := form.fullmatch(request.get(member, ""))) is not None:
            return found[1]
    if CLIENT_ID.fullmatch(client_id := request.get("ClientId", "")):
        client: ClientSnapshot | None = await parts.cache.get("client", client_id)
        if client is not None:
            return client.pool.region
    if (found := _POOL_ID.fullmatch(claimed_pool(request.get("AccessToken", "")))) is not None:
        return found[1]
    return parts.settings.region


def named_pool(request: Mapping[str, Any]) -> str | None:
    """The pool that a request names by its id, if it looks like one; whether there is such a pool is another matter."""
    pool_id = request.get("UserPoolId")
    return pool_id if isinstance(pool_id, str) and _POOL_ID.fullmatch(pool_id) else None


def claimed_pool(token: str) -> str:
    """The id of the pool that a JWT claims to be of (`iss`, RFC 7519 §4.1.1), "" for none. Nothing is verified."""
    parts = token.split(".")
    if len(parts) != 3:
        return ""
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return ""
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    pool_id = issuer.rpartition("/")[2] if isinstance(issuer, str) else ""
    return pool_id if _POOL_ID.fullmatch(pool_id) else ""
