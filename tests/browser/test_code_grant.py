"""The code grant: from a signed-in browser to tokens."""

from __future__ import annotations

import base64
import hashlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.browser.houses import CALLBACK, House, a_house, an_application, answer_of, new_browser
from tests.harness import RunningServer
from tests.people.people import a_person
from tests.people.tokens import claims_of, refreshed, two_nodes


@pytest.fixture
def house(server: RunningServer) -> House:
    found = a_house(server)
    found.sign_in()
    return found


def test_a_signed_in_browser_brings_its_application_tokens(house: House) -> None:
    back = house.authorize(nonce="n-1")
    answer = answer_of(back)
    assert answer["state"] == "a state"
    assert answer["iss"] == house.issuer

    tokens = house.redeem(answer["code"]).json()

    assert set(tokens) == {"access_token", "id_token", "refresh_token", "expires_in", "token_type"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    access, identity = claims_of(tokens["access_token"]), claims_of(tokens["id_token"])
    assert access["sub"] == identity["sub"] == house.sub
    assert access["version"] == 2
    assert access["scope"] == "openid email"
    assert access["client_id"] == identity["aud"] == house.client_id
    assert "aud" not in access
    assert (access["token_use"], identity["token_use"]) == ("access", "id")
    assert identity["nonce"] == "n-1"
    assert identity["email"] == "ada@example.com"
    assert identity["email_verified"] is True
    digest = hashlib.sha256(tokens["access_token"].encode()).digest()[:16]
    assert identity["at_hash"] == base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert access["amr"] == identity["amr"] == ["pwd"]
    assert access["acr"] == "urn:cognito:loa:1"
    info = house.user_info(tokens["access_token"])
    assert info.json()["email"] == "ada@example.com"


def test_the_id_token_stands_before_an_independent_verifier(house: House) -> None:
    import jwt

    tokens = house.tokens()
    keys = jwt.PyJWKClient(f"{house.server.base_url}/{house.pool_id}/.well-known/jwks.json")
    key = keys.get_signing_key_from_jwt(tokens["id_token"])
    claims = jwt.decode(
        tokens["id_token"], key, algorithms=["RS256"], audience=house.client_id, issuer=house.issuer
    )
    assert claims["sub"] == house.sub


def test_without_openid_there_is_no_id_token(house: House) -> None:
    assert "id_token" not in house.tokens(scope="aws.cognito.signin.user.admin")


def test_no_scope_means_all_that_the_client_has(house: House) -> None:
    access = claims_of(house.tokens(scope=None)["access_token"])
    assert access["scope"] == "openid email profile phone aws.cognito.signin.user.admin"


@pytest.mark.parametrize(
    ("scope", "shown"),
    [
        ("openid", {"email", "phone_number", "name"}),
        ("openid profile", {"email", "phone_number", "name"}),
        ("openid email", {"email"}),
        ("openid phone", {"phone_number"}),
        ("openid email phone", {"email", "phone_number"}),
    ],
)
def test_scopes_say_which_attributes_are_shown(server: RunningServer, scope: str, shown: set[str]) -> None:
    house = a_house(
        server,
        attributes={"email": "ada@example.com", "phone_number": "+15550100", "name": "Ada Lovelace"},
    )
    house.sign_in()
    tokens = house.tokens(scope=scope)
    named = {"email", "phone_number", "name"}
    assert named & claims_of(tokens["id_token"]).keys() == shown
    assert named & house.user_info(tokens["access_token"]).json().keys() == shown


def test_a_code_works_once_and_its_second_use_ends_what_the_first_gave(house: House) -> None:
    code = house.code()
    tokens = house.redeem(code).json()
    assert house.user_info(tokens["access_token"]).status_code == 200

    again = house.redeem(code)

    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    assert house.user_info(tokens["access_token"]).status_code == 401
    ended = house.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    assert ended.json() == {"error": "invalid_grant"}


def test_of_many_that_redeem_one_code_at_once_one_gets_tokens(house: House) -> None:
    code = house.code()
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: house.redeem(code).status_code, range(16)))
    assert answers.count(200) == 1
    assert answers.count(400) == 15


def test_a_code_lives_five_minutes(own_server: Any) -> None:
    house = a_house(own_server())
    house.sign_in()
    young, old = house.code(), house.code()
    house.server.clock.advance(seconds=290)
    assert house.redeem(young).status_code == 200
    house.server.clock.advance(seconds=15)
    assert house.redeem(old).json() == {"error": "invalid_grant"}


def test_a_code_is_bound_to_its_client(house: House) -> None:
    code = house.code()
    mine = house.client
    house.client = an_application(house.cognito, house.pool_id)
    assert house.redeem(code).json() == {"error": "invalid_grant"}
    house.client = mine
    assert house.redeem(code).status_code == 200  # the other client's attempt used nothing up


