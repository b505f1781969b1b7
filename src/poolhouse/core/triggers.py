"""The events of Cognito's Lambda triggers: what a pool's functions are told, and what they answer.

Source: Cognito developer guide, "Customizing user pool workflows with Lambda triggers".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

import orjson

from poolhouse.core.errors import (
    InvalidLambdaResponseException,
    UnexpectedLambdaException,
    UserLambdaValidationException,
)
from poolhouse.core.pool_settings import triggers
from poolhouse.core.pools import UserPool
from poolhouse.core.users import EMAIL, PHONE_NUMBER, User, aliases
from poolhouse.shapes.cognito_idp import UserPoolType


class Trigger(StrEnum):
    """A moment at which a function is asked. The value is its name in LambdaConfig and in Cognito's errors."""

    PRE_SIGN_UP = "PreSignUp"
    POST_CONFIRMATION = "PostConfirmation"
    PRE_AUTHENTICATION = "PreAuthentication"
    POST_AUTHENTICATION = "PostAuthentication"
    PRE_TOKEN_GENERATION = "PreTokenGeneration"
    DEFINE_AUTH_CHALLENGE = "DefineAuthChallenge"
    CREATE_AUTH_CHALLENGE = "CreateAuthChallenge"
    VERIFY_AUTH_CHALLENGE_RESPONSE = "VerifyAuthChallengeResponse"
    USER_MIGRATION = "UserMigration"
    CUSTOM_MESSAGE = "CustomMessage"
    CUSTOM_EMAIL_SENDER = "CustomEmailSender"
    CUSTOM_SMS_SENDER = "CustomSMSSender"
    INBOUND_FEDERATION = "InboundFederation"


IN_A_DOCUMENT = {Trigger.CUSTOM_EMAIL_SENDER, Trigger.CUSTOM_SMS_SENDER, Trigger.INBOUND_FEDERATION}
"""Those whose LambdaConfig member is a document with a version and the ARN."""
SENDERS_SOURCES = (f"{Trigger.CUSTOM_EMAIL_SENDER}_", f"{Trigger.CUSTOM_SMS_SENDER}_")
"""How the sources of custom senders begin, whose events name the source first: Cognito's do."""
FAILURES = (UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException)
"""How a function can fail its caller: it threw, it gave no answer, or one that is none."""
UNKNOWN_SDK = "aws-sdk-unknown-unknown"
"""What `callerContext.awsSdkVersion` says of the hosted pages, and of a client that says nothing of itself."""
NO_CLIENT = "CLIENT_ID_NOT_APPLICABLE"
"""What `callerContext.clientId` says where an administrator calls, for no client."""
UNRECOGNIZABLE = "Unrecognizable lambda output"
"""What Cognito says of an answer that it can't read."""
_SDK = re.compile(r"aws-sdk-([a-z0-9-]{1,32})/([0-9][A-Za-z0-9.-]{0,31})")


def function_of(settings: UserPoolType, trigger: Trigger) -> str | None:
    """The ARN of the function that a pool asks at this moment; None where it asks none."""
    config: Mapping[str, Any] = triggers(settings)
    if trigger is Trigger.PRE_TOKEN_GENERATION:
        return token_function_of(settings)[0]
    if trigger in IN_A_DOCUMENT:
        arn: str | None = config.get(trigger.value, {}).get("LambdaArn")
        return arn
    return config.get(trigger.value)


def token_function_of(settings: UserPoolType) -> tuple[str | None, str]:
    """The ARN of the function that shapes tokens, and the version of its events: `V1_0`, `V2_0` or `V3_0`."""
    config = triggers(settings)
    versioned = config.get("PreTokenGenerationConfig")
    if versioned is not None:
        return versioned["LambdaArn"], versioned["LambdaVersion"]
    return config.get("PreTokenGeneration"), "V1_0"


def machine_function_of(settings: UserPoolType) -> str | None:
    """The ARN of the function that shapes machines' tokens, which only the third version of its events knows."""
    arn, version = token_function_of(settings)
    return arn if version == "V3_0" else None


def event_of(
    *,
    source: str,
    region: str,
    pool_id: str,
    client_id: str | None,
    username: str | None,
    request: Mapping[str, Any],
    response: Mapping[str, Any],
    sdk: str = UNKNOWN_SDK,
    version: str = "1",
) -> dict[str, Any]:
    """The event, member for member and in Cognito's order. `response` has the members that the function may fill in,
    as null, false or empty."""
    caller = {"awsSdkVersion": sdk, "clientId": client_id or NO_CLIENT}
    whose = {"region": region, "userPoolId": pool_id, "userName": username, "callerContext": caller}
    told = {"request": dict(request), "response": dict(response)}
    if source.startswith(SENDERS_SOURCES):
        return {"version": version, "triggerSource": source, **whose, **told}
    return {"version": version, **whose, "triggerSource": source, **told}


def attributes_of(pool: UserPool, user: User) -> dict[str, str]:
    """The person's attributes, as every event carries them: texts, with `sub` and the status among them, and an
    address by which they may sign in once more as `cognito:email_alias` or `cognito:phone_number_alias`.

    The guide says nothing of the last two, but Cognito's events have them, and there are functions that look at them.
    """
    names = {
        f"cognito:{kind}_alias": user.attributes[kind]
        for kind, _ in aliases(pool, user)
        if kind in (EMAIL, PHONE_NUMBER)
    }
    return {"sub": user.sub, "cognito:user_status": user.status.value, **names, **user.attributes}


def sdk_of(user_agent: str) -> str:
    """`callerContext.awsSdkVersion` for a client that names itself so: `aws-sdk-js-3.1.0`."""
    found = _SDK.search(user_agent)
    return UNKNOWN_SDK if found is None else f"aws-sdk-{found[1]}-{found[2]}"


def response_in(answer: bytes) -> dict[str, Any]:
    """The `response` of the event that a function gave back; nothing else of it is read.

    Raises:
        InvalidLambdaResponseException: it is no event.
    """
    try:
        document = orjson.loads(answer)
    except ValueError:
        raise InvalidLambdaResponseException(UNRECOGNIZABLE) from None
    response = document.get("response") if isinstance(document, dict) else None
    if not isinstance(response, dict):
        raise InvalidLambdaResponseException(UNRECOGNIZABLE)
    return response
