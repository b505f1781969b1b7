"""A code of a custom sender, opened as the developer guide has it done in Node."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.browser.browser import node, node_environment
from tests.harness import RunningServer
from tests.people.signing_up import an_email, confirm, sign_up
from tests.triggers.npm import installed
from tests.triggers.sending import a_sent_app, environment_of_a_function, key_of, wait_for_event


@pytest.fixture(scope="module")
def sdk_of_node() -> Path:
    return installed(Path(__file__).parent / "encryption_sdk")


@pytest.mark.parametrize("policy", ["REQUIRE_ENCRYPT_REQUIRE_DECRYPT", "REQUIRE_ENCRYPT_ALLOW_DECRYPT"])
def test_the_encryption_sdk_for_node_opens_a_code(
    server: RunningServer, cognito: Any, sdk_of_node: Path, policy: str
) -> None:
    asked, pool_id, client_id = a_sent_app(server, cognito)
    sign_up(cognito, client_id, attributes={"email": an_email()})
    event = wait_for_event(asked)
    with environment_of_a_function(server):
        given = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
        done = subprocess.run(
            [node(), "open.mjs"],
            cwd=sdk_of_node,
            env={
                **node_environment(),
                **given,
                "POLICY": policy,
                "KEY_ARN": key_of(server).arn,
                "CODE": event["request"]["code"],
            },
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["version"], said["suite"], said["context"]) == (2, 0x0478, {"userpool-id": pool_id})
    confirm(cognito, client_id, "ada", said["code"])
