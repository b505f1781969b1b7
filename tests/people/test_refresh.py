"""Refresh tokens: what they give, and what ends them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from tests.conftest import a_pool
from tests.engines import PostgresServer
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, sign_in
from tests.people.tokens import at_once, claims_of, issue, refreshed, refusal, two_nodes

from poolhouse.core.families import Family, RefreshTokenKeys, Rotation, Standing, standing
from poolhouse.store import rows
from poolhouse.store.tables import token_family

INVALID = "NotAuthorizedException: Invalid Refresh Token"
REVOKED = "NotAuthorizedException: Refresh Token has been revoked"
EXPIRED = "NotAuthorizedException: Refresh Token has expired"
REUSED = "RefreshTokenReuseException: Refresh token has been invalidated"
CALLERS = 50
FAMILY = "0198c0de-0000-7000-8000-000000000001"


def rotating(grace: int = 0, **options: Any) -> dict[str, Any]:
    """The options of a client that rotates refresh tokens."""
    return {
        "ExplicitAuthFlows": ["ALLOW_USER_PASSWORD_AUTH"],
        "RefreshTokenRotation": {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace},
        **options,
    }


def an_app_with_ada(cognito: Any, **options: Any) -> dict[str, Any]:
    pool_id = a_pool(cognito)
    a_person(cognito, pool_id)
    return an_app(cognito, pool_id, **options)


def try_to_refresh(cognito: Any, client_id: str, token: str, **options: Any) -> str:
    return refusal(cognito.get_tokens_from_refresh_token, ClientId=client_id, RefreshToken=token, **options)


def test_a_refresh_keeps_the_sign_in_and_gives_new_tokens(own_server: Callable[..., RunningServer]) -> None:
    server = own_server()
    client = an_app_with_ada(server.client())
    first = sign_in(server.client(), client["ClientId"])
    server.clock.advance(minutes=30)
    cognito = server.client()
    again = refreshed(cognito, client["ClientId"], first["RefreshToken"])
    assert again.keys() == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}, "no refresh token: the same"
    for name in ("AccessToken", "IdToken"):
        before, after = claims_of(first[name]), claims_of(again[name])
        assert after["iat"] >= before["iat"] + 1_800
        assert after["exp"] == after["iat"] + 3_600
        assert after["jti"] != before["jti"]
        changing = ("iat", "exp", "jti")
        assert {n: v for n, v in before.items() if n not in changing} == {
            n: v for n, v in after.items() if n not in changing
        }
    assert try_to_refresh(cognito, client["ClientId"], first["RefreshToken"]) == "", "as often as one likes"
    assert refusal(cognito.get_user, AccessToken=again["AccessToken"]) == ""


def test_a_refresh_tells_of_what_changed_since(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito)
    pool = {"UserPoolId": client["UserPoolId"]}
    first = sign_in(cognito, client["ClientId"])
    cognito.create_group(**pool, GroupName="staff")
    cognito.admin_add_user_to_group(**pool, Username="ada", GroupName="staff")
    cognito.admin_update_user_attributes(
        **pool, Username="ada", UserAttributes=[{"Name": "name", "Value": "Ada L."}]
    )
    again = refreshed(cognito, client["ClientId"], first["RefreshToken"])
    assert claims_of(again["AccessToken"])["cognito:groups"] == ["staff"]
    assert claims_of(again["IdToken"])["name"] == "Ada L."


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"])
def test_both_names_of_the_flow_refresh(server: RunningServer, cognito: Any, flow: str) -> None:
    client = an_app_with_ada(cognito)
    first = sign_in(cognito, client["ClientId"])
    answer = cognito.initiate_auth(
        ClientId=client["ClientId"], AuthFlow=flow, AuthParameters={"REFRESH_TOKEN": first["RefreshToken"]}
    )["AuthenticationResult"]
    assert "RefreshToken" not in answer
    assert refusal(cognito.get_user, AccessToken=answer["AccessToken"]) == ""


def test_rotation_gives_another_refresh_token_each_time(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito, **rotating())
    tokens = [sign_in(cognito, client["ClientId"])["RefreshToken"]]
    for _ in range(4):
        tokens.append(refreshed(cognito, client["ClientId"], tokens[-1])["RefreshToken"])
    assert len(set(tokens)) == 5


@pytest.mark.parametrize("age", [1, 2, 4])
def test_reuse_ends_the_family_and_no_other(server: RunningServer, cognito: Any, age: int) -> None:
    """However long ago the token was exchanged (RFC 9700 §4.14.2)."""
    client = an_app_with_ada(cognito, **rotating())
    other = sign_in(cognito, client["ClientId"])
    answers = [sign_in(cognito, client["ClientId"])]
    for _ in range(4):
        answers.append(refreshed(cognito, client["ClientId"], answers[-1]["RefreshToken"]))
    stolen = answers[-1 - age]["RefreshToken"]
    assert try_to_refresh(cognito, client["ClientId"], stolen) == REUSED
    assert try_to_refresh(cognito, client["ClientId"], answers[-1]["RefreshToken"]) == REVOKED
    assert try_to_refresh(cognito, client["ClientId"], stolen) == REUSED
    for answer in answers:
        assert refusal(cognito.get_user, AccessToken=answer["AccessToken"]) == (
            "NotAuthorizedException: Access Token has been revoked"
        )
    assert refusal(cognito.get_user, AccessToken=other["AccessToken"]) == ""
    assert try_to_refresh(cognito, client["ClientId"], other["RefreshToken"]) == ""


def test_reuse_is_told_to_the_audit_once(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito, **rotating())
    token = sign_in(cognito, client["ClientId"])["RefreshToken"]
    refreshed(cognito, client["ClientId"], token)
    for _ in range(3):
        assert try_to_refresh(cognito, client["ClientId"], token) == REUSED
    pool_id = client["UserPoolId"]
    account = server.settings.account_id
    records = server.run(
        server.server.parts.store.read(lambda tx: tx.audit.page(account, pool_id=pool_id, size=100))
    )
    told = [record for record in records if record.event_name == "GetTokensFromRefreshToken"]
    assert [record.error_code for record in told] == [None, "RefreshTokenReuseException"]
    for record in told:
        assert f"userpool/{pool_id}/user/" in record.actor
        assert token not in str(record.request_parameters)


def test_within_the_grace_period_a_retry_gets_the_same_refresh_token(
    own_server: Callable[..., RunningServer],
) -> None:
    server = own_server()
    client = an_app_with_ada(server.client(), **rotating(30))
    client_id = client["ClientId"]
    first = sign_in(server.client(), client_id)["RefreshToken"]
    second = refreshed(server.client(), client_id, first)["RefreshToken"]
    server.clock.advance(seconds=20)
    assert refreshed(server.client(), client_id, first)["RefreshToken"] == second, "its answer was lost"
    third = refreshed(server.client(), client_id, second)["RefreshToken"]
    assert refreshed(server.client(), client_id, first)["RefreshToken"] == third, "the one that is good now"
    server.clock.advance(seconds=11)
    assert refreshed(server.client(), client_id, second)["RefreshToken"] == third
    assert try_to_refresh(server.client(), client_id, first) == REUSED, "31 s after its exchange"
    assert try_to_refresh(server.client(), client_id, third) == REVOKED
    assert try_to_refresh(server.client(), client_id, second) == REUSED


def test_rotation_does_not_prolong_a_sign_in(own_server: Callable[..., RunningServer]) -> None:
    server = own_server()
    client = an_app_with_ada(
        server.client(),
        **rotating(RefreshTokenValidity=2, TokenValidityUnits={"RefreshToken": "hours"}),
    )
    token = sign_in(server.client(), client["ClientId"])["RefreshToken"]
    for _ in range(3):
        server.clock.advance(minutes=39)
        token = refreshed(server.client(), client["ClientId"], token)["RefreshToken"]
    server.clock.advance(minutes=4)
    assert try_to_refresh(server.client(), client["ClientId"], token) == EXPIRED


def test_an_ended_sign_in_is_swept_when_its_last_token_is_over(
    own_server: Callable[..., RunningServer],
) -> None:
    server = own_server()
    client = an_app_with_ada(server.client())
    token = sign_in(server.client(), client["ClientId"])["RefreshToken"]

    def families() -> int:
        def count(tx: Any) -> int:
            return rows.count(tx.connection, token_family, pool_id=client["UserPoolId"])

        counted: int = server.run(server.server.parts.store.read(count))
        return counted

    server.clock.advance(days=30, hours=23)
    server.run(server.sweep())
    assert families() == 1
    assert try_to_refresh(server.client(), client["ClientId"], token) == EXPIRED
    server.clock.advance(hours=2)
    server.run(server.sweep())
    assert families() == 0
    assert try_to_refresh(server.client(), client["ClientId"], token) == INVALID


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_restart_forgets_no_exchange(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest, own_server: Callable[..., RunningServer]
) -> None:
    if engine == "postgres":
        with two_nodes(request.getfixturevalue("postgres_server"), tmp_path) as (one, other):
            exchange_and_reuse(one, other)
        return
    first = own_server(data_dir=tmp_path / "data")
    client = an_app_with_ada(first.client(), **rotating())
    token = sign_in(first.client(), client["ClientId"])["RefreshToken"]
    refreshed(first.client(), client["ClientId"], token)
    first.run(first.server.stop())
    again = own_server(data_dir=tmp_path / "data")
    assert try_to_refresh(again.client(), client["ClientId"], token) == REUSED


def exchange_and_reuse(one: RunningServer, other: RunningServer) -> None:
    client = an_app_with_ada(one.client(), **rotating())
    token = sign_in(one.client(), client["ClientId"])["RefreshToken"]
    successor = refreshed(other.client(), client["ClientId"], token)["RefreshToken"]
    assert try_to_refresh(one.client(), client["ClientId"], token) == REUSED
    assert try_to_refresh(other.client(), client["ClientId"], successor) == REVOKED


# --- fifty at once ---------------------------------------------------------------------------------------


def race(servers: list[RunningServer], client_id: str, token: str) -> list[Any]:
    """What fifty get that refresh at once, on all nodes: a refresh token, or an error's code."""
    # One client a node: making fifty takes longer than all the rest.
    options = Config(retries={"total_max_attempts": 1}, max_pool_connections=CALLERS)
    clients = [server.client(config=options) for server in servers]
    return at_once(
        CALLERS, lambda number: refreshed(clients[number % len(clients)], client_id, token)["RefreshToken"]
    )


