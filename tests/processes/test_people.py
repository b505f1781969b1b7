"""People and processes: a sign-in goes on at whichever node, and after a kill -9 between any two of its steps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyotp
import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in
from tests.people.test_sign_in import begin, respond
from tests.processes.serving import Node, Serve, admin_client_of, free_port

FACTORS = {"SoftwareTokenMfaConfiguration": {"Enabled": True}, "EmailMfaConfiguration": {}}


def a_pool(cognito: Any) -> str:
    pool_id: str = cognito.create_user_pool(PoolName="people", AutoVerifiedAttributes=["email"])["UserPool"][
        "Id"
    ]
    return pool_id


def with_one_url(settings: dict[str, Any]) -> dict[str, Any]:
    """The name under which people reach the server, wherever it is: tokens say who issued them."""
    return {**settings, "public_url": f"http://127.0.0.1:{free_port()}"}


@pytest.fixture
def nodes(serve: Serve, engine: dict[str, Any]) -> tuple[Node, Node]:
    """On SQLite two processes on one folder, on PostgreSQL two nodes."""
    settings = with_one_url(engine)
    return serve(**settings), serve(**settings)


def test_a_sign_in_that_one_node_began_goes_on_at_the_other(nodes: tuple[Node, Node]) -> None:
    one, other = (node.cognito() for node in nodes)
    pool_id = a_pool(one)
    client_id = an_app(one, pool_id)["ClientId"]
    one.admin_create_user(
        UserPoolId=pool_id, Username="bob", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    helper = AWSSRP("bob", PASSWORD, pool_id, client_id, client=one)
    parameters = helper.get_auth_params()
    verifier = begin(one, client_id, "USER_SRP_AUTH", **parameters)
    claim = helper.process_challenge(verifier["ChallengeParameters"], parameters)
    challenge = respond(other, client_id, verifier, **claim)
    assert challenge["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    tokens = respond(one, client_id, challenge, USERNAME="bob", NEW_PASSWORD="Better-Horse-9")
    access_token = tokens["AuthenticationResult"]["AccessToken"]
    assert other.get_user(AccessToken=access_token)["Username"] == "bob"
    one.global_sign_out(AccessToken=access_token)
    assert refusal(other.get_user, AccessToken=access_token) == (
        "NotAuthorizedException",
        "Access Token has been revoked",
    )


def test_fifty_answers_to_one_session_at_two_nodes_go_on_once(nodes: tuple[Node, Node]) -> None:
    clients = [node.cognito() for node in nodes]
    pool_id = a_pool(clients[0])
    client_id = an_app(clients[0], pool_id)["ClientId"]
    clients[0].admin_create_user(
        UserPoolId=pool_id, Username="bob", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )
    challenge = begin(clients[0], client_id, USERNAME="bob", PASSWORD=PASSWORD)

    def answer(number: int) -> bool:
        try:
            respond(
                clients[number % 2],
                client_id,
                challenge,
                USERNAME="bob",
                NEW_PASSWORD=f"Better-Horse-{number}",
            )
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(10) as threads:
        assert sum(threads.map(answer, range(50))) == 1


def test_two_sign_ups_for_one_name_at_two_nodes_make_one_person(nodes: tuple[Node, Node]) -> None:
    clients = [node.cognito() for node in nodes]
    pool_id = a_pool(clients[0])
    client_id = an_app(clients[0], pool_id)["ClientId"]

    def sign_up(number: int) -> str:
        """The outcome, as its error's name or ""."""
        try:
            clients[number % 2].sign_up(ClientId=client_id, Username=f"eve{number // 10}", Password=PASSWORD)
        except ClientError as refused:
            return str(refused.response["Error"]["Code"])
        return ""

    with ThreadPoolExecutor(10) as threads:
        outcomes = list(threads.map(sign_up, range(30)))
    assert outcomes.count("") == 3
    assert set(outcomes) == {"", "UsernameExistsException"}
    assert len(clients[1].list_users(UserPoolId=pool_id)["Users"]) == 3


