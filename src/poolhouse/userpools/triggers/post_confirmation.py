"""After somebody was confirmed, or has a new password by a code: a pool's function hears of it, and undoes nothing.

Source: Cognito developer guide, "Post confirmation Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from poolhouse.core.pools import UserPool
from poolhouse.core.triggers import Trigger, attributes_of
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.userpools.triggers.calling import run


class Of(StrEnum):
    """What was confirmed."""

    SIGN_UP = "ConfirmSignUp"
    FORGOT_PASSWORD = "ConfirmForgotPassword"


async def tell_after(
    call: Call,
    pool: UserPool,
    user: User,
    of: Of,
    *,
    client_id: str | None,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Tell the pool's function, if it has one, of a person as they are now, once that is written.

    Raises:
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: it threw, gave no
            answer, or none that can be read. The person stays confirmed.
    """
    request: dict[str, Any] = {"userAttributes": attributes_of(pool, user)}
    if metadata:
        request["clientMetadata"] = dict(metadata)
    await run(
        call,
        pool,
        Trigger.POST_CONFIRMATION,
        f"{Trigger.POST_CONFIRMATION}_{of}",
        client_id=client_id,
        username=user.username,
        request=request,
        response={},
    )
