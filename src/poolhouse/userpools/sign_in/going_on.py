"""What follows a step that was proven: the next question, or the tokens."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from poolhouse.core.assurance import factors_that_reach
from poolhouse.core.custom_sign_in import DEVICE_PASSWORD_VERIFIER, PASSWORD_VERIFIER
from poolhouse.core.devices import replaces_factor, tracks_devices
from poolhouse.core.errors import NotAuthorizedException
from poolhouse.core.existence import hides_existence
from poolhouse.core.mfa import MfaChoice, available_factors
from poolhouse.core.sign_in import ASKING, CUSTOM, Event, Situation, Step, advance
from poolhouse.core.users import User, UserStatus
from poolhouse.shapes.cognito_idp import InitiateAuthResponse
from poolhouse.store import Transaction
from poolhouse.userpools import devices, sessions
from poolhouse.userpools.delivery import deliver_now_or_later, deliver_unseen
from poolhouse.userpools.existence import on_the_beat
from poolhouse.userpools.risk.assessing import look_at_risk
from poolhouse.userpools.sign_in import history
from poolhouse.userpools.sign_in.asking import FIRST_CODES, Asked, ask
from poolhouse.userpools.sign_in.attempt import Attempt, refuse_state
from poolhouse.userpools.triggers import challenges
from poolhouse.userpools.triggers.authentication import after_sign_in
from poolhouse.userpools.triggers.custom_message import with_texts
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
        NotAuthorizedException: another request answered the step first, the person may not go on, or threat
            protection blocks it.
    """
    call, user = attempt.call, attempt.person.user
    if event in ASKING:
        known = NOTHING  # these lead to their step whoever it is
    elif known is None:
        known = await call.store.look_up(lambda tx: look(tx, attempt, user))
    step = advance(attempt.step, event, known.situation)
    attempt = history.with_proof(_with_round(_with_method(attempt, event), event), event)
    attempt = await look_at_risk(attempt, event)
    async with history.told_if_refused(attempt, history.proven(attempt)):
        return await _lead_on(attempt, event, also, known, step)


async def _lead_on(
    attempt: Attempt, event: Event, also: Also, known: Known, step: Step
) -> InitiateAuthResponse:
    """`go_on`, once what was proven just now is noted, and looked at."""
    call, user, before = attempt.call, attempt.person.user, attempt
    if attempt.wants_factor:
        known = await call.store.look_up(lambda tx: look(tx, before, user))
        step = advance(attempt.step, event, known.situation)
    decided: Event | None = None
    if step is Step.DEFINE:
        decided, attempt = await _define(attempt, known.situation)
        step = advance(step, decided, known.situation)

    def still_so(tx: Transaction, now: User | None) -> User | None:
        """In the transaction of the step: it is this request that goes on, and nothing has changed meanwhile."""
        if event in ASKING:
            return also(tx, now)
        # An answer of which only the function knows what it proves shows nothing of the person before the end.
        if now is not None and (event not in CUSTOM or decided is Event.TOKENS_DEFINED):
            refuse_state(now, by_password=before.is_by_password)
        situation = look(tx, before, now).situation
        to = advance(before.step, event, situation)
        if (advance(to, decided, situation) if decided is not None and to is Step.DEFINE else to) is not step:
            raise NotAuthorizedException(sessions.INVALID, detail="the person changed during the step")
        return also(tx, now)

    if step is Step.TOKENS:
        return await _tokens(attempt, still_so)
    return await put(attempt, await ask(attempt, step, known.mfa), still_so)


async def _define(attempt: Attempt, now: Situation) -> tuple[Event, Attempt]:
    """What the pool's function says, and the sign-in with what follows from it.

    Raises:
        NotAuthorizedException: it says that the sign-in fails, which ends it.
        CognitoError: it says nothing that is understood, or the person may not go on.
    """
    custom = attempt.custom
    assert custom is not None
    decided = await challenges.define(attempt, now)
    match decided:
        case None:
            await history.end_refused(attempt)
            raise NotAuthorizedException(detail="the function ends the sign-in")
        case Event.TOKENS_DEFINED:
            if attempt.person.user is not None:
                refuse_state(attempt.person.user, by_password=attempt.is_by_password)
            attempt = await look_at_risk(attempt, decided)
            custom = replace(custom, has_tokens=True)
        case Event.PASSWORD_DEFINED:
            attempt = replace(attempt, values={**attempt.values, "SRP_A": custom.public or ""})
            custom = replace(custom, public=None)
    return decided, replace(attempt, state={**attempt.state, "custom": custom.to_state()})


