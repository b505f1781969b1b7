"""Pools with people in them, for the tests."""

from __future__ import annotations

from typing import Any

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
