"""What the audit and the person's history tell of a sign-in, each in the transaction of the step that it tells of.

A sign-in is one event of the history from its first question to its end, and its id that of its tokens.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

from poolhouse.core.auth_events import Challenge, Outcome
from poolhouse.core.errors import CognitoError
from poolhouse.core.existence import hides_existence
from poolhouse.core.sign_in import Event, Step
from poolhouse.core.software_tokens import Verdict
from poolhouse.core.users import User
from poolhouse.store import Transaction
from poolhouse.userpools.auth_events import are_recorded, new_event_id, record
from poolhouse.userpools.existence import on_the_beat
from poolhouse.userpools.sign_in.asking import FIRST_CODES
from poolhouse.userpools.sign_in.attempt import Attempt
from poolhouse.userpools.triggers.token_generation import is_of_function

EVENT = "event"
"""What a session's state calls the id."""
PROVEN = "proven"
SHOWN: Mapping[Event, Challenge] = {
    Event.PASSWORD_PROVEN: ("Password", "Success"),
    Event.FACTOR_PROVEN: ("Mfa", "Success"),
    Event.TOTP_SET_UP: ("Mfa", "Success"),
    Event.EMAIL_SET_UP: ("Mfa", "Success"),
    Event.PHONE_SET_UP: ("Mfa", "Success"),
}
"""What the history knows of what was proven: it tells passwords and second factors, and of nothing else."""
_FAILED: Mapping[Step, Challenge] = {
    **dict.fromkeys(
        (Step.START, Step.SELECT_CHALLENGE, Step.PASSWORD, Step.PASSWORD_VERIFIER), ("Password", "Failure")
    ),
    **dict.fromkeys(
        (Step.SMS_MFA, Step.EMAIL_OTP, Step.SOFTWARE_TOKEN_MFA, Step.EMAIL_OTP_SETUP, Step.SMS_SETUP),
        ("Mfa", "Failure"),
    ),
}


TOTP_REFUSALS: Mapping[Verdict, str] = {
    Verdict.USED: "ExpiredCodeException",
    Verdict.NONE: "SoftwareTokenMFANotFoundException",
    Verdict.LOCKED: "NotAuthorizedException",
    Verdict.WRONG: "CodeMismatchException",
}


def event_id(attempt: Attempt) -> str:
    """The id of the sign-in's event: the one that it has had since its first question, else a new one."""
    known: str | None = attempt.state.get(EVENT)
    return known or new_event_id(attempt.call)


def with_proof(attempt: Attempt, event: Event) -> Attempt:
    """The attempt, knowing its event's id, and what was proven just now."""
    return replace(attempt, state={**attempt.state, EVENT: event_id(attempt), PROVEN: SHOWN.get(event)})


def asked(tx: Transaction, attempt: Attempt, user: User | None, id: str, step: Step) -> None:
    """The sign-in asks something. `user` is locked.

    What anybody can have asked, without a proof and without an end, is told of by its answer alone: or whoever begins
    sign-ins on and on would fill the audit, and another's history. Codes are sent so many an hour, and no more. The
    answer to a question of the pool's own function is told of, right or wrong.
    """
    additional: dict[str, object] = {"challengeName": step.challenge, "eventId": id}
    custom = attempt.custom
    is_answered = False
    if custom is not None and attempt.step is Step.CUSTOM_CHALLENGE:
        is_answered = True
        additional["answerCorrect"] = custom.rounds[-1]["challengeResult"]
    is_proof = bool(attempt.proved) or step in FIRST_CODES
    if not is_proof and not is_answered:
        return
    told = replace(attempt.call, subject=None if user is None else user.sub, client_id=attempt.app.client.id)
    tx.audit.add(replace(told.record(attempt.pool.id), additional=additional))
    if is_proof:
        _keep(tx, attempt, user, id, "InProgress", proven(attempt))


def passed(tx: Transaction, attempt: Attempt, user: User | None) -> None:
    """It is at its end, and gives tokens or a browser's session. `user` is locked."""
    _keep(tx, attempt, user, event_id(attempt), "Pass", proven(attempt))
    if user is not None and may_learn(attempt):
        tx.known_places.learn(user.pool_id, user.sub, attempt.places, attempt.call.now)


