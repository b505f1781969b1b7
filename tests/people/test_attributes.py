"""Attributes: the schema, who may write which, what is verified, and what nobody should ever send."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import messages_of, the_code

from poolhouse.core.attribute_updates import update_attributes
from poolhouse.core.attributes import STANDARD_ATTRIBUTES, schema_of
from poolhouse.core.clients import UserPoolClient
from poolhouse.core.errors import InvalidParameterException, NotAuthorizedException
from poolhouse.core.pools import UserPool
from poolhouse.core.user_attributes import (
    check_changes,
    check_new,
    client_readable,
    client_writable,
    parse_attributes,
    sign_in_attribute,
)
from poolhouse.core.users import User, UserStatus
from poolhouse.shapes.cognito_idp import SchemaAttributeType

NOW = datetime(2026, 11, 24, tzinfo=UTC)
SCHEMA: list[SchemaAttributeType] = [
    {"Name": "given_name", "Required": True},
    {
        "Name": "shoe",
        "AttributeDataType": "Number",
        "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "60"},
    },
    {
        "Name": "tenant",
        "AttributeDataType": "String",
        "Mutable": False,
        "StringAttributeConstraints": {"MaxLength": "5"},
    },
    {"Name": "vip", "AttributeDataType": "Boolean"},
    {"Name": "since", "AttributeDataType": "DateTime"},
    {"Name": "secret", "AttributeDataType": "String", "DeveloperOnlyAttribute": True},
]


def the_pool(schema: list[SchemaAttributeType] | None = None, **settings: Any) -> UserPool:
    return UserPool(
        id="us-east-1_aaaaaaaaa",
        account_id="000000000000",
        region="us-east-1",
        name="a pool",
        created_at=NOW,
        modified_at=NOW,
        settings=settings,  # type: ignore[arg-type]
        attributes=schema_of(SCHEMA if schema is None else schema),
    )


def a_user(**attributes: str) -> User:
    return User("us-east-1_aaaaaaaaa", "sub", "ada", UserStatus.CONFIRMED, NOW, NOW, attributes=attributes)


def new(**values: str) -> dict[str, str]:
    return check_new(the_pool(), values, writable=None, required=False)


def changed(user: User, values: dict[str, str], pool: UserPool | None = None) -> dict[str, str | None]:
    return check_changes(pool or the_pool(), user, values, writable=None)


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        ("custom:none", "1", "custom:none: Attribute does not exist in the schema."),
        ("shoe", "1", "shoe: Attribute does not exist in the schema."),
        ("sub", "1", "sub: Attribute cannot be updated."),
        ("custom:shoe", "0", "custom:shoe: Number must be at least 1"),
        ("custom:shoe", "60.5", "custom:shoe: Number must be no more than 60"),
        ("custom:shoe", "4e1", "custom:shoe: Value is not a number"),
        ("custom:shoe", "\u0664\u0662", "custom:shoe: Value is not a number"),
        ("custom:shoe", "1" * 2048, "custom:shoe: Value is not a number"),
        ("custom:tenant", "abcdef", "custom:tenant: String must be no longer than 5 characters"),
        ("birthdate", "1815", "birthdate: String must be at least 10 characters long"),
        ("custom:vip", "yes", "custom:vip: Value must be true or false"),
        ("custom:since", "yesterday", "custom:since: Value is not a date: ISO 8601 or seconds since 1970"),
        ("updated_at", "-1", "updated_at: Number must be at least 0"),
    ],
)
def test_a_value_that_the_schema_does_not_allow_is_refused(name: str, value: str, fault: str) -> None:
    with pytest.raises(InvalidParameterException) as refusal:
        new(**{name: value})
    assert refusal.value.message == f"Attributes did not conform to the schema: {fault}"


def test_all_faults_are_told_at_once() -> None:
    with pytest.raises(InvalidParameterException) as refusal:
        new(**{"custom:none": "1", "sub": "2"})
    assert refusal.value.message == (
        "Attributes did not conform to the schema: custom:none: Attribute does not exist in the schema. "
        "sub: Attribute cannot be updated."
    )


def test_what_the_pool_requires_must_be_there_at_sign_up_and_may_not_go() -> None:
    missing = "Attributes did not conform to the schema: given_name: The attribute is required"
    for values in ({}, {"given_name": ""}):
        with pytest.raises(InvalidParameterException) as refusal:
            check_new(the_pool(), values, writable=None, required=True)
        assert refusal.value.message == missing
        assert check_new(the_pool(), values, writable=None, required=False) == {}
    with pytest.raises(InvalidParameterException) as refusal:
        changed(a_user(given_name="Ada"), {"given_name": ""})
    assert refusal.value.message == missing
    # Who never had it may be changed in other ways.
    assert changed(a_user(), {"name": "Ada"}) == {"name": "Ada"}


def test_an_immutable_attribute_is_set_once() -> None:
    assert new(**{"custom:tenant": "abc"}) == {"custom:tenant": "abc"}
    for value in ("xyz", ""):
        with pytest.raises(InvalidParameterException, match="custom:tenant: Attribute cannot be updated"):
            changed(a_user(**{"custom:tenant": "abc"}), {"custom:tenant": value})


def test_booleans_are_kept_in_small_letters_and_empty_values_not_at_all() -> None:
    assert new(email="ada@example.com", email_verified="TRUE", name="", **{"custom:vip": "False"}) == {
        "email": "ada@example.com",
        "email_verified": "true",
        "custom:vip": "false",
    }


def test_a_duplicate_attribute_is_refused() -> None:
    with pytest.raises(InvalidParameterException, match="Duplicate attribute name"):
        parse_attributes([{"Name": "name", "Value": "a"}, {"Name": "name", "Value": "b"}])
    assert parse_attributes([{"Name": "name"}]) == {"name": ""}


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"email_verified": "true"}, "Email is required to verify/un-verify an email"),
        ({"email_verified": "false", "email": ""}, "Email is required to verify/un-verify an email"),
        ({"phone_number_verified": "true"}, "Phone Number is required to verify/un-verify a phone number"),
        ({"email": "ada"}, "Invalid email address format."),
        ({"phone_number": "5550100"}, "Invalid phone number format."),
    ],
)
def test_an_address_must_be_one_and_be_there_to_be_verified(values: dict[str, str], message: str) -> None:
    for attempt in (lambda: new(**values), lambda: changed(a_user(), values)):
        with pytest.raises(InvalidParameterException) as refusal:
            attempt()
        assert refusal.value.message == message


def test_a_new_address_is_not_verified_and_one_that_goes_takes_its_verification_along() -> None:
    ada = a_user(email="ada@example.com", email_verified="true")
    assert changed(ada, {"email": "new@example.com"}) == {
        "email": "new@example.com",
        "email_verified": "false",
    }
    assert changed(ada, {"email": "ada@example.com"}) == {"email": "ada@example.com"}
    assert changed(ada, {"email": "new@example.com", "email_verified": "true"})["email_verified"] == "true"
    assert changed(ada, {"email": ""}) == {"email": None, "email_verified": None}
    assert changed(ada, {"email_verified": "false"}) == {"email_verified": "false"}


def test_a_client_writes_only_what_it_may() -> None:
    pool = the_pool()
    client = UserPoolClient("id", pool.id, "web", NOW, NOW, {})
    standard = {attribute.get("Name", "") for attribute in STANDARD_ATTRIBUTES}
    assert client_readable(pool, client) == standard
    writable = client_writable(pool, client)
    assert writable == standard - {"sub", "email_verified", "phone_number_verified"}
    assert writable is not None
    for name in ("custom:shoe", "dev:custom:secret", "email_verified", "sub", "no_such"):
        with pytest.raises(
            NotAuthorizedException, match="A client attempted to write unauthorized attribute"
        ):
            check_new(pool, {name: "1"}, writable=writable, required=False)
        with pytest.raises(
            NotAuthorizedException, match="A client attempted to write unauthorized attribute"
        ):
            check_changes(pool, a_user(email="ada@example.com"), {name: "1"}, writable=writable)
    chosen = UserPoolClient(
        "id",
        pool.id,
        "web",
        NOW,
        NOW,
        {"ReadAttributes": ["email"], "WriteAttributes": ["custom:shoe", "sub"]},
    )
    assert client_readable(pool, chosen) == {"sub", "email"}
    assert client_writable(pool, chosen) == {"custom:shoe"}


def test_a_preferred_username_is_for_who_is_confirmed_and_looks_like_no_other_alias() -> None:
    pool = the_pool([], AliasAttributes=["preferred_username", "email"])
    with pytest.raises(
        InvalidParameterException, match="preferred_username can not be provided during sign-up"
    ):
        check_new(pool, {"preferred_username": "ada"}, writable={"preferred_username"}, required=True)
    assert check_new(pool, {"preferred_username": "ada"}, writable=None, required=True)
    with pytest.raises(InvalidParameterException, match="Preferred username cannot be of email format"):
        check_changes(pool, a_user(), {"preferred_username": "bob@example.com"}, writable=None)
    assert sign_in_attribute(pool, "ada") is None
    with pytest.raises(InvalidParameterException, match="Username cannot be of email format"):
        sign_in_attribute(pool, "bob@example.com")


# --- waiting for proof -----------------------------------------------------------------------------------


def test_a_new_address_waits_for_its_proof_where_the_pool_wants_it_so() -> None:
    settings = {"AttributesRequireVerificationBeforeUpdate": ["email"]}
    pool = the_pool(
        [], AutoVerifiedAttributes=["email", "phone_number"], UserAttributeUpdateSettings=settings
    )
    ada = a_user(email="ada@example.com", email_verified="true")

    def after(
        user: User, **values: str
    ) -> tuple[dict[str, str], dict[str, str], tuple[tuple[str, str], ...]]:
        update = update_attributes(pool, user, changed(user, values, pool), NOW)
        return dict(update.user.attributes), dict(update.user.pending), update.to_prove

    waiting = {"email": "new@example.com"}
    assert after(ada, email="new@example.com", name="Ada") == (
        {"email": "ada@example.com", "email_verified": "true", "name": "Ada"},
        waiting,
        (("email", "new@example.com"),),
    )
    # What is said to be verified waits for nothing, and ends what waits.
    pending = ada.changed(NOW, pending=waiting)
    verified = {"email": "third@example.com", "email_verified": "true"}
    assert after(pending, **verified) == (verified, {}, ())
    assert after(pending, email="ada@example.com")[1:] == ({}, ())
    assert after(pending, name="Ada")[1:] == (waiting, ())
    assert after(pending, email="") == ({}, {}, ())
    # The phone number of this pool is proved afterwards.
    assert after(ada, phone_number="+15550100") == (
        {**ada.attributes, "phone_number": "+15550100", "phone_number_verified": "false"},
        {},
        (("phone_number", "+15550100"),),
    )


def test_a_code_goes_to_the_new_address_and_the_old_one_stays_until_then(
    cognito: Any, server: RunningServer
) -> None:
    pool_id = a_pool(
        cognito,
        AutoVerifiedAttributes=["email"],
        AliasAttributes=["email"],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": ["email"]},
    )
    old, new_one = (f"{name}.{pool_id[-9:].lower()}@example.com" for name in ("old", "new"))
    verified = [{"Name": "email", "Value": old}, {"Name": "email_verified", "Value": "true"}]
    cognito.admin_create_user(
        UserPoolId=pool_id, Username="ada", MessageAction="SUPPRESS", UserAttributes=verified
    )

    def update(**values: str) -> None:
        attributes = [{"Name": name, "Value": value} for name, value in values.items()]
        cognito.admin_update_user_attributes(UserPoolId=pool_id, Username="ada", UserAttributes=attributes)

    update(email=new_one)
    assert the_code(server, new_one)
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=old)["UserAttributes"][1:] == verified
    with pytest.raises(ClientError, match="UserNotFoundException"):
        cognito.admin_get_user(UserPoolId=pool_id, Username=new_one)
    update(email=new_one, email_verified="true")
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=new_one)["Username"] == "ada"
    assert len(messages_of(server, new_one)) == 1
    with pytest.raises(ClientError, match="UserNotFoundException"):
        cognito.admin_get_user(UserPoolId=pool_id, Username=old)


def test_a_pool_that_verifies_nothing_sends_nothing(cognito: Any, server: RunningServer) -> None:
    pool_id = a_pool(cognito)
    address = f"{pool_id[-9:].lower()}@example.com"
    cognito.admin_create_user(UserPoolId=pool_id, Username="ada", MessageAction="SUPPRESS")
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": address}]
    )
    assert messages_of(server, address) == []


def test_attributes_are_removed_and_what_is_not_there_is_no_error(cognito: Any) -> None:
    pool_id = a_pool(cognito, Schema=SCHEMA)
    values = {"given_name": "Ada", "email": "ada@example.com", "email_verified": "true", "custom:shoe": "38"}
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="ada",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in values.items()],
    )

    def remove(*names: str) -> None:
        cognito.admin_delete_user_attributes(
            UserPoolId=pool_id, Username="ada", UserAttributeNames=list(names)
        )

    remove("email", "custom:shoe", "nickname", "nickname")
    shown = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")["UserAttributes"]
    assert [attribute["Name"] for attribute in shown] == ["sub", "given_name"]
    for name in ("given_name", "sub", "custom:none", "custom:tenant"):
        with pytest.raises(ClientError, match="InvalidParameterException.*Attributes did not conform"):
            remove(name)
