"""Asking the three functions of a custom sign-in: DefineAuthChallenge, CreateAuthChallenge,
VerifyAuthChallengeResponse.

Source: Cognito developer guide, "Custom authentication challenge Lambda triggers".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from poolhouse.core.custom_sign_in import (
    CUSTOM_CHALLENGE,
    MOST_ROUNDS,
    PASSWORD_VERIFIER,
    CustomChallenge,
    CustomSignIn,
    created,
    defined,
    is_correct,
    not_possible,
)
from poolhouse.core.errors import InvalidParameterException, NotAuthorizedException
from poolhouse.core.sign_in import Event, Situation
from poolhouse.core.triggers import Trigger, attributes_of
from poolhouse.core.users import Factor
from poolhouse.userpools.sign_in.attempt import Attempt
from poolhouse.userpools.triggers.authentication import given, not_found
from poolhouse.userpools.triggers.calling import run

NOT_CONFIGURED = "Custom auth lambda trigger is not configured for the user pool."
FACTORS = {
    Event.SMS_DEFINED: Factor.SMS,
    Event.EMAIL_DEFINED: Factor.EMAIL,
    Event.TOTP_DEFINED: Factor.TOTP,
}


async def define(attempt: Attempt, now: Situation) -> Event | None:
    """How the sign-in goes on; None: it fails.

    A second factor can be asked for after the password alone, as in Cognito, and of nobody nothing is ever proven.

    Raises:
        InvalidLambdaResponseException: the function says nothing that is understood, or what can't be asked now.
        UserLambdaValidationException, UnexpectedLambdaException
        InvalidParameterException: the pool has no such function.
    """
    custom = _custom(attempt)
    if len(custom.rounds) > MOST_ROUNDS:
        raise NotAuthorizedException(detail=f"a custom sign-in of more than {MOST_ROUNDS} rounds")
    response = await _ask(
        attempt,
        Trigger.DEFINE_AUTH_CHALLENGE,
        {"session": list(custom.rounds)},
        {"challengeName": None, "issueTokens": None, "failAuthentication": None},
    )
    event = defined(response)
    match event:
        case Event.TOKENS_DEFINED if attempt.person.user is None:
            return None
        case Event.PASSWORD_DEFINED if custom.public is None:
            raise not_possible("PASSWORD_VERIFIER, without SRP_A")
        case Event.SMS_DEFINED | Event.EMAIL_DEFINED | Event.TOTP_DEFINED:
            if not custom.has_passed(PASSWORD_VERIFIER) or FACTORS[event] not in now.factors:
                raise not_possible(f"{FACTORS[event]}, which can't be asked for")
        case Event.DEVICE_DEFINED if not now.has_device:
            raise not_possible("DEVICE_SRP_AUTH, without a remembered device")
    return event


async def create(attempt: Attempt) -> CustomChallenge:
    """The challenge that the person is asked.

    Raises:
        InvalidLambdaResponseException, UserLambdaValidationException, UnexpectedLambdaException,
        InvalidParameterException: as `define`.
    """
    response = await _ask(
        attempt,
        Trigger.CREATE_AUTH_CHALLENGE,
        {"challengeName": CUSTOM_CHALLENGE, "session": list(_custom(attempt).rounds)},
        {"publicChallengeParameters": None, "privateChallengeParameters": None, "challengeMetadata": None},
    )
    return created(response)


async def verify(attempt: Attempt, private: Mapping[str, str | None], answer: str) -> bool:
    """Whether an answer is right. `private` is what the challenge was made with.

    Raises:
        InvalidLambdaResponseException, UserLambdaValidationException, UnexpectedLambdaException,
        InvalidParameterException: as `define`.
    """
    response = await _ask(
        attempt,
        Trigger.VERIFY_AUTH_CHALLENGE_RESPONSE,
        {"privateChallengeParameters": dict(private), "challengeAnswer": answer},
        {"answerCorrect": None},
    )
    return is_correct(response)


async def _ask(
    attempt: Attempt, trigger: Trigger, request: Mapping[str, Any], response: Mapping[str, Any]
) -> Mapping[str, Any]:
    user = attempt.person.user
    answer = await run(
        attempt.call,
        attempt.pool,
        trigger,
        f"{trigger.value}_Authentication",
        client_id=attempt.app.client.id,
        username=attempt.person.username,
        request={
            "userAttributes": {} if user is None else attributes_of(attempt.pool, user),
            **request,
            **not_found(attempt.app, user),
            **given(attempt.client_metadata),
        },
        response=response,
    )
    if answer is None:
        raise InvalidParameterException(NOT_CONFIGURED)
    return answer


def _custom(attempt: Attempt) -> CustomSignIn:
    assert attempt.custom is not None, "a custom sign-in alone asks these functions"
    return attempt.custom
