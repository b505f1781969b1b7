"""The unmodified AWS CLI."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.clients.conftest import aws
from tests.harness import RunningServer

WALK = Path(__file__).parent / "walk.sh"


@pytest.mark.skipif(
    shutil.which("curl") is None or shutil.which("bash") is None, reason="the walk needs curl and bash"
)
def test_the_walk_ends_with_a_verified_token(shell: dict[str, str], tmp_path: Path) -> None:
    walked = subprocess.run(
        [str(WALK)], env=shell, capture_output=True, text=True, timeout=120, check=False, cwd=tmp_path
    )

    assert walked.returncode == 0, walked.stdout + walked.stderr
    assert '"expires_in":3600' in walked.stdout
    assert '"token_type":"Bearer"' in walked.stdout
    _, _, verified = walked.stdout.partition("== Verified")
    assert "Signature verified" in verified
    assert "transactions/post" in verified


def test_the_cli_says_what_a_pool_is(shell: dict[str, str]) -> None:
    made = aws(
        shell, "cognito-idp", "create-user-pool", "--pool-name", "orders", "--user-pool-tags", "team=a"
    )
    pool = json.loads(made.stdout)["UserPool"]

    shown = aws(shell, "cognito-idp", "describe-user-pool", "--user-pool-id", pool["Id"])

    assert json.loads(shown.stdout)["UserPool"] == pool


def test_the_cli_shows_cognitos_error_and_fails(shell: dict[str, str], server: RunningServer) -> None:
    asked = aws(shell, "cognito-idp", "describe-user-pool", "--user-pool-id", f"{server.region}_NoSuchOne")

    assert asked.returncode != 0
    assert (
        "An error occurred (ResourceNotFoundException) when calling the DescribeUserPool operation: "
        f"User pool {server.region}_NoSuchOne does not exist." in asked.stderr
    )


def test_the_cli_is_refused_with_a_wrong_secret(shell: dict[str, str]) -> None:
    asked = aws(
        {**shell, "AWS_SECRET_ACCESS_KEY": "wrong"}, "cognito-idp", "list-user-pools", "--max-results", "1"
    )

    assert asked.returncode != 0
    assert "InvalidSignatureException" in asked.stderr


def test_the_cli_is_refused_without_a_signature(shell: dict[str, str]) -> None:
    asked = aws(shell, "cognito-idp", "list-user-pools", "--max-results", "1", "--no-sign-request")

    assert asked.returncode != 0
    assert "MissingAuthenticationTokenException" in asked.stderr


def test_the_cli_knows_who_it_is(shell: dict[str, str]) -> None:
    asked = aws(shell, "sts", "get-caller-identity")

    assert json.loads(asked.stdout)["Arn"] == "arn:aws:iam::000000000000:root"