def check_fifty_without_grace(servers: list[RunningServer]) -> None:
    client = an_app_with_ada(servers[0].client(), **rotating())
    token = sign_in(servers[0].client(), client["ClientId"])["RefreshToken"]
    answers = race(servers, client["ClientId"], token)
    assert answers.count("RefreshTokenReuseException") == CALLERS - 1
    (successor,) = set(answers) - {"RefreshTokenReuseException"}
    assert try_to_refresh(servers[-1].client(), client["ClientId"], successor) == REVOKED


def check_fifty_within_grace(servers: list[RunningServer]) -> None:
    client = an_app_with_ada(servers[0].client(), **rotating(60))
    token = sign_in(servers[0].client(), client["ClientId"])["RefreshToken"]
    answers = Counter(race(servers, client["ClientId"], token))
    assert list(answers.values()) == [CALLERS], "all get one and the same"
    assert try_to_refresh(servers[-1].client(), client["ClientId"], next(iter(answers))) == ""


@pytest.fixture(params=["sqlite", "postgres"])
def crowded(request: pytest.FixtureRequest, own_server: Callable[..., RunningServer]) -> RunningServer:
    """Where one person may ask fifty times at once."""
    return own_server(request.param, rate_per_person=0)


def test_of_fifty_at_once_one_gets_a_new_refresh_token_and_reuse_ends_it(crowded: RunningServer) -> None:
    check_fifty_without_grace([crowded])


