"""Discovery, the JWKS, and the rotation of signing keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import jwt
import pytest
from botocore.exceptions import ClientError
from tests.conftest import Machine, a_machine
from tests.harness import RunningServer
from tests.oauth.test_token import a_token, ask, basic, send, unverified


def jwks(server: RunningServer, pool_id: str) -> list[dict[str, str]]:
    answer = send(f"{server.base_url}/{pool_id}/.well-known/jwks.json")
    assert answer.status == 200
    keys: list[dict[str, str]] = answer.document["keys"]
    return keys


def admin(server: RunningServer) -> Any:
    from tests.admin import admin_client

    return admin_client(server)


def test_the_discovery_document_names_the_issuer_and_its_endpoints(
    server: RunningServer, machine: Machine
) -> None:
    answer = send(f"{server.base_url}/{machine.pool_id}/.well-known/openid-configuration")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    base = server.settings.public_url
    document = answer.document
    assert document["issuer"] == machine.issuer == f"{base}/{machine.pool_id}"
    assert document["jwks_uri"] == f"{machine.issuer}/.well-known/jwks.json"
    assert document["token_endpoint"] == f"{base}/domains/{machine.domain}/oauth2/token"
    assert document["id_token_signing_alg_values_supported"] == ["RS256"]
    methods = ["client_secret_basic", "client_secret_post", "none"]
    assert document["token_endpoint_auth_methods_supported"] == methods


def test_a_pool_without_a_domain_names_no_endpoint(
    server: RunningServer, cognito: Any, machine: Machine
) -> None:
    cognito.delete_user_pool_domain(UserPoolId=machine.pool_id, Domain=machine.domain)
    answer = send(f"{server.base_url}/{machine.pool_id}/.well-known/openid-configuration")
    assert "token_endpoint" not in answer.document
    assert ask(machine, basic(machine.client_id, machine.client_secret)).status == 404


def test_the_jwks_has_two_public_keys_and_a_tag(server: RunningServer, machine: Machine) -> None:
    url = f"{server.base_url}/{machine.pool_id}/.well-known/jwks.json"
    answer = send(url)
    keys = answer.document["keys"]
    assert len(keys) == 2
    for key in keys:
        assert set(key) == {"alg", "e", "kid", "kty", "n", "use"}
        assert (key["alg"], key["kty"], key["use"], key["e"]) == ("RS256", "RSA", "sig", "AQAB")
        assert len(key["kid"]) == 44
    assert "max-age" in answer.headers["Cache-Control"]
    again = send(url, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status, again.body) == (304, b"")
    assert jwt.get_unverified_header(a_token(machine))["kid"] in {key["kid"] for key in keys}


def test_unknown_pools_and_documents_are_not_found(server: RunningServer, machine: Machine) -> None:
    for path in (
        "/us-east-1_nothing/.well-known/jwks.json",
        f"/{machine.pool_id}/.well-known/secrets.json",
        f"/{machine.pool_id}",
        f"/{machine.pool_id}/.well-known/../.well-known/jwks.json",
    ):
        assert send(server.base_url + path).status == 404


def test_a_token_signed_by_another_pools_key_is_refused(
    server: RunningServer, cognito: Any, machine: Machine
) -> None:
    other = a_machine(server, cognito)
    keys = jwt.PyJWKClient(f"{server.base_url}/{other.pool_id}/.well-known/jwks.json")
    with pytest.raises(jwt.PyJWKClientError):
        keys.get_signing_key_from_jwt(a_token(machine))


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_rotated_key_is_published_before_it_signs_and_kept_until_its_last_token_is_over(
    own_server: Any, engine: str
) -> None:
    server = own_server(engine, clock_skew=timedelta(days=30))
    machine = a_machine(server, server.client())
    old_kids = {key["kid"] for key in jwks(server, machine.pool_id)}
    old_token = a_token(machine)
    old_kid = jwt.get_unverified_header(old_token)["kid"]

    rotated = admin(server).rotate_signing_key(UserPoolId=machine.pool_id, Use="ACCESS")["SigningKeys"]
    assert sorted(key["Status"] for key in rotated) == ["PENDING", "SIGNING", "SIGNING"]
    published = {key["kid"] for key in jwks(server, machine.pool_id)}
    (new_kid,) = published - old_kids
    assert jwt.get_unverified_header(a_token(machine))["kid"] == old_kid

    server.clock.advance(minutes=9)
    assert jwt.get_unverified_header(a_token(machine))["kid"] == old_kid
    server.clock.advance(minutes=2)
    assert jwt.get_unverified_header(a_token(machine))["kid"] == new_kid
    assert {key["kid"] for key in jwks(server, machine.pool_id)} == published

    server.clock.advance(hours=23)
    assert old_kid in {key["kid"] for key in jwks(server, machine.pool_id)}
    server.clock.advance(hours=2)
    assert old_kid not in {key["kid"] for key in jwks(server, machine.pool_id)}
    listed = admin(server).list_signing_keys(UserPoolId=machine.pool_id)["SigningKeys"]
    assert {key["KeyId"]: key["Status"] for key in listed}[old_kid] == "WITHDRAWN"
    server.clock.advance(hours=24)
    assert server.run(server.sweep()) >= 1
    assert old_kid not in {
        key["KeyId"] for key in admin(server).list_signing_keys(UserPoolId=machine.pool_id)["SigningKeys"]
    }


def test_a_key_that_leaked_is_replaced_at_once(server: RunningServer, machine: Machine) -> None:
    old_kid = jwt.get_unverified_header(a_token(machine))["kid"]
    admin(server).rotate_signing_key(UserPoolId=machine.pool_id, LeadSeconds=0)
    new_kid = jwt.get_unverified_header(a_token(machine))["kid"]
    assert new_kid != old_kid
    assert old_kid in {key["kid"] for key in jwks(server, machine.pool_id)}
    with pytest.raises(ClientError, match="LeadSeconds of 0"):
        admin(server).rotate_signing_key(UserPoolId=machine.pool_id, WithdrawNow=True)
    admin(server).rotate_signing_key(UserPoolId=machine.pool_id, LeadSeconds=0, WithdrawNow=True)
    published = {key["kid"] for key in jwks(server, machine.pool_id)}
    assert len(published) == 2
    assert not published & {old_kid, new_kid}
    assert jwt.get_unverified_header(a_token(machine))["kid"] in published


def test_the_issuer_and_the_audience_can_be_set(server: RunningServer, machine: Machine) -> None:
    poolhouse = admin(server)
    assert "aud" not in unverified(a_token(machine))
    extensions = poolhouse.update_user_pool_extensions(UserPoolId=machine.pool_id, Issuer="AWS")["Extensions"]
    amazons = f"https://cognito-idp.us-east-1.amazonaws.com/{machine.pool_id}"
    assert extensions["EffectiveIssuer"] == amazons
    poolhouse.update_user_pool_client_extensions(
        UserPoolId=machine.pool_id, ClientId=machine.client_id, Audience="https://api.example.com"
    )
    claims = unverified(a_token(machine))
    assert (claims["iss"], claims["aud"]) == (amazons, "https://api.example.com")
    document = send(f"{server.base_url}/{machine.pool_id}/.well-known/openid-configuration").document
    assert document["issuer"] == amazons
    assert document["jwks_uri"].startswith(server.settings.public_url)
    poolhouse.update_user_pool_extensions(UserPoolId=machine.pool_id)
    poolhouse.update_user_pool_client_extensions(UserPoolId=machine.pool_id, ClientId=machine.client_id)
    claims = unverified(a_token(machine))
    assert claims["iss"] == machine.issuer
    assert "aud" not in claims