def hold(tx: Transaction, attempt: Attempt) -> None:
    """Before anything is counted that may turn out wrong: who is locked first here is locked first everywhere."""
    user = attempt.person.user
    if user is not None and are_recorded(attempt.pool):
        tx.users.lock(user.pool_id, user.sub)


FACTORS = frozenset({"otp", "sms", "email_otp", "swk"})
"""What `amr` calls proofs that a stolen password does not bring."""
SETTING_UP = frozenset({Step.MFA_SETUP, Step.EMAIL_OTP_SETUP, Step.SMS_SETUP})
"""Steps whose proof shows of a factor only that whoever signs in has chosen it."""


def may_learn(attempt: Attempt) -> bool:
    """Whether the person is known again by where this sign-in came from: not where a password alone let a risky one
    in, or with a factor that it set up, or whoever has stolen it would be no risk the next time."""
    risk = attempt.risk
    if risk is None or not attempt.is_assessed:
        return False
    is_proven = not FACTORS.isdisjoint(attempt.proved) and attempt.step not in SETTING_UP
    return is_proven or risk.level in (None, "Low")


def refused(
    tx: Transaction, attempt: Attempt, error_code: str, challenges: tuple[Challenge, ...] | None = None
) -> None:
    """What was presented is not believed; or with `challenges`, is, and all the same nothing comes of it. After
    `hold`, in the transaction that counts it."""
    user, id = attempt.person.user, event_id(attempt)
    told = replace(attempt.call, subject=None if user is None else user.sub, client_id=attempt.app.client.id)
    tx.audit.add(replace(told.record(attempt.pool.id), error_code=error_code, additional={"eventId": id}))
    failed = _FAILED.get(attempt.step)
    if challenges is None:
        challenges = () if failed is None else (failed,)
    _keep(tx, attempt, user, id, "Fail", challenges)


async def tell_refusal(attempt: Attempt, error_code: str, challenges: tuple[Challenge, ...]) -> None:
    """Whatever was presented, the person may not sign in: `challenges` are what was proven all the same."""

    def tell(tx: Transaction) -> None:
        hold(tx, attempt)
        refused(tx, attempt, error_code, challenges)

    await attempt.call.store.write(tell)


async def show_nothing(attempt: Attempt) -> None:
    """After a refusal, where nobody may learn who exists: a person's history takes a moment that nobody's does not."""
    if are_recorded(attempt.pool) and hides_existence(attempt.app):
        await on_the_beat(attempt.begun)


async def end_refused(attempt: Attempt) -> None:
    """End the sign-in, whose last answer is not believed."""

    def end(tx: Transaction) -> None:
        hold(tx, attempt)
        if attempt.session is not None:
            tx.sessions.remove(attempt.session)
        refused(tx, attempt, "NotAuthorizedException")

    await attempt.call.store.write(end)
    await show_nothing(attempt)


@asynccontextmanager
async def told_if_refused(attempt: Attempt, challenges: tuple[Challenge, ...] = ()) -> AsyncIterator[None]:
    """What is done within, and fails since a function of the pool refuses or fails, is told of, whatever was proven
    before: `challenges`."""
    try:
        yield
    except CognitoError as error:
        if is_of_function(error):
            await tell_refusal(attempt, error.code, challenges)
            await show_nothing(attempt)
        raise


def _keep(
    tx: Transaction,
    attempt: Attempt,
    user: User | None,
    id: str,
    outcome: Outcome,
    challenges: tuple[Challenge, ...],
) -> None:
    if not are_recorded(attempt.pool) or user is None or tx.users.by_sub(user.pool_id, user.sub) is None:
        return  # of nobody, or of somebody who was deleted meanwhile, there is no history
    record(
        tx,
        attempt.call,
        attempt.app,
        kind="SignIn",
        user=user,
        event_id=id,
        outcome=outcome,
        challenges=challenges,
        risk=attempt.risk,
    )


def proven(attempt: Attempt) -> tuple[Challenge, ...]:
    found = attempt.state.get(PROVEN)
    return () if found is None else (found,)
