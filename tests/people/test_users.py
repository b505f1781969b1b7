"""People made and changed by an administrator."""

from __future__ import annotations

from typing import Any

from tests.conftest import a_pool
from tests.people.people import a_person


def attributes_of(cognito: Any, pool_id: str, username: str = "ada") -> dict[str, str]:
    answer = cognito.admin_get_user(UserPoolId=pool_id, Username=username)
    return {attribute["Name"]: attribute["Value"] for attribute in answer["UserAttributes"]}


def test_a_person_is_made_and_found_again(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id, email="ada@example.com", email_verified="True")
    answer = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")
    assert answer["UserStatus"] == "CONFIRMED"
    assert answer["Enabled"] is True
    assert answer["UserAttributes"] == [
        {"Name": "sub", "Value": sub},
        {"Name": "email", "Value": "ada@example.com"},
        {"Name": "email_verified", "Value": "true"},
    ]
