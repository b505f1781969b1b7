"""Applications that register themselves (RFC 7591)."""

from __future__ import annotations

from typing import Any

from poolhouse.core.client_metadata import (
    ClientMetadata,
    client_name,
    describe,
    is_on,
    parse_metadata,
    registration_of,
    settings_of,
)
from poolhouse.core.clients import UserPoolClient
from poolhouse.core.errors import (
    CognitoError,
    InsufficientScope,
    InvalidClientMetadata,
    InvalidToken,
    NotAuthorizedException,
    SlowDown,
    UserNotFoundException,
)
from poolhouse.core.ids import new_client_id, new_client_secret
from poolhouse.core.pools import UserPool
from poolhouse.core.scopes import DCR_SCOPE
from poolhouse.core.secret import Secret
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import DcrConfigurationType, UserPoolClientType
from poolhouse.store import Transaction
from poolhouse.userpools.client_secrets import new_secret
from poolhouse.userpools.clients import check_client
from poolhouse.userpools.person import authenticate_person, read_access_token, scopes_of

OPEN_IS_OFF = "Registration needs an access token."


async def register_client(
    call: Call, pool_id: str, document: Any, access_token: str | None
) -> dict[str, Any]:
    """Make an app client as its application describes it, within what the pool allows; what it got is answered.

    With an access token that has `aws.cognito/dcr/register`, or, where the pool permits that too, without.

    Raises:
        InvalidToken: none where one is needed, or none of this pool's.
        InsufficientScope: not for registering.
        InvalidRedirectUri, InvalidClientMetadata: what was asked can't be had; also where the pool is full.
        SlowDown: too many from this address without a token.

    Source: Cognito API reference, DcrConfigurationType; RFC 7591 §3.
    """
    is_open = access_token is None
    if access_token is not None:
        await _authorize(call, pool_id, access_token)
    elif not call.parts.limits.allows_registration(call.address):
        raise SlowDown(detail="registrations from one address")
    metadata = parse_metadata(document)
    id = new_client_id(call.random)
    value = Secret(new_client_secret(call.random)) if metadata.has_secret else None

    def make(tx: Transaction) -> UserPoolClient:
        pool = tx.pools.lock(call.account_id, call.region, pool_id)  # counted under the pool's row lock
        dcr = _configuration(pool, is_open=is_open)
        if tx.clients.count(pool_id) >= call.settings.max_clients_per_pool:
            raise InvalidClientMetadata("The user pool has as many clients as it may.")
        client = UserPoolClient(
            id=id,
            pool_id=pool_id,
            name=client_name(metadata),
            created_at=call.now,
            modified_at=call.now,
            settings=_settings(tx, pool, metadata, dcr, is_open=is_open),
            registration=registration_of(metadata, is_open=is_open),
        )
        try:
            check_client(tx, pool, client, has_secret=value is not None)
        except CognitoError as refused:
            raise InvalidClientMetadata(refused.message) from refused
        tx.clients.add(client)
        if value is not None:
            tx.client_secrets.add(new_secret(client, value, call.now))
        tx.unused_verifiers.suspect(pool_id, call.now)
        return client

    return describe(await call.write(make, pool_id=pool_id), value)


def _settings(
    tx: Transaction, pool: UserPool, metadata: ClientMetadata, dcr: DcrConfigurationType, *, is_open: bool
) -> UserPoolClientType:
    return settings_of(
        metadata,
        dcr,
        is_open=is_open,
        providers=("COGNITO", *sorted(tx.identity_providers.names(pool.id))),
        live_scopes={name for server in tx.resource_servers.of(pool.id) for name in server.scope_names},
    )


def _configuration(pool: UserPool, *, is_open: bool) -> DcrConfigurationType:
    dcr = pool.settings.get("DcrConfiguration")
    if dcr is None or not is_on(dcr):
        raise InvalidToken(detail="registration was turned off meanwhile")
    if is_open and not dcr.get("OpenDcrEnabled", False):
        raise InvalidToken(OPEN_IS_OFF)
    return dcr


async def _authorize(call: Call, pool_id: str, access_token: str) -> None:
    """A machine's token stands while its client does; a person's, while their sign-in does."""
    try:
        app, claims = await read_access_token(call, access_token)
        if app.pool.id != pool_id:
            raise NotAuthorizedException(detail="a token of another pool")
        if DCR_SCOPE not in scopes_of(claims):
            raise InsufficientScope(detail=f"the token lacks {DCR_SCOPE}")
        if claims.get("sub") != app.client.id:
            await authenticate_person(call, access_token, scope=DCR_SCOPE)
    except (NotAuthorizedException, UserNotFoundException) as refused:
        raise InvalidToken(detail=refused.reason) from refused
