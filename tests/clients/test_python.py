"""Python's clients: those that get a token, and those that verify it."""

from __future__ import annotations

import base64
import json
import urllib.error
import urllib.request
from typing import Any

import jwt
import pytest
import requests
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt as jose
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from tests.clients import tokens
from tests.conftest import Machine, a_machine
from tests.harness import RunningServer

BAD = [tokens.tampered, tokens.forged, tokens.unsigned]


@pytest.fixture
def keys_url(machine: Machine) -> str:
    return f"{machine.issuer}/.well-known/jwks.json"


def test_pyjwt_verifies_a_token_by_the_published_keys(machine: Machine, keys_url: str) -> None:
    token = tokens.fetch(machine)

    key = jwt.PyJWKClient(keys_url).get_signing_key_from_jwt(token)
    claims = jwt.decode(
        token, key, ["RS256"], issuer=machine.issuer, options={"require": ["exp", "iat", "iss", "sub", "jti"]}
    )

    assert claims["client_id"] == machine.client_id


@pytest.mark.parametrize("spoil", BAD)
def test_pyjwt_refuses_what_the_pool_did_not_sign(machine: Machine, keys_url: str, spoil: Any) -> None:
    token = tokens.fetch(machine)
    key = jwt.PyJWKClient(keys_url).get_signing_key_from_jwt(token)

    with pytest.raises(jwt.InvalidTokenError):
        jwt.decode(spoil(token), key, ["RS256"], issuer=machine.issuer)


def test_pyjwt_finds_no_key_for_a_token_of_another_pool(
    server: RunningServer, cognito: Any, machine: Machine, keys_url: str
) -> None:
    foreign = tokens.fetch(a_machine(server, cognito))

    with pytest.raises(jwt.PyJWKClientError):
        jwt.PyJWKClient(keys_url).get_signing_key_from_jwt(foreign)


def test_joserfc_verifies_a_token_by_the_published_keys(machine: Machine, keys_url: str) -> None:
    keys = KeySet.import_key_set(requests.get(keys_url, timeout=10).json())

    token = jose.decode(tokens.fetch(machine), keys, ["RS256"])

    jose.JWTClaimsRegistry(
        iss={"essential": True, "value": machine.issuer},
        exp={"essential": True},
        client_id={"essential": True, "value": machine.client_id},
    ).validate(token.claims)
    assert token.claims["scope"] == machine.scope


@pytest.mark.parametrize("spoil", BAD)
def test_joserfc_refuses_what_the_pool_did_not_sign(machine: Machine, keys_url: str, spoil: Any) -> None:
    keys = KeySet.import_key_set(requests.get(keys_url, timeout=10).json())
    bad = spoil(tokens.fetch(machine))

    with pytest.raises((JoseError, ValueError)):
        jose.decode(bad, keys, ["RS256"])


@pytest.fixture
def over_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Authlib wants https, but for this."""
    monkeypatch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")


@pytest.mark.usefixtures("over_loopback")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_gets_a_token(machine: Machine, keys_url: str, method: str) -> None:
    with _authlib(machine, machine.client_secret, method) as session:
        answer = session.fetch_token(f"{machine.domain_url}/oauth2/token", grant_type="client_credentials")

    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 3600)
    key = jwt.PyJWKClient(keys_url).get_signing_key_from_jwt(answer["access_token"])
    claims = jwt.decode(answer["access_token"], key, ["RS256"], issuer=machine.issuer)
    assert claims["scope"] == machine.scope


@pytest.mark.usefixtures("over_loopback")
def test_authlib_hears_that_its_secret_is_wrong(machine: Machine) -> None:
    with (
        _authlib(machine, "wrong", "client_secret_basic") as session,
        pytest.raises(OAuthError, match="invalid_client"),
    ):
        session.fetch_token(f"{machine.domain_url}/oauth2/token", grant_type="client_credentials")


def _authlib(machine: Machine, secret: str, method: str) -> Any:
    return OAuth2Session(
        machine.client_id, secret, scope=machine.scope, token_endpoint_auth_method=method, trust_env=False
    )


def test_the_standard_library_gets_a_token(machine: Machine) -> None:
    credentials = base64.b64encode(f"{machine.client_id}:{machine.client_secret}".encode()).decode()
    request = urllib.request.Request(
        f"{machine.domain_url}/oauth2/token",
        data=b"grant_type=client_credentials&scope=orders%2Fread&client_id=" + machine.client_id.encode(),
        headers={"Authorization": f"Basic {credentials}"},
    )

    with urllib.request.urlopen(request, timeout=10) as answer:
        body = json.load(answer)

    assert set(body) == {"access_token", "expires_in", "token_type"}


def test_the_standard_library_hears_why_it_is_refused(machine: Machine) -> None:
    request = urllib.request.Request(
        f"{machine.domain_url}/oauth2/token",
        data=f"grant_type=password&client_id={machine.client_id}&client_secret={machine.client_secret}".encode(),
    )

    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)

    with refused.value as answer:
        assert (answer.code, json.load(answer)) == (400, {"error": "unsupported_grant_type"})
