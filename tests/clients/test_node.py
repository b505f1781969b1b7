"""Node's clients, unmodified, each in a process of its own."""

from __future__ import annotations

from typing import Any

import jwt
import pytest
from tests.admin import admin_client
from tests.clients import tokens
from tests.clients.conftest import NodeScript
from tests.conftest import Machine, a_machine
from tests.harness import RunningServer


@pytest.fixture
def presented(server: RunningServer, cognito: Any, machine: Machine) -> dict[str, str]:
    """A token of the machine, and what must be refused in its place."""
    good = tokens.fetch(machine, scope=machine.scope)
    return {
        "good": good,
        "tampered": tokens.tampered(good),
        "forged": tokens.forged(good),
        "unsigned": tokens.unsigned(good),
        "of another pool": tokens.fetch(a_machine(server, cognito)),
    }


def assert_only_good_is_taken(outcomes: Any, machine: Machine) -> None:
    claims = outcomes.pop("good")["value"]
    assert claims["client_id"] == claims["sub"] == machine.client_id
    assert claims["token_use"] == "access"
    assert claims["scope"] == machine.scope
    assert [name for name, outcome in outcomes.items() if "error" not in outcome] == []


def test_aws_jwt_verify_takes_a_token_of_the_pool_and_no_other(
    node: NodeScript, machine: Machine, presented: dict[str, str]
) -> None:
    outcomes = node("aws-jwt-verify", issuer=machine.issuer, scope=machine.scope, tokens=presented)

    assert outcomes["tampered"]["error"] == outcomes["forged"]["error"] == "JwtInvalidSignatureError"
    assert outcomes["of another pool"]["error"] == "KidNotFoundInJwksError"
    assert_only_good_is_taken(outcomes, machine)


def test_the_cognito_verifier_takes_a_token_of_a_pool_that_has_amazons_form_of_issuer(
    node: NodeScript, server: RunningServer, machine: Machine
) -> None:
    admin_client(server).update_user_pool_extensions(UserPoolId=machine.pool_id, Issuer="AWS")
    good = tokens.fetch(machine, scope=machine.scope)

    outcomes = node(
        "cognito-jwt-verifier",
        poolId=machine.pool_id,
        clientId=machine.client_id,
        scope=machine.scope,
        jwksUri=f"{machine.issuer}/.well-known/jwks.json",
        tokens={"good": good, "tampered": tokens.tampered(good), "forged": tokens.forged(good)},
    )

    assert outcomes["tampered"]["error"] == outcomes["forged"]["error"] == "JwtInvalidSignatureError"
    assert_only_good_is_taken(outcomes, machine)


def test_jsonwebtoken_and_jwk_to_pem_take_a_token_of_the_pool_and_no_other(
    node: NodeScript, machine: Machine, presented: dict[str, str]
) -> None:
    outcomes = node("jsonwebtoken", issuer=machine.issuer, tokens=presented)

    assert outcomes["tampered"]["message"] == outcomes["forged"]["message"] == "invalid signature"
    assert_only_good_is_taken(outcomes, machine)


def test_openid_client_discovers_the_pool_and_gets_a_token(node: NodeScript, machine: Machine) -> None:
    outcomes = _openid_client(node, machine)

    keys = jwt.PyJWKClient(f"{machine.issuer}/.well-known/jwks.json")
    for way in ("basic", "post", "allScopes"):
        answer = outcomes[way]["value"]
        assert (answer["token_type"], answer["expires_in"]) == (
            "bearer",
            3600,
        )  # it makes the type lower case
        token = answer["access_token"]
        claims = jwt.decode(token, keys.get_signing_key_from_jwt(token), ["RS256"], issuer=machine.issuer)
        assert (claims["client_id"], claims["scope"]) == (machine.client_id, machine.scope)


def test_openid_client_hears_why_it_is_refused(node: NodeScript, machine: Machine) -> None:
    outcomes = _openid_client(node, machine)

    assert outcomes["wrongSecret"]["oauth"] == "invalid_client"
    assert outcomes["wrongScope"]["oauth"] == "invalid_scope"


def _openid_client(node: NodeScript, machine: Machine) -> Any:
    return node(
        "openid-client",
        issuer=machine.issuer,
        clientId=machine.client_id,
        clientSecret=machine.client_secret,
        scope=machine.scope,
    )


@pytest.fixture(scope="module")
def sdk(node: NodeScript, server: RunningServer) -> Any:
    """What the AWS SDK for JavaScript did and saw."""
    return node(
        "aws-sdk",
        endpoint=server.base_url,
        region=server.region,
        accessKeyId=server.access_key_id,
        secretAccessKey=server.secret_access_key,
    )


def test_the_aws_sdk_for_javascript_makes_a_pool_and_gets_a_token(sdk: Any, server: RunningServer) -> None:
    assert sdk["poolId"].startswith(f"{server.region}_")
    assert sdk["created"]
    assert sdk["minimumLength"] == 12
    assert sdk["tags"] == {"team": "payments"}
    assert sdk["listed"]
    assert sdk["caller"]["Arn"] == "arn:aws:iam::000000000000:root"
    token = sdk["clientToken"]
    assert (token["TokenType"], token["ExpiresIn"]) == ("Bearer", 3600)
    claims = jwt.decode(token["AccessToken"], options={"verify_signature": False})
    assert (claims["client_id"], claims["scope"]) == (sdk["clientId"], "transactions/post")


@pytest.mark.parametrize(
    ("case", "name", "message"),
    [
        ("deleted", "ResourceNotFoundException", "User pool {poolId} does not exist."),
        ("malformed", "InvalidParameterException", "Value null at 'poolName'"),
        ("wrongSecret", "NotAuthorizedException", "client secret"),
    ],
)
def test_the_aws_sdk_for_javascript_throws_its_own_typed_exceptions(
    sdk: Any, case: str, name: str, message: str
) -> None:
    refusal = sdk["refusals"][case]
    assert (refusal["name"], refusal["typed"], refusal["status"]) == (name, True, 400)
    assert message.format(poolId=sdk["poolId"]) in refusal["message"]


def test_the_aws_sdk_for_javascript_is_refused_with_a_wrong_signature(sdk: Any) -> None:
    refusal = sdk["refusals"]["impostor"]

    assert refusal["name"] == "InvalidSignatureException"
    assert refusal["status"] in (400, 403)
