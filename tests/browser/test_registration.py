"""Applications that register themselves (RFC 7591), and what a pool lets them have."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from tests.conftest import Machine, a_machine, a_machine_client
from tests.harness import RunningServer

DCR_SCOPE = "aws.cognito/dcr/register"
CALLBACK = "http://localhost:3000/callback"
OPEN = {"OpenDcrEnabled": True}


def a_house(server: RunningServer, cognito: Any, **dcr: Any) -> Machine:
    house = a_machine(server, cognito)
    cognito.update_user_pool(UserPoolId=house.pool_id, DcrConfiguration=dcr)
    return house


def register(house: Machine, token: str | None = None, /, **metadata: Any) -> httpx.Response:
    headers = {} if token is None else {"authorization": f"Bearer {token}"}
    return httpx.post(f"{house.domain_url}/oauth2/register", json=metadata, headers=headers)


def machine_token(house: Machine, client: dict[str, Any], scope: str) -> str:
    answer = httpx.post(
        f"{house.domain_url}/oauth2/token",
        auth=(client["ClientId"], client["ClientSecret"]),
        data={"grant_type": "client_credentials", "scope": scope},
    )
    token: str = answer.json()["access_token"]
    return token


def error_of(answer: httpx.Response) -> str:
    assert answer.status_code == 400, answer.text
    error: str = answer.json()["error"]
    return error


def test_a_public_application_registers_itself(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    answer = register(
        house,
        client_name="Calendar (desktop)",
        redirect_uris=[CALLBACK],
        token_endpoint_auth_method="none",
        client_uri="https://calendar.example",
        unknown_member={"is": "ignored"},
    )
    assert answer.status_code == 201
    assert answer.headers["cache-control"].startswith("no-cache, no-store")
    assert answer.headers["access-control-allow-origin"] == "*"
    given = answer.json()
    assert given["client_id_issued_at"] > 0
    assert {name: value for name, value in given.items() if not name.startswith("client_id")} == {
        "client_name": "Calendar (desktop)",
        "client_uri": "https://calendar.example",
        "token_endpoint_auth_method": "none",
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "redirect_uris": [CALLBACK],
        "scope": "openid email phone profile",
    }
    client = cognito.describe_user_pool_client(UserPoolId=house.pool_id, ClientId=given["client_id"])[
        "UserPoolClient"
    ]
    assert client["ClientType"] == "DCR"
    assert client["ClientName"] == "Calendar desktop"
    assert client["CallbackURLs"] == [CALLBACK]
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["RefreshTokenRotation"]["Feature"] == "ENABLED"
    assert "ClientSecret" not in client


def test_a_confidential_one_gets_a_secret(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    given = register(house, redirect_uris=["https://app.example/cb"]).json()
    assert given["client_secret_expires_at"] == 0
    assert given["token_endpoint_auth_method"] == "client_secret_basic"
    client = cognito.describe_user_pool_client(UserPoolId=house.pool_id, ClientId=given["client_id"])
    assert client["UserPoolClient"]["ClientSecret"] == given["client_secret"]


def test_a_machine_registers_with_a_token_and_gets_tokens(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, AllowedScopes=["orders/read", DCR_SCOPE])
    registrar = a_machine_client(cognito, house.pool_id, [DCR_SCOPE])
    token = machine_token(house, registrar, DCR_SCOPE)
    answer = register(house, token, grant_types=["client_credentials"], scope="orders/read orders/write")
    assert answer.status_code == 201
    given = answer.json()
    assert given["scope"] == "orders/read"
    assert given["grant_types"] == ["client_credentials"]
    assert given["redirect_uris"] == []
    client = {"ClientId": given["client_id"], "ClientSecret": given["client_secret"]}
    assert machine_token(house, client, "orders/read")


def test_no_registered_client_may_register_others(server: RunningServer, cognito: Any) -> None:
    house = a_house(
        server, cognito, **OPEN, AllowedScopes=[DCR_SCOPE], OpenDcrGrantTypes=["client_credentials"]
    )
    assert error_of(register(house, grant_types=["client_credentials"], scope=DCR_SCOPE)) == (
        "invalid_client_metadata"
    )
    house = a_house(server, cognito, **OPEN, AllowedScopes=[DCR_SCOPE])
    given = register(house, redirect_uris=[CALLBACK], scope=f"openid {DCR_SCOPE}").json()
    assert given["scope"] == "openid"
    with pytest.raises(ClientError, match="ScopeDoesNotExistException"):
        cognito.update_user_pool_client(
            UserPoolId=house.pool_id,
            ClientId=given["client_id"],
            AllowedOAuthFlows=["code"],
            AllowedOAuthFlowsUserPoolClient=True,
            AllowedOAuthScopes=[DCR_SCOPE],
            CallbackURLs=[CALLBACK],
        )


def test_without_a_token_only_where_the_pool_is_open(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito)
    answer = register(house, redirect_uris=[CALLBACK])
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_token"
    assert answer.headers["www-authenticate"] == f'Bearer scope="{DCR_SCOPE}"'


@pytest.mark.parametrize("dcr", [None, {"EnableStatus": "Disabled", "OpenDcrEnabled": True}])
def test_where_it_is_off_there_is_nothing(server: RunningServer, cognito: Any, dcr: Any) -> None:
    house = a_machine(server, cognito) if dcr is None else a_house(server, cognito, **dcr)
    assert register(house, redirect_uris=[CALLBACK]).status_code == 404
    with pytest.raises(ClientError, match="ScopeDoesNotExistException"):
        a_machine_client(cognito, house.pool_id, [DCR_SCOPE])


def test_a_token_for_something_else_does_not_register(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    client = {"ClientId": house.client_id, "ClientSecret": house.client_secret}
    answer = register(house, machine_token(house, client, "orders/read"), redirect_uris=[CALLBACK])
    assert answer.status_code == 403
    assert 'error="insufficient_scope"' in answer.headers["www-authenticate"]


def test_a_token_of_another_pool_does_not_register(server: RunningServer, cognito: Any) -> None:
    house, other = a_house(server, cognito), a_house(server, cognito)
    registrar = a_machine_client(cognito, other.pool_id, [DCR_SCOPE])
    token = machine_token(other, registrar, DCR_SCOPE)
    assert register(other, token, redirect_uris=[CALLBACK]).status_code == 201
    answer = register(house, token, redirect_uris=[CALLBACK])
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


@pytest.mark.parametrize("what", ["garbage", "of a client that is gone"])
def test_a_bad_token_does_not_register_even_where_it_is_open(
    server: RunningServer, cognito: Any, what: str
) -> None:
    house = a_house(server, cognito, **OPEN)
    token = "garbage"
    if what != "garbage":
        registrar = a_machine_client(cognito, house.pool_id, [DCR_SCOPE])
        token = machine_token(house, registrar, DCR_SCOPE)
        cognito.delete_user_pool_client(UserPoolId=house.pool_id, ClientId=registrar["ClientId"])
    assert register(house, token, redirect_uris=[CALLBACK]).status_code == 401


def test_the_scope_for_registering_dies_with_the_setting(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito)
    registrar = a_machine_client(cognito, house.pool_id, [DCR_SCOPE])
    cognito.update_user_pool(UserPoolId=house.pool_id, DcrConfiguration={"EnableStatus": "Disabled"})
    answer = httpx.post(
        f"{house.domain_url}/oauth2/token",
        auth=(registrar["ClientId"], registrar["ClientSecret"]),
        data={"grant_type": "client_credentials"},
    )
    assert answer.json() == {"error": "invalid_scope"}


BAD_REDIRECTS = [
    [],
    None,
    "http://localhost",
    ["http://app.example/cb"],
    ["https://app.example/cb#part"],
    ["https://app.example/*"],
    ["https://user@app.example/cb"],
    ["https://app.example\\@evil.example"],
    ["https://app.example/ cb"],
    ["javascript:alert(1)"],
    ["data:text/html,x"],
    ["/relative"],
    ["https://"],
    [7],
    ["https://app.example/" + "x" * 1_024],
    ["https://app.example/\u0000"],
    ["https://xn--.example/\u00e9"],
]


@pytest.mark.parametrize("addresses", BAD_REDIRECTS)
def test_bad_redirect_addresses_are_refused(server: RunningServer, cognito: Any, addresses: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    assert error_of(register(house, redirect_uris=addresses)) == "invalid_redirect_uri"
    assert register(house, redirect_uris=[CALLBACK]).status_code == 201


@pytest.mark.parametrize(
    "metadata",
    [
        {"token_endpoint_auth_method": "private_key_jwt"},
        {"grant_types": ["implicit"]},
        {"grant_types": ["client_credentials"]},
        {"grant_types": [7]},
        {"grant_types": "authorization_code"},
        {"response_types": ["token"]},
        {"client_name": 7},
        {"client_name": "x" * 257},
        {"client_name": "line\nbreak"},
        {"client_uri": "javascript:alert(1)"},
        {"logo_uri": "http://logo.example/x.png"},
        {"scope": "orders/write"},
        {"scope": ["openid"]},
        {"post_logout_redirect_uris": ["javascript:alert(1)"]},
        {"contacts": [f"{number}@example.com" for number in range(11)]},
    ],
)
def test_bad_metadata_is_refused(server: RunningServer, cognito: Any, metadata: dict[str, Any]) -> None:
    house = a_house(server, cognito, **OPEN)
    assert error_of(register(house, **{"redirect_uris": [CALLBACK], **metadata})) == "invalid_client_metadata"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b"null", b'"x"', b"\xff", b'{"redirect_uris":' + b"[" * 9_000]
)
def test_bad_bodies_are_refused(server: RunningServer, cognito: Any, body: bytes) -> None:
    house = a_house(server, cognito, **OPEN)
    url = f"{house.domain_url}/oauth2/register"
    answer = httpx.post(url, content=body, headers={"content-type": "application/json"})
    assert error_of(answer) == "invalid_client_metadata"
    assert error_of(httpx.post(url, data={"redirect_uris": CALLBACK})) == "invalid_client_metadata"


def test_what_each_way_of_registering_permits(server: RunningServer, cognito: Any) -> None:
    house = a_house(
        server, cognito, **OPEN, OpenDcrGrantTypes=[], AuthenticatedGrantTypes=["code", "implicit"]
    )
    registrar = a_machine_client(cognito, house.pool_id, [DCR_SCOPE])
    token = machine_token(house, registrar, DCR_SCOPE)
    assert error_of(register(house, redirect_uris=[CALLBACK])) == "invalid_client_metadata"
    given = register(house, token, redirect_uris=[CALLBACK], grant_types=["authorization_code", "implicit"])
    assert given.json()["grant_types"] == ["authorization_code", "refresh_token"]
    assert error_of(register(house, token, grant_types=["client_credentials"])) == "invalid_client_metadata"


def test_discovery_names_the_endpoint_while_it_is_there(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    address = f"{server.base_url}/{house.pool_id}/.well-known/openid-configuration"
    assert (
        httpx.get(address)
        .json()["registration_endpoint"]
        .endswith(f"/domains/{house.domain}/oauth2/register")
    )
    cognito.update_user_pool(UserPoolId=house.pool_id, DcrConfiguration={"EnableStatus": "Disabled"})
    assert "registration_endpoint" not in httpx.get(address).json()


def test_secrets_of_registered_clients_are_their_own(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    client_id = register(house, redirect_uris=[CALLBACK]).json()["client_id"]
    key = {"UserPoolId": house.pool_id, "ClientId": client_id}
    for operation, more in (
        (cognito.add_user_pool_client_secret, {}),
        (cognito.list_user_pool_client_secrets, {}),
        (cognito.delete_user_pool_client_secret, {"ClientSecretId": f"{client_id}--1"}),
    ):
        with pytest.raises(ClientError, match="InvalidParameterException"):
            operation(**key, **more)


def test_clients_are_listed_by_their_type(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    client_id = register(house, redirect_uris=[CALLBACK]).json()["client_id"]

    def ids(**more: Any) -> set[str]:
        listed = cognito.list_user_pool_clients(UserPoolId=house.pool_id, **more)["UserPoolClients"]
        return {client["ClientId"] for client in listed}

    assert ids(ClientType="DCR") == {client_id}
    assert ids(ClientType="REGULAR") == {house.client_id}
    assert ids() == {client_id, house.client_id}


def test_nobody_signs_in_by_the_api_for_a_registered_client(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    client_id = register(house, redirect_uris=[CALLBACK], token_endpoint_auth_method="none").json()[
        "client_id"
    ]
    for flow in ("USER_SRP_AUTH", "USER_PASSWORD_AUTH", "USER_AUTH"):
        with pytest.raises(ClientError, match="flow not enabled"):
            cognito.initiate_auth(
                ClientId=client_id,
                AuthFlow=flow,
                AuthParameters={"USERNAME": "ada", "PASSWORD": "x", "SRP_A": "2"},
            )


def test_registrations_of_one_address_are_bounded(own_server: Any) -> None:
    server = own_server()
    house = a_house(server, server.client(), **OPEN)
    answers = [register(house, redirect_uris=[CALLBACK]).status_code for _ in range(13)]
    assert answers.count(201) >= 10
    assert 429 in answers


def test_a_full_pool_registers_none(own_server: Any) -> None:
    server = own_server(max_clients_per_pool=2)
    house = a_house(server, server.client(), **OPEN)
    assert register(house, redirect_uris=[CALLBACK]).status_code == 201
    assert error_of(register(house, redirect_uris=[CALLBACK])) == "invalid_client_metadata"


def test_a_registration_stands_in_the_audit_without_its_secret(server: RunningServer, cognito: Any) -> None:
    house = a_house(server, cognito, **OPEN)
    given = register(house, redirect_uris=[CALLBACK]).json()
    records = server.run(
        server.server.parts.store.read(
            lambda tx: tx.audit.page(server.settings.account_id, pool_id=house.pool_id, size=100)
        )
    )
    assert "RegisterClient" in {record.event_name for record in records}
    assert given["client_secret"] not in repr(records)
