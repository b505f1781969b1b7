"""Two pools with the same names inside: nothing of one is found through the other, and a key for one pool
has no power over the other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.fuzz.house import OPERATIONS, UNSIGNED, House, a_house
from tests.fuzz.people import MFA, POOL, move_in
from tests.fuzz.rows import but_for_counts
from tests.fuzz.wire import FORM, Wire
from tests.harness import running_server
from tests.security.conftest import a_key, allow

OF_A_POOL = ("UserPoolId", "ClientId", "ClientSecretId", "Domain", "ManagedLoginBrandingId", "TermsId")
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


PROOFS = (
    "ClientId",
    "AccessToken",
    "RefreshToken",
    "Token",
    "Session",
    "ConfirmationCode",
    "Code",
    "DeviceKey",
    "CredentialId",
)
"""What is of one person, one sign-in or one client, and good together with its like alone."""
BOUND_TO_NOTHING = {"InitiateAuth", "ForgotPassword", "ResendConfirmationCode", "SignUp"}
"""Of these the client is all there is to swap: the other pool has people of the same names."""
NOBODYS = NOT_FOUND | {"NotAuthorizedException", "UnauthorizedException", "CodeMismatchException"}


def test_nothing_of_one_persons_is_good_with_what_is_of_the_other_pools(
    house: House, neighbour: House
) -> None:
    """Both have the same name and the same password."""
    before = house.database.rows()
    mine, theirs = house.requests(), neighbour.requests()
    tried = [
        (operation, member, {**request, member: theirs[operation][member]})
        for operation, request in mine.items()
        for member in PROOFS
        if operation not in BOUND_TO_NOTHING
        and member in request
        and len(request.keys() & {*PROOFS, "UserPoolId", "UserCode", "Secret"}) > 1
        and not (operation.startswith("Create") or "Secret" in operation)
    ]  # fmt: skip
    assert len(tried) > 25
    for operation, member, request in tried:
        reply = house.call(operation, request, is_signed=operation not in UNSIGNED)
        if operation == "RevokeToken":
            assert (reply.status, reply.body) == (200, b"{}"), (
                "a token that is none is no error (RFC 7009 §2.2)"
            )
        elif (operation, reply.error) != ("VerifySoftwareToken", "EnableSoftwareTokenMFAException"):
            assert reply.error in NOBODYS, (operation, member, reply.body)
        assert but_for_counts(house.database.rows()) == but_for_counts(before), (operation, member)
    house.database.forget_attempts()


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_to_another_account_there_is_nothing(own_server: Any, engine: str, tmp_path: Path) -> None:
    """A server of another account on the same database finds no pool, nobody in it, and changes nothing."""
    server = own_server(engine, data_dir=tmp_path / "data", rate_per_person=0)
    with a_house(server) as house:
        requests = house.requests()
        if engine == "postgres":
            more = {k: getattr(server.settings, k) for k in ("database_url", "master_keys")}
        else:
            more = {}
        with running_server(
            tmp_path / "data", account_id="111111111111", rate_per_person=0, **more
        ) as stranger:
            wire = Wire(stranger)
            before = house.database.rows()
            for service, operation in OPERATIONS:
                request = requests[operation]
                if not {"UserPoolId", "AccessKeyId", "ResourceArn"} & request.keys():
                    continue
                reply = wire.aws(service, operation, request)
                assert reply.error in NOT_FOUND or (
                    "ResourceArn" in request and reply.error == "InvalidParameterException"
                ), (operation, reply.body)
            assert wire.aws("cognito-idp", "ListUserPools", {"MaxResults": 60}).document["UserPools"] == []
            assert house.database.rows() == before
            wire.close()


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
    after = house.database.rows()
    assert all(
        "AccessDeniedException" in str(row) for row in after.pop("audit") if row not in before["audit"]
    )
    assert after == {name: rows for name, rows in before.items() if name != "audit"}


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
    pool_id = house.call("CreateUserPool", {"PoolName": "left", **POOL}).document["UserPool"]["Id"]
    house.ask("SetUserPoolMfaConfig", {"UserPoolId": pool_id, **MFA})
    client = {"UserPoolId": pool_id, "ClientName": "a", "GenerateSecret": True}
    made = house.call("CreateUserPoolClient", client).document["UserPoolClient"]
    house.call("CreateResourceServer", {"UserPoolId": pool_id, "Identifier": "a", "Name": "a"})
    house.call("CreateGroup", {"UserPoolId": pool_id, "GroupName": "a"})
    people = move_in(house.ask, pool_id, "a")
    assert house.call("DeleteUserPool", {"UserPoolId": pool_id}).status == 200
    left = {
        table: rows
        for table, rows in house.database.rows().items()
        if table not in ("audit", "change") and any(pool_id in map(str, row) for row in rows)
    }
    assert left == {}
    assert house.token(made["ClientId"], made["ClientSecret"]).error == "invalid_client"
    assert (
        house.call("GetUser", {"AccessToken": people.tokens["AccessToken"]}).error == "NotAuthorizedException"
    )
    assert house.wire.send("GET", f"/{pool_id}/.well-known/jwks.json").status == 404
    assert json.loads(house.call("ListUserPools").body)["UserPools"]
