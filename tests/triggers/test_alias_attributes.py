"""The addresses by which somebody signs in, which Cognito's events name once more than its guide says."""

from __future__ import annotations

from typing import Any

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, sign_in
from tests.people.signing_up import an_email
from tests.triggers.functions import a_function

PHONE = "+14155550199"


@pytest.mark.parametrize(
    ("pool", "verified", "named"),
    [
        ({}, True, ()),
        ({"UsernameAttributes": ["email", "phone_number"]}, False, ("email",)),
        ({"AliasAttributes": ["email"]}, False, ()),
        ({"AliasAttributes": ["email"]}, True, ("email",)),
        ({"AliasAttributes": ["email", "phone_number"]}, True, ("email", "phone_number")),
        ({"AliasAttributes": ["preferred_username"]}, True, ()),
    ],
)
def test_an_address_that_is_a_name_is_told_as_one(
    server: RunningServer, cognito: Any, pool: dict[str, Any], verified: bool, named: tuple[str, ...]
) -> None:
    asked = a_function(server)
    pool_id = a_pool(cognito, LambdaConfig={"PostAuthentication": asked.arn}, **pool)
    client_id = an_app(cognito, pool_id)["ClientId"]
    values = {"email": an_email(), "phone_number": PHONE}
    states = {f"{name}_verified": str(verified).lower() for name in values}
    name = values["email"] if "UsernameAttributes" in pool else "ada"
    if name != "ada":
        # Their name is an address: of two, the one that they were made by.
        del values["phone_number"], states["phone_number_verified"]
    a_person(cognito, pool_id, name, **values, **states)
    sign_in(cognito, client_id, name)
    attributes = asked.event["request"]["userAttributes"]
    found = {name: value for name, value in attributes.items() if name.endswith("_alias")}
    assert found == {f"cognito:{name}_alias": values[name] for name in named}
    if "email" in named:
        assert list(attributes)[:3] == ["sub", "cognito:user_status", "cognito:email_alias"]
