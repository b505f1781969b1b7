"""Identity providers of a pool, by the API."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.browser.providers import GOOGLE, OAUTH2, add_provider
from tests.conftest import a_pool

PEM = (
    ec.generate_private_key(ec.SECP256R1())
    .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    .decode()
)


@pytest.fixture
def pool_id(cognito: Any) -> str:
    return a_pool(cognito)


def refused(code: str) -> Any:
    return pytest.raises(ClientError, match=code)


def test_a_social_provider_is_filled_in(cognito: Any, pool_id: str) -> None:
    made = add_provider(cognito, pool_id, "Google", "Google", GOOGLE, AttributeMapping={"email": "email"})
    assert made["AttributeMapping"] == {"email": "email", "username": "sub"}
    assert made["IdpIdentifiers"] == []
    shown = cognito.describe_identity_provider(UserPoolId=pool_id, ProviderName="Google")["IdentityProvider"]
    assert shown["ProviderDetails"] == {
        **GOOGLE,
        "attributes_url": "https://people.googleapis.com/v1/people/me?personFields=",
        "attributes_url_add_attributes": "true",
        "authorize_url": "https://accounts.google.com/o/oauth2/v2/auth",
        "oidc_issuer": "https://accounts.google.com",
        "token_request_method": "POST",
        "token_url": "https://www.googleapis.com/oauth2/v4/token",
    }


def test_what_describing_shows_can_be_sent_back(cognito: Any, pool_id: str) -> None:
    details = {"client_id": "f", "client_secret": "s", "authorize_scopes": "public_profile, email"}
    made = add_provider(cognito, pool_id, "Facebook", "Facebook", details)
    again = cognito.update_identity_provider(
        UserPoolId=pool_id, ProviderName="Facebook", ProviderDetails=made["ProviderDetails"]
    )["IdentityProvider"]
    assert again["ProviderDetails"] == made["ProviderDetails"]
    assert again["AttributeMapping"] == {"username": "id"}


def test_the_private_key_of_apple_is_kept_and_never_shown(cognito: Any, pool_id: str) -> None:
    details = {
        "client_id": "com.example",
        "team_id": "TEAM",
        "key_id": "KEY",
        "private_key": PEM,
        "authorize_scopes": "email name",
    }
    made = add_provider(cognito, pool_id, "SignInWithApple", "SignInWithApple", details)
    assert "private_key" not in made["ProviderDetails"]
    again = cognito.update_identity_provider(
        UserPoolId=pool_id, ProviderName="SignInWithApple", ProviderDetails=made["ProviderDetails"]
    )["IdentityProvider"]
    assert again["ProviderDetails"]["key_id"] == "KEY"


def test_providers_are_listed_changed_found_and_deleted(cognito: Any, pool_id: str) -> None:
    add_provider(cognito, pool_id, "Hub", "OIDC", OAUTH2, IdpIdentifiers=["example.com", "example.org"])
    add_provider(cognito, pool_id, "Google", "Google", GOOGLE)
    first = cognito.list_identity_providers(UserPoolId=pool_id, MaxResults=1)
    second = cognito.list_identity_providers(UserPoolId=pool_id, MaxResults=1, NextToken=first["NextToken"])
    names = [one["ProviderName"] for page in (first, second) for one in page["Providers"]]
    assert names == ["Google", "Hub"]
    assert "NextToken" not in second

    found = cognito.get_identity_provider_by_identifier(UserPoolId=pool_id, IdpIdentifier="example.org")
    assert found["IdentityProvider"]["ProviderName"] == "Hub"
    cognito.update_identity_provider(
        UserPoolId=pool_id,
        ProviderName="Hub",
        IdpIdentifiers=["example.net"],
        AttributeMapping={"name": "login"},
    )
    shown = cognito.describe_identity_provider(UserPoolId=pool_id, ProviderName="Hub")["IdentityProvider"]
    assert shown["IdpIdentifiers"] == ["example.net"]
    assert shown["AttributeMapping"] == {"name": "login", "username": "id"}
    assert shown["ProviderDetails"]["client_secret"] == "hush"
    with refused("ResourceNotFoundException"):
        cognito.get_identity_provider_by_identifier(UserPoolId=pool_id, IdpIdentifier="example.org")

    cognito.delete_identity_provider(UserPoolId=pool_id, ProviderName="Hub")
    for operation in (cognito.describe_identity_provider, cognito.delete_identity_provider):
        with refused("ResourceNotFoundException"):
            operation(UserPoolId=pool_id, ProviderName="Hub")


def test_names_and_identifiers_are_one_providers_alone(cognito: Any, pool_id: str) -> None:
    add_provider(cognito, pool_id, "Hub", "OIDC", OAUTH2, IdpIdentifiers=["example.com"])
    with refused("DuplicateProviderException"):
        add_provider(cognito, pool_id, "Hub", "OIDC", OAUTH2)
    with refused("InvalidParameterException"):
        add_provider(cognito, pool_id, "Other", "OIDC", OAUTH2, IdpIdentifiers=["example.com"])
    assert len(cognito.list_identity_providers(UserPoolId=pool_id)["Providers"]) == 1


@pytest.mark.parametrize(
    ("name", "type", "details", "more"),
    [
        ("Mine", "Google", GOOGLE, {}),
        ("Google", "OIDC", OAUTH2, {}),
        ("COGNITO", "OIDC", OAUTH2, {}),
        ("Google", "Google", {"client_id": "x", "authorize_scopes": "openid"}, {}),
        ("Google", "Google", {**GOOGLE, "colour": "red"}, {}),
        ("Google", "Google", GOOGLE, {"AttributeMapping": {"username": "email"}}),
        ("Google", "Google", GOOGLE, {"AttributeMapping": {"custom:none": "email"}}),
        ("Google", "Google", GOOGLE, {"AttributeMapping": {"sub": "email"}}),
        ("Google", "Google", GOOGLE, {"AcrMapping": {"Level1": "low"}}),
        ("Hub", "OIDC", {**OAUTH2, "token_url": "ftp://hub.example/token"}, {}),
        ("Hub", "OIDC", {**OAUTH2, "token_url": "https://user:pw@hub.example/token"}, {}),
        ("Hub", "OIDC", {**OAUTH2, "poolhouse_type": "oauth1"}, {}),
        ("Hub", "OIDC", {**OAUTH2, "poolhouse_preset": "myspace"}, {}),
        (
            "Hub",
            "OIDC",
            {"client_id": "x", "authorize_scopes": "openid", "oidc_issuer": "https://x.example"},
            {},
        ),
    ],
)
def test_what_can_not_be_right_is_refused(
    cognito: Any, pool_id: str, name: str, type: str, details: dict[str, str], more: dict[str, Any]
) -> None:
    with refused("InvalidParameterException"):
        add_provider(cognito, pool_id, name, type, details, **more)
    assert cognito.list_identity_providers(UserPoolId=pool_id)["Providers"] == []


def test_a_client_can_only_have_providers_that_there_are(cognito: Any, pool_id: str) -> None:
    client = {"UserPoolId": pool_id, "ClientName": "web", "SupportedIdentityProviders": ["COGNITO", "Hub"]}
    with refused("The provider Hub does not exist"):
        cognito.create_user_pool_client(**client)
    add_provider(cognito, pool_id, "Hub", "OIDC", OAUTH2)
    cognito.create_user_pool_client(**client)


def test_a_preset_knows_where_its_provider_is(cognito: Any, pool_id: str) -> None:
    details = {
        "poolhouse_type": "oauth2",
        "poolhouse_preset": "github",
        "client_id": "x",
        "client_secret": "y",
        "authorize_scopes": "read:user user:email",
    }
    made = add_provider(cognito, pool_id, "GitHub", "OIDC", details)
    assert made["ProviderDetails"]["token_url"] == "https://github.com/login/oauth/access_token"
    assert made["AttributeMapping"] == {"username": "id"}


def test_the_secret_of_a_provider_is_in_no_audit_record_and_not_in_clear_in_the_database(
    server: Any, cognito: Any, pool_id: str
) -> None:
    secret = "a-very-secret-secret-of-a-provider"
    add_provider(cognito, pool_id, "Google", "Google", {**GOOGLE, "client_secret": secret})
    store = server.server.parts.store

    def look(tx: Any) -> str:
        rows = tx.connection.exec_driver_sql("select document from audit").all()
        return str(rows) + str(tx.connection.exec_driver_sql("select * from identity_provider").all())

    assert secret not in server.run(store.read(look, patience=60))