def test_a_code_is_bound_to_the_address_it_was_sent_to(server: RunningServer) -> None:
    other = "https://app.example/other"
    house = a_house(server, client={"CallbackURLs": [CALLBACK, other]})
    house.sign_in()
    answer = house.redeem(house.code(), redirect_uri=other)
    assert answer.status_code == 400
    assert answer.json() == {"error": "unauthorized_client", "error_description": "invalid_redirect"}


def test_a_code_is_bound_to_its_challenge(house: House) -> None:
    for verifier in (None, "x" * 43, house.challenge, house.verifier[:-1]):
        assert house.redeem(house.code(), code_verifier=verifier).json() == {"error": "invalid_grant"}


def test_a_verifier_without_a_challenge_is_refused(house: House) -> None:
    code = house.code(code_challenge=None, code_challenge_method=None)
    assert house.redeem(code).json() == {"error": "invalid_grant"}
    code = house.code(code_challenge=None, code_challenge_method=None)
    assert house.redeem(code, code_verifier=None).status_code == 200


def test_a_code_of_one_pool_is_nothing_in_another(house: House, server: RunningServer) -> None:
    other = a_house(server)
    code = house.code()
    assert other.redeem(code).json() == {"error": "invalid_grant"}


@pytest.mark.parametrize("missing", ["code", "redirect_uri"])
def test_a_request_without_code_or_address_is_invalid(house: House, missing: str) -> None:
    form = {"code": house.code(), "redirect_uri": CALLBACK, "code_verifier": house.verifier, missing: None}
    answer = house.token(grant_type="authorization_code", **form)
    assert answer.json() == {"error": "invalid_request"}


def test_a_client_with_a_secret_needs_it(server: RunningServer) -> None:
    house = a_house(server, client={"GenerateSecret": True})
    house.sign_in()
    code = house.code()
    wrong = house.browser.post(
        f"{house.address}/oauth2/token",
        data={
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": house.verifier,
            "client_id": house.client_id,
        },
    )
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_client"})
    assert house.redeem(code).status_code == 200


def test_a_public_client_that_sends_a_secret_is_refused(house: House) -> None:
    answer = house.redeem(house.code(), client_secret="guessed")
    assert answer.json() == {"error": "invalid_client"}


def test_a_public_client_gets_no_token_for_itself(house: House) -> None:
    assert house.token(grant_type="client_credentials").json() == {"error": "invalid_client"}


def test_a_client_without_the_code_flow_gets_no_tokens_for_one(house: House) -> None:
    code = house.code()
    house.cognito.update_user_pool_client(
        UserPoolId=house.pool_id,
        ClientId=house.client_id,
        CallbackURLs=[CALLBACK],
        AllowedOAuthFlowsUserPoolClient=True,
        AllowedOAuthFlows=["implicit"],
        AllowedOAuthScopes=["openid", "email"],
    )
    assert house.redeem(code).json() == {"error": "unauthorized_client"}


def test_nothing_comes_of_a_code_once_the_person_is_signed_out_disabled_or_deleted(house: House) -> None:
    for change in (
        house.cognito.admin_user_global_sign_out,
        house.cognito.admin_disable_user,
        house.cognito.admin_delete_user,
    ):
        name = f"p{secrets.token_hex(4)}"
        house.sign_in(a_person(house.cognito, house.pool_id, name))
        code = house.code()
        change(UserPoolId=house.pool_id, Username=name)
        assert house.redeem(code).json() == {"error": "invalid_grant"}


def test_a_refresh_keeps_scope_level_and_time_and_drops_the_nonce(own_server: Any) -> None:
    house = a_house(own_server())
    house.sign_in(amr=("pwd", "otp"))
    first = house.tokens(nonce="n-1", resource="https://api.example/v1")
    house.server.clock.advance(minutes=20)
    answer = house.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert answer.status_code == 200
    second = answer.json()
    assert "refresh_token" not in second
    before, after = claims_of(first["access_token"]), claims_of(second["access_token"])
    for name in ("scope", "acr", "amr", "auth_time", "aud", "version", "event_id", "origin_jti", "sub"):
        assert after[name] == before[name], name
    assert after["acr"] == "urn:cognito:loa:4"
    assert after["amr"] == ["pwd", "otp", "mfa"]
    assert after["aud"] == "https://api.example/v1"
    identity = claims_of(second["id_token"])
    assert "nonce" not in identity
    assert identity["auth_time"] == before["auth_time"]


def test_the_api_refreshes_what_the_pages_began(house: House) -> None:
    tokens = house.tokens()
    again = refreshed(house.cognito, house.client_id, tokens["refresh_token"])
    assert claims_of(again["AccessToken"])["scope"] == "openid email"
    assert claims_of(again["AccessToken"])["acr"] == "urn:cognito:loa:1"


