"""Values that nobody should ever send: kept as they are, or refused; never the server's failure."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import a_pool
from tests.fuzz.wire import Wire
from tests.harness import RunningServer
from tests.people.test_attributes import SCHEMA, a_user, the_pool

from poolhouse.core.attributes import schema_of
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.user_attributes import check_changes, check_new, is_email, is_phone_number

ANYTHING = st.text(max_size=60) | st.text(st.characters(categories=["Cs", "Cc"]), max_size=20)
NAMES = [attribute.get("Name", "") for attribute in schema_of(SCHEMA)]


@given(st.dictionaries(st.sampled_from(NAMES) | ANYTHING, ANYTHING, max_size=6), st.booleans())
def test_any_attributes_are_kept_as_they_are_or_refused_in_cognitos_way(
    values: dict[str, str], is_new: bool
) -> None:
    pool = the_pool()
    try:
        if is_new:
            kept: dict[str, Any] = dict(check_new(pool, values, writable=None, required=False))
        else:
            kept = dict(check_changes(pool, a_user(), values, writable=None))
    except InvalidParameterException:  # and no other error
        return
    for name, value in kept.items():
        assert value is None or value.lower() == values.get(name, "false").lower()
    assert kept.keys() <= set(NAMES) - {"sub"}


@given(ANYTHING | st.emails())
def test_an_email_can_end_no_header_and_name_no_second_address(text: str) -> None:
    if is_email(text):
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(' ,;:<>()[]"\\\r\n\t')
        assert text.count("@") == 1
        assert len(text) <= 254


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("ada@example.com", True),
        ("ada.king+cognito@mail.example.co.uk", True),
        ("o'brien@example.ie", True),
        ("ada@example", False),
        ("ada@.example.com", False),
        ("ada@example..com", False),
        (".ada@example.com", False),
        ("ada@-example.com", False),
        ("ada@example.com\n", False),
        ("ada@example.com\nBcc: x@example.com", False),
        ("<ada@example.com>", False),
        ("ada@example.com,x@example.com", False),
        ("ada@exämple.com", False),
        ("a" * 65 + "@example.com", False),
        ("a@" + "b" * 60 + ("." + "c" * 60) * 4, False),
    ],
)
def test_what_is_an_email(text: str, is_one: bool) -> None:
    assert is_email(text) is is_one


def test_a_phone_number_is_a_plus_sign_and_digits() -> None:
    assert is_phone_number("+15550100")
    for text in (
        "15550100",
        "+0155",
        "+1 555",
        "+",
        "+1234567890123456",
        "+\u0661\u0665\u0665",
        "+1555\n",
        "++15",
    ):
        assert not is_phone_number(text)


HOSTILE = [
    "\U0001f600" * 2048,
    "\U0010ffff" * 2048,
    "\uffff\ufffe\ufffd",
    "\u0390" * 2048,
    "\u202e\x01\x1b[31m\x7f\x85",
    "'; DROP TABLE pool_user; --",
    "%s%n{0}{####}",
    " ",
    "\r\nBcc: x@example.com",
]


@pytest.mark.parametrize("value", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_value_is_kept_as_it_is_and_found_again(cognito: Any, value: str) -> None:
    pool_id = a_pool(
        cognito, AliasAttributes=["preferred_username"], Schema=[{"Name": "x", "AttributeDataType": "String"}]
    )
    names = ["name", "given_name", "preferred_username", "address", "custom:x"]
    attributes = [{"Name": name, "Value": value} for name in names]
    request = {"UserPoolId": pool_id, "Username": "ada"}
    cognito.admin_create_user(**request, MessageAction="SUPPRESS", UserAttributes=attributes)
    assert cognito.admin_get_user(**request)["UserAttributes"][1:] == attributes
    cognito.admin_update_user_attributes(**request, UserAttributes=attributes)
    shortest = value[:200].replace("\\", "\\\\").replace('"', '\\"')
    (found,) = cognito.list_users(UserPoolId=pool_id, Filter=f'name ^= "{shortest}"')["Users"]
    assert found["Attributes"][1:] == attributes
    if len(value) <= 200:
        exact = cognito.list_users(UserPoolId=pool_id, Filter=f'given_name = "{shortest}"')["Users"]
        assert [user["Username"] for user in exact] == ["ada"]
    # It is an alias too: of one person.
    with pytest.raises(ClientError, match="UsernameExistsException"):
        cognito.admin_create_user(
            **{**request, "Username": "alan"},
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "preferred_username", "Value": value}],
        )
    cognito.admin_delete_user_attributes(**request, UserAttributeNames=names)
    assert len(cognito.admin_get_user(**request)["UserAttributes"]) == 1


@pytest.mark.parametrize(
    ("operation", "request_"),
    [
        (
            "AdminCreateUser",
            '{"Username":"ada","MessageAction":"SUPPRESS","UserAttributes":[{"Name":"name","Value":"\\ud800"}]}',
        ),
        ("AdminCreateUser", '{"Username":"ada","UserAttributes":[{"Name":"name","Value":"a\\u0000"}]}'),
        (
            "AdminUpdateUserAttributes",
            '{"Username":"ada","UserAttributes":[{"Name":"name","Value":"\\u0000"}]}',
        ),
        ("AdminGetUser", '{"Username":"ada\\udfff"}'),
        ("AdminGetUser", '{"Username":"ada\\u0000"}'),
        ("AdminAddUserToGroup", '{"Username":"ada","GroupName":"\\u0000"}'),
        ("ListUsers", '{"Filter":"name = \\"\\ud83d\\""}'),
        ("ListUsers", '{"Filter":"username = \\"\\u0000\\""}'),
        ("ListUsers", '{"Filter":"sub ^= \\"\\u0000\\""}'),
        ("ListUsers", '{"Filter":"cognito:user_status ^= \\"\\u0000\\""}'),
        ("ListUsers", '{"AttributesToGet":["\\ud800"]}'),
        ("ListUsers", '{"PaginationToken":"\\u00e9\\ud800"}'),
        ("ListUsers", '{"PaginationToken":"AAAA"}'),
        ("AdminDeleteUserAttributes", '{"Username":"ada","UserAttributeNames":["a\\ud800"]}'),
    ],
)
def test_what_can_not_be_text_is_never_the_servers_fault(
    server: RunningServer, cognito: Any, operation: str, request_: str
) -> None:
    pool_id = a_pool(cognito)
    body = request_.replace("{", f'{{"UserPoolId":"{pool_id}",', 1).encode()
    with closing(Wire(server)) as wire:
        reply = wire.aws("cognito-idp", operation, body)
    assert reply.status in (200, 400)
    if reply.status == 200:
        assert reply.document["Users"] == []
