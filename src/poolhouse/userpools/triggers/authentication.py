"""The functions that hear of a sign-in before its proofs and after them: PreAuthentication, PostAuthentication.

Neither is asked where tokens are refreshed, nor where a browser's session goes on.

Source: Cognito developer guide, "Pre authentication Lambda trigger", "Post authentication Lambda trigger".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.core.existence import hides_existence
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.triggers import Trigger, attributes_of
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.userpools.triggers.calling import run


async def before_sign_in(
    call: Call, app: AppSnapshot, user: User | None, name: str, validation_data: Mapping[str, str] | None
) -> None:
    """Ask whether a sign-in may begin, whatever it will prove. `name` is what was typed, `validation_data`
    InitiateAuth's ClientMetadata.

    Raises:
        UserLambdaValidationException: the function refuses.
        UnexpectedLambdaException, InvalidLambdaResponseException
    """
    await run(
        call,
        app.user_pool,
        Trigger.PRE_AUTHENTICATION,
        "PreAuthentication_Authentication",
        client_id=app.client.id,
        username=name if user is None else user.username,
        request={
            "userAttributes": {} if user is None else attributes_of(app.user_pool, user),
            **not_found(app, user),
            "validationData": dict(validation_data or {}),
        },
        response={},
    )


async def after_sign_in(
    call: Call,
    app: AppSnapshot,
    user: User,
    *,
    new_device: bool = False,
    client_metadata: Mapping[str, str] | None = None,
) -> None:
    """Tell that everything is proven, before anything is given for it.

    Raises:
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: nothing is given.
    """
    await run(
        call,
        app.user_pool,
        Trigger.POST_AUTHENTICATION,
        "PostAuthentication_Authentication",
        client_id=app.client.id,
        username=user.username,
        request={
            "userAttributes": attributes_of(app.user_pool, user),
            "newDeviceUsed": new_device,
            **given(client_metadata),
        },
        response={},
    )


def not_found(app: AppSnapshot, user: User | None) -> dict[str, Any]:
    """`userNotFound`, which only a client has that hides who exists: elsewhere nobody gets so far."""
    return {"userNotFound": user is None} if hides_existence(app) else {}


def given(client_metadata: Mapping[str, str] | None) -> dict[str, Any]:
    """`clientMetadata`, where the request had it."""
    return {} if client_metadata is None else {"clientMetadata": dict(client_metadata)}
