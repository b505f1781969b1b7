"""Resource servers: the APIs of a pool, and the scopes that their access tokens can carry."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from poolhouse.core.errors import InvalidParameterException, LimitExceededException
from poolhouse.core.resource_servers import ResourceServer, Scope
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    CreateResourceServerRequest,
    CreateResourceServerResponse,
    DeleteResourceServerRequest,
    DescribeResourceServerRequest,
    DescribeResourceServerResponse,
    ListResourceServersRequest,
    ListResourceServersResponse,
    ResourceServerScopeType,
    ResourceServerType,
    UpdateResourceServerRequest,
    UpdateResourceServerResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.paging import page


async def create_resource_server(
    call: Call, request: CreateResourceServerRequest
) -> CreateResourceServerResponse:
    """Define an API, and the scopes that its access tokens can carry.

    Raises:
        ResourceNotFoundException: no such pool.
        InvalidParameterException: the pool has a server of this identifier, or a scope is named twice.
        LimitExceededException: the pool has as many servers as it may.

    Source: Cognito API reference, CreateResourceServer; quotas page.
    """
    server = ResourceServer(
        pool_id=request["UserPoolId"],
        identifier=request["Identifier"],
        name=request["Name"],
        scopes=scopes_of(request.get("Scopes", ())),
    )

    def define(tx: Transaction) -> None:
        tx.pools.lock(call.account_id, call.region, server.pool_id)  # counted under the pool's row lock
        if tx.resource_servers.count(server.pool_id) >= call.settings.max_resource_servers:
            raise LimitExceededException("Maximum number of resource servers reached.")
        tx.resource_servers.add(server)

    await call.write(define, pool_id=server.pool_id)
    return {"ResourceServer": describe(server)}


async def describe_resource_server(
    call: Call, request: DescribeResourceServerRequest
) -> DescribeResourceServerResponse:
    def find(tx: Transaction) -> ResourceServer:
        tx.pools.get(call.account_id, call.region, request["UserPoolId"])
        return tx.resource_servers.get(request["UserPoolId"], request["Identifier"])

    return {"ResourceServer": describe(await call.store.read(find))}


async def update_resource_server(
    call: Call, request: UpdateResourceServerRequest
) -> UpdateResourceServerResponse:
    """Replace the name and the whole list of scopes; left out means none.

    A scope that goes stays on the clients that name it, and is granted no more.
    """
    pool_id = request["UserPoolId"]
    scopes = scopes_of(request.get("Scopes", ()))

    def redefine(tx: Transaction) -> ResourceServer:
        tx.pools.get(call.account_id, call.region, pool_id)
        server = tx.resource_servers.get(pool_id, request["Identifier"])
        changed = replace(server, name=request["Name"], scopes=scopes)
        tx.resource_servers.replace(changed)
        return changed

    return {"ResourceServer": describe(await call.write(redefine, pool_id=pool_id))}


async def delete_resource_server(call: Call, request: DeleteResourceServerRequest) -> None:
    pool_id = request["UserPoolId"]

    def remove(tx: Transaction) -> None:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.resource_servers.get(pool_id, request["Identifier"])
        tx.resource_servers.remove(pool_id, request["Identifier"])

    await call.write(remove, pool_id=pool_id)


async def list_resource_servers(
    call: Call, request: ListResourceServersRequest
) -> ListResourceServersResponse:
    pool_id = request["UserPoolId"]

    def read(tx: Transaction, after: str, limit: int) -> list[ResourceServer]:
        tx.pools.get(call.account_id, call.region, pool_id)
        return list(tx.resource_servers.page(pool_id, after=after, size=limit))

    servers, token = await page(
        call,
        read,
        lambda server: server.identifier,
        about=pool_id,
        size=request.get("MaxResults", 50),
        token=request.get("NextToken"),
    )
    answer: ListResourceServersResponse = {"ResourceServers": [describe(server) for server in servers]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def scopes_of(given: Iterable[ResourceServerScopeType]) -> tuple[Scope, ...]:
    scopes = tuple(Scope(scope["ScopeName"], scope["ScopeDescription"]) for scope in given)
    names = [scope.name for scope in scopes]
    if len(set(names)) != len(names):
        raise InvalidParameterException("Scope names must be unique in a resource server.")
    return scopes


def describe(server: ResourceServer) -> ResourceServerType:
    answer: ResourceServerType = {
        "UserPoolId": server.pool_id,
        "Identifier": server.identifier,
        "Name": server.name,
    }
    if server.scopes:
        answer["Scopes"] = [
            {"ScopeName": scope.name, "ScopeDescription": scope.description} for scope in server.scopes
        ]
    return answer
