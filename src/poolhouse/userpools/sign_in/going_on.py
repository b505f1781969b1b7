"""What follows a step that was proven: the next question, or the tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from poolhouse.core.assurance import factors_that_reach
from poolhouse.core.devices import replaces_factor, tracks_devices
from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.existence import hides_existence
from poolhouse.core.mfa import MfaChoice, available_factors
from poolhouse.core.sign_in import ASKING, Event, Situation, Step, advance
from poolhouse.core.users import User, UserStatus
from poolhouse.shapes.cognito_idp import InitiateAuthResponse
from poolhouse.store import Transaction
from poolhouse.userpools import devices, sessions
from poolhouse.userpools.delivery import deliver_now_or_later, deliver_unseen
from poolhouse.userpools.existence import on_the_beat
from poolhouse.userpools.sign_in.asking import FIRST_CODES, Asked, ask
from poolhouse.userpools.sign_in.attempt import Attempt, refuse_state
from poolhouse.userpools.user_tokens import SIGNED_IN_STATES, issue_user_tokens

Also = Callable[[Transaction, User | None], User | None]
"""What else belongs to the step and is done with it or not at all; the person as they are afterwards."""


@dataclass(frozen=True, slots=True)
class Known:
    situation: Situation
    mfa: MfaChoice


NOTHING = Known(Situation(), MfaChoice())


def unchanged(tx: Transaction, user: User | None) -> User | None:
    return user


async def go_on(
    attempt: Attempt, event: Event, also: Also = unchanged, known: Known | None = None
) -> InitiateAuthResponse:
    """Take the sign-in from the step that was answered to the next one, or to its end. `known` is what `look` has
    found, where the caller has read it already.

    Raises:
        NotAuthorizedException: another request answered the step first, or the person may not go on.
    """
    call, user = attempt.call, attempt.person.user
    if event in ASKING:
        known = NOTHING  # these lead to their step whoever it is
    elif known is None:
        known = await call.store.look_up(lambda tx: look(tx, attempt, user))
    step = advance(attempt.step, event, known.situation)
    attempt = _with_method(attempt, event)

    def still_so(tx: Transaction, now: User | None) -> User | None:
        """In the transaction of the step: it is this request that goes on, and nothing has changed meanwhile."""
        if event in ASKING:
            return also(tx, now)
        if now is not None:
            refuse_state(now, by_password=attempt.step not in WITHOUT_PASSWORD)
        if advance(attempt.step, event, look(tx, attempt, now).situation) is not step:
            raise NotAuthorizedException(sessions.INVALID, detail="the person changed during the step")
        return also(tx, now)

    if step is Step.TOKENS:
        return await _tokens(attempt, still_so)
    return await put(attempt, await ask(attempt, step, known.mfa), still_so)


def look(tx: Transaction, attempt: Attempt, user: User | None) -> Known:
    """What is known of the person now. Of nobody nothing is, and nothing is ever proven."""
    if user is None:
        return NOTHING
    mfa = available_factors(attempt.pool, user, tx.totp.is_verified(user.pool_id, user.sub))
    factors = factors_that_reach(mfa.factors, attempt.levels)
    if factors != mfa.factors:
        preferred = factors[0] if len(factors) == 1 else None
        mfa = replace(
            mfa, factors=factors, preferred=mfa.preferred if mfa.preferred in factors else preferred
        )
    situation = Situation(
        must_change_password=user.status is UserStatus.FORCE_CHANGE_PASSWORD,
        demands_factor=mfa.must_set_up,
        factors=frozenset(mfa.factors),
        preferred=mfa.preferred,
        has_device=devices.is_remembered(tx, attempt.pool, user, attempt.device_key),
        device_replaces_factor=replaces_factor(attempt.pool),
    )
    return Known(situation, mfa)


async def put(attempt: Attempt, asked: Asked, also: Also = unchanged) -> InitiateAuthResponse:
    """Keep the step that is asked, and tell the client."""
    call, user = attempt.call, attempt.person.user
    state = {**attempt.kept, **asked.state}

    def keep(tx: Transaction) -> tuple[str, dict[str, str], list[str]]:
        also(tx, None if user is None else tx.users.lock(user.pool_id, user.sub))
        sent = asked.post(tx, attempt)
        if attempt.session is None:
            sub = None if user is None else user.sub
            ticket = sessions.begin(tx, call, attempt.app, sub, asked.step.value, state)
        else:
            ticket = sessions.advance(tx, call, attempt.session, asked.step.value, state)
        return ticket.session, asked.told(ticket), sent

    session, parameters, sent = await call.store.write(keep)
    if hides_existence(attempt.app):
        # Neither the time of the answer nor its outcome may tell whether there was anybody to write to.
        deliver_unseen(call, sent)
        if asked.step in FIRST_CODES:
            await on_the_beat(attempt.begun)
    else:
        await deliver_now_or_later(call, sent)
    answer: InitiateAuthResponse = {
        "ChallengeName": asked.step.challenge,
        "Session": session,
        "ChallengeParameters": parameters,
    }
    if asked.available:
        answer["AvailableChallenges"] = list(asked.available)
    return answer


METHODS = {
    (Step.SMS_OTP, Event.FIRST_CODE_PROVEN): "sms",
    (Step.EMAIL_OTP_FIRST, Event.FIRST_CODE_PROVEN): "email_otp",
    (Step.SMS_MFA, Event.FACTOR_PROVEN): "sms",
    (Step.EMAIL_OTP, Event.FACTOR_PROVEN): "email_otp",
    (Step.SOFTWARE_TOKEN_MFA, Event.FACTOR_PROVEN): "otp",
    (Step.MFA_SETUP, Event.TOTP_SET_UP): "otp",
    (Step.EMAIL_OTP_SETUP, Event.EMAIL_SET_UP): "email_otp",
    (Step.SMS_SETUP, Event.PHONE_SET_UP): "sms",
    (Step.WEB_AUTHN, Event.PASSKEY_PROVEN): "swk",
}
"""What `amr` says of a step that was proven, beside the password."""


def _with_method(attempt: Attempt, event: Event) -> Attempt:
    """The attempt, knowing also by what this step was proven."""
    method = "pwd" if event is Event.PASSWORD_PROVEN else METHODS.get((attempt.step, event))
    if method is None:
        return attempt
    return replace(attempt, state={**attempt.state, "amr": [*attempt.proved, method]})


async def _tokens(attempt: Attempt, also: Also) -> InitiateAuthResponse:
    call, pool, user = attempt.call, attempt.pool, attempt.person.user
    assert user is not None, "nobody proves anything"
    states = STATES_WITHOUT_PASSWORD if attempt.step in WITHOUT_PASSWORD else SIGNED_IN_STATES

    def finish(tx: Transaction, now: User) -> User | None:
        if attempt.session is not None:
            sessions.end(tx, attempt.session)
        return also(tx, now)

    if attempt.arrive is not None:
        await attempt.arrive(user.sub, amr=attempt.proved, also=finish, states=states)
        return {"ChallengeParameters": {}}
    key = attempt.device_key
    is_known = key is not None and await call.store.look_up(
        lambda tx: tx.devices.find(pool.id, user.sub, key) is not None
    )
    is_new = tracks_devices(pool) and not is_known and attempt.step not in WITHOUT_PASSWORD
    result = await issue_user_tokens(
        call,
        attempt.app,
        user.sub,
        device_key=key if is_known else None,
        new_device=is_new,
        trigger=TRIGGERS.get(attempt.step, "Authentication"),
        also=finish,
        states=states,
    )
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


WITHOUT_PASSWORD = frozenset({Step.EMAIL_OTP_FIRST, Step.SMS_OTP, Step.WEB_AUTHN})
"""Sign-ins by something else. A device stands for a password's second factor, so they have none either."""
STATES_WITHOUT_PASSWORD = SIGNED_IN_STATES | {UserStatus.RESET_REQUIRED}

TRIGGERS = {
    Step.NEW_PASSWORD_REQUIRED: "NewPasswordChallenge",
    Step.DEVICE_PASSWORD_VERIFIER: "AuthenticateDevice",
}
"""What the PreTokenGeneration trigger is told of. Source: Cognito developer guide, "Pre token generation"."""
