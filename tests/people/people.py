"""Pools with people in them, for the tests."""

from __future__ import annotations

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.admin import admin_client
from tests.harness import RunningServer

PASSWORD = "Correct-Horse-9"  # of people who exist in tests alone


def an_app(cognito: Any, pool_id: str, *flows: str, **options: Any) -> dict[str, Any]:
    """An app client; by default with every flow of a password."""
    answer = cognito.create_user_pool_client(
        **{
            "UserPoolId": pool_id,
            "ClientName": "web",
            "ExplicitAuthFlows": list(flows)
            or [
                "ALLOW_USER_PASSWORD_AUTH",
                "ALLOW_ADMIN_USER_PASSWORD_AUTH",
                "ALLOW_USER_SRP_AUTH",
                "ALLOW_REFRESH_TOKEN_AUTH",
            ],
            **options,
        }
    )
    client: dict[str, Any] = answer["UserPoolClient"]
    return client


def a_person(cognito: Any, pool_id: str, username: str = "ada", **attributes: str) -> str:
    """A confirmed person with PASSWORD; the sub. `email_verified="true"` and the like as they are given."""
    answer = cognito.admin_create_user(
        UserPoolId=pool_id,
        Username=username,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    cognito.admin_set_user_password(UserPoolId=pool_id, Username=username, Password=PASSWORD, Permanent=True)
    return next(a["Value"] for a in answer["User"]["Attributes"] if a["Name"] == "sub")


def sign_in(cognito: Any, client_id: str, username: str = "ada", password: str = PASSWORD) -> dict[str, Any]:
    """The tokens of a sign-in by password."""
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": username, "PASSWORD": password},
    )
    result: dict[str, Any] = answer["AuthenticationResult"]
    return result


def refusal(call: Any, *arguments: Any, **options: Any) -> tuple[str, str]:
    """(code, message) of the error that a call ends with."""
    with pytest.raises(ClientError) as refused:
        call(*arguments, **options)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def messages_of(server: RunningServer, destination: str) -> list[dict[str, Any]]:
    """What lies in the local inbox for an address, newest first: Body, Code, Medium, Purpose, Subject and so on.

    A message is there when the operation that sent it has answered, unless that answer hides whether there was
    anybody to write to: then wait with `wait_for_message`.
    """
    pages = admin_client(server).get_paginator("list_inbox_messages").paginate()
    return [
        message for page in pages for message in page["Messages"] if message["Destination"] == destination
    ]


def the_code(server: RunningServer, destination: str) -> str:
    """The newest code, or temporary password, that was sent to an address."""
    code: str = wait_for_message(server, destination)["Code"]
    return code


def wait_for_message(server: RunningServer, destination: str, count: int = 1) -> dict[str, Any]:
    """The newest message to an address, as soon as there are `count` of them."""
    give_up = time.monotonic() + 10
    while len(found := messages_of(server, destination)) < count:
        assert time.monotonic() < give_up, f"no message to {destination}"
        time.sleep(0.02)
    return found[0]
