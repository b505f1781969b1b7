"""Who is in which group: added, taken out, listed, and gone with the person or the group."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer


def a_pool_with(cognito: Any, *names: str, groups: tuple[str, ...] = ("readers",)) -> str:
    pool_id = a_pool(cognito)
    for name in names:
        cognito.admin_create_user(UserPoolId=pool_id, Username=name, MessageAction="SUPPRESS")
    for group in groups:
        cognito.create_group(UserPoolId=pool_id, GroupName=group, Precedence=1)
    return pool_id


def add(cognito: Any, pool_id: str, group: str, *names: str) -> None:
    for name in names:
        cognito.admin_add_user_to_group(UserPoolId=pool_id, GroupName=group, Username=name)


def groups_of(cognito: Any, pool_id: str, name: str) -> list[str]:
    answer = cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username=name)
    return [group["GroupName"] for group in answer["Groups"]]


def members(cognito: Any, pool_id: str, group: str) -> set[str]:
    answer = cognito.list_users_in_group(UserPoolId=pool_id, GroupName=group)
    return {user["Username"] for user in answer["Users"]}


def test_people_come_into_groups_and_go(cognito: Any) -> None:
    pool_id = a_pool_with(cognito, "ada", "alan", groups=("writers", "readers"))
    add(cognito, pool_id, "readers", "ada", "alan", "ada")
    add(cognito, pool_id, "writers", "ada")
    assert groups_of(cognito, pool_id, "ada") == ["readers", "writers"]
    assert members(cognito, pool_id, "readers") == {"ada", "alan"}
    for _ in range(2):
        cognito.admin_remove_user_from_group(UserPoolId=pool_id, GroupName="readers", Username="ada")
    assert groups_of(cognito, pool_id, "ada") == ["writers"]
    assert members(cognito, pool_id, "readers") == {"alan"}
    answer = cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username="ada")
    assert answer["Groups"] == [cognito.get_group(UserPoolId=pool_id, GroupName="writers")["Group"]]


def test_both_lists_come_in_pages(cognito: Any) -> None:
    names = tuple(f"group{number}" for number in range(5))
    people = [f"user{number}" for number in range(5)]
    pool_id = a_pool_with(cognito, *people, groups=names)
    for name in names:
        add(cognito, pool_id, name, "user0")
    add(cognito, pool_id, "group0", *people)

    def pages(operation: str, key: str, **request: Any) -> list[list[str]]:
        paginator = cognito.get_paginator(operation)
        found = paginator.paginate(UserPoolId=pool_id, **request, PaginationConfig={"PageSize": 2})
        return [[item.get("GroupName") or item["Username"] for item in page[key]] for page in found]

    listed = pages("admin_list_groups_for_user", "Groups", Username="user0")
    assert listed == [["group0", "group1"], ["group2", "group3"], ["group4"]]
    listed = pages("list_users_in_group", "Users", GroupName="group0")
    assert [len(page) for page in listed] == [2, 2, 1]
    assert sorted(name for page in listed for name in page) == people
    token = cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username="user0", Limit=1)["NextToken"]
    with pytest.raises(ClientError, match="Invalid pagination token"):
        cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username="user1", NextToken=token)
    with pytest.raises(ClientError, match="Invalid pagination token"):
        cognito.list_users_in_group(UserPoolId=pool_id, GroupName="group0", NextToken=token)


def test_a_missing_group_or_person_is_said_to_be_missing(cognito: Any) -> None:
    pool_id = a_pool_with(cognito, "ada")
    for operation in ("admin_add_user_to_group", "admin_remove_user_from_group"):
        with pytest.raises(ClientError, match="ResourceNotFoundException.*Group not found"):
            getattr(cognito, operation)(UserPoolId=pool_id, GroupName="none", Username="ada")
        with pytest.raises(ClientError, match="UserNotFoundException.*User does not exist"):
            getattr(cognito, operation)(UserPoolId=pool_id, GroupName="readers", Username="nobody")
    with pytest.raises(ClientError, match="ResourceNotFoundException.*Group not found"):
        cognito.list_users_in_group(UserPoolId=pool_id, GroupName="none")
    with pytest.raises(ClientError, match="UserNotFoundException.*User does not exist"):
        cognito.admin_list_groups_for_user(UserPoolId=pool_id, Username="nobody")


def test_a_group_goes_and_its_members_stay(cognito: Any) -> None:
    pool_id = a_pool_with(cognito, "ada", "alan", groups=("readers", "writers"))
    add(cognito, pool_id, "readers", "ada", "alan")
    add(cognito, pool_id, "writers", "ada")
    cognito.delete_group(UserPoolId=pool_id, GroupName="readers")
    assert groups_of(cognito, pool_id, "ada") == ["writers"]
    assert groups_of(cognito, pool_id, "alan") == []
    # A new group of the name has nobody in it.
    cognito.create_group(UserPoolId=pool_id, GroupName="readers")
    assert members(cognito, pool_id, "readers") == set()


def test_who_is_deleted_is_in_no_group(cognito: Any) -> None:
    pool_id = a_pool_with(cognito, "ada")
    add(cognito, pool_id, "readers", "ada")
    cognito.admin_delete_user(UserPoolId=pool_id, Username="ada")
    assert members(cognito, pool_id, "readers") == set()
    cognito.admin_create_user(UserPoolId=pool_id, Username="ada", MessageAction="SUPPRESS")
    assert groups_of(cognito, pool_id, "ada") == []


def test_nobody_is_in_more_than_a_hundred_groups_not_even_by_asking_at_once(
    cognito: Any, server: RunningServer
) -> None:
    names = tuple(f"group{number:03}" for number in range(104))
    pool_id = a_pool_with(cognito, "ada", groups=names)
    add_all = names[:98]
    for name in add_all:
        add(cognito, pool_id, name, "ada")
    clients = [server.client() for _ in range(6)]

    def attempt(number: int) -> str:
        try:
            add(clients[number], pool_id, names[98 + number], "ada")
        except ClientError as error:
            return str(error.response["Error"]["Message"])
        return "added"

    with ThreadPoolExecutor(6) as threads:
        outcomes = sorted(threads.map(attempt, range(6)))
    assert outcomes == ["Maximum number of groups for the user reached."] * 4 + ["added"] * 2
    # Who is in as many as they may be can be added again to one that they are in.
    add(cognito, pool_id, names[0], "ada")
