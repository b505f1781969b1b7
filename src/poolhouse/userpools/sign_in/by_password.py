"""Passwords in a sign-in: the text itself, and what follows a proof of either kind."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from poolhouse.core.credentials import Password
from poolhouse.core.devices import tracks_devices
from poolhouse.core.errors import CognitoError, NotAuthorizedException
from poolhouse.core.sign_in import Event, Step
from poolhouse.core.users import User
from poolhouse.shapes.cognito_idp import InitiateAuthResponse
from poolhouse.store import Transaction
from poolhouse.userpools import devices
from poolhouse.userpools.passwords import (
    Proof,
    Verdict,
    is_untried,
    prove_password,
    settle_proof,
    still_holds,
)
from poolhouse.userpools.risk.assessing import look_at_password
from poolhouse.userpools.sign_in import history
from poolhouse.userpools.sign_in.attempt import Attempt, attempts_key, may_begin, refuse_state
from poolhouse.userpools.sign_in.going_on import Known, go_on, look
from poolhouse.userpools.sign_in.migrating import bring_person
from poolhouse.userpools.triggers.authentication import before_sign_in

TEMPORARY_IS_OVER = "Temporary password has expired and must be reset by an administrator."


async def by_password(
    attempt: Attempt, presented: str, *, validation: Mapping[str, str] | None = None
) -> InitiateAuthResponse:
    """The password itself, in any flow that sends it. `validation` is InitiateAuth's ClientMetadata, for the function
    that knows people whom the pool does not have."""
    was_nobody = attempt.person.user is None
    attempt, proof = await bring_person(attempt, presented, validation)
    call, pool, person = attempt.call, attempt.pool, attempt.person
    if was_nobody and person.user is not None:
        # Whoever is brought comes past no function that may refuse them: at the start there was nobody to ask about.
        async with history.told_if_refused(attempt):
            await before_sign_in(call, attempt.app, person.user, person.name, validation)
    try:
        may_begin(attempt)
    except CognitoError as refused:
        await history.tell_refusal(attempt, refused.code, ())
        raise
    if proof is None:
        proof = await prove_password(
            call, pool, person.user, person.password, presented, key=attempts_key(attempt)
        )
    return await password_proven(attempt, proof, presented)


async def password_proven(
    attempt: Attempt, proof: Proof, presented: str | None = None
) -> InitiateAuthResponse:
    """Count a wrong password; go on with a right one, unless a lock stands at the end of the proof. `presented` is
    the password itself, where it was sent.

    Raises:
        NotAuthorizedException: wrong, locked, or a temporary one whose time is over; the person is disabled.
        UserNotConfirmedException: it is right, and the account waits to be confirmed.
        PasswordResetRequiredException: others know it, too, and the pool wants it replaced.
    """
    call, pool, user = attempt.call, attempt.pool, attempt.person.user

    def settle(tx: Transaction) -> Verdict:
        history.hold(tx, attempt)
        verdict = settle_proof(tx, pool.id, attempts_key(attempt), call.now, proof)
        if verdict is not Verdict.RIGHT and attempt.session and attempt.step is Step.PASSWORD_VERIFIER:
            # One block is good for one claim. During a lock the block of a right one too is gone: what a second
            # claim with it would hear must not tell.
            tx.sessions.remove(attempt.session)
        if verdict is not Verdict.RIGHT:
            history.refused(tx, attempt, "NotAuthorizedException")
        return verdict

    def glance(tx: Transaction) -> Known | None:
        """What is known of the person, where a right password leaves nothing to settle."""
        is_settled = proof.improved is None and is_untried(tx, pool.id, attempts_key(attempt), call.now)
        return look(tx, attempt, user) if is_settled else None

    # Before anything else is said: what a right password alone gets to hear would tell it apart during a lock.
    known = await call.store.look_up(glance) if proof.right else None
    if known is None:
        verdict = await call.store.write(settle)
        if verdict is not Verdict.RIGHT:
            await history.show_nothing(attempt)
        verdict.require_right()
    assert user is not None, "a wrong proof was believed"
    try:
        refuse_state(user)
        if proof.password is not None and _is_over(proof.password, call.now):
            raise NotAuthorizedException(TEMPORARY_IS_OVER)
    except CognitoError as refused:
        await history.tell_refusal(attempt, refused.code, (("Password", "Success"),))
        raise
    if presented is not None:
        attempt = await look_at_password(attempt, proof, presented)
    if attempt.step is Step.PASSWORD_VERIFIER:
        await _refuse_unknown_device(attempt)

    def believe(tx: Transaction, now: User | None) -> User | None:
        if not still_holds(tx, pool.id, proof):
            raise NotAuthorizedException(detail="the password was changed during the step")
        return now

    return await go_on(attempt, Event.PASSWORD_PROVEN, believe, known)


def _is_over(password: Password, now: datetime) -> bool:
    return password.expires_at is not None and now >= password.expires_at


async def _refuse_unknown_device(attempt: Attempt) -> None:
    """A client that names a device which is forgotten here hears it, and begins without the device.

    Raises:
        ResourceNotFoundException: in the words that clients look for. The step can be answered again.
    """
    user, key = attempt.person.user, attempt.values.get("DEVICE_KEY")
    if user is not None and key is not None and tracks_devices(attempt.pool):
        await attempt.call.store.look_up(lambda tx: devices.find_device(tx, user.pool_id, user.sub, key))
