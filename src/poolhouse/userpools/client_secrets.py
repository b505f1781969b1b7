"""The secrets of a client: two may be alive at once, so one is exchanged without an outage."""

from __future__ import annotations

from datetime import datetime

from poolhouse.core.clients import MAX_SECRETS, ClientSecret, UserPoolClient
from poolhouse.core.documents import epoch
from poolhouse.core.errors import (
    InvalidParameterException,
    LimitExceededException,
    ResourceNotFoundException,
)
from poolhouse.core.ids import new_client_secret
from poolhouse.core.secret import Secret
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AddUserPoolClientSecretRequest,
    AddUserPoolClientSecretResponse,
    ClientSecretDescriptorType,
    DeleteUserPoolClientSecretRequest,
    DeleteUserPoolClientSecretResponse,
    ListUserPoolClientSecretsRequest,
    ListUserPoolClientSecretsResponse,
)
from poolhouse.store import Transaction


async def add_user_pool_client_secret(
    call: Call, request: AddUserPoolClientSecretRequest
) -> AddUserPoolClientSecretResponse:
    """Give a client a second secret; both are good until one is deleted.

    Raises:
        InvalidParameterException: the client was made without a secret.
        LimitExceededException: it has two already.

    Source: Cognito API reference, AddUserPoolClientSecret.
    """
    pool_id = request["UserPoolId"]
    given = request.get("ClientSecret")
    value = Secret(given if given is not None else new_client_secret(call.random))

    def add(tx: Transaction) -> ClientSecret:
        tx.pools.lock(call.account_id, call.region, pool_id)  # counted under the pool's row lock
        client = _with_secrets(tx, pool_id, request["ClientId"])
        alive = tx.client_secrets.of(client.id)
        if not alive:
            raise InvalidParameterException("The app client does not have a client secret.")
        if len(alive) >= MAX_SECRETS:
            raise LimitExceededException(f"The app client already has {MAX_SECRETS} client secrets.")
        if any(secret.value == value for secret in alive):
            raise InvalidParameterException("The app client already has this client secret.")
        secret = new_secret(client, value, call.now, taken={secret.id for secret in alive})
        tx.client_secrets.add(secret)
        return secret

    secret = await call.write(add, pool_id=pool_id)
    descriptor = describe(secret)
    if given is None:
        descriptor["ClientSecretValue"] = secret.value.reveal()
    return {"ClientSecretDescriptor": descriptor}


async def list_user_pool_client_secrets(
    call: Call, request: ListUserPoolClientSecretsRequest
) -> ListUserPoolClientSecretsResponse:
    """The client's secrets without their values; two at most, so there is never a further page."""
    if "NextToken" in request:
        raise InvalidParameterException("Invalid pagination token.")

    def find(tx: Transaction) -> list[ClientSecret]:
        tx.pools.get(call.account_id, call.region, request["UserPoolId"])
        client = _with_secrets(tx, request["UserPoolId"], request["ClientId"])
        return list(tx.client_secrets.of(client.id))

    return {"ClientSecrets": [describe(secret) for secret in await call.store.read(find)]}


async def delete_user_pool_client_secret(
    call: Call, request: DeleteUserPoolClientSecretRequest
) -> DeleteUserPoolClientSecretResponse:
    """Take a secret away; it stops at once, on every node.

    Raises:
        InvalidParameterException: it is the client's last.
        ResourceNotFoundException: the client has none of this id.
    """
    pool_id = request["UserPoolId"]

    def remove(tx: Transaction) -> None:
        tx.pools.lock(call.account_id, call.region, pool_id)  # two deletions at once must not leave none
        client = _with_secrets(tx, pool_id, request["ClientId"])
        alive = tx.client_secrets.of(client.id)
        if request["ClientSecretId"] not in {secret.id for secret in alive}:
            raise ResourceNotFoundException(f"Client secret {request['ClientSecretId']} does not exist.")
        if len(alive) == 1:
            raise InvalidParameterException("The last client secret of an app client can not be deleted.")
        tx.client_secrets.remove(client.id, request["ClientSecretId"])

    await call.write(remove, pool_id=pool_id)
    return {}


def _with_secrets(tx: Transaction, pool_id: str, client_id: str) -> UserPoolClient:
    """The client, unless its secrets are its own affair.

    Source: Cognito API reference, UserPoolClientType (ClientType).
    """
    client = tx.clients.get(pool_id, client_id)
    if client.registration is not None:
        raise InvalidParameterException(
            "Client secret operations are not supported for app clients created through dynamic client registration."
        )
    return client


def new_secret(
    client: UserPoolClient, value: Secret, now: datetime, taken: set[str] | frozenset[str] = frozenset()
) -> ClientSecret:
    """A secret with an id of Cognito's form; within one second the second of two gets the next second's."""
    moment = int(now.timestamp())
    while f"{client.id}--{moment}" in taken:
        moment += 1
    return ClientSecret(
        id=f"{client.id}--{moment}",
        pool_id=client.pool_id,
        client_id=client.id,
        value=value,
        created_at=now,
    )


def describe(secret: ClientSecret) -> ClientSecretDescriptorType:
    return {"ClientSecretId": secret.id, "ClientSecretCreateDate": epoch(secret.created_at)}
