"""Custom sign-ins by amazon-cognito-identity-js and Amplify, unmodified."""

from __future__ import annotations

from typing import Any

import pytest
from tests.clients.conftest import NodeScript
from tests.clients.pocket import Pocket
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person
from tests.triggers.signing_in import Custom, a_custom_pool, after_the_password, passwordless, session_of

WRONG = {"name": "NotAuthorizedException", "message": "Incorrect username or password."}
DEVICES = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}


def run(
    script: str, scenario: str, node: NodeScript, server: RunningServer, pocket: Pocket, custom: Custom
) -> Any:
    return node(
        f"people/{script}",
        scenario=scenario,
        endpoint=server.base_url,
        pocket=pocket.url,
        poolId=custom.pool_id,
        clientId=custom.client_id,
        username="ada",
        password=PASSWORD,
    )


@pytest.mark.parametrize(
    ("script", "asks", "done"),
    [
        ("identity-custom", {"step": "customChallenge", "question": "two and two"}, "onSuccess"),
        ("amplify-custom", None, "DONE"),
    ],
)
def test_without_a_password_the_functions_alone_decide(
    node: NodeScript, server: RunningServer, cognito: Any, pocket: Pocket, script: str, asks: Any, done: str
) -> None:
    custom = a_custom_pool(server, cognito, passwordless)
    a_person(cognito, custom.pool_id)
    seen = run(script, "passwordless", node, server, pocket, custom)
    if script == "amplify-custom":
        assert seen["asked"]["signInStep"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
        assert seen["asked"]["additionalInfo"]["question"] == "two and two"
        assert seen["again"] == "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE"
    else:
        assert (seen["asked"], seen["again"]) == (asks, "customChallenge")
    assert seen["done"] == {"step": done, "username": "ada"}
    assert seen["refused"] == WRONG


@pytest.mark.parametrize(
    ("script", "asks", "done"),
    [
        ("identity-custom", "customChallenge", "onSuccess"),
        ("amplify-custom", "CONFIRM_SIGN_IN_WITH_CUSTOM_CHALLENGE", "DONE"),
    ],
)
def test_with_a_password_the_functions_are_asked_after_it(
    node: NodeScript, server: RunningServer, cognito: Any, pocket: Pocket, script: str, asks: str, done: str
) -> None:
    custom = a_custom_pool(server, cognito, after_the_password, DeviceConfiguration=DEVICES)
    a_person(cognito, custom.pool_id)
    seen = run(script, "password", node, server, pocket, custom)
    assert (seen["asked"], seen["done"], seen["byDevice"]) == (asks, done, done)
    assert seen["wrong"] == WRONG
    assert session_of(custom.define)[:1] == [("SRP_A", True, None)]
