"""What Poolhouse adds to a pool and a client and Cognito has no field for. See docs/extensions.md."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson

from poolhouse.core.clients import ClientExtensions, UserPoolClient
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.pools import UserPool
from poolhouse.core.token_overrides import unusable
from poolhouse.operation import Call
from poolhouse.shapes.poolhouse import (
    DescribeUserPoolClientExtensionsRequest,
    DescribeUserPoolClientExtensionsResponse,
    DescribeUserPoolExtensionsRequest,
    DescribeUserPoolExtensionsResponse,
    UpdateUserPoolClientExtensionsRequest,
    UpdateUserPoolClientExtensionsResponse,
    UpdateUserPoolExtensionsRequest,
    UpdateUserPoolExtensionsResponse,
    UserPoolClientExtensionsType,
    UserPoolExtensionsType,
)
from poolhouse.store import Transaction

AWS_FORM = "AWS"
"""The issuer that Amazon Cognito has, for verifiers that hard-code it."""


async def describe_user_pool_extensions(
    call: Call, request: DescribeUserPoolExtensionsRequest
) -> DescribeUserPoolExtensionsResponse:
    pool = await call.store.read(lambda tx: tx.pools.get(call.account_id, call.region, request["UserPoolId"]))
    return {"Extensions": _of_pool(call, pool)}


async def update_user_pool_extensions(
    call: Call, request: UpdateUserPoolExtensionsRequest
) -> UpdateUserPoolExtensionsResponse:
    """Set the pool's additions; what is left out returns to its default.

    Tokens that are out keep their old `iss`. The keys stay where they are: discovery names them.

    Raises:
        InvalidParameterException: the issuer is neither "AWS" nor a URL without query and fragment, or is
            another pool's.
    """
    pool_id = request["UserPoolId"]
    issuer = _issuer(call, pool_id, request.get("Issuer"))

    def change(tx: Transaction) -> UserPool:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)
        changed = replace(pool, extensions=replace(pool.extensions, issuer=issuer))
        tx.pools.replace(changed)
        return changed

    return {"Extensions": _of_pool(call, await call.write(change, pool_id=pool_id))}


async def describe_user_pool_client_extensions(
    call: Call, request: DescribeUserPoolClientExtensionsRequest
) -> DescribeUserPoolClientExtensionsResponse:
    def find(tx: Transaction) -> UserPoolClient:
        tx.pools.get(call.account_id, call.region, request["UserPoolId"])
        return tx.clients.get(request["UserPoolId"], request["ClientId"])

    return {"Extensions": _of_client(await call.store.read(find))}


async def update_user_pool_client_extensions(
    call: Call, request: UpdateUserPoolClientExtensionsRequest
) -> UpdateUserPoolClientExtensionsResponse:
    """Set the client's additions; what is left out returns to its default.

    Raises:
        InvalidParameterException: the claims are no JSON object, or among them is one that the server alone makes.
    """
    pool_id = request["UserPoolId"]
    claims = _claims(request.get("TokenClaims"))

    def change(tx: Transaction) -> UserPoolClient:
        tx.pools.get(call.account_id, call.region, pool_id)
        client = tx.clients.get(pool_id, request["ClientId"])
        extensions = ClientExtensions(
            audience=request.get("Audience"),
            requires_pkce=request.get("RequirePkce", False),
            claims=claims,
        )
        changed = replace(client, extensions=extensions)
        tx.clients.replace(changed)
        return changed

    return {"Extensions": _of_client(await call.write(change, pool_id=pool_id))}


def _issuer(call: Call, pool_id: str, given: str | None) -> str | None:
    if given is None:
        return None
    if given == AWS_FORM:
        return f"https://cognito-idp.{call.region}.amazonaws.com/{pool_id}"
    try:
        parts = urlsplit(given)
        is_url = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_url = False
    # OpenID Connect Discovery §3: a URL without query and fragment.
    if not is_url or "?" in given or "#" in given or given.endswith("/"):
        raise InvalidParameterException(
            "The issuer must be 'AWS', or a URL without query, fragment and slash at its end."
        )
    home = f"{call.settings.public_url}/"
    if given.startswith(home) and given != home + pool_id:
        # Tokens of one pool must not say that they are another's.
        raise InvalidParameterException("The issuer is of this server and not this pool's own.")
    return given


def _claims(given: str | None) -> dict[str, Any]:
    if given is None:
        return {}
    try:
        claims = orjson.loads(given)
    except (ValueError, TypeError):
        claims = None
    if not isinstance(claims, dict):
        raise InvalidParameterException("TokenClaims must be the text of a JSON object.")
    refused = unusable(claims)
    if refused is not None:
        raise InvalidParameterException(f"TokenClaims can't set the claim {refused!r}: the server makes it.")
    return claims


def _of_pool(call: Call, pool: UserPool) -> UserPoolExtensionsType:
    answer: UserPoolExtensionsType = {
        "UserPoolId": pool.id,
        "EffectiveIssuer": pool.extensions.issuer or call.parts.home_of(pool.id),
    }
    if pool.extensions.issuer is not None:
        answer["Issuer"] = pool.extensions.issuer
    return answer


def _of_client(client: UserPoolClient) -> UserPoolClientExtensionsType:
    answer: UserPoolClientExtensionsType = {
        "UserPoolId": client.pool_id,
        "ClientId": client.id,
        "RequirePkce": client.extensions.requires_pkce,
    }
    if client.extensions.audience is not None:
        answer["Audience"] = client.extensions.audience
    if client.extensions.claims:
        answer["TokenClaims"] = orjson.dumps(client.extensions.claims).decode()
    return answer
