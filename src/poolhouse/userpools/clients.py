"""App clients: made, described, changed, listed, deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

from poolhouse.core.attributes import name_of
from poolhouse.core.client_metadata import is_on
from poolhouse.core.client_settings import check_settings, new_settings
from poolhouse.core.clients import ClientSecret, UserPoolClient
from poolhouse.core.documents import epoch
from poolhouse.core.errors import InvalidParameterException, LimitExceededException
from poolhouse.core.ids import new_client_id, new_client_secret
from poolhouse.core.pools import UserPool
from poolhouse.core.scopes import DCR_SCOPE
from poolhouse.core.secret import Secret
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    CreateUserPoolClientRequest,
    CreateUserPoolClientResponse,
    DeleteUserPoolClientRequest,
    DescribeUserPoolClientRequest,
    DescribeUserPoolClientResponse,
    ListUserPoolClientsRequest,
    ListUserPoolClientsResponse,
    UpdateUserPoolClientRequest,
    UpdateUserPoolClientResponse,
    UserPoolClientType,
)
from poolhouse.store import Transaction
from poolhouse.userpools.client_secrets import new_secret
from poolhouse.userpools.paging import page


async def create_user_pool_client(
    call: Call, request: CreateUserPoolClientRequest
) -> CreateUserPoolClientResponse:
    """Make an app client, with a secret where one is asked for or given.

    Raises:
        ResourceNotFoundException: no such pool.
        InvalidOAuthFlowException: a set of flows that can't go together, or that lacks what it needs.
        ScopeDoesNotExistException: a scope that no resource server of the pool declares.
        LimitExceededException: the pool has as many clients as it may.

    Source: Cognito API reference, CreateUserPoolClient; quotas page.
    """
    _refuse_secrets_manager(request)
    client = UserPoolClient(
        id=new_client_id(call.random),
        pool_id=request["UserPoolId"],
        name=request["ClientName"],
        created_at=call.now,
        modified_at=call.now,
        settings=new_settings(request),
    )
    secret = _first_secret(call, client, request)

    def make(tx: Transaction) -> None:
        pool = tx.pools.lock(
            call.account_id, call.region, client.pool_id
        )  # counted under the pool's row lock
        if tx.clients.count(pool.id) >= call.settings.max_clients_per_pool:
            raise LimitExceededException("Maximum number of user pool clients reached.")
        check_client(tx, pool, client, has_secret=secret is not None)
        tx.clients.add(client)
        if secret is not None:
            tx.client_secrets.add(secret)
        tx.unused_verifiers.suspect(pool.id, call.now)

    await call.write(make, pool_id=client.pool_id)
    return {"UserPoolClient": describe(client, [secret] if secret else [])}


async def describe_user_pool_client(
    call: Call, request: DescribeUserPoolClientRequest
) -> DescribeUserPoolClientResponse:
    """A client, its oldest secret in clear, as Cognito shows it. To show a secret is a change: of who knows it. So
    it stands in the audit, and fails where that can't be written."""
    pool_id = request["UserPoolId"]

    def find(tx: Transaction) -> UserPoolClientType:
        tx.pools.get(call.account_id, call.region, pool_id)
        client = tx.clients.get(pool_id, request["ClientId"])
        return describe(client, tx.client_secrets.of(client.id))

    return {"UserPoolClient": await call.write(find, pool_id=pool_id)}


async def update_user_pool_client(
    call: Call, request: UpdateUserPoolClientRequest
) -> UpdateUserPoolClientResponse:
    """Change a client. Every setting left out returns to its default; the name and the secrets stay.

    Source: Cognito API reference, UpdateUserPoolClient.
    """
    _refuse_secrets_manager(request)
    pool_id = request["UserPoolId"]

    def change(tx: Transaction) -> UserPoolClientType:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        client = tx.clients.get(pool_id, request["ClientId"])
        secrets = tx.client_secrets.of(client.id)
        changed = replace(
            client,
            modified_at=call.now,
            name=request.get("ClientName", client.name),
            settings=new_settings(request),
        )
        check_client(tx, pool, changed, has_secret=bool(secrets))
        tx.clients.replace(changed)
        tx.unused_verifiers.suspect(pool_id, call.now)
        return describe(changed, secrets)

    return {"UserPoolClient": await call.write(change, pool_id=pool_id)}


