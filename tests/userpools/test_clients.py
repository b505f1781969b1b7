"""App clients, their secrets, resource servers and domains through boto3, on both engines."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import Machine, a_machine_client, a_pool
from tests.harness import RunningServer
from tests.userpools.test_pools import refusal


def test_a_bare_client_has_cognitos_defaults(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    created = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="web")["UserPoolClient"]
    client_id = created["ClientId"]
    described = cognito.describe_user_pool_client(UserPoolId=pool_id, ClientId=client_id)["UserPoolClient"]
    assert described == created
    assert re.fullmatch("[a-z0-9]{26}", client_id)
    for date in ("CreationDate", "LastModifiedDate"):
        del created[date]
    assert created == {
        "UserPoolId": pool_id,
        "ClientName": "web",
        "ClientId": client_id,
        "ClientType": "REGULAR",
        "RefreshTokenValidity": 30,
        "TokenValidityUnits": {},
        "AllowedOAuthFlowsUserPoolClient": False,
        "EnableTokenRevocation": True,
        "EnablePropagateAdditionalUserContextData": False,
        "AuthSessionValidity": 3,
    }


def test_a_secret_is_generated_or_given(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    generated = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="a", GenerateSecret=True)
    assert re.fullmatch("[a-z0-9]{51}", generated["UserPoolClient"]["ClientSecret"])
    given = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="b", ClientSecret="x" * 24)
    assert given["UserPoolClient"]["ClientSecret"] == "x" * 24
    with pytest.raises(ClientError) as both:
        cognito.create_user_pool_client(
            UserPoolId=pool_id, ClientName="c", ClientSecret="x" * 24, GenerateSecret=True
        )
    assert refusal(both)[0] == "InvalidParameterException"


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (
            {"AllowedOAuthFlows": ["client_credentials", "code"], "CallbackURLs": ["https://a"]},
            "InvalidOAuthFlowException",
            "client_credentials flow can not be selected along with code flow or implicit flow.",
        ),
        (
            {"GenerateSecret": False},
            "InvalidOAuthFlowException",
            "client_credentials flow can not be selected if client does not have a client secret.",
        ),
        (
            {"AllowedOAuthFlows": ["code"]},
            "InvalidOAuthFlowException",
            "CallbackUrls can not be empty when code flow or implicit flow is selected",
        ),
        (
            {"AllowedOAuthScopes": []},
            "InvalidParameterException",
            "AllowedOAuthFlows and AllowedOAuthScopes are required if user pool client is allowed to use OAuth flows.",
        ),
        (
            {"AllowedOAuthScopes": ["orders/fly"]},
            "ScopeDoesNotExistException",
            "Invalid scope requested: orders/fly",
        ),
        (
            {"AllowedOAuthScopes": ["orders/read", "openid"]},
            "InvalidOAuthFlowException",
            "openid can not be selected along with client_credentials flow.",
        ),
        (
            {"CallbackURLs": ["http://example.com/"]},
            "InvalidParameterException",
            "http://example.com/ cannot use the HTTP protocol.",
        ),
        (
            {"LogoutURLs": ["https://example.com/#a"]},
            "InvalidParameterException",
            "https://example.com/#a cannot use fragment",
        ),
        (
            {"CallbackURLs": ["JavaScript:alert(1)"]},
            "InvalidParameterException",
            "JavaScript:alert(1) is not a valid URL.",
        ),
        (
            {"CallbackURLs": ["https://a/"], "DefaultRedirectURI": "https://b/"},
            "InvalidParameterException",
            "The default redirect URI https://b/ is not in the callback URIs list.",
        ),
        (
            {"SupportedIdentityProviders": ["Google"]},
            "InvalidParameterException",
            "The provider Google does not exist for User Pool ",
        ),
        (
            {"ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH", "USER_PASSWORD_AUTH"]},
            "InvalidParameterException",
            "Auth flow name with prefix 'ALLOW' cannot be used with legacy auth flow names.",
        ),
        (
            {"ExplicitAuthFlows": ["ALLOW_CLIENT_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"]},
            "InvalidParameterException",
            "ALLOW_CLIENT_TOKEN_AUTH can not be selected along with other authentication flows.",
        ),
        (
            {"AccessTokenValidity": 25},
            "InvalidParameterException",
            "Invalid range for token validity.",
        ),
        (
            {"AccessTokenValidity": 299, "TokenValidityUnits": {"AccessToken": "seconds"}},
            "InvalidParameterException",
            "Invalid range for token validity.",
        ),
        (
            {
                "AccessTokenValidity": 24,
                "RefreshTokenValidity": 60,
                "TokenValidityUnits": {"RefreshToken": "minutes"},
            },
            "InvalidParameterException",
            "Access and Id Token expiration times must be less than or equal to refresh token expiration times.",
        ),
        (
            {"ReadAttributes": ["nonsense"]},
            "InvalidParameterException",
            "Invalid read attributes specified while creating a client",
        ),
        (
            {"WriteAttributes": ["email_verified"]},
            "InvalidParameterException",
            "Invalid write attributes specified while creating a client",
        ),
        (
            {"AnalyticsConfiguration": {"ApplicationId": "0123456789abcdef"}},
            "InvalidParameterException",
            "Invalid analytics configuration given",
        ),
        (
            {"PublishSecretsInAWSSecretsManager": True},
            "InvalidParameterException",
            "PublishSecretsInAWSSecretsManager is not available.",
        ),
    ],
)
def test_a_client_that_makes_no_sense_is_refused_in_cognitos_words(
    cognito: Any, machine: Machine, options: dict[str, Any], code: str, text: str
) -> None:
    before = cognito.list_user_pool_clients(UserPoolId=machine.pool_id)["UserPoolClients"]
    with pytest.raises(ClientError) as refused:
        a_machine_client(cognito, machine.pool_id, **options)
    assert refusal(refused)[0] == code
    assert refusal(refused)[1].startswith(text)
    assert cognito.list_user_pool_clients(UserPoolId=machine.pool_id)["UserPoolClients"] == before


def test_an_update_resets_every_setting_left_out(cognito: Any, machine: Machine) -> None:
    client = a_machine_client(
        cognito,
        machine.pool_id,
        AccessTokenValidity=5,
        TokenValidityUnits={"AccessToken": "minutes"},
        CallbackURLs=["myapp://back"],
        PreventUserExistenceErrors="ENABLED",
    )
    assert client["TokenValidityUnits"] == {
        "AccessToken": "minutes",
        "IdToken": "hours",
        "RefreshToken": "days",
    }
    updated = cognito.update_user_pool_client(UserPoolId=machine.pool_id, ClientId=client["ClientId"])
    after = updated["UserPoolClient"]
    assert (after["ClientName"], after["ClientSecret"]) == (client["ClientName"], client["ClientSecret"])
    for reset in (
        *("AccessTokenValidity", "CallbackURLs", "PreventUserExistenceErrors"),
        *("AllowedOAuthFlows", "AllowedOAuthScopes"),
    ):
        assert reset not in after
    assert after["AllowedOAuthFlowsUserPoolClient"] is False
    assert after["TokenValidityUnits"] == {}


def test_two_secrets_are_alive_at_once_and_the_last_one_stays(cognito: Any, machine: Machine) -> None:
    ids = {"UserPoolId": machine.pool_id, "ClientId": machine.client_id}
    added = cognito.add_user_pool_client_secret(**ids)["ClientSecretDescriptor"]
    assert added["ClientSecretId"].startswith(f"{machine.client_id}--")
    assert len(added["ClientSecretValue"]) == 51
    with pytest.raises(ClientError) as third:
        cognito.add_user_pool_client_secret(**ids)
    assert refusal(third)[0] == "LimitExceededException"
    listed = cognito.list_user_pool_client_secrets(**ids)["ClientSecrets"]
    assert len(listed) == 2
    assert all("ClientSecretValue" not in secret for secret in listed)
    cognito.delete_user_pool_client_secret(**ids, ClientSecretId=listed[0]["ClientSecretId"])
    with pytest.raises(ClientError) as last:
        cognito.delete_user_pool_client_secret(**ids, ClientSecretId=listed[1]["ClientSecretId"])
    assert refusal(last)[0] == "InvalidParameterException"
    described = cognito.describe_user_pool_client(**ids)["UserPoolClient"]
    assert described["ClientSecret"] == added["ClientSecretValue"]
    given = cognito.add_user_pool_client_secret(**ids, ClientSecret="given_secret_of_24_chars")
    assert "ClientSecretValue" not in given["ClientSecretDescriptor"]


def test_a_client_without_a_secret_gets_none_later(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    client = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="web")["UserPoolClient"]
    with pytest.raises(ClientError) as refused:
        cognito.add_user_pool_client_secret(UserPoolId=pool_id, ClientId=client["ClientId"])
    assert refusal(refused)[0] == "InvalidParameterException"


def test_clients_are_listed_page_by_page_without_their_secrets(cognito: Any, machine: Machine) -> None:
    made = {a_machine_client(cognito, machine.pool_id)["ClientId"] for _ in range(4)} | {machine.client_id}
    pages = cognito.get_paginator("list_user_pool_clients").paginate(
        UserPoolId=machine.pool_id, PaginationConfig={"PageSize": 2}
    )
    listed = [client for page in pages for client in page["UserPoolClients"]]
    assert {client["ClientId"] for client in listed} == made
    assert set(listed[0]) == {"ClientId", "UserPoolId", "ClientName"}


def test_a_client_of_another_pool_is_not_found(cognito: Any, machine: Machine) -> None:
    other = a_pool(cognito)
    for operation in (cognito.describe_user_pool_client, cognito.delete_user_pool_client):
        with pytest.raises(ClientError) as refused:
            operation(UserPoolId=other, ClientId=machine.client_id)
        assert refusal(refused) == (
            "ResourceNotFoundException",
            f"User pool client {machine.client_id} does not exist.",
        )
    cognito.delete_user_pool_client(UserPoolId=machine.pool_id, ClientId=machine.client_id)
    with pytest.raises(ClientError):
        cognito.describe_user_pool_client(UserPoolId=machine.pool_id, ClientId=machine.client_id)


def test_a_resource_server_is_defined_changed_and_deleted(cognito: Any, machine: Machine) -> None:
    ids = {"UserPoolId": machine.pool_id, "Identifier": "https://api.example.com"}
    created = cognito.create_resource_server(**ids, Name="API")["ResourceServer"]
    assert created == {**ids, "Name": "API"}
    with pytest.raises(ClientError) as twice:
        cognito.create_resource_server(**ids, Name="API")
    assert refusal(twice) == (
        "InvalidParameterException",
        f"https://api.example.com already exists in user pool {machine.pool_id}.",
    )
    scopes = [{"ScopeName": "a", "ScopeDescription": "b"}]
    changed = cognito.update_resource_server(**ids, Name="New", Scopes=scopes)["ResourceServer"]
    assert changed == {**ids, "Name": "New", "Scopes": scopes}
    assert cognito.describe_resource_server(**ids)["ResourceServer"] == changed
    listed = cognito.list_resource_servers(UserPoolId=machine.pool_id, MaxResults=50)["ResourceServers"]
    assert [server["Identifier"] for server in listed] == ["https://api.example.com", "orders"]
    cognito.delete_resource_server(**ids)
    with pytest.raises(ClientError) as gone:
        cognito.describe_resource_server(**ids)
    assert refusal(gone) == (
        "ResourceNotFoundException",
        "Resource server https://api.example.com does not exist.",
    )
    for number in range(24):
        cognito.create_resource_server(UserPoolId=machine.pool_id, Identifier=f"n{number}", Name="n")
    with pytest.raises(ClientError) as full:
        cognito.create_resource_server(UserPoolId=machine.pool_id, Identifier="one-more", Name="n")
    assert refusal(full)[0] == "LimitExceededException"


def test_a_domain_belongs_to_one_pool(cognito: Any, machine: Machine) -> None:
    described = cognito.describe_user_pool_domain(Domain=machine.domain)["DomainDescription"]
    assert described["UserPoolId"] == machine.pool_id
    assert described["Status"] == "ACTIVE"
    assert cognito.describe_user_pool(UserPoolId=machine.pool_id)["UserPool"]["Domain"] == machine.domain
    other = a_pool(cognito)
    with pytest.raises(ClientError) as taken:
        cognito.create_user_pool_domain(UserPoolId=other, Domain=machine.domain)
    assert refusal(taken)[1] == "Domain already associated with another user pool."
    with pytest.raises(ClientError) as second:
        cognito.create_user_pool_domain(UserPoolId=machine.pool_id, Domain=f"{machine.domain}-2")
    assert refusal(second)[1] == "User pool already has a domain configured."
    with pytest.raises(ClientError) as foreign:
        cognito.delete_user_pool_domain(UserPoolId=other, Domain=machine.domain)
    assert refusal(foreign)[0] == "ResourceNotFoundException"
    cognito.delete_user_pool_domain(UserPoolId=machine.pool_id, Domain=machine.domain)
    assert cognito.describe_user_pool_domain(Domain=machine.domain)["DomainDescription"] == {}


def test_a_custom_domain_has_dots_and_a_certificate(cognito: Any, machine: Machine) -> None:
    name = f"auth.x{id(machine)}.example.com"
    arn = "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd"
    created = cognito.create_user_pool_domain(
        UserPoolId=machine.pool_id, Domain=name, CustomDomainConfig={"CertificateArn": arn}
    )
    assert created["CloudFrontDomain"] == "localhost"
    described = cognito.describe_user_pool_domain(Domain=name)["DomainDescription"]
    assert described["CustomDomainConfig"] == {"CertificateArn": arn}
    assert described["ManagedLoginVersion"] == 1
    cognito.update_user_pool_domain(
        UserPoolId=machine.pool_id,
        Domain=name,
        ManagedLoginVersion=2,
        CustomDomainConfig={"CertificateArn": arn + "ef"},
    )
    described = cognito.describe_user_pool_domain(Domain=name)["DomainDescription"]
    assert described["CustomDomainConfig"] == {"CertificateArn": arn + "ef"}
    assert described["ManagedLoginVersion"] == 2
    pool = cognito.describe_user_pool(UserPoolId=machine.pool_id)["UserPool"]
    assert (pool["Domain"], pool["CustomDomain"]) == (machine.domain, name)


@pytest.mark.parametrize(
    ("domain", "text"),
    [
        ("my-aws-domain", "Domain cannot contain reserved word: aws"),
        ("cognito", "Domain cannot contain reserved word: cognito"),
    ],
)
def test_a_prefix_with_a_reserved_word_is_refused(cognito: Any, domain: str, text: str) -> None:
    pool_id = a_pool(cognito)
    with pytest.raises(ClientError) as refused:
        cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=domain)
    assert refusal(refused) == ("InvalidParameterException", text)


def test_the_servers_own_host_is_nobodys_custom_domain(own_server: Any) -> None:
    cognito = own_server(allowed_hosts=("login.example.com",)).client()
    with pytest.raises(ClientError) as refused:
        cognito.create_user_pool_domain(
            UserPoolId=a_pool(cognito),
            Domain="login.example.com",
            CustomDomainConfig={"CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/0123abcd"},
        )
    assert refusal(refused)[1] == "The server's own host name can't be a custom domain."


def test_to_show_a_secret_is_written_into_the_audit(
    server: RunningServer, cognito: Any, machine: Machine
) -> None:
    cognito.describe_user_pool_client(UserPoolId=machine.pool_id, ClientId=machine.client_id)
    records = server.run(
        server.server.parts.store.read(
            lambda tx: tx.audit.page(server.settings.account_id, pool_id=machine.pool_id, size=100)
        )
    )
    last = records[-1]
    assert (last.event_name, last.actor) == ("DescribeUserPoolClient", "arn:aws:iam::000000000000:root")
    assert machine.client_secret not in str(records)