def test_fifty_at_once_within_the_grace_period_get_the_same_new_one(crowded: RunningServer) -> None:
    check_fifty_within_grace([crowded])


def test_fifty_at_once_on_two_nodes(postgres_server: PostgresServer, tmp_path: Path) -> None:
    with two_nodes(postgres_server, tmp_path) as nodes:
        check_fifty_without_grace(list(nodes))
        check_fifty_within_grace(list(nodes))


# --- who may refresh -------------------------------------------------------------------------------------


def test_a_refresh_token_is_its_clients_alone(server: RunningServer, cognito: Any) -> None:
    """And whoever may not use it, can't end the sign-in by it either."""
    client = an_app_with_ada(cognito, **rotating())
    sibling = an_app(cognito, client["UserPoolId"], **rotating())
    stranger = an_app_with_ada(cognito, **rotating())
    old = sign_in(cognito, client["ClientId"])["RefreshToken"]
    token = refreshed(cognito, client["ClientId"], old)["RefreshToken"]
    for other in (sibling, stranger):
        for presented in (token, old):
            assert try_to_refresh(cognito, other["ClientId"], presented) == INVALID
    assert try_to_refresh(cognito, client["ClientId"], token) == ""


def test_what_is_no_refresh_token_is_refused_and_ends_nothing(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito, **rotating())
    tokens = sign_in(cognito, client["ClientId"])
    token = tokens["RefreshToken"]
    swapped = token[:-1] + ("A" if token[-1] != "A" else "Q")
    others = [token + "=", token + "A", token[:-1], "B" + token[1:], swapped, "." + token, token + ".", "x"]
    for other in [*others, tokens["AccessToken"], tokens["IdToken"], "AAAA" * 30]:
        assert try_to_refresh(cognito, client["ClientId"], other) == INVALID
    assert try_to_refresh(cognito, client["ClientId"], token) == ""


