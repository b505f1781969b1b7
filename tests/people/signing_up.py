"""People who sign up, for the tests of signing up and of getting back in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, an_app, the_code

SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "poolhouse"}
EXPIRED = "Invalid code provided, please request a code again."
WRONG = "Invalid verification code provided, please try again."
TOO_MANY = "Attempt limit exceeded, please try after some time."
numbers = iter(range(1_000_000))


def an_email() -> str:
    """One that no other test has: the inbox of a server is one for all its pools."""
    return f"person{next(numbers)}@example.com"


def a_sign_up_app(
    cognito: Any, *flows: str, client: dict[str, Any] | None = None, **pool: Any
) -> tuple[str, str]:
    """(pool, client) of a pool that verifies email addresses."""
    pool_id = a_pool(cognito, **{"AutoVerifiedAttributes": ["email"], **pool})
    return pool_id, an_app(cognito, pool_id, *flows, **(client or {}))["ClientId"]


def sign_up(cognito: Any, client_id: str, name: str = "ada", **options: Any) -> dict[str, Any]:
    attributes = options.pop("attributes", {})
    answer: dict[str, Any] = cognito.sign_up(
        **{
            "ClientId": client_id,
            "Username": name,
            "Password": PASSWORD,
            "UserAttributes": [{"Name": n, "Value": v} for n, v in attributes.items()],
            **options,
        }
    )
    return answer


def confirm(cognito: Any, client_id: str, name: str, code: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = cognito.confirm_sign_up(
        ClientId=client_id, Username=name, ConfirmationCode=code, **options
    )
    return answer


def status_of(cognito: Any, pool_id: str, name: str) -> str:
    status: str = cognito.admin_get_user(UserPoolId=pool_id, Username=name)["UserStatus"]
    return status


def attributes_of(cognito: Any, pool_id: str, name: str) -> dict[str, str]:
    answer = cognito.admin_get_user(UserPoolId=pool_id, Username=name)
    return {a["Name"]: a["Value"] for a in answer["UserAttributes"]}


def refused(code: str, text: str, act: Callable[..., Any], *args: Any, **options: Any) -> None:
    with pytest.raises(ClientError) as caught:
        act(*args, **options)
    error = caught.value.response["Error"]
    assert (error["Code"], error["Message"]) == (code, text)


def outcome(act: Callable[[], Any]) -> str:
    """ "done", or the name of the error."""
    try:
        act()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return "done"


def not_the(code: str) -> str:
    return "000000" if code != "000000" else "111111"


def a_member(
    server: RunningServer, cognito: Any, client_id: str, name: str = "ada", **attributes: str
) -> str:
    """Somebody who signed up and confirmed their address; its value."""
    email = attributes.setdefault("email", an_email())
    sign_up(cognito, client_id, name, attributes=attributes)
    confirm(cognito, client_id, name, the_code(server, email))
    return email