def look(tx: Transaction, attempt: Attempt, user: User | None) -> Known:
    """What is known of the person now. Of nobody nothing is, and nothing is ever proven."""
    if user is None:
        return NOTHING
    custom = attempt.custom
    has_totp = tx.totp.is_verified(user.pool_id, user.sub)
    mfa = available_factors(attempt.pool, user, has_totp, is_risky=attempt.wants_factor)
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
        has_device=devices.is_remembered(tx, attempt.pool, user, attempt.device_key)
        and not (custom is not None and custom.has_passed(DEVICE_PASSWORD_VERIFIER)),
        device_replaces_factor=replaces_factor(attempt.pool),
        is_custom=custom is not None and not custom.has_tokens,
    )
    return Known(situation, mfa)


async def put(attempt: Attempt, asked: Asked, also: Also = unchanged) -> InitiateAuthResponse:
    """Keep the step that is asked, and tell the client."""
    call, user = attempt.call, attempt.person.user
    event_id = history.event_id(attempt)
    state = {**attempt.kept, history.EVENT: event_id, **asked.state}

    def keep(tx: Transaction) -> tuple[str, dict[str, str], list[str]]:
        locked = None if user is None else tx.users.lock(user.pool_id, user.sub)
        also(tx, locked)
        history.asked(tx, attempt, locked, event_id, asked.step)
        sent = asked.post(tx, attempt)
        if attempt.session is None:
            sub = None if user is None else user.sub
            ticket = sessions.begin(tx, call, attempt.app, sub, asked.step.value, state)
        else:
            ticket = sessions.advance(tx, call, attempt.session, asked.step.value, state)
        return ticket.session, asked.told(ticket), sent

    session, parameters, sent = await with_texts(
        call, lambda: call.store.write(keep), attempt.client_metadata
    )
    if hides_existence(attempt.app):
        # Neither the time of the answer nor its outcome may tell whether there was anybody to write to.
        deliver_unseen(call, sent)
        if asked.step in FIRST_CODES:
            await on_the_beat(attempt.begun, attempt.pool)
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


ROUNDS = {Event.PASSWORD_PROVEN: PASSWORD_VERIFIER, Event.DEVICE_PROVEN: DEVICE_PASSWORD_VERIFIER}
"""What the pool's function hears of a proof that is not its own, where the step has not that very name."""
HEARD = frozenset({*ROUNDS, Event.FACTOR_PROVEN, Event.DEVICE_BEGUN})


def _with_round(attempt: Attempt, event: Event) -> Attempt:
    """The attempt, knowing also what the pool's function is to hear of this step."""
    custom = attempt.custom
    if custom is None or custom.has_tokens or event not in HEARD:
        return attempt
    custom = custom.after(ROUNDS.get(event, attempt.step.challenge), True)
    return replace(attempt, state={**attempt.state, "custom": custom.to_state()})


async def _tokens(attempt: Attempt, also: Also) -> InitiateAuthResponse:
    call, pool, user = attempt.call, attempt.pool, attempt.person.user
    assert user is not None, "nobody proves anything"
    states = SIGNED_IN_STATES
    if not attempt.is_by_password:
        states = STATES_WITHOUT_PASSWORD if attempt.custom is None else STATES_OF_CUSTOM

    def finish(tx: Transaction, now: User) -> User | None:
        if attempt.session is not None:
            sessions.end(tx, attempt.session)
        became = also(tx, now)
        history.passed(tx, attempt, now)
        return became

    if attempt.arrive is not None:
        await after_sign_in(call, attempt.app, user)
        await attempt.arrive(user.sub, amr=attempt.proved, also=finish, states=states)
        return {"ChallengeParameters": {}}
    key = attempt.device_key
    is_known = key is not None and await call.store.look_up(
        lambda tx: tx.devices.find(pool.id, user.sub, key) is not None
    )
    is_new = tracks_devices(pool) and not is_known and attempt.is_by_password
    await after_sign_in(call, attempt.app, user, new_device=is_new, client_metadata=attempt.client_metadata)
    result = await issue_user_tokens(
        call,
        attempt.app,
        user.sub,
        device_key=key if is_known else None,
        new_device=is_new,
        trigger=TRIGGERS.get(attempt.step, "Authentication"),
        also=finish,
        states=states,
        event_id=history.event_id(attempt),
        client_metadata=attempt.client_metadata,
    )
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


STATES_WITHOUT_PASSWORD = SIGNED_IN_STATES | {UserStatus.RESET_REQUIRED}
STATES_OF_CUSTOM = STATES_WITHOUT_PASSWORD | {UserStatus.FORCE_CHANGE_PASSWORD}
"""Whom an administrator has made may sign in by the pool's own challenges, as in Cognito, and never have a password."""

TRIGGERS = {
    Step.NEW_PASSWORD_REQUIRED: "NewPasswordChallenge",
    Step.DEVICE_PASSWORD_VERIFIER: "AuthenticateDevice",
}
"""What the PreTokenGeneration trigger is told of. Source: Cognito developer guide, "Pre token generation"."""
