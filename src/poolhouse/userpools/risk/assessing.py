"""Adaptive authentication: once the first thing is proven, is it likely to be the person?

Who proves nothing is not looked at, so the answer tells nobody who exists.

Source: Cognito developer guide, "Working with adaptive authentication"; API reference, AccountTakeoverActionType.
"""

from __future__ import annotations

from poolhouse.core.auth_events import AuthEvent, Risk
from poolhouse.core.errors import NotAuthorizedException, PasswordResetRequiredException
from poolhouse.core.mfa import available_factors
from poolhouse.core.risk import LOOKED_AT, assess, places_of, recent_failures
from poolhouse.core.risk_notices import Kind
from poolhouse.core.risk_settings import Level, mode
from poolhouse.core.sign_in import Event
from poolhouse.core.users import User, UserStatus
from poolhouse.store import Transaction
from poolhouse.userpools import sessions
from poolhouse.userpools.auth_events import origin_of
from poolhouse.userpools.passwords import Proof, still_holds
from poolhouse.userpools.risk.compromised import RESET, is_compromised, is_refused
from poolhouse.userpools.risk.context import is_told
from poolhouse.userpools.risk.notifying import notify
from poolhouse.userpools.sign_in import history
from poolhouse.userpools.sign_in.attempt import Attempt

BLOCKED = "Unable to login because of security reasons."
FIRST_PROOFS = frozenset(
    {Event.PASSWORD_PROVEN, Event.FIRST_CODE_PROVEN, Event.PASSKEY_PROVEN, Event.TOKENS_DEFINED}
)
"""What proves the first thing of a sign-in. One that a sign-up goes on with is not among them: nothing is known yet."""


async def look_at_risk(attempt: Attempt, event: Event) -> Attempt:
    """The sign-in, knowing what threat protection thinks of it; the same where it does not watch.

    Raises:
        NotAuthorizedException: it is blocked.
    """
    call, pool, user = attempt.call, attempt.pool, attempt.person.user
    acts = mode(pool.settings, is_custom=attempt.custom is not None)
    if acts == "OFF" or event not in FIRST_PROOFS or user is None or attempt.is_assessed:
        return attempt
    origin, id = origin_of(call), history.event_id(attempt)
    if not is_told(call) or attempt.app.risk.skips_address(origin.address):
        return attempt

    def look(tx: Transaction) -> tuple[Level | None, bool]:
        known = tx.known_places.of(pool.id, user.sub)
        failures = recent_failures(tx.auth_events.page(pool.id, user.sub, size=LOOKED_AT), call.now, but=id)
        has_totp = tx.totp.is_verified(user.pool_id, user.sub)
        mfa = available_factors(pool, user, has_totp, is_risky=True)
        return assess(origin, known, failures), bool(mfa.factors)

    level, has_factor = await call.store.look_up(look)
    compromised = attempt.risk is not None and attempt.risk.compromised
    if level is None or acts == "AUDIT":
        return attempt.with_risk(Risk("NoRisk", level, compromised), places=places_of(origin))
    action = attempt.app.risk.action(level)
    kind = _response(attempt, event, action["EventAction"], has_factor=has_factor)
    decided = attempt.with_risk(
        Risk("Block" if kind == "BlockEmail" else "AccountTakeover", level, compromised),
        wants_factor=kind == "MfaEmail",
        places=places_of(origin),
    )
    if kind == "BlockEmail":
        await _block(decided)
    if action["Notify"]:
        await notify(call, attempt.app, user, _event(decided, user, id), kind)
    if kind == "BlockEmail":
        raise NotAuthorizedException(BLOCKED)
    return decided


def _response(attempt: Attempt, event: Event, action: str, *, has_factor: bool) -> Kind:
    """What is done, called as the message about it is.

    Nobody is sent to set a factor up for it, nor let set up one that the pool demands where risk requires one: whoever
    has stolen a password would set up one of their own. A passkey
    is a factor that no password brings; a code in place of a password goes with no second one.
    """
    if action in ("BLOCK", "NO_ACTION"):
        return "BlockEmail" if action == "BLOCK" else "NoActionEmail"
    if event is Event.PASSKEY_PROVEN or not history.FACTORS.isdisjoint(_factors_of(attempt, event)):
        return "NoActionEmail"
    if event is Event.PASSWORD_PROVEN and has_factor:
        return "MfaEmail"
    return "BlockEmail" if action == "MFA_REQUIRED" else "NoActionEmail"


def _factors_of(attempt: Attempt, event: Event) -> tuple[str, ...]:
    """What was proven beside the first thing; in a custom sign-in the function may have had a factor proven."""
    return attempt.proved if event is Event.TOKENS_DEFINED else ()


async def _block(attempt: Attempt) -> None:
    def end(tx: Transaction) -> None:
        history.hold(tx, attempt)
        if attempt.session is not None:
            tx.sessions.remove(attempt.session)
        history.refused(tx, attempt, "NotAuthorizedException", history.proven(attempt))

    await attempt.call.store.write(end)


def _event(attempt: Attempt, user: User, id: str) -> AuthEvent:
    """The event that the message is about, as it is kept."""
    call = attempt.call
    return AuthEvent(
        pool_id=user.pool_id,
        sub=user.sub,
        id=id,
        kind="SignIn",
        created_at=call.now,
        outcome="InProgress",
        client_id=attempt.app.client.id,
        username=user.username,
        request_id=call.request_id,
        origin=origin_of(call),
    )


async def look_at_password(attempt: Attempt, proof: Proof, presented: str) -> Attempt:
    """The sign-in, knowing whether others know the password, too, which is right.

    Raises:
        PasswordResetRequiredException: they do, and the pool wants it replaced; by a code, as everything that
            RESET_REQUIRED asks for. A temporary one is about to be replaced anyway.
    """
    call, app, user = attempt.call, attempt.app, attempt.person.user
    if user is None or not await is_compromised(call, app, presented, "SIGN_IN"):
        return attempt
    if not is_refused(app, "SIGN_IN") or user.status is not UserStatus.CONFIRMED:
        return attempt.with_compromised()
    found = attempt.with_risk(Risk("Block", None, True), is_assessed=False)

    def end(tx: Transaction) -> None:
        now = tx.users.lock(user.pool_id, user.sub)
        if now is not None and now.status is UserStatus.CONFIRMED and still_holds(tx, user.pool_id, proof):
            tx.users.replace(app.user_pool, now.changed(call.now, status=UserStatus.RESET_REQUIRED))
            sessions.end_all(tx, user.pool_id, user.sub)
        history.refused(tx, found, "PasswordResetRequiredException", (("Password", "Success"),))

    await call.store.write(end)
    raise PasswordResetRequiredException(RESET)
