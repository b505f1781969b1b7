"""`POST /oauth2/token` for client_credentials, over a real socket, on both engines."""

from __future__ import annotations

import base64
import json
import re
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote, urlencode

import jwt
import pytest
from tests.conftest import Machine, a_machine, a_machine_client
from tests.harness import RunningServer


class Answer:
    def __init__(self, status: int, headers: Any, body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, str]:
        return self.status, self.document["error"]


def send(
    url: str, data: bytes | None = None, headers: dict[str, str] | None = None, method: str | None = None
) -> Answer:
    request = urllib.request.Request(url, data=data, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return Answer(response.status, response.headers, response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


def ask(machine: Machine, headers: dict[str, str] | None = None, **form: str) -> Answer:
    body = urlencode({"grant_type": "client_credentials", **form}).encode()
    return send(f"{machine.domain_url}/oauth2/token", body, headers)


def a_token(machine: Machine, **form: str) -> str:
    answer = ask(machine, basic(machine.client_id, machine.client_secret), **form)
    assert answer.status == 200, answer.body
    token: str = answer.document["access_token"]
    return token


def test_a_machine_gets_a_token_that_any_library_verifies(server: RunningServer, machine: Machine) -> None:
    answer = ask(machine, basic(machine.client_id, machine.client_secret), scope="orders/read")
    assert answer.status == 200
    assert set(answer.document) == {"access_token", "expires_in", "token_type"}
    assert (answer.document["expires_in"], answer.document["token_type"]) == (3600, "Bearer")
    assert answer.headers["Content-Type"] == "application/json;charset=UTF-8"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Pragma"] == "no-cache"
    token = answer.document["access_token"]
    header = jwt.get_unverified_header(token)
    assert set(header) == {"kid", "alg"}
    assert header["alg"] == "RS256"
    keys = jwt.PyJWKClient(f"{server.base_url}/{machine.pool_id}/.well-known/jwks.json")
    claims = jwt.decode(
        token, keys.get_signing_key_from_jwt(token), algorithms=["RS256"], issuer=machine.issuer
    )
    assert set(claims) == {
        *("sub", "token_use", "scope", "auth_time", "iss", "exp", "iat", "version", "jti", "client_id"),
    }
    assert claims["sub"] == claims["client_id"] == machine.client_id
    assert claims["token_use"] == "access"
    assert claims["scope"] == "orders/read"
    assert claims["version"] == 2
    assert claims["exp"] - claims["iat"] == 3600
    assert claims["auth_time"] == claims["iat"]
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", claims["jti"])


def test_no_two_tokens_have_one_id(machine: Machine) -> None:
    ids = {unverified(a_token(machine))["jti"] for _ in range(20)}
    assert len(ids) == 20


def unverified(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def test_the_secret_may_stand_in_the_body(machine: Machine) -> None:
    answer = ask(machine, client_id=machine.client_id, client_secret=machine.client_secret)
    assert answer.status == 200


def test_basic_with_the_same_id_in_the_body_is_accepted_as_cognitos_examples_send_it(
    machine: Machine,
) -> None:
    headers = basic(machine.client_id, machine.client_secret)
    assert ask(machine, headers, client_id=machine.client_id).status == 200
    assert ask(machine, headers, client_id=machine.client_id[::-1] + "x").error == (400, "invalid_request")


def test_a_secret_in_both_places_is_refused(machine: Machine) -> None:
    headers = basic(machine.client_id, machine.client_secret)
    assert ask(machine, headers, client_secret=machine.client_secret).error == (400, "invalid_request")


def test_no_scope_asked_for_means_all_that_the_client_is_allowed(cognito: Any, machine: Machine) -> None:
    client = a_machine_client(cognito, machine.pool_id, scopes=["orders/write", "orders/read"])
    answer = ask(machine, basic(client["ClientId"], client["ClientSecret"]))
    assert unverified(answer.document["access_token"])["scope"] == "orders/write orders/read"


@pytest.mark.parametrize(
    "scope", ["orders/write", "orders/fly", "openid", "orders/read orders/write", "a  b", "é"]
)
def test_a_scope_that_the_client_lacks_is_refused(machine: Machine, scope: str) -> None:
    headers = basic(machine.client_id, machine.client_secret)
    assert ask(machine, headers, scope=scope).error == (400, "invalid_scope")


def test_a_scope_whose_server_dropped_it_is_granted_no_more(cognito: Any, machine: Machine) -> None:
    client = a_machine_client(cognito, machine.pool_id, scopes=["orders/write", "orders/read"])
    cognito.update_resource_server(
        UserPoolId=machine.pool_id,
        Identifier="orders",
        Name="Orders",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "read orders"}],
    )
    headers = basic(client["ClientId"], client["ClientSecret"])
    assert unverified(ask(machine, headers).document["access_token"])["scope"] == "orders/read"
    assert ask(machine, headers, scope="orders/write").error == (400, "invalid_scope")


def test_wrong_old_and_another_clients_secret_are_refused_alike(cognito: Any, machine: Machine) -> None:
    other = a_machine_client(cognito, machine.pool_id)
    ids = {"UserPoolId": machine.pool_id, "ClientId": machine.client_id}
    old = cognito.list_user_pool_client_secrets(**ids)["ClientSecrets"][0]["ClientSecretId"]
    new = cognito.add_user_pool_client_secret(**ids)["ClientSecretDescriptor"]["ClientSecretValue"]
    assert ask(machine, basic(machine.client_id, new)).status == 200
    assert ask(machine, basic(machine.client_id, machine.client_secret)).status == 200
    cognito.delete_user_pool_client_secret(**ids, ClientSecretId=old)
    assert ask(machine, basic(machine.client_id, new)).status == 200
    answers = [
        ask(machine, basic(client_id, secret))
        for client_id, secret in (
            (machine.client_id, machine.client_secret),
            (machine.client_id, "wrong"),
            (machine.client_id, ""),
            (machine.client_id, other["ClientSecret"]),
            ("nobodynobodynobodynobody12", new),
        )
    ]
    assert {answer.error for answer in answers} == {(400, "invalid_client")}
    assert len({answer.body for answer in answers}) == 1


def test_a_client_of_another_pool_is_unknown_here(
    server: RunningServer, cognito: Any, machine: Machine
) -> None:
    other = a_machine(server, cognito)
    assert ask(machine, basic(other.client_id, other.client_secret)).error == (400, "invalid_client")


def test_a_client_without_a_secret_gets_no_machine_token(cognito: Any, machine: Machine) -> None:
    public = cognito.create_user_pool_client(UserPoolId=machine.pool_id, ClientName="web")["UserPoolClient"]
    assert ask(machine, client_id=public["ClientId"]).error == (400, "invalid_client")


def test_a_client_that_has_not_the_flow_is_refused(cognito: Any, machine: Machine) -> None:
    cognito.update_user_pool_client(UserPoolId=machine.pool_id, ClientId=machine.client_id)
    headers = basic(machine.client_id, machine.client_secret)
    assert ask(machine, headers).error == (400, "unauthorized_client")


def test_a_deleted_client_is_refused_at_once(cognito: Any, machine: Machine) -> None:
    headers = basic(machine.client_id, machine.client_secret)
    assert ask(machine, headers).status == 200
    cognito.delete_user_pool_client(UserPoolId=machine.pool_id, ClientId=machine.client_id)
    assert ask(machine, headers).error == (400, "invalid_client")


def test_other_grants_and_no_grant_are_refused(machine: Machine) -> None:
    headers = basic(machine.client_id, machine.client_secret)
    assert ask(machine, headers, grant_type="password").error == (400, "unsupported_grant_type")
    assert ask(machine, headers, grant_type="").error == (400, "invalid_request")


def test_a_parameter_twice_is_refused(machine: Machine) -> None:
    headers = basic(machine.client_id, machine.client_secret)
    for body in (
        b"grant_type=client_credentials&grant_type=client_credentials",
        b"grant_type=client_credentials&scope=orders/read&scope=orders/read",
        b"grant_type=client_credentials&unknown=1&unknown=2",
    ):
        assert send(f"{machine.domain_url}/oauth2/token", body, headers).error == (400, "invalid_request")


def test_only_form_encoded_bodies_are_read(machine: Machine) -> None:
    headers = basic(machine.client_id, machine.client_secret)
    body = json.dumps({"grant_type": "client_credentials"}).encode()
    answer = send(f"{machine.domain_url}/oauth2/token", body, {**headers, "Content-Type": "application/json"})
    assert answer.error == (400, "invalid_request")


def test_credentials_in_the_query_count_for_nothing(machine: Machine) -> None:
    query = urlencode({"client_id": machine.client_id, "client_secret": machine.client_secret})
    answer = send(f"{machine.domain_url}/oauth2/token?{query}", b"grant_type=client_credentials")
    assert answer.error == (400, "invalid_request")


@pytest.mark.parametrize(
    "authorization",
    [
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic Zm9v",
        "Bearer abc",
        "Basic " + base64.b64encode(b"\xff:\xff").decode(),
        "basic ==",
    ],
)
def test_credentials_that_are_no_basic_are_refused(machine: Machine, authorization: str) -> None:
    assert ask(machine, {"Authorization": authorization}).error == (400, "invalid_client")


def test_a_secret_with_a_plus_works_encoded_or_not(cognito: Any, machine: Machine) -> None:
    secret = "a+b" * 10
    client = a_machine_client(cognito, machine.pool_id, GenerateSecret=False, ClientSecret=secret)
    for sent in (secret, quote(secret, safe="")):
        assert ask(machine, basic(client["ClientId"], sent)).status == 200
    assert ask(machine, client_id=client["ClientId"], client_secret=secret).status == 200


def test_the_clients_validity_is_the_tokens_lifetime(cognito: Any, machine: Machine) -> None:
    client = a_machine_client(
        cognito, machine.pool_id, AccessTokenValidity=7, TokenValidityUnits={"AccessToken": "minutes"}
    )
    answer = ask(machine, basic(client["ClientId"], client["ClientSecret"]))
    claims = unverified(answer.document["access_token"])
    assert answer.document["expires_in"] == claims["exp"] - claims["iat"] == 420


def test_an_unknown_domain_is_not_found(machine: Machine) -> None:
    machine.domain_url += "x"
    assert ask(machine, basic(machine.client_id, machine.client_secret)).status == 404


def test_a_domain_answers_by_host_too(server: RunningServer, machine: Machine) -> None:
    body = b"grant_type=client_credentials"
    headers = {
        **basic(machine.client_id, machine.client_secret),
        "Host": f"{machine.domain}.localhost:{server.port}",
    }
    assert send(f"{server.base_url}/oauth2/token", body, headers).status == 200
    headers["Host"] = "evil.example.com"
    assert send(f"{server.base_url}/oauth2/token", body, headers).status == 404


def test_methods_that_the_endpoint_has_not_are_refused(machine: Machine) -> None:
    for method in ("GET", "PUT", "DELETE", "TRACE"):
        answer = send(f"{machine.domain_url}/oauth2/token", method=method)
        assert answer.status == 405
        assert "POST" in answer.headers["Allow"]


def test_a_browser_may_ask_from_anywhere(machine: Machine) -> None:
    preflight = send(
        f"{machine.domain_url}/oauth2/token",
        headers={"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"},
        method="OPTIONS",
    )
    assert preflight.status == 200
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "authorization" in preflight.headers["Access-Control-Allow-Headers"]
    refused = ask(machine, {"Origin": "https://app.example.com"}, client_id="x")
    assert refused.headers["Access-Control-Allow-Origin"] == "*"
    assert refused.headers["Access-Control-Allow-Credentials"] is None


def test_client_metadata_must_be_an_object_of_texts(machine: Machine) -> None:
    headers = basic(machine.client_id, machine.client_secret)
    assert ask(machine, headers, aws_client_metadata='{"a":"b"}').status == 200
    for wrong in ("[1]", "{", '{"a":1}'):
        assert ask(machine, headers, aws_client_metadata=wrong).error == (400, "invalid_request")


def test_the_token_also_comes_through_the_json_api(
    server: RunningServer, cognito: Any, machine: Machine
) -> None:
    client = a_machine_client(
        cognito,
        machine.pool_id,
        ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"],
        AllowedOAuthFlowsUserPoolClient=False,
        AllowedOAuthFlows=[],
    )
    asked = {"ClientId": client["ClientId"], "Secret": client["ClientSecret"]}
    signed = cognito.get_client_token(**asked, Scopes=["orders/read"])["ClientAuthenticationResult"]
    assert (signed["ExpiresIn"], signed["TokenType"]) == (3600, "Bearer")
    assert unverified(signed["AccessToken"])["scope"] == "orders/read"
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AWSCognitoIdentityProviderService.GetClientToken",
    }
    unsigned = send(f"{server.base_url}/", json.dumps(asked).encode(), headers)
    assert unsigned.status == 200
    assert (
        unverified(unsigned.document["ClientAuthenticationResult"]["AccessToken"])["sub"]
        == client["ClientId"]
    )
    wrong = send(f"{server.base_url}/", json.dumps({**asked, "Secret": "x" * 24}).encode(), headers)
    assert (wrong.status, wrong.document["__type"]) == (400, "NotAuthorizedException")
    asked = {"ClientId": machine.client_id, "Secret": machine.client_secret}
    other = send(f"{server.base_url}/", json.dumps(asked).encode(), headers)
    assert other.document["__type"] == "OperationNotEnabledException"
