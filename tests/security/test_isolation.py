"""Two pools with the same names inside: nothing of one is found through the other, and a key for one pool
has no power over the other."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.fuzz.house import OPERATIONS, UNSIGNED, House
from tests.fuzz.wire import FORM
from tests.security.conftest import a_key, allow

OF_A_POOL = ("UserPoolId", "ClientId", "ClientSecretId", "Domain")
"""Names that differ from pool to pool; the others are the same in both."""
NOT_FOUND = {"ResourceNotFoundException"}


def swaps(house: House, neighbour: House) -> list[tuple[str, str, dict[str, Any]]]:
    """Each request with each of its names swapped for the other pool's: (operation, member, request)."""
    other = neighbour.requests()
    return [
        (operation, member, {**request, member: other[operation][member]})
        for operation, request in house.requests().items()
        for member in OF_A_POOL
        if member in request and len(request.keys() & set(OF_A_POOL)) > 1
        and not operation.startswith("Create")
    ]  # fmt: skip


def test_one_swapped_name_finds_nothing_and_changes_nothing(house: House, neighbour: House) -> None:
    tried = swaps(house, neighbour)
    assert len(tried) > 15
    before = house.database.rows()
    for operation, member, request in tried:
        reply = house.call(operation, request)
        assert reply.error in NOT_FOUND, (operation, member, reply.body)
    assert house.database.rows() == before


def test_a_client_gets_no_token_at_the_other_pools_domain(house: House, neighbour: House) -> None:
    """Nor with any secret that stands in the source: the one compared with in place of a secret was such a one."""
    from poolhouse.oauth.client_authentication import NOBODY

    m = house.machine
    stand_in = "an unknown client's secret is compared with this one, so that its answer takes as long"
    for domain in (neighbour.machine.domain, "nobody", m.domain):
        for secret in (m.client_secret, stand_in, NOBODY[0].reveal(), neighbour.machine.client_secret, ""):
            if domain == m.domain and secret == m.client_secret:
                continue
            form = f"grant_type=client_credentials&client_id={m.client_id}&client_secret={secret}".replace(
                " ", "+"
            )
            reply = house.wire.send(
                "POST", f"/domains/{domain}/oauth2/token", {"Content-Type": FORM}, form.encode()
            )
            assert reply.error in ("invalid_client", "not_found"), (domain, secret)


def test_a_client_without_a_secret_has_none_that_matches(house: House) -> None:
    from poolhouse.oauth.client_authentication import NOBODY

    pool = {"UserPoolId": house.machine.pool_id}
    made = house.call("CreateUserPoolClient", {**pool, "ClientName": "app"}).document["UserPoolClient"]
    reply = house.token(made["ClientId"], NOBODY[0].reveal())
    assert reply.error == "invalid_client"


def test_a_page_token_of_one_pool_opens_no_list_of_the_other(house: House, neighbour: House) -> None:
    pool = {"UserPoolId": house.machine.pool_id}
    for number in range(3):
        house.call("CreateGroup", {**pool, "GroupName": f"page-{number}"})
    token = house.call("ListGroups", {**pool, "Limit": 1}).document["NextToken"]
    assert house.call("ListGroups", {**pool, "Limit": 1, "NextToken": token}).status == 200
    for operation, request in (
        ("ListGroups", {"UserPoolId": neighbour.machine.pool_id}),
        ("ListResourceServers", pool),
        ("ListUserPoolClients", pool),
        ("ListUserPools", {"MaxResults": 1}),
        ("ListAccessKeys", {}),
    ):
        reply = house.call(operation, {**request, "NextToken": token})
        assert reply.error == "InvalidParameterException", operation


def test_a_key_for_one_pool_has_no_power_over_the_other(house: House, neighbour: House) -> None:
    """Nor over what belongs to no pool: lists of all, new pools, keys, the server."""
    key = a_key(house, allow("*", house.pool_arn))
    before = house.database.rows()
    for operation, request in neighbour.requests().items():
        if operation in UNSIGNED:
            continue
        reply = house.call(operation, request, **key.signing)
        assert reply.error == "AccessDeniedException", (operation, reply.body)
    assert house.database.rows() == before