def test_a_client_with_a_secret_shows_it(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito, GenerateSecret=True)
    sub = cognito.admin_get_user(UserPoolId=client["UserPoolId"], Username="ada")["UserAttributes"][0][
        "Value"
    ]
    token = issue(server, client["ClientId"], sub)["RefreshToken"]
    secret = client["ClientSecret"]
    added = cognito.add_user_pool_client_secret(UserPoolId=client["UserPoolId"], ClientId=client["ClientId"])
    second = added["ClientSecretDescriptor"]["ClientSecretValue"]
    wrong = f"NotAuthorizedException: Unable to verify secret for client {client['ClientId']}"
    assert try_to_refresh(cognito, client["ClientId"], token) == wrong
    assert try_to_refresh(cognito, client["ClientId"], token, ClientSecret="x" * 51) == wrong
    for right in (secret, second):
        assert try_to_refresh(cognito, client["ClientId"], token, ClientSecret=right) == ""
    public = an_app_with_ada(cognito)
    assert "Unable to verify secret" in try_to_refresh(
        cognito, public["ClientId"], token, ClientSecret=secret
    )


def test_a_client_whose_owner_turned_refreshing_off_gets_nothing(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    token = sign_in(cognito, client["ClientId"])["RefreshToken"]
    assert try_to_refresh(cognito, client["ClientId"], token).startswith("OperationNotEnabledException")


def test_the_flow_of_initiate_auth_does_not_rotate(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito, **rotating())
    token = sign_in(cognito, client["ClientId"])["RefreshToken"]
    refused = refusal(
        cognito.initiate_auth,
        ClientId=client["ClientId"],
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": token},
    )
    assert refused.startswith("InvalidParameterException")
    assert try_to_refresh(cognito, client["ClientId"], token) == ""


def test_with_rotation_turned_off_an_exchanged_token_stays_dead(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito, **rotating(60))
    names = {"UserPoolId": client["UserPoolId"], "ClientId": client["ClientId"]}
    first = sign_in(cognito, client["ClientId"])["RefreshToken"]
    second = refreshed(cognito, client["ClientId"], first)["RefreshToken"]
    cognito.update_user_pool_client(
        **names, ExplicitAuthFlows=["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_PASSWORD_AUTH"]
    )
    assert "RefreshToken" not in refreshed(cognito, client["ClientId"], second)
    flow = {"ClientId": client["ClientId"], "AuthFlow": "REFRESH_TOKEN_AUTH"}
    reused = refusal(cognito.initiate_auth, **flow, AuthParameters={"REFRESH_TOKEN": first})
    assert reused == REVOKED, "InitiateAuth has no other word for it"
    assert try_to_refresh(cognito, client["ClientId"], second) == REVOKED


def test_a_disabled_person_refreshes_no_more(server: RunningServer, cognito: Any) -> None:
    client = an_app_with_ada(cognito)
    ada = {"UserPoolId": client["UserPoolId"], "Username": "ada"}
    token = sign_in(cognito, client["ClientId"])["RefreshToken"]
    cognito.admin_disable_user(**ada)
    assert try_to_refresh(cognito, client["ClientId"], token) == "NotAuthorizedException: User is disabled."
    cognito.admin_enable_user(**ada)
    assert try_to_refresh(cognito, client["ClientId"], token) == REVOKED
    token = sign_in(cognito, client["ClientId"])["RefreshToken"]
    cognito.admin_delete_user(**ada)
    assert try_to_refresh(cognito, client["ClientId"], token) == INVALID


def test_a_tracked_device_is_named_when_its_tokens_are_refreshed(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito, DeviceConfiguration={"DeviceOnlyRememberedOnUserPrompt": False})
    sub = a_person(cognito, pool_id)
    client = an_app(cognito, pool_id)
    tokens = issue(server, client["ClientId"], sub, new_device=True)
    key = tokens["NewDeviceMetadata"]["DeviceKey"]
    assert claims_of(tokens["AccessToken"])["device_key"] == key
    token = tokens["RefreshToken"]
    assert try_to_refresh(cognito, client["ClientId"], token, DeviceKey=key) == INVALID, "not confirmed"
    cognito.confirm_device(
        AccessToken=tokens["AccessToken"],
        DeviceKey=key,
        DeviceSecretVerifierConfig={"PasswordVerifier": "AQAB", "Salt": "AQAB"},
    )
    other = issue(server, client["ClientId"], sub, new_device=True)["NewDeviceMetadata"]["DeviceKey"]
    assert try_to_refresh(cognito, client["ClientId"], token) == INVALID
    assert try_to_refresh(cognito, client["ClientId"], token, DeviceKey=other) == INVALID
    assert try_to_refresh(cognito, client["ClientId"], token, DeviceKey=key) == ""
    cognito.forget_device(AccessToken=tokens["AccessToken"], DeviceKey=key)
    assert try_to_refresh(cognito, client["ClientId"], token, DeviceKey=key) == INVALID


# --- the borders, to the microsecond ---------------------------------------------------------------------

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
MOMENT = timedelta(microseconds=1)


def a_family(**changes: Any) -> Family:
    return Family(
        **{
            "pool_id": "us-east-1_a",
            "id": FAMILY,
            "sub": "s",
            "client_id": "c",
            "origin_jti": "j",
            "scopes": (),
            "auth_time": BEGAN,
            "expires_at": BEGAN + timedelta(hours=1),
            "current": b"new",
            "is_repeatable": True,
            **changes,
        }
    )


@pytest.mark.parametrize(
    ("presented", "after", "expected"),
    [
        (b"new", timedelta(hours=1) - MOMENT, Standing.CURRENT),
        (b"new", timedelta(hours=1), Standing.EXPIRED),
        (b"old", timedelta(hours=1), Standing.EXPIRED),
        (b"old", timedelta(seconds=10) - MOMENT, Standing.IN_GRACE),
        (b"old", timedelta(seconds=10), Standing.REUSED),
        (b"older", timedelta(), Standing.REUSED),
    ],
)
def test_what_a_refresh_token_is_worth_changes_at_its_moment(
    presented: bytes, after: timedelta, expected: Standing
) -> None:
    rotation = Rotation(True, timedelta(seconds=10))
    assert standing(a_family(), presented, {b"old": BEGAN}, rotation, BEGAN + after) is expected


def test_an_ended_family_has_no_grace() -> None:
    rotation = Rotation(True, timedelta(seconds=10))
    ended = a_family(revoked_at=BEGAN)
    assert standing(ended, b"new", {b"old": BEGAN}, rotation, BEGAN) is Standing.REVOKED
    assert standing(ended, b"old", {b"old": BEGAN}, rotation, BEGAN) is Standing.REUSED


# --- the token's text ------------------------------------------------------------------------------------

KEYS = RefreshTokenKeys(b"c" * 32, b"h" * 32)


def test_a_refresh_token_tells_its_family_to_its_maker_and_its_pool_alone() -> None:
    token = KEYS.new("us-east-1_a", FAMILY, bytes(32)).reveal()
    assert KEYS.family_of("us-east-1_a", token) == FAMILY
    assert KEYS.family_of("us-east-1_b", token) is None
    assert RefreshTokenKeys(b"d" * 32, b"h" * 32).family_of("us-east-1_a", token) is None


def test_every_changed_character_makes_it_a_token_of_nobody() -> None:
    token = KEYS.new("us-east-1_a", FAMILY, bytes(range(32))).reveal()
    for at, character in enumerate(token):
        other = token[:at] + ("B" if character != "B" else "C") + token[at + 1 :]
        assert KEYS.family_of("us-east-1_a", other) is None
    for other in ("", "=", "é", "\ud800", token + "\n", token.encode().hex()):
        assert KEYS.family_of("us-east-1_a", other) is None
