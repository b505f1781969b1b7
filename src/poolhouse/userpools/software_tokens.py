"""Authenticator apps: enrolling one, and what its codes prove. A code proves once.

Every try is counted in the database before its outcome is told, per person and not per session: so what is wrong is
returned from the transaction, which commits, and raised afterwards.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from poolhouse.core import totp
from poolhouse.core.errors import (
    EnableSoftwareTokenMFAException,
    InvalidParameterException,
    NotAuthorizedException,
    SoftwareTokenMFANotFoundException,
    TooManyRequestsException,
    UserNotFoundException,
)
from poolhouse.core.mfa import available_factors, offers_software_tokens, with_factor, without_totp
from poolhouse.core.pools import UserPool
from poolhouse.core.secret import Secret
from poolhouse.core.sessions import Session
from poolhouse.core.sign_in import Step
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.software_tokens import SoftwareToken, Verdict
from poolhouse.core.users import Factor, User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminDeleteSoftwareTokenRequest,
    AdminDeleteSoftwareTokenResponse,
    AssociateSoftwareTokenRequest,
    AssociateSoftwareTokenResponse,
    VerifySoftwareTokenRequest,
    VerifySoftwareTokenResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import sessions
from poolhouse.userpools.person import Person, authenticate_person
from poolhouse.userpools.risk.blocking import refuse_blocked
from poolhouse.userpools.user_tokens import in_the_name_of, refuse_disabled

NOT_OFFERED = "Software Token MFA has not been enabled by the userPool"
ATTEMPT_LIMIT = "Attempt limit exceeded, please try after some time."
SIGN_IN = "totp"
SET_UP = "totp setup"
"""The two kinds under which wrong codes are counted: what somebody does wrong with a new app must not lock the one
that they sign in with."""
SEED = "totp_seed"
IS_SET_UP = "totp_is_set_up"
"""What a session at MFA_SETUP keeps: the seed that it gave out; then that a code proved it."""
REFUSALS = {
    Verdict.NONE: "SoftwareTokenMFANotFoundException",
    Verdict.LOCKED: "TooManyRequestsException",
    Verdict.WRONG: "EnableSoftwareTokenMFAException",
    Verdict.USED: "EnableSoftwareTokenMFAException",
}
"""What the audit calls a code that enrols nothing, as the caller hears it."""
LONGEST_NAME = 256
"""Characters of FriendlyDeviceName, which is sent with each challenge."""


def verify_totp(tx: Transaction, pool_id: str, sub: str, code: str, now: datetime) -> Verdict:
    """What a code proves in a sign-in; RIGHT uses it up. Of many that come with one code at once one gets RIGHT.

    The caller commits whatever the verdict is: a wrong code is counted in this transaction. From the fifth on no
    code is looked at for a while, as with passwords, however many sessions are begun.

    Source: RFC 6238 §5.2; Cognito developer guide, "Lockout behavior for failed sign-in attempts".
    """
    counted = tx.attempts.lock(pool_id, SIGN_IN, sub, now)
    if counted.is_locked(now):
        return Verdict.LOCKED
    token = tx.totp.lock(pool_id, sub)
    if token is None or token.seed is None:
        return Verdict.NONE
    step = totp.matched_step(token.seed, code, now)
    if step is None:
        tx.attempts.put(pool_id, SIGN_IN, sub, counted.failed(now))
        return Verdict.WRONG
    if not tx.totp.use(token, step):
        return Verdict.USED
    tx.attempts.forget(pool_id, SIGN_IN, sub)
    return Verdict.RIGHT


async def associate_software_token(
    call: Call, request: AssociateSoftwareTokenRequest
) -> AssociateSoftwareTokenResponse:
    """A seed for an authenticator app; it counts once a code of it was seen. The app before it works until then.

    With an access token it is kept for the person, with a session (of an MFA_SETUP challenge) in that session, so
    that of two who set up a factor at once each proves the seed that they were shown.

    Raises:
        SoftwareTokenMFANotFoundException: the pool has no software tokens.
        NotAuthorizedException: the token or session is not good for this.
        InvalidParameterException: both or neither of them was sent.

    Source: Cognito API reference, AssociateSoftwareToken.
    """
    access_token, session = _one_of(request.get("AccessToken"), request.get("Session"))
    seed = totp.new_seed(call.random)
    if access_token is not None:
        await _keep_pending(await authenticate_person(call, access_token), seed)
        return {"SecretCode": seed.reveal()}
    app, opened = await _open(call, session)
    _refuse_unless_offered(app.user_pool)

    def keep(tx: Transaction) -> str:
        _setting_up(tx, app.user_pool, opened)
        state = {**opened.state, SEED: seed.reveal()}
        return sessions.advance(tx, call, opened, opened.step, state).session

    return {"SecretCode": seed.reveal(), "Session": await call.store.write(keep)}


async def _keep_pending(person: Person, seed: Secret) -> None:
    pool_id, sub = person.app.pool.id, person.user.sub
    _refuse_unless_offered(person.app.user_pool)

    def keep(tx: Transaction) -> None:
        person.again(tx)
        token = tx.totp.lock(pool_id, sub) or SoftwareToken(pool_id, sub)
        tx.totp.put(replace(token, pending=seed))

    await person.call.write(keep, pool_id=pool_id)


async def verify_software_token(
    call: Call, request: VerifySoftwareTokenRequest
) -> VerifySoftwareTokenResponse:
    """Prove a seed by a code. It takes the place of the one before; the code can't be used to sign in.

    With an access token the factor still has to be switched on (SetUserMFAPreference). With a session it is on, and
    the session that is answered with satisfies the MFA_SETUP challenge.

    Raises:
        EnableSoftwareTokenMFAException: the code is wrong.
        SoftwareTokenMFANotFoundException: there is no seed to prove.
        TooManyRequestsException: too many wrong codes.
        NotAuthorizedException: the token or session is not good for this.
        InvalidParameterException: both or neither of them was sent; the name is too long.

    Source: Cognito API reference, VerifySoftwareToken.
    """
    access_token, session = _one_of(request.get("AccessToken"), request.get("Session"))
    name = request.get("FriendlyDeviceName")
    if name is not None and len(name) > LONGEST_NAME:
        raise InvalidParameterException(f"FriendlyDeviceName is longer than {LONGEST_NAME} characters.")
    if access_token is not None:
        person = await authenticate_person(call, access_token)
        verdict, ticket = await _verify_pending(person, request["UserCode"], name), None
    else:
        verdict, ticket = await _verify_in_session(call, session, request["UserCode"], name)
    match verdict:
        case Verdict.RIGHT:
            return {"Status": "SUCCESS"} if ticket is None else {"Status": "SUCCESS", "Session": ticket}
        case Verdict.NONE:
            raise SoftwareTokenMFANotFoundException
        case Verdict.LOCKED:
            raise TooManyRequestsException(ATTEMPT_LIMIT)
        case Verdict.WRONG | Verdict.USED:
            raise EnableSoftwareTokenMFAException


async def _verify_pending(person: Person, code: str, name: str | None) -> Verdict:
    pool_id, sub = person.app.pool.id, person.user.sub
    record = person.call.record(pool_id)

    def verify(tx: Transaction) -> Verdict:
        person.again(tx)
        token = tx.totp.lock(pool_id, sub)
        verdict = Verdict.NONE
        if token is not None and token.pending is not None:
            verdict = _prove(tx, token, token.pending, code, name, person.call.now)
        tx.audit.add(replace(record, error_code=REFUSALS.get(verdict)))
        return verdict

    return await person.call.store.write(verify)


async def _verify_in_session(
    call: Call, session: str, code: str, name: str | None
) -> tuple[Verdict, str | None]:
    app, opened = await _open(call, session)
    pool, seed = app.user_pool, opened.state.get(SEED)
    record = in_the_name_of(call, app, opened.sub or "").record(pool.id)

    def verify(tx: Transaction) -> tuple[Verdict, str | None]:
        verdict, ticket = prove(tx)
        tx.audit.add(replace(record, error_code=REFUSALS.get(verdict)))
        return verdict, ticket

    def prove(tx: Transaction) -> tuple[Verdict, str | None]:
        user = _setting_up(tx, pool, opened)
        if seed is None:
            return Verdict.NONE, None
        token = tx.totp.lock(pool.id, user.sub) or SoftwareToken(pool.id, user.sub)
        verdict = _prove(tx, token, Secret(seed), code, name, call.now)
        if verdict is not Verdict.RIGHT:
            return verdict, None
        tx.users.replace(pool, user.changed(call.now, mfa=with_factor(user.mfa, Factor.TOTP)))
        state = {name: value for name, value in opened.state.items() if name != SEED} | {IS_SET_UP: True}
        return verdict, sessions.advance(tx, call, opened, opened.step, state).session

    return await call.store.write(verify)


def _prove(
    tx: Transaction, token: SoftwareToken, seed: Secret, code: str, name: str | None, now: datetime
) -> Verdict:
    counted = tx.attempts.lock(token.pool_id, SET_UP, token.sub, now)
    if counted.is_locked(now):
        return Verdict.LOCKED
    step = totp.matched_step(seed, code, now)
    if step is None:
        tx.attempts.put(token.pool_id, SET_UP, token.sub, counted.failed(now))
        return Verdict.WRONG
    tx.attempts.forget(token.pool_id, SET_UP, token.sub)
    # What was tried in vain with the old app says nothing about the new one.
    tx.attempts.forget(token.pool_id, SIGN_IN, token.sub)
    tx.totp.put(replace(token, seed=seed, pending=None, last_step=step, name=name))
    return Verdict.RIGHT


async def admin_delete_software_token(
    call: Call, request: AdminDeleteSoftwareTokenRequest
) -> AdminDeleteSoftwareTokenResponse:
    """Take a person's authenticator app away, with their preference for it. Other factors stay; where the pool
    demands one and none is left, the next sign-in has to set one up. A person without one is left as they are.

    Raises:
        UserNotFoundException: no such person.

    Source: Cognito API reference, AdminDeleteSoftwareToken.
    """
    pool_id = request["UserPoolId"]

    def remove(tx: Transaction) -> None:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        user = tx.users.lock(pool.id, tx.users.get(pool, request["Username"]).sub)
        if user is None:
            raise UserNotFoundException
        tx.totp.remove(pool.id, user.sub)
        tx.attempts.forget(pool.id, SIGN_IN, user.sub)
        if user.mfa != without_totp(user.mfa):
            tx.users.replace(pool, user.changed(call.now, mfa=without_totp(user.mfa)))

    await call.write(remove, pool_id=pool_id)
    return {}


def _one_of(access_token: str | None, session: str | None) -> tuple[str | None, str]:
    if (access_token is None) == (session is None):
        raise InvalidParameterException("Provide either AccessToken or Session, and not both.")
    return access_token, session or ""


async def _open(call: Call, session: str) -> tuple[AppSnapshot, Session]:
    """Raises NotAuthorizedException: it does not wait for a factor to be set up, or goes on at a blocked address."""
    app, opened = await sessions.open_lone_session(call, session)
    if opened.step != Step.MFA_SETUP.value or opened.sub is None:
        raise NotAuthorizedException(sessions.INVALID, detail="the session does not wait for MFA_SETUP")
    await refuse_blocked(call, app)
    return app, opened


def _setting_up(tx: Transaction, pool: UserPool, session: Session) -> User:
    """The person whose sign-in has to set up a factor, locked.

    Whether it still has to is asked again here: two sign-ins can wait for it at once, one of them with a stolen
    password, and the one that comes second must not replace what the first has set up.

    Raises:
        NotAuthorizedException: they have one meanwhile, are disabled, or gone.
    """
    user = tx.users.lock(pool.id, session.sub or "")
    if user is None:
        raise NotAuthorizedException(sessions.INVALID, detail="the person was deleted")
    refuse_disabled(user)
    if not available_factors(pool, user, tx.totp.is_verified(pool.id, user.sub)).must_set_up:
        raise NotAuthorizedException(sessions.INVALID, detail="the person has a factor meanwhile")
    return user


def _refuse_unless_offered(pool: UserPool) -> None:
    if not offers_software_tokens(pool):
        raise SoftwareTokenMFANotFoundException(NOT_OFFERED)