def test_failures_at_one_node_lock_at_the_other(nodes: tuple[Node, Node]) -> None:
    one, other = (node.cognito() for node in nodes)
    pool_id = a_pool(one)
    client_id = an_app(one, pool_id)["ClientId"]
    a_person(one, pool_id)
    for _ in range(12):  # each lock is longer than the last, so that some lasts for a slow machine
        first = refusal(sign_in, one, client_id, password="Wrong-Horse-9")[1]
        second = refusal(sign_in, other, client_id, password="Wrong-Horse-9")[1]
        if (first, second) == ("Incorrect username or password.", "Password attempts exceeded"):
            return
    raise AssertionError("no lock that one node set stood at the other")


class Killed:
    """A server that is killed and started anew before each call."""

    def __init__(self, serve: Serve, settings: dict[str, Any], home: Path) -> None:
        self._serve = serve
        self._settings = settings
        self._home = home
        self._node: Node | None = None
        self.kills = 0

    def next(self) -> Node:
        if self._node is not None:
            self._node.kill()
            self.kills += 1
        self._node = self._serve(self._home, **self._settings)
        return self._node

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        def call(**request: Any) -> Any:
            return getattr(self.next().cognito(), operation)(**request)

        return call


@pytest.fixture
def killed(serve: Serve, engine: dict[str, Any], tmp_path: Path) -> Killed:
    return Killed(serve, with_one_url(engine), tmp_path / "node")


def the_code(killed: Killed, destination: str) -> str:
    pages = admin_client_of(killed.next()).get_paginator("list_inbox_messages").paginate()
    messages = [message for page in pages for message in page["Messages"]]
    return next(str(message["Code"]) for message in messages if message["Destination"] == destination)


def test_a_person_goes_on_after_a_kill_between_any_two_steps(killed: Killed) -> None:
    """Sign-up, confirmation, SRP, an authenticator app, a second factor, a refresh, a reset, a sign-out: before each
    of their requests the server is killed."""
    pool_id = a_pool(killed)
    killed.set_user_pool_mfa_config(UserPoolId=pool_id, **FACTORS, MfaConfiguration="OPTIONAL")
    client_id = an_app(killed, pool_id, AuthSessionValidity=15)["ClientId"]
    email = [{"Name": "email", "Value": "eve@example.com"}]
    killed.sign_up(ClientId=client_id, Username="eve", Password=PASSWORD, UserAttributes=email)
    killed.confirm_sign_up(
        ClientId=client_id, Username="eve", ConfirmationCode=the_code(killed, "eve@example.com")
    )
    helper = AWSSRP("eve", PASSWORD, pool_id, client_id, client=killed)
    parameters = helper.get_auth_params()
    verifier = begin(killed, client_id, "USER_SRP_AUTH", **parameters)
    claim = helper.process_challenge(verifier["ChallengeParameters"], parameters)
    tokens = respond(killed, client_id, verifier, **claim)["AuthenticationResult"]
    seed = killed.associate_software_token(AccessToken=tokens["AccessToken"])["SecretCode"]
    killed.verify_software_token(AccessToken=tokens["AccessToken"], UserCode=pyotp.TOTP(seed).now())
    killed.set_user_mfa_preference(
        AccessToken=tokens["AccessToken"], EmailMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    challenge = begin(killed, client_id, USERNAME="eve", PASSWORD=PASSWORD)
    assert challenge["ChallengeName"] == "EMAIL_OTP"
    code = the_code(killed, "eve@example.com")
    tokens = respond(killed, client_id, challenge, USERNAME="eve", EMAIL_OTP_CODE=code)[
        "AuthenticationResult"
    ]
    refreshed = begin(killed, client_id, "REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
    access_token = refreshed["AuthenticationResult"]["AccessToken"]
    assert killed.get_user(AccessToken=access_token)["Username"] == "eve"
    killed.global_sign_out(AccessToken=access_token)
    assert refusal(killed.get_user, AccessToken=access_token)[1] == "Access Token has been revoked"
    assert killed.kills >= 15
