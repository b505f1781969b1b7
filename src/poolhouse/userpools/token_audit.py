"""What the audit tells of requests for tokens that change nothing, where it tells of every one (`audit_tokens`).

Machine tokens and refreshes without rotation make no transaction that could hold a record. Theirs is written when the
answer is known and before it is sent: whoever has a token stands in the audit. The reverse need not be true: a caller
who hung up has a record, and no token.

Rates and a database that is away are not told of: the one is to keep load away, the other would have to be written.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from poolhouse.core.errors import (
    CognitoError,
    NotAuthorizedException,
    RefreshTokenReuseException,
    ResourceNotFoundException,
    TooManyRequestsException,
)
from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.operation import Call, Caller
from poolhouse.store.gathering import Gathering
from poolhouse.userpools.risk.blocking import NOT_ALLOWED
from poolhouse.userpools.sign_in.operations import REFRESH
from poolhouse.userpools.user_tokens import refresh_token_keys
from poolhouse_verify.compact import parse

MACHINES, REFRESHES = "client_credentials", "refresh_token"
OPERATIONS: Mapping[str, str] = {MACHINES: "ClientCredentialsGrant", REFRESHES: "RefreshTokenGrant"}
"""What a request at the token endpoint is called, by its grant_type."""
Operation: TypeAlias = Callable[[Call, Any], Awaitable[Mapping[str, Any] | None]]


async def tell_given(
    records: Gathering, call: Call, client: ClientSnapshot, grant_type: str, access_token: str
) -> None:
    """The record of a token, read off the token itself.

    Raises:
        StoreUnavailable: it could not be written. The token is not to be given.
    """
    claims = parse(access_token).claims
    is_person = grant_type == REFRESHES
    sub = claims["sub"] if is_person else None
    who = f"user/{sub}" if is_person else f"client/{client.id}"
    scopes = str(claims.get("scope") or "").split()
    what = {"grantType": grant_type, "scopes": scopes, "jti": claims.get("jti")}
    call = call.in_pools_account(client.pool, f"{client.pool.arn}/{who}")
    record = replace(call.record(client.pool.id), sub=sub, client_id=client.id, additional=what)
    await records.add(record)


async def tell_refused(
    records: Gathering,
    call: Call,
    client: ClientSnapshot,
    grant_type: str,
    error: Exception,
    error_code: str,
    refresh_token: str | None,
) -> None:
    """The record of a request that was refused, in the name of nobody: it proved nothing, or not enough. A refresh
    token says whose sign-in it would have continued.

    Raises:
        StoreUnavailable: it could not be written.
    """
    if _is_told(error) or _is_told(error.__cause__):
        return
    sub = None if refresh_token is None else await _whose(call, client.pool.id, refresh_token)
    call = call.in_pools_account(client.pool, Caller().arn)
    record = replace(
        call.record(client.pool.id),
        sub=sub,
        client_id=client.id,
        error_code=error_code,
        additional={"grantType": grant_type},
    )
    await records.add(record)


def telling(operation: Operation) -> Operation:
    """An operation of the API that gives tokens, among other things, and tells of those."""

    async def told(call: Call, request: Any) -> Mapping[str, Any] | None:
        records = call.parts.token_records
        grant_type, refresh_token = _asked(call, request)
        if records is None or grant_type is None:
            return await operation(call, request)
        client: ClientSnapshot | None = await call.cache.get("client", request["ClientId"])
        if client is not None and client.pool.id != request.get("UserPoolId", client.pool.id):
            client = None  # an administrator's pool has no such client
        try:
            answer = await operation(call, request)
        except TooManyRequestsException:
            raise
        except CognitoError as refused:
            if client is not None:
                await tell_refused(records, call, client, grant_type, refused, refused.code, refresh_token)
            raise
        result = (answer or {}).get("AuthenticationResult") or (answer or {})["ClientAuthenticationResult"]
        # One that rotates gives a refresh token, and its transaction has told of it.
        if "RefreshToken" not in result:
            if client is None:
                raise ResourceNotFoundException(f"User pool client {request['ClientId']} does not exist.")
            await tell_given(records, call, client, grant_type, result["AccessToken"])
        return answer

    return told


def _is_told(error: BaseException | None) -> bool:
    """Whether the audit has it already: the reuse in the transaction that ended the family, the blocked address."""
    if isinstance(error, NotAuthorizedException):
        return error.message == NOT_ALLOWED
    return isinstance(error, RefreshTokenReuseException)


def _asked(call: Call, request: Mapping[str, Any]) -> tuple[str | None, str | None]:
    """(grant type, refresh token); None for what is no request for tokens of these kinds."""
    if call.operation == "GetClientToken":
        return MACHINES, None
    if "RefreshToken" in request:
        return REFRESHES, request["RefreshToken"]
    if request.get("AuthFlow") in REFRESH:
        return REFRESHES, request.get("AuthParameters", {}).get("REFRESH_TOKEN")
    return None, None


async def _whose(call: Call, pool_id: str, refresh_token: str) -> str | None:
    family_id = refresh_token_keys(call.store).family_of(pool_id, refresh_token)
    if family_id is None:
        return None
    family = await call.store.look_up(lambda tx: tx.families.find(pool_id, family_id))
    return None if family is None else family.sub
