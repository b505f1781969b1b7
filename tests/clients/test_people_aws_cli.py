"""The unmodified AWS CLI: what an administrator does for a person, and what a person without keys does."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.clients.conftest import aws
from tests.harness import RunningServer
from tests.people.people import PASSWORD, the_code
from tests.people.signing_up import an_email

Cli = Callable[..., Any]


@pytest.fixture
def cli(shell: dict[str, str]) -> Cli:
    """An operation of cognito-idp; what it answers, or None."""

    def run(operation: str, *arguments: str) -> Any:
        done = aws(shell, "cognito-idp", operation, *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    return run


def test_the_cli_goes_with_a_person_from_sign_up_to_sign_out(
    server: RunningServer, shell: dict[str, str], cli: Cli
) -> None:
    email = an_email()
    pool_id = cli("create-user-pool", "--pool-name", "people", "--auto-verified-attributes", "email")[
        "UserPool"
    ]["Id"]
    client_id = cli(
        "create-user-pool-client",
        *("--user-pool-id", pool_id, "--client-name", "web"),
        *("--explicit-auth-flows", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"),
    )["UserPoolClient"]["ClientId"]
    app = ("--no-sign-request", "--client-id", client_id)

    signed_up = cli(
        "sign-up", *app, "--username", "ada", "--password", PASSWORD,
        "--user-attributes", f"Name=email,Value={email}",
    )  # fmt: skip
    assert signed_up["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    cli("confirm-sign-up", *app, "--username", "ada", "--confirmation-code", the_code(server, email))
    signed_in = cli(
        "initiate-auth", *app, "--auth-flow", "USER_PASSWORD_AUTH",
        "--auth-parameters", f"USERNAME=ada,PASSWORD={PASSWORD}",
    )  # fmt: skip
    assert signed_in["ChallengeParameters"] == {}
    token = signed_in["AuthenticationResult"]["AccessToken"]
    me = cli("get-user", "--no-sign-request", "--access-token", token)
    assert {"Name": "email_verified", "Value": "true"} in me["UserAttributes"]

    shown = cli("admin-get-user", "--user-pool-id", pool_id, "--username", "ada")
    assert (shown["UserStatus"], shown["Enabled"]) == ("CONFIRMED", True)
    found = cli("list-users", "--user-pool-id", pool_id, "--filter", f'email = "{email}"')
    assert [user["Username"] for user in found["Users"]] == ["ada"]

    cli("global-sign-out", "--no-sign-request", "--access-token", token)
    after = aws(shell, "cognito-idp", "get-user", "--no-sign-request", "--access-token", token)
    assert after.returncode != 0
    assert (
        "An error occurred (NotAuthorizedException) when calling the GetUser operation: "
        "Access Token has been revoked" in after.stderr
    )


def test_the_cli_invites_a_person_who_then_chooses_a_password(server: RunningServer, cli: Cli) -> None:
    email = an_email()
    pool_id = cli("create-user-pool", "--pool-name", "people")["UserPool"]["Id"]
    client_id = cli(
        "create-user-pool-client",
        *("--user-pool-id", pool_id, "--client-name", "web"),
        *("--explicit-auth-flows", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"),
    )["UserPoolClient"]["ClientId"]
    app = ("--user-pool-id", pool_id, "--client-id", client_id)

    invited = cli(
        "admin-create-user", "--user-pool-id", pool_id, "--username", "ada",
        "--desired-delivery-mediums", "EMAIL", "--user-attributes", f"Name=email,Value={email}",
    )  # fmt: skip
    assert invited["User"]["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    # As JSON: a temporary password may hold what the CLI's shorthand means something by.
    asked = cli(
        "admin-initiate-auth", *app, "--auth-flow", "ADMIN_USER_PASSWORD_AUTH",
        "--auth-parameters", json.dumps({"USERNAME": "ada", "PASSWORD": the_code(server, email)}),
    )  # fmt: skip
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    done = cli(
        "admin-respond-to-auth-challenge", *app, "--challenge-name", "NEW_PASSWORD_REQUIRED",
        "--session", asked["Session"],
        "--challenge-responses", json.dumps({"USERNAME": "ada", "NEW_PASSWORD": PASSWORD}),
    )  # fmt: skip
    assert done["AuthenticationResult"]["TokenType"] == "Bearer"
