"""CUSTOM_AUTH: the pool's own functions say what is asked, and who has answered enough.

Source: Cognito developer guide, "Custom authentication challenge Lambda triggers".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from poolhouse.core import srp
from poolhouse.core.custom_sign_in import CUSTOM_CHALLENGE, SRP_A, CustomSignIn
from poolhouse.core.errors import CognitoError, InvalidParameterException
from poolhouse.core.pools import UserPool
from poolhouse.core.sign_in import Event
from poolhouse.core.triggers import Trigger, function_of
from poolhouse.shapes.cognito_idp import InitiateAuthResponse
from poolhouse.userpools import sessions
from poolhouse.userpools.sign_in import history
from poolhouse.userpools.sign_in.attempt import Attempt, may_begin
from poolhouse.userpools.sign_in.going_on import go_on
from poolhouse.userpools.triggers import challenges


def require_function(pool: UserPool) -> None:
    """Raises InvalidParameterException: the pool has no function that could decide."""
    if function_of(pool.settings, Trigger.DEFINE_AUTH_CHALLENGE) is None:
        raise InvalidParameterException(challenges.NOT_CONFIGURED)


async def begin(attempt: Attempt) -> InitiateAuthResponse:
    """At the start of CUSTOM_AUTH: with a password to be proven by SRP, or without.

    Raises:
        InvalidParameterException: another CHALLENGE_NAME than SRP_A or CUSTOM_CHALLENGE, or no SRP_A.
        CognitoError: what the functions end in.
    """
    may_begin(attempt, by_password=False)
    custom = _beginning(attempt.values)
    begun = replace(attempt, state={**attempt.state, "custom": custom.to_state()})
    return await go_on(begun, Event.CUSTOM_BEGUN)


def _beginning(values: Mapping[str, str]) -> CustomSignIn:
    name = values.get("CHALLENGE_NAME", SRP_A if SRP_A in values else CUSTOM_CHALLENGE)
    if name == CUSTOM_CHALLENGE:
        return CustomSignIn()
    if name != SRP_A:
        raise InvalidParameterException(f"{name[:128]} is no challenge to begin with.")
    public = values.get(SRP_A)
    if not public:
        raise InvalidParameterException(f"Missing required parameter {SRP_A}")
    srp.parse_public(public)
    return replace(CustomSignIn().after(SRP_A, True), public=public)


async def answer(attempt: Attempt) -> InitiateAuthResponse:
    """The answer to a challenge of the pool's function. It is the only one: the session is taken before anything is
    asked, so that answers which come at once are worth no more than one, and none is left where a function fails.

    Raises:
        NotAuthorizedException: the function ends the sign-in, or another answer was first.
        CognitoError: what the functions end in.
    """
    call, session, custom = attempt.call, attempt.session, attempt.custom
    assert session is not None
    assert custom is not None
    presented = attempt.value("ANSWER")
    may_begin(attempt, by_password=False)
    taken = await call.store.write(lambda tx: sessions.take(tx, call, session))
    attempt = replace(attempt, session=taken)
    try:
        async with history.told_if_refused(attempt):
            is_right = await challenges.verify(attempt, attempt.state["private"], presented)
        custom = custom.after(CUSTOM_CHALLENGE, is_right, attempt.state["metadata"])
        answered = replace(attempt, state={**attempt.state, "custom": custom.to_state()})
        return await go_on(answered, Event.CUSTOM_ANSWERED)
    except CognitoError:
        await call.store.write(lambda tx: tx.sessions.remove(taken))
        raise