async def delete_user_pool_client(call: Call, request: DeleteUserPoolClientRequest) -> None:
    pool_id = request["UserPoolId"]

    def remove(tx: Transaction) -> None:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.clients.get(pool_id, request["ClientId"])
        tx.clients.remove(pool_id, request["ClientId"])
        tx.ui_customizations.remove(pool_id, request["ClientId"])
        tx.unused_verifiers.suspect(pool_id, call.now)

    await call.write(remove, pool_id=pool_id)


async def list_user_pool_clients(
    call: Call, request: ListUserPoolClientsRequest
) -> ListUserPoolClientsResponse:
    """The pool's clients; of one type alone, pages may hold fewer than was asked for, or none.

    Source: Cognito API reference, ListUserPoolClients.
    """
    pool_id, type = request["UserPoolId"], request.get("ClientType")

    def read(tx: Transaction, after: str, limit: int) -> list[UserPoolClient]:
        tx.pools.get(call.account_id, call.region, pool_id)
        return list(tx.clients.page(pool_id, after=after, size=limit))

    clients, token = await page(
        call,
        read,
        lambda client: client.id,
        about=pool_id,
        size=request.get("MaxResults"),
        token=request.get("NextToken"),
    )
    answer: ListUserPoolClientsResponse = {
        "UserPoolClients": [
            {"ClientId": client.id, "UserPoolId": client.pool_id, "ClientName": client.name}
            for client in clients
            if type in (None, client.type)
        ]
    }
    if token is not None:
        answer["NextToken"] = token
    return answer


def _first_secret(
    call: Call, client: UserPoolClient, request: CreateUserPoolClientRequest
) -> ClientSecret | None:
    given = request.get("ClientSecret")
    if given is not None and request.get("GenerateSecret"):
        raise InvalidParameterException("GenerateSecret and ClientSecret can not both be given.")
    if given is not None:
        return new_secret(client, Secret(given), call.now)
    if request.get("GenerateSecret"):
        return new_secret(client, Secret(new_client_secret(call.random)), call.now)
    return None


def check_client(tx: Transaction, pool: UserPool, client: UserPoolClient, *, has_secret: bool) -> None:
    """Raises InvalidOAuthFlowException, ScopeDoesNotExistException, InvalidParameterException: `check_settings`."""
    scopes = {name for server in tx.resource_servers.of(pool.id) for name in server.scope_names}
    if client.registration is None and is_on(pool.settings.get("DcrConfiguration")):
        scopes.add(DCR_SCOPE)
    check_settings(
        client.settings,
        has_secret=has_secret,
        pool_id=pool.id,
        custom_scopes=scopes,
        attribute_names={name_of(attribute) for attribute in pool.attributes},
        provider_names=tx.identity_providers.names(pool.id),
    )


def _refuse_secrets_manager(request: CreateUserPoolClientRequest | UpdateUserPoolClientRequest) -> None:
    if request.get("PublishSecretsInAWSSecretsManager"):
        raise InvalidParameterException("PublishSecretsInAWSSecretsManager is not available.")


def describe(client: UserPoolClient, secrets: Sequence[ClientSecret]) -> UserPoolClientType:
    answer: dict[str, Any] = {
        "UserPoolId": client.pool_id,
        "ClientName": client.name,
        "ClientId": client.id,
        "LastModifiedDate": epoch(client.modified_at),
        "CreationDate": epoch(client.created_at),
        "ClientType": client.type,
        **client.settings,
    }
    if secrets:
        answer["ClientSecret"] = secrets[0].value.reveal()
    return cast(UserPoolClientType, answer)
