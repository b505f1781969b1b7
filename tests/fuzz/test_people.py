"""What people send, spoiled in every text: never a failure, and nothing that is refused changes anything but counts;
what is accepted can be read again, however strange it is."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fuzz.conftest import examples
from tests.fuzz.house import UNSIGNED, House
from tests.fuzz.rows import but_for_counts
from tests.fuzz.test_stored import request_of
from tests.fuzz.wire import check_harmless

from poolhouse.aws.model import service_model

TEXTS = [
    "", "\0", "a\0b", "\ud800", "a\udfffb", "😀" * 2048, "\u202e\ufeff\x1b[31m", "e\u0301" * 60, "{####}", "..",
    "\r\nBcc: all@example.com\r\n\r\n", "us-east-1_AAAAAAAAA", "=" * 64, "A" * 70_000, "a.b.c",
]  # fmt: skip
DEEP: Any = "a"
for _ in range(120):
    DEEP = {"a": [DEEP]}
FREE = ("ClientMetadata", "ValidationData", "AnalyticsMetadata", "UserContextData", "ContextData")
"""Members that few clients send, and that no good request has."""


def people_operations() -> list[str]:
    """Those that people make, and those that are made about people."""
    operations = service_model("cognito-idp").operations
    members = {
        name: service_model("cognito-idp").shapes[operation.input]["members"]
        for name, operation in operations.items()
        if operation.input
    }
    from poolhouse.aws.targets import TARGETS

    return [
        name
        for name in TARGETS["cognito-idp"]
        if name in UNSIGNED or name.startswith("Admin") or "Username" in members[name]
    ]


OPERATIONS = people_operations()
NEVER_SPOILED = frozenset({"UserPoolId", "ClientId"})


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from leaves(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from leaves(inner, (*path, number))
    else:
        yield path


def with_leaf(value: Any, path: tuple[Any, ...], leaf: Any) -> Any:
    if not path:
        return leaf
    changed = dict(value) if isinstance(value, Mapping) else list(value)
    changed[path[0]] = with_leaf(value[path[0]], path[1:], leaf)
    return changed


def spoiled(operation: str, request: dict[str, Any]) -> Iterator[Any]:
    for path in leaves(request):
        if path[0] not in NEVER_SPOILED:
            for text in TEXTS:
                yield with_leaf(request, path, text)
    shape = service_model("cognito-idp").operations[operation].input
    assert shape
    for member in FREE:
        if member in service_model("cognito-idp").shapes[shape]["members"]:
            for value in (
                {"a": "\0"},
                {"\ud800": "b"},
                {"a": "😀" * 2048},
                {"a": DEEP},
                DEEP,
                [DEEP],
                {"a": None},
            ):
                yield {**request, member: value}
    for member in ("Credential", "AuthParameters", "ChallengeResponses", "UserAttributes"):
        if member in request:
            for value in (DEEP, [DEEP], {"response": DEEP}, {}, {str(n): "a" for n in range(3_000)}):
                yield {**request, member: value}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_no_text_in_any_place_does_harm(house: House, operation: str) -> None:
    house.mend()
    before = but_for_counts(house.database.rows())
    good = house.requests()[operation]
    for request in spoiled(operation, good):
        reply = house.call(operation, request, is_signed=operation not in UNSIGNED)
        check_harmless(reply)
        if reply.status == 200:
            before = but_for_counts(house.database.rows())
    assert but_for_counts(house.database.rows()) == before
    house.database.forget_attempts()
    if not house.things <= house.database.things_of_people(house.machine.pool_id):
        house.furnish()
    house.check_all_answers()


CHANGING = (
    *("AdminCreateUser", "AdminUpdateUserAttributes", "AdminSetUserMFAPreference", "AdminSetUserSettings"),
    *(
        "AdminSetUserPassword",
        "AdminUpdateDeviceStatus",
        "SignUp",
        "UpdateUserAttributes",
        "SetUserMFAPreference",
    ),
    *("ConfirmDevice", "UpdateDeviceStatus", "VerifySoftwareToken", "ListUsers"),
)
FOUND_BY = (
    *("UserPoolId", "ClientId", "AccessToken", "DeviceKey", "DeviceSecretVerifierConfig", "UserCode"),
)
"""What is not made up, so that the operation is reached."""


@pytest.mark.parametrize("operation", CHANGING)
@examples(6)
@given(data=st.data())
def test_whatever_is_stored_of_people_everything_is_answered(
    house: House, operation: str, data: st.DataObject
) -> None:
    known = house.requests()[operation]
    given = {name: known[name] for name in FOUND_BY if name in known}
    if operation not in ("AdminCreateUser", "SignUp") and "Username" in known:
        given["Username"] = known["Username"]
    request = data.draw(request_of(operation, given))
    if "UserAttributes" in request:
        names = [
            "nickname",
            "name",
            "email",
            "phone_number",
            "preferred_username",
            "birthdate",
            "custom:none",
        ]
        for attribute in request["UserAttributes"]:
            attribute["Name"] = data.draw(st.sampled_from(names))
    request = json.loads(json.dumps(request))
    reply = house.call(operation, request, is_signed=operation not in UNSIGNED)
    check_harmless(reply)
    if reply.status == 200 and operation in ("AdminCreateUser", "SignUp"):
        person = {"UserPoolId": house.machine.pool_id, "Username": request["Username"]}
        found = house.ask("AdminGetUser", person)
        assert found["Username"] == request["Username"] or "sub" in str(found)
        house.ask("AdminDeleteUser", person)
    house.mend()
    house.check_all_answers()