def test_a_key_for_one_pool_sees_that_pool_in_every_list(house: House, neighbour: House) -> None:
    """The lists that would show more than the pool are not for it at all: they ask for the resource `*`."""
    key = a_key(house, allow("*", house.pool_arn))
    others = {neighbour.machine.pool_id, neighbour.machine.client_id, neighbour.machine.domain}
    others |= {neighbour.people.client_id, neighbour.people.device["DeviceKey"], neighbour.people.passkey_id}
    others |= set(house.database.subs_of(neighbour.machine.pool_id))
    seen = []
    for _, operation in OPERATIONS:
        if (
            operation.startswith(("List", "Describe", "Get", "AdminList", "AdminGet"))
            and operation not in UNSIGNED
        ):
            reply = house.call(operation, **key.signing)
            if reply.status == 200:
                seen.append(operation)
                assert not any(other in reply.body.decode() for other in others), operation
            else:
                assert reply.error == "AccessDeniedException"
    assert {
        "DescribeUserPool",
        "ListUserPoolClients",
        "ListResourceServers",
        "ListGroups",
        "ListTagsForResource",
        "ListUsers",
        "ListUsersInGroup",
        "AdminGetUser",
        "AdminListDevices",
    } <= {*seen}
    assert not {"ListUserPools", "ListAccessKeys", "GetServerStatus", "DescribeUserPoolDomain"} & {*seen}


@pytest.mark.parametrize(
    "resource",
    [
        "{arn}x",
        "{arn}/",
        "{arn}/../{pool}",
        "{ARN}",
        "{arn}\0",
        " {arn}",
        "arn:aws:cognito-idp:*:*:userpool/*",
        "*",
        "",
    ],
)
def test_no_spelling_of_an_arn_reaches_a_pool_that_its_key_does_not(
    house: House, neighbour: House, resource: str
) -> None:
    key = a_key(house, allow("*", house.pool_arn))
    arn = neighbour.pool_arn
    spelled = resource.format(arn=arn, ARN=arn.upper(), pool=house.machine.pool_id)
    for operation in ("TagResource", "UntagResource", "ListTagsForResource"):
        request = {**house.requests()[operation], "ResourceArn": spelled}
        reply = house.call(operation, request, **key.signing)
        assert reply.error in ("AccessDeniedException", "InvalidParameterException"), reply.body


def test_an_issuer_of_another_pool_is_refused(house: House, neighbour: House) -> None:
    home = house.server.settings.public_url
    request = {"UserPoolId": house.machine.pool_id}
    for issuer in (f"{home}/{neighbour.machine.pool_id}", f"{home}/elsewhere"):
        reply = house.call("UpdateUserPoolExtensions", {**request, "Issuer": issuer})
        assert reply.error == "InvalidParameterException"
    own = f"{home}/{house.machine.pool_id}"
    assert house.call("UpdateUserPoolExtensions", {**request, "Issuer": own}).status == 200
    assert house.call("UpdateUserPoolExtensions", request).status == 200


def test_a_deleted_pool_leaves_no_row_but_its_records(house: House) -> None:
    pool_id = house.call("CreateUserPool").document["UserPool"]["Id"]
    client = {"UserPoolId": pool_id, "ClientName": "a", "GenerateSecret": True}
    made = house.call("CreateUserPoolClient", client).document["UserPoolClient"]
    house.call("CreateResourceServer", {"UserPoolId": pool_id, "Identifier": "a", "Name": "a"})
    house.call("CreateGroup", {"UserPoolId": pool_id, "GroupName": "a"})
    assert house.call("DeleteUserPool", {"UserPoolId": pool_id}).status == 200
    left = {
        table: rows
        for table, rows in house.database.rows().items()
        if table not in ("audit", "change") and any(pool_id in map(str, row) for row in rows)
    }
    assert left == {}
    assert house.token(made["ClientId"], made["ClientSecret"]).error == "invalid_client"
    assert house.wire.send("GET", f"/{pool_id}/.well-known/jwks.json").status == 404
    assert json.loads(house.call("ListUserPools").body)["UserPools"]
