"""What each way of signing out ends, and what goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import a_pool
from tests.engines import PostgresServer
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, sign_in
from tests.people.tokens import refreshed, refusal, two_nodes

REVOKED_ACCESS = "NotAuthorizedException: Access Token has been revoked"
REVOKED_REFRESH = "NotAuthorizedException: Refresh Token has been revoked"


class Ada:
    """A person with two clients of her pool, signed in twice with one and once with the other."""

    def __init__(self, cognito: Any, **options: Any) -> None:
        self.cognito = cognito
        self.pool_id = a_pool(cognito)
        a_person(cognito, self.pool_id)
        self.client_id = an_app(cognito, self.pool_id, **options)["ClientId"]
        self.other_client_id = an_app(cognito, self.pool_id)["ClientId"]
        self.first = sign_in(cognito, self.client_id)
        self.second = sign_in(cognito, self.client_id)
        self.elsewhere = sign_in(cognito, self.other_client_id)

    def lives(self, cognito: Any, tokens: dict[str, Any], client_id: str | None = None) -> tuple[str, str]:
        """What is said to her access token, and to her refresh token: "" is well."""
        return (
            refusal(cognito.get_user, AccessToken=tokens["AccessToken"]),
            refusal(
                cognito.get_tokens_from_refresh_token,
                ClientId=client_id or self.client_id,
                RefreshToken=tokens["RefreshToken"],
            ),
        )


LIVES = ("", "")
ENDED = (REVOKED_ACCESS, REVOKED_REFRESH)


def test_revoking_a_token_ends_its_sign_in_alone(server: RunningServer, cognito: Any) -> None:
    ada = Ada(cognito)
    again = refreshed(cognito, ada.client_id, ada.first["RefreshToken"])
    assert "Token" not in str(
        cognito.revoke_token(ClientId=ada.client_id, Token=ada.first["RefreshToken"]).keys()
    )
    assert ada.lives(cognito, ada.first) == ENDED
    assert refusal(cognito.get_user, AccessToken=again["AccessToken"]) == REVOKED_ACCESS
    assert ada.lives(cognito, ada.second) == LIVES
    assert ada.lives(cognito, ada.elsewhere, ada.other_client_id) == LIVES


def test_revoking_twice_or_what_is_no_token_is_no_error(server: RunningServer, cognito: Any) -> None:
    ada = Ada(cognito)
    token = ada.first["RefreshToken"]
    for other in (token, token, "unknown", "a.b.c", token + "A"):
        assert refusal(cognito.revoke_token, ClientId=ada.client_id, Token=other) == ""
    assert ada.lives(cognito, ada.second) == LIVES


@pytest.mark.parametrize("value", ["NONE", "LINKED"])
def test_without_a_session_of_the_browser_there_is_nothing_linked(
    server: RunningServer, cognito: Any, value: str
) -> None:
    ada = Ada(cognito)
    cognito.revoke_token(
        ClientId=ada.client_id, Token=ada.first["RefreshToken"], RevokeAssociatedSessions=value
    )
    assert ada.lives(cognito, ada.first) == ENDED
    assert ada.lives(cognito, ada.second) == LIVES


def test_only_its_own_client_revokes_a_token(server: RunningServer, cognito: Any) -> None:
    ada = Ada(cognito)
    token = ada.first["RefreshToken"]
    refused = refusal(cognito.revoke_token, ClientId=ada.other_client_id, Token=token)
    assert refused.startswith("UnauthorizedException")
    stranger = Ada(cognito)
    assert refusal(cognito.revoke_token, ClientId=stranger.client_id, Token=token) == "", "nothing to it"
    nobody = refusal(cognito.revoke_token, ClientId="nobody", Token=token)
    assert nobody == "UnauthorizedException: User pool client nobody does not exist."
    assert ada.lives(cognito, ada.first) == LIVES


def test_a_client_with_a_secret_shows_it_to_revoke(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    client = an_app(cognito, pool_id, GenerateSecret=True)
    for given in ({}, {"ClientSecret": "x" * 51}):
        refused = refusal(cognito.revoke_token, ClientId=client["ClientId"], Token="unknown", **given)
        assert refused.startswith("UnauthorizedException: Unable to verify secret")
    right = {"ClientId": client["ClientId"], "ClientSecret": client["ClientSecret"]}
    assert refusal(cognito.revoke_token, **right, Token="unknown") == ""


def test_access_and_id_tokens_are_not_revoked(server: RunningServer, cognito: Any) -> None:
    ada = Ada(cognito)
    for name in ("AccessToken", "IdToken"):
        refused = refusal(cognito.revoke_token, ClientId=ada.client_id, Token=ada.first[name])
        assert refused.startswith("UnsupportedTokenTypeException")
    assert ada.lives(cognito, ada.first) == LIVES


def test_revocation_is_the_clients_to_allow(server: RunningServer, cognito: Any) -> None:
    ada = Ada(cognito, EnableTokenRevocation=False)
    refused = refusal(cognito.revoke_token, ClientId=ada.client_id, Token=ada.first["RefreshToken"])
    assert refused.startswith("UnsupportedOperationException")
    assert ada.lives(cognito, ada.first) == LIVES
    cognito.global_sign_out(AccessToken=ada.first["AccessToken"])
    assert ada.lives(cognito, ada.first) == ENDED, "a sign-out asks for no such thing"


def by_herself(ada: Ada, cognito: Any) -> None:
    cognito.global_sign_out(AccessToken=ada.second["AccessToken"])


def by_an_administrator(ada: Ada, cognito: Any) -> None:
    cognito.admin_user_global_sign_out(UserPoolId=ada.pool_id, Username="ada")


BOTH = pytest.mark.parametrize("sign_out", [by_herself, by_an_administrator])


@BOTH
def test_a_global_sign_out_ends_every_sign_in_and_no_later_one(
    server: RunningServer, cognito: Any, sign_out: Callable[[Ada, Any], None]
) -> None:
    ada = Ada(cognito)
    sub = a_person(cognito, ada.pool_id, "bob")
    bob = sign_in(cognito, ada.client_id, "bob")
    sign_out(ada, cognito)
    assert ada.lives(cognito, ada.first) == ENDED
    assert ada.lives(cognito, ada.second) == ENDED
    assert ada.lives(cognito, ada.elsewhere, ada.other_client_id) == ENDED
    assert sub
    assert ada.lives(cognito, bob) == LIVES
    assert ada.lives(cognito, sign_in(cognito, ada.client_id)) == LIVES
    assert refusal(cognito.global_sign_out, AccessToken=ada.first["AccessToken"]) == REVOKED_ACCESS


def test_signing_out_who_is_not_there(server: RunningServer, cognito: Any) -> None:
    ada = Ada(cognito)
    assert refusal(cognito.admin_user_global_sign_out, UserPoolId=ada.pool_id, Username="eve") == (
        "UserNotFoundException: User does not exist."
    )
    assert refusal(
        cognito.admin_user_global_sign_out, UserPoolId="us-east-1_nowhere00", Username="ada"
    ).startswith("ResourceNotFoundException")
    cognito.admin_delete_user(UserPoolId=ada.pool_id, Username="ada")
    assert refusal(cognito.global_sign_out, AccessToken=ada.first["AccessToken"]) == (
        "NotAuthorizedException: Invalid Access Token"
    ), "GlobalSignOut has no UserNotFoundException"


def test_what_ends_on_one_node_has_ended_on_the_other_with_the_answer(
    postgres_server: PostgresServer, tmp_path: Path
) -> None:
    with two_nodes(postgres_server, tmp_path) as (one, other):
        there = other.client()

        def ended(act: Callable[[Ada, Any], Any]) -> tuple[str, str]:
            ada = Ada(one.client())
            assert ada.lives(there, ada.first) == LIVES
            act(ada, ada.cognito)
            return ada.lives(there, ada.first)

        assert ended(by_herself) == ENDED
        assert ended(by_an_administrator) == ENDED
        assert (
            ended(
                lambda ada, cognito: cognito.revoke_token(
                    ClientId=ada.client_id, Token=ada.first["RefreshToken"]
                )
            )
            == ENDED
        )
        disabled = "NotAuthorizedException: User is disabled."
        assert ended(
            lambda ada, cognito: cognito.admin_disable_user(UserPoolId=ada.pool_id, Username="ada")
        ) == (disabled, disabled)
        assert ended(lambda ada, cognito: cognito.delete_user(AccessToken=ada.second["AccessToken"])) == (
            "UserNotFoundException: User does not exist.",
            "NotAuthorizedException: Invalid Refresh Token",
        )


def test_every_sign_out_is_in_the_audit(server: RunningServer, cognito: Any) -> None:
    ada = Ada(cognito)
    cognito.revoke_token(ClientId=ada.client_id, Token=ada.first["RefreshToken"])
    cognito.global_sign_out(AccessToken=ada.second["AccessToken"])
    cognito.admin_user_global_sign_out(UserPoolId=ada.pool_id, Username="ada")
    account = server.settings.account_id
    records = server.run(
        server.server.parts.store.read(lambda tx: tx.audit.page(account, pool_id=ada.pool_id, size=100))
    )
    actors = {record.event_name: record.actor for record in records}
    assert f"{ada.pool_id}/user/" in actors["RevokeToken"]
    assert actors["RevokeToken"] == actors["GlobalSignOut"] == actors["InitiateAuth"]
    assert actors["AdminUserGlobalSignOut"].endswith(":root")
    for tokens in (ada.first, ada.second):
        assert not [record for record in records if tokens["RefreshToken"] in str(record)]
        assert not [record for record in records if tokens["AccessToken"] in str(record)]
