"""Whatever the service model allows to be asked about people: no answer is a failure, no error is one that the
operation does not declare, and afterwards everybody can still be shown, listed and searched for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import a_pool, a_server_on
from tests.fuzz.conftest import examples
from tests.fuzz.values import structure
from tests.fuzz.wire import Wire, check_harmless

from poolhouse.aws.model import service_model
from poolhouse.core.user_filter import FILTERABLE

OPERATIONS = (
    *("AdminCreateUser", "AdminGetUser", "AdminUpdateUserAttributes", "AdminDeleteUserAttributes"),
    *("AdminDeleteUser", "AdminEnableUser", "AdminDisableUser", "AdminSetUserPassword"),
    *("AdminAddUserToGroup", "AdminRemoveUserFromGroup", "AdminListGroupsForUser"),
    *("ListUsers", "ListUsersInGroup", "DeleteGroup"),
)
OF_A_REQUEST = {"InvalidParameterException", "SerializationException"}
"""What the validation raises, whatever the operation declares."""
SCHEMA = [
    {"Name": name, "AttributeDataType": kind}
    for name, kind in (("text", "String"), ("number", "Number"), ("yes", "Boolean"), ("at", "DateTime"))
]
NAMES = [
    "name",
    "email",
    "email_verified",
    "phone_number",
    "preferred_username",
    "birthdate",
    "updated_at",
    "sub",
]
NAMES += [f"custom:{attribute['Name']}" for attribute in SCHEMA]
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=60)
VALUES = st.one_of(
    TEXTS,
    st.characters(exclude_categories=["Cs"], exclude_characters="\0").map(lambda letter: letter * 2048),
    st.sampled_from(["true", "1", "ada@example.com", "+15550100", "2026-11-24", "9" * 2048, ""]),
)
ATTRIBUTES = st.lists(
    st.builds(lambda name, text: {"Name": name, "Value": text}, st.sampled_from(NAMES), VALUES), max_size=5
)
FILTERS = st.one_of(
    TEXTS,
    st.builds(
        lambda name, operator, text: f'{name} {operator} "{text}"'[:256],
        st.sampled_from(sorted(FILTERABLE)),
        st.sampled_from(["=", "^="]),
        TEXTS.map(lambda text: text.replace("\\", "\\\\").replace('"', '\\"')),
    ),
)


class People:
    def __init__(self, wire: Wire, pool_id: str) -> None:
        self.wire = wire
        self.pool_id = pool_id

    def ask(self, operation: str, **request: Any) -> Any:
        reply = self.wire.aws("cognito-idp", operation, {"UserPoolId": self.pool_id, **request})
        check_harmless(reply)
        declared = service_model("cognito-idp").operations[operation].errors
        assert reply.status == 200 or reply.error in {*declared, *OF_A_REQUEST}, (operation, reply.body)
        return reply

    def check_all_answers(self) -> None:
        for operation, request in (
            ("AdminGetUser", {"Username": "ada"}),
            ("ListUsers", {}),
            ("ListUsers", {"Filter": 'name ^= ""'}),
            ("ListUsersInGroup", {"GroupName": "readers"}),
            ("DescribeUserPool", {}),
        ):
            reply = self.ask(operation, **request)
            assert reply.status == 200, (operation, reply.body)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def people(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with a_server_on(request.param, tmp_path_factory.mktemp("people"), request) as server:
        pool_id = a_pool(server.client(), Schema=SCHEMA, AliasAttributes=["email", "preferred_username"])
        with closing(Wire(server)) as wire:
            yield People(wire, pool_id)


@pytest.mark.parametrize("operation", OPERATIONS)
@examples(8)
@given(data=st.data())
def test_whatever_is_asked_about_people_is_answered(
    people: People, operation: str, data: st.DataObject
) -> None:
    people.ask("CreateGroup", GroupName="readers")
    if people.ask("AdminGetUser", Username="ada").status != 200:
        people.ask("AdminCreateUser", Username="ada", MessageAction="SUPPRESS")
    people.ask("AdminAddUserToGroup", GroupName="readers", Username="ada")
    model = service_model("cognito-idp").operations[operation]
    assert model.input is not None
    fixed: dict[str, Any] = {"UserPoolId": people.pool_id}
    members = service_model("cognito-idp").shapes[model.input]["members"]
    if "Username" in members and data.draw(st.integers(0, 3)):
        fixed["Username"] = (
            "ada" if operation != "AdminCreateUser" else data.draw(st.sampled_from(["ada", "alan"]))
        )
    if "GroupName" in members and data.draw(st.integers(0, 3)):
        fixed["GroupName"] = "readers"
    if "UserAttributes" in members:
        fixed["UserAttributes"] = data.draw(ATTRIBUTES)
    if "Filter" in members:
        fixed["Filter"] = data.draw(FILTERS)
    request = data.draw(structure("cognito-idp", model.input, fixed))
    people.ask(operation, **json.loads(json.dumps(request)))
    if operation == "AdminDeleteUser":
        people.ask("AdminCreateUser", Username="ada", MessageAction="SUPPRESS")
    people.ask("CreateGroup", GroupName="readers")
    people.check_all_answers()
