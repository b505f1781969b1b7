"""ListUsers: its filter, its order, its pages, and that each page is read from an index."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool

PEOPLE: dict[str, dict[str, str]] = {
    "ada": {"email": "ada@example.com", "name": "Ada", "family_name": "Lovelace", "given_name": "Ada"},
    "Alan": {"email": "Alan@Example.com", "name": "Alan", "family_name": "Turing", "phone_number": "+441"},
    "grace": {"email": "grace@example.org", "name": "Grace", "family_name": "Hopper"},
    "lovis": {"name": "LOVIS", "family_name": "Lovelace", "phone_number": "+4412"},
}


def make_people(cognito: Any, pool_id: str) -> dict[str, str]:
    """Their subs, by user name."""
    subs = {}
    for username, attributes in PEOPLE.items():
        answer = cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )
        subs[username] = answer["User"]["Attributes"][0]["Value"]
    cognito.admin_disable_user(UserPoolId=pool_id, Username="grace")
    cognito.admin_set_user_password(
        UserPoolId=pool_id, Username="ada", Password="Correct-Horse-9", Permanent=True
    )
    return subs


def found(cognito: Any, pool_id: str, text: str) -> list[str]:
    return [user["Username"] for user in cognito.list_users(UserPoolId=pool_id, Filter=text)["Users"]]


def test_people_are_found_by_every_attribute_that_can_be_searched(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    subs = make_people(cognito, pool_id)
    everybody = sorted(PEOPLE, key=subs.__getitem__)
    expected = {
        "": everybody,
        "  ": everybody,
        'username = "ada"': ["ada"],
        'username="Ada"': [],
        'username ^= "a"': ["ada"],
        'username ^= ""': ["Alan", "ada", "grace", "lovis"],
        'email = "ALAN@example.COM"': ["Alan"],
        'email ^= "a"': ["ada", "Alan"],
        'email ^= ""': ["ada", "Alan", "grace"],
        'phone_number = "+441"': ["Alan"],
        'phone_number ^= "+44"': ["Alan", "lovis"],
        'name ^= "lov"': ["lovis"],
        'given_name = "ada"': ["ada"],
        'family_name ^= "T"': ["Alan"],
        'preferred_username = "ada"': [],
        'cognito:user_status = "confirmed"': ["ada"],
        'cognito:user_status ^= "CONF"': ["ada"],
        'cognito:user_status = "Compromised"': [],
        'status = "Disabled"': ["grace"],
        'status = "disabled"': [],
        'status ^= "Dis"': ["grace"],
        'status ^= ""': everybody,
        f'sub = "{subs["ada"]}"': ["ada"],
        f'sub = "{subs["ada"].upper()}"': ["ada"],
        f'sub ^= "{subs["ada"][:13]}"': ["ada"],
        'name = "\\"Ada\\""': [],
    }
    assert {text: found(cognito, pool_id, text) for text in expected} == expected
    of_one_name = found(cognito, pool_id, 'family_name="lovelace"')
    assert of_one_name == sorted(["ada", "lovis"], key=subs.__getitem__)
    waiting = found(cognito, pool_id, 'cognito:user_status ^= "force"')
    assert waiting == sorted(["Alan", "grace", "lovis"], key=subs.__getitem__)


@pytest.mark.parametrize(
    "text",
    [
        "",
        'email ^= ""',
        'username ^= ""',
        'sub ^= ""',
        'cognito:user_status ^= "F"',
        'name ^= ""',
        'status ^= ""',
    ],
)
def test_pages_hold_everybody_once_and_in_order(cognito: Any, text: str) -> None:
    pool_id = a_pool(cognito)
    make_people(cognito, pool_id)
    pages, token = [], {}
    while True:
        page = cognito.list_users(UserPoolId=pool_id, Filter=text, Limit=1, **token)
        assert len(page["Users"]) == 1
        pages += [user["Username"] for user in page["Users"]]
        if "PaginationToken" not in page:
            break
        token = {"PaginationToken": page["PaginationToken"]}
    assert pages == found(cognito, pool_id, text)
    assert len(set(pages)) == len(pages)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("email", "Error while parsing filter"),
        ('email = ada"', "Error while parsing filter"),
        ('email == "ada"', "Error while parsing filter"),
        ('email = "a" or name = "b"', "Error while parsing filter"),
        ('custom:x = "1"', "Invalid search attribute: custom:x"),
        ('birthdate = "1815-12-10"', "Invalid search attribute: birthdate"),
    ],
)
def test_what_is_no_filter_is_refused(cognito: Any, text: str, message: str) -> None:
    with pytest.raises(ClientError, match=message) as refused:
        cognito.list_users(UserPoolId=a_pool(cognito), Filter=text)
    assert refused.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_long_value_is_found_by_its_beginning_and_compared_to_its_end(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    for username, name in (("first", "x" * 300), ("second", "x" * 299 + "y"), ("short", "x" * 230)):
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "name", "Value": name}],
        )
    assert sorted(found(cognito, pool_id, f'name ^= "{"X" * 231}"')) == ["first", "second"]
    assert found(cognito, pool_id, f'name = "{"x" * 230}"') == ["short"]


def test_a_page_may_be_empty_though_more_follow(cognito: Any) -> None:
    # One casefolded letter of these is three, so the index holds the beginning of the value alone.
    pool_id = a_pool(cognito)
    for username, last in (("a", "1"), ("b", "2")):
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "name", "Value": "\u0390" * 100 + last}],
        )
    pages, token = [], {}
    while True:
        text = f'name = "{chr(0x390) * 100}2"'
        page = cognito.list_users(UserPoolId=pool_id, Filter=text, Limit=1, **token)
        pages.append([user["Username"] for user in page["Users"]])
        if "PaginationToken" not in page:
            break
        token = {"PaginationToken": page["PaginationToken"]}
    assert sorted(pages) == [[], ["b"]]


def test_attributes_to_get_are_all_that_is_shown_and_must_be_there(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    make_people(cognito, pool_id)
    users = cognito.list_users(UserPoolId=pool_id, AttributesToGet=["name", "family_name"])["Users"]
    assert all({a["Name"] for a in user["Attributes"]} == {"name", "family_name"} for user in users)
    assert len(users) == len(PEOPLE)
    with pytest.raises(ClientError, match="One or more requested attributes do not exist"):
        cognito.list_users(UserPoolId=pool_id, AttributesToGet=["phone_number"])
    with pytest.raises(ClientError, match="One or more requested attributes do not exist"):
        cognito.list_users(UserPoolId=pool_id, AttributesToGet=["custom:none"], Filter='name = "nobody"')
    shown = cognito.list_users(
        UserPoolId=pool_id, AttributesToGet=["sub"], Filter='phone_number ^= "+"', Limit=1
    )
    assert [a["Name"] for a in shown["Users"][0]["Attributes"]] == ["sub"]


def test_a_pagination_token_is_good_for_its_own_list_and_for_an_hour(own_server: Any) -> None:
    server = own_server(clock_skew=timedelta(days=1))
    cognito = server.client()
    pool_id, other = a_pool(cognito), a_pool(cognito)
    for pool in (pool_id, other):
        make_people(cognito, pool)
    token = cognito.list_users(UserPoolId=pool_id, Limit=1)["PaginationToken"]
    for wrong in ({"Filter": 'name ^= "a"'}, {"UserPoolId": other}, {"PaginationToken": token[:-4] + "AAAA"}):
        with pytest.raises(ClientError, match="Invalid pagination token"):
            cognito.list_users(**{"UserPoolId": pool_id, "PaginationToken": token, **wrong})
    server.clock.advance(minutes=59)
    assert len(cognito.list_users(UserPoolId=pool_id, PaginationToken=token)["Users"]) == 3
    server.clock.advance(minutes=2)
    with pytest.raises(ClientError, match="Invalid pagination token"):
        cognito.list_users(UserPoolId=pool_id, PaginationToken=token)


def test_the_list_follows_what_changes(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    make_people(cognito, pool_id)
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id,
        Username="ada",
        UserAttributes=[{"Name": "family_name", "Value": "King"}, {"Name": "email", "Value": ""}],
    )
    assert found(cognito, pool_id, 'family_name = "king"') == ["ada"]
    assert found(cognito, pool_id, 'family_name = "lovelace"') == ["lovis"]
    assert found(cognito, pool_id, 'email ^= "ada"') == []
    cognito.admin_enable_user(UserPoolId=pool_id, Username="grace")
    assert found(cognito, pool_id, 'status = "Disabled"') == []
    cognito.admin_delete_user(UserPoolId=pool_id, Username="lovis")
    assert found(cognito, pool_id, 'name ^= "l"') == []


def test_in_a_pool_that_does_not_heed_case_neither_does_the_filter(cognito: Any) -> None:
    pool_id = a_pool(cognito, UsernameConfiguration={"CaseSensitive": False})
    make_people(cognito, pool_id)
    assert found(cognito, pool_id, 'username = "ALAN"') == ["Alan"]
    assert found(cognito, pool_id, 'username ^= "A"') == ["ada", "Alan"]


def test_people_of_another_pool_are_never_listed(cognito: Any) -> None:
    pool_id, empty = a_pool(cognito), a_pool(cognito)
    make_people(cognito, pool_id)
    for text in (
        "",
        'email ^= ""',
        'username ^= ""',
        'status ^= ""',
        'cognito:user_status ^= ""',
        'sub ^= ""',
    ):
        assert found(cognito, empty, text) == []