def test_a_refresh_may_ask_for_less_and_not_for_more(house: House) -> None:
    token = house.tokens()["refresh_token"]
    less = house.token(grant_type="refresh_token", refresh_token=token, scope="openid").json()
    assert claims_of(less["access_token"])["scope"] == "openid"
    more = house.token(grant_type="refresh_token", refresh_token=token, scope="openid phone")
    assert more.json() == {"error": "invalid_scope"}


def test_with_rotation_a_refresh_token_is_exchanged_and_its_reuse_ends_the_sign_in(
    server: RunningServer,
) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": 0}
    house = a_house(
        server,
        client={"RefreshTokenRotation": rotation, "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]},
    )
    house.sign_in()
    first = house.tokens()["refresh_token"]
    second = house.token(grant_type="refresh_token", refresh_token=first).json()["refresh_token"]
    assert second != first
    assert house.token(grant_type="refresh_token", refresh_token=first).json() == {"error": "invalid_grant"}
    assert house.token(grant_type="refresh_token", refresh_token=second).json() == {"error": "invalid_grant"}


def test_a_refresh_token_of_another_client_or_none_is_invalid(house: House) -> None:
    token = house.tokens()["refresh_token"]
    assert house.token(grant_type="refresh_token").json() == {"error": "invalid_request"}
    assert house.token(grant_type="refresh_token", refresh_token="x").json() == {"error": "invalid_grant"}
    house.client = an_application(house.cognito, house.pool_id)
    assert house.token(grant_type="refresh_token", refresh_token=token).json() == {"error": "invalid_grant"}


def test_a_client_without_refreshing_refreshes_nothing(server: RunningServer) -> None:
    house = a_house(server, client={"ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"]})
    house.sign_in()
    token = house.tokens()["refresh_token"]
    answer = house.token(grant_type="refresh_token", refresh_token=token)
    assert answer.json() == {"error": "unauthorized_client"}


def test_of_many_that_redeem_one_code_on_two_nodes_one_gets_tokens(
    postgres_server: Any, tmp_path: Path
) -> None:
    with two_nodes(postgres_server, tmp_path) as (one, other):
        house = a_house(one)
        house.sign_in()
        there = replace(house, server=other, browser=new_browser())
        for _ in range(3):
            code = house.code()
            with ThreadPoolExecutor(8) as threads:
                answers = list(
                    threads.map(lambda n, code=code: (house, there)[n % 2].redeem(code).status_code, range(8))
                )
            assert answers.count(200) == 1


def test_single_use_things_never_stand_in_for_one_another(house: House) -> None:
    code, cookie = house.code(), house.sign_in()
    refresh = house.tokens()["refresh_token"]
    for wrong in (cookie, refresh):
        assert house.redeem(wrong).json() == {"error": "invalid_grant"}
    for wrong in (cookie, code):
        answer = house.token(grant_type="refresh_token", refresh_token=wrong)
        assert answer.json() == {"error": "invalid_grant"}


def test_a_client_that_may_not_read_what_a_scope_stands_for_gets_nothing(server: RunningServer) -> None:
    house = a_house(server, client={"ReadAttributes": ["email"]})
    house.sign_in()
    assert house.redeem(house.code()).json() == {"error": "invalid_grant"}
    assert house.redeem(house.code(scope="openid")).status_code == 200


def test_implicit_gives_tokens_behind_the_hash_and_no_refresh_token(server: RunningServer) -> None:
    house = a_house(server, client={"AllowedOAuthFlows": ["implicit"]})
    house.sign_in()
    back = house.authorize(
        response_type="token", code_challenge=None, code_challenge_method=None, nonce="n-2"
    )
    assert "#" in back.headers["location"]
    answer = answer_of(back)
    assert set(answer) == {"id_token", "access_token", "token_type", "expires_in", "state", "iss"}
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", "3600")
    assert claims_of(answer["id_token"])["nonce"] == "n-2"
    assert house.user_info(answer["access_token"]).status_code == 200


def test_a_code_is_kept_as_a_hash_alone(house: House) -> None:
    if house.server.engine != "sqlite":
        pytest.skip("the file of the embedded database is what can be looked into here")
    code, cookie = house.code(), house.sign_in()
    data = house.server.settings.data_dir
    for secret in (code, cookie.partition(".")[2]):
        assert not any(secret.encode() in path.read_bytes() for path in data.rglob("*") if path.is_file())


def test_the_answer_is_kept_by_nobody(house: House) -> None:
    answer = house.redeem(house.code())
    assert "no-store" in answer.headers["cache-control"]
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "no-store" in house.authorize().headers["cache-control"]
