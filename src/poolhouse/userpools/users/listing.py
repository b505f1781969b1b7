"""The people of a pool, searched by one of their attributes and shown in pages."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from poolhouse.core.attributes import name_of
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.pools import UserPool
from poolhouse.core.user_filter import UserFilter, parse_filter
from poolhouse.core.users import SEARCHABLE, User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import ListUsersRequest, ListUsersResponse
from poolhouse.store import Transaction
from poolhouse.store.repositories.user_listing import Found
from poolhouse.userpools.paging import page
from poolhouse.userpools.users.admin import pool_of
from poolhouse.userpools.users.describe import describe_user

TOKEN_LIVES = timedelta(hours=1)
"""Source: Cognito API reference, ListUsers (PaginationToken)."""
NOT_THERE = "One or more requested attributes do not exist."


async def list_users(call: Call, request: ListUsersRequest) -> ListUsersResponse:
    """The next people that the filter lets through, in the order of the attribute that it names.

    A page can have fewer than Limit, and none, though there are more: a PaginationToken says so.

    Raises:
        ResourceNotFoundException: no such pool.
        InvalidParameterException: no filter that can be understood, a token of another list or older than an
            hour, or an attribute in AttributesToGet that one of the people does not have.

    Source: Cognito API reference, ListUsers.
    """
    pool_id, text = request["UserPoolId"], request.get("Filter", "")
    wanted = parse_filter(text)
    only = frozenset(request.get("AttributesToGet", ())) or None

    def read(tx: Transaction, token: str, size: int) -> Sequence[Found]:
        pool = pool_of(tx, call, pool_id)
        _check_are_known(pool, only)
        after = _place_in(token, call.now) if token else None
        return tx.user_listing.page(pool, wanted, after=after, size=size)

    found, token = await page(
        call,
        read,
        lambda last: json.dumps([int(call.now.timestamp()), *last.place]),
        # As JSON, since a filter may hold what can't be encoded.
        about=json.dumps([pool_id, text]),
        size=request.get("Limit"),
        token=request.get("PaginationToken"),
    )
    users = [one.user for one in found if _is_meant(wanted, one.user)]
    _check_are_there(users, only)
    answer: ListUsersResponse = {"Users": [describe_user(user, only) for user in users]}
    if token is not None:
        answer["PaginationToken"] = token
    return answer


def _is_meant(wanted: UserFilter | None, user: User) -> bool:
    # Of a long value the index holds the beginning alone.
    return wanted is None or wanted.attribute not in SEARCHABLE or wanted.matches(user)


def _place_in(token: str, now: datetime) -> tuple[str, str]:
    issued, key, sub = json.loads(token)
    if now.timestamp() - issued >= TOKEN_LIVES.total_seconds():
        raise InvalidParameterException("Invalid pagination token.")
    return key, sub


def _check_are_known(pool: UserPool, only: frozenset[str] | None) -> None:
    if only is not None and not only <= set(map(name_of, pool.attributes)):
        raise InvalidParameterException(NOT_THERE)


def _check_are_there(users: Sequence[User], only: frozenset[str] | None) -> None:
    if only is not None and any(only - {"sub", *user.attributes} for user in users):
        raise InvalidParameterException(NOT_THERE)
