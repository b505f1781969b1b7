"""Terms of use and privacy policies: links that the pages of a client show where people sign up."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.core.documents import epoch
from poolhouse.core.errors import ResourceNotFoundException
from poolhouse.core.ids import new_jti
from poolhouse.core.terms import Terms, check_links
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    CreateTermsRequest,
    CreateTermsResponse,
    DeleteTermsRequest,
    DescribeTermsByClientRequest,
    DescribeTermsByClientResponse,
    DescribeTermsRequest,
    DescribeTermsResponse,
    ListTermsRequest,
    ListTermsResponse,
    TermsDescriptionType,
    TermsType,
    UpdateTermsRequest,
    UpdateTermsResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.paging import page


async def create_terms(call: Call, request: CreateTermsRequest) -> CreateTermsResponse:
    """Give a client one of its two documents, as links by language.

    Raises:
        ResourceNotFoundException: no such pool, or no such client in it.
        TermsExistsException: the client has terms of this name.
        InvalidParameterException: no links, or one that is no web address.

    Source: Cognito API reference, CreateTerms.
    """
    terms = Terms(
        pool_id=request["UserPoolId"],
        id=new_jti(call.random),
        client_id=request["ClientId"],
        name=request["TermsName"],
        links=check_links(request.get("Links")),
        created_at=call.now,
        modified_at=call.now,
    )

    def add(tx: Transaction) -> None:
        tx.pools.get(call.account_id, call.region, terms.pool_id)
        tx.clients.get(terms.pool_id, terms.client_id)
        tx.terms.add(terms)

    await call.write(add, pool_id=terms.pool_id)
    return {"Terms": describe(terms)}


async def describe_terms(call: Call, request: DescribeTermsRequest) -> DescribeTermsResponse:
    def find(tx: Transaction) -> Terms:
        tx.pools.get(call.account_id, call.region, request["UserPoolId"])
        return tx.terms.get(request["UserPoolId"], request["TermsId"])

    return {"Terms": describe(await call.store.read(find))}


async def describe_terms_by_client(
    call: Call, request: DescribeTermsByClientRequest
) -> DescribeTermsByClientResponse:
    pool_id, client_id, name = request["UserPoolId"], request["ClientId"], request["TermsName"]

    def find(tx: Transaction) -> Terms:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.clients.get(pool_id, client_id)
        found = tx.terms.of_client(pool_id, client_id).get(name)
        if found is None:
            raise ResourceNotFoundException(f"Terms {name} do not exist for client {client_id}.")
        return found

    return {"Terms": describe(await call.store.read(find))}


async def update_terms(call: Call, request: UpdateTermsRequest) -> UpdateTermsResponse:
    """Change what is given: the name, or the whole map of links. What is left out stays.

    Raises:
        ResourceNotFoundException: no such terms.
        TermsExistsException: the client has other terms of the new name.
        InvalidParameterException: a link that is no web address.
    """
    pool_id = request["UserPoolId"]
    links = check_links(request["Links"]) if "Links" in request else None

    def change(tx: Transaction) -> Terms:
        tx.pools.get(call.account_id, call.region, pool_id)
        terms = tx.terms.get(pool_id, request["TermsId"])
        changed = replace(
            terms,
            name=request.get("TermsName", terms.name),
            links=terms.links if links is None else links,
            modified_at=call.now,
        )
        tx.terms.replace(changed)
        return changed

    return {"Terms": describe(await call.write(change, pool_id=pool_id))}


async def delete_terms(call: Call, request: DeleteTermsRequest) -> None:
    pool_id = request["UserPoolId"]

    def remove(tx: Transaction) -> None:
        tx.pools.get(call.account_id, call.region, pool_id)
        tx.terms.get(pool_id, request["TermsId"])
        tx.terms.remove(pool_id, request["TermsId"])

    await call.write(remove, pool_id=pool_id)


async def list_terms(call: Call, request: ListTermsRequest) -> ListTermsResponse:
    pool_id = request["UserPoolId"]

    def read(tx: Transaction, after: str, limit: int) -> list[Terms]:
        tx.pools.get(call.account_id, call.region, pool_id)
        return list(tx.terms.page(pool_id, after=after, size=limit))

    found, token = await page(
        call,
        read,
        lambda terms: terms.id,
        about=pool_id,
        size=request.get("MaxResults"),
        token=request.get("NextToken"),
    )
    answer: ListTermsResponse = {"Terms": [summarize(terms) for terms in found]}
    if token is not None:
        answer["NextToken"] = token
    return answer


def summarize(terms: Terms) -> TermsDescriptionType:
    return {
        "TermsId": terms.id,
        "TermsName": terms.name,
        "Enforcement": "NONE",
        "CreationDate": epoch(terms.created_at),
        "LastModifiedDate": epoch(terms.modified_at),
    }


def describe(terms: Terms) -> TermsType:
    return {
        "TermsId": terms.id,
        "UserPoolId": terms.pool_id,
        "ClientId": terms.client_id,
        "TermsName": terms.name,
        "TermsSource": "LINK",
        "Enforcement": "NONE",
        "Links": dict(terms.links),
        "CreationDate": epoch(terms.created_at),
        "LastModifiedDate": epoch(terms.modified_at),
    }
