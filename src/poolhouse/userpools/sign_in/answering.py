"""How the answer to each step is proven. What follows is not decided here: `going_on` asks the machine."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from poolhouse.core import srp
from poolhouse.core.attributes import name_of
from poolhouse.core.errors import (
    AliasExistsException,
    CodeMismatchException,
    ExpiredCodeException,
    InvalidParameterException,
    NotAuthorizedException,
    SoftwareTokenMFANotFoundException,
)
from poolhouse.core.mfa import available_factors, offered_factors, with_factor
from poolhouse.core.sign_in import Event, Step
from poolhouse.core.software_tokens import Verdict as TotpVerdict
from poolhouse.core.user_attributes import check_changes, client_writable, is_email, is_phone_number
from poolhouse.core.users import EMAIL, PHONE_NUMBER, PREFERRED_USERNAME, VERIFIED, Factor, User, UserStatus
from poolhouse.shapes.cognito_idp import InitiateAuthResponse
from poolhouse.store import Transaction
from poolhouse.userpools import devices, sessions
from poolhouse.userpools.passkeys import verify_assertion
from poolhouse.userpools.passwords import (
    EXCEEDED,
    Proof,
    make_password,
    settle_attempt,
)
from poolhouse.userpools.risk.compromised import refuse_compromised
from poolhouse.userpools.sign_in import custom, history
from poolhouse.userpools.sign_in.asking import code_hash, device_of, srp_of_person
from poolhouse.userpools.sign_in.attempt import Attempt, attempts_key, may_begin
from poolhouse.userpools.sign_in.by_password import by_password, password_proven
from poolhouse.userpools.sign_in.choosing import available, choose
from poolhouse.userpools.sign_in.going_on import go_on
from poolhouse.userpools.software_tokens import IS_SET_UP, verify_totp
from poolhouse.userpools.users.aliases import has_name_of_another

WRONG_CODE = "Invalid code or auth state for the user."
WRONG_TOTP = "Invalid code received for user"
USED_TOTP = "Your software token has already been used once."
CODES = "sign-in code"
"""The kind of what is counted: codes that were sent, of either factor."""
ATTRIBUTE_PREFIX = "userAttributes."


async def _password(attempt: Attempt) -> InitiateAuthResponse:
    return await by_password(attempt, attempt.value("PASSWORD"))


async def _password_verifier(attempt: Attempt) -> InitiateAuthResponse:
    """The claim of SRP. One block is good for one claim: a wrong one ends the session. Of several that come with one
    block at once each is counted."""
    may_begin(attempt)
    identity, verifier = srp_of_person(attempt)
    is_right = await _claim_is_right(attempt, identity, verifier)
    return await password_proven(attempt, Proof(is_right, attempt.person.password))


async def _claim_is_right(attempt: Attempt, identity: srp.Identity, verifier: srp.Verifier) -> bool:
    block, timestamp = attempt.value("PASSWORD_CLAIM_SECRET_BLOCK"), attempt.value("TIMESTAMP")
    presented = attempt.value("PASSWORD_CLAIM_SIGNATURE")
    A, B, b = (int(attempt.state[name], 16) for name in ("A", "B", "b"))
    u, S = await attempt.call.ports.powers.shared(A, B, verifier.v, b)
    key = srp.session_key(u, S)
    is_right = srp.claim_is_right(key, identity, secret_block=block, timestamp=timestamp, presented=presented)
    return is_right and u != 0 and srp.is_timely(timestamp, attempt.call.now)


async def _select_challenge(attempt: Attempt) -> InitiateAuthResponse:
    answer = attempt.value("ANSWER")
    # Asked again: what could be chosen when the sign-in began may be gone, or be no way past a factor any more.
    if answer not in await available(attempt):
        raise InvalidParameterException(f"{answer} is not an available challenge.")
    return await choose(attempt, answer, by_password)


def _code(event: Event, *names: str) -> Callable[[Attempt], Awaitable[InitiateAuthResponse]]:
    """The answer to a code that was sent; `names` are the responses that may carry it."""

    async def answer(attempt: Attempt) -> InitiateAuthResponse:
        call, pool = attempt.call, attempt.pool
        presented = next((attempt.values[name] for name in names if name in attempt.values), None)
        if presented is None:
            raise InvalidParameterException(f"Missing required parameter {names[0]}")
        given = code_hash(call, pool.id, attempt.step, presented)
        # Of nobody there is no code: what is compared then is longer than any hash.
        is_right = hmac.compare_digest(given, attempt.state["code"] or "nobody's code".ljust(len(given) + 1))

        def is_locked(tx: Transaction) -> bool:
            return settle_attempt(tx, pool.id, attempts_key(attempt), call.now, is_right, kind=CODES)

        def refuse(tx: Transaction) -> bool:
            history.hold(tx, attempt)
            locked = is_locked(tx)
            history.refused(tx, attempt, "NotAuthorizedException" if locked else "CodeMismatchException")
            return locked

        if not is_right or attempt.person.user is None:
            locked = await call.store.write(refuse)
            await history.show_nothing(attempt)
            if locked:
                raise NotAuthorizedException(EXCEEDED)
            raise CodeMismatchException(WRONG_CODE)

        def believe(tx: Transaction, user: User | None) -> User | None:
            if is_locked(tx):
                raise NotAuthorizedException(EXCEEDED)
            return _with_proven_address(tx, attempt, user)

        return await go_on(attempt, event, believe)

    return answer


SET_UP = {Step.EMAIL_OTP_SETUP: Factor.EMAIL, Step.SMS_SETUP: Factor.SMS}


def _with_proven_address(tx: Transaction, attempt: Attempt, user: User | None) -> User | None:
    """Who reads what comes to an address has verified it; in MFA_SETUP it also becomes the second factor."""
    assert user is not None
    attribute = PHONE_NUMBER if attempt.step in (Step.SMS_MFA, Step.SMS_OTP, Step.SMS_SETUP) else EMAIL
    destination = attempt.state["destination"]
    now = attempt.call.now
    if attempt.step in SET_UP:
        _refuse_unless_missing(tx, attempt, user)
        changed = user.with_attributes(now, {attribute: destination, VERIFIED[attribute]: "true"})
        factor = SET_UP[attempt.step]
        return tx.users.replace(attempt.pool, replace(changed, mfa=with_factor(user.mfa, factor)))
    if user.is_verified(attribute) or user.attributes.get(attribute) != destination:
        return user
    return tx.users.replace(attempt.pool, user.with_attributes(now, {VERIFIED[attribute]: "true"}))


def _refuse_unless_missing(tx: Transaction, attempt: Attempt, user: User) -> None:
    """Two sign-ins can wait for a factor to be set up, one of them with a stolen password: the one that comes second
    must not do without the first one's factor, nor replace it.

    Raises:
        NotAuthorizedException: the person has a factor meanwhile.
    """
    has_totp = tx.totp.is_verified(user.pool_id, user.sub)
    if not available_factors(attempt.pool, user, has_totp).must_set_up:
        raise NotAuthorizedException(sessions.INVALID, detail="a factor was set up meanwhile")


async def _software_token(attempt: Attempt) -> InitiateAuthResponse:
    user, call = attempt.person.user, attempt.call
    assert user is not None
    code = attempt.value("SOFTWARE_TOKEN_MFA_CODE")

    def settle(tx: Transaction) -> TotpVerdict:
        history.hold(tx, attempt)
        verdict = verify_totp(tx, user.pool_id, user.sub, code, call.now)
        if verdict is not TotpVerdict.RIGHT:
            history.refused(tx, attempt, history.TOTP_REFUSALS[verdict])
        return verdict

    verdict = await call.store.write(settle)
    match verdict:
        case TotpVerdict.RIGHT:
            return await go_on(attempt, Event.FACTOR_PROVEN)
        case TotpVerdict.USED:
            raise ExpiredCodeException(USED_TOTP)
        case TotpVerdict.NONE:
            raise SoftwareTokenMFANotFoundException
        case TotpVerdict.LOCKED:
            raise NotAuthorizedException(EXCEEDED)
        case _:
            raise CodeMismatchException(WRONG_TOTP)


async def _select_mfa_type(attempt: Attempt) -> InitiateAuthResponse:
    answer = attempt.value("ANSWER")
    events = {
        Factor.SMS.value: Event.SMS_CHOSEN,
        Factor.EMAIL.value: Event.EMAIL_CHOSEN,
        "EMAIL_MFA": Event.EMAIL_CHOSEN,
        Factor.TOTP.value: Event.TOTP_CHOSEN,
    }
    user = attempt.person.user
    assert user is not None
    has_totp = await attempt.call.store.look_up(lambda tx: tx.totp.is_verified(user.pool_id, user.sub))
    can_choose = available_factors(attempt.pool, user, has_totp, is_risky=attempt.wants_factor).factors
    if answer not in events or {"EMAIL_MFA": "EMAIL_OTP"}.get(answer, answer) not in can_choose:
        raise InvalidParameterException(f"{answer} is not among the MFA types to choose from.")
    return await go_on(attempt, events[answer])


async def _mfa_setup(attempt: Attempt) -> InitiateAuthResponse:
    """After VerifySoftwareToken the session says so; else an e-mail address begins the set-up of that factor, or at
    a page, as in managed login, a phone number."""
    if attempt.state.get(IS_SET_UP):
        return await go_on(attempt, Event.TOTP_SET_UP)

    def still_missing(tx: Transaction, user: User | None) -> User | None:
        assert user is not None
        _refuse_unless_missing(tx, attempt, user)
        return user

    phone = attempt.values.get("PHONE_NUMBER")
    if phone is not None and attempt.arrive is not None:
        if Factor.SMS not in offered_factors(attempt.pool):
            raise InvalidParameterException("SMS MFA is not configured for the user pool.")
        if not is_phone_number(phone):
            raise InvalidParameterException("Invalid phone number format.")
        return await go_on(attempt, Event.PHONE_GIVEN, still_missing)
    email = attempt.values.get("EMAIL")
    if email is None:
        raise InvalidParameterException("MFA is not set up yet.")
    if attempt.pool.email_mfa is None:
        raise InvalidParameterException("Email MFA is not configured for the user pool.")
    if not is_email(email):
        raise InvalidParameterException("Invalid email address format.")
    return await go_on(attempt, Event.EMAIL_GIVEN, still_missing)


async def _new_password(attempt: Attempt) -> InitiateAuthResponse:
    """The person's own password, and what the pool demands to know of them.

    Raises:
        InvalidParameterException: a required attribute is missing, or one does not fit the schema.
        NotAuthorizedException: one has a value already, or the client may not write it.
        AliasExistsException: a name that one would be is another's.
    """
    call, pool, user = attempt.call, attempt.pool, attempt.person.user
    assert user is not None
    given = {
        name.removeprefix(ATTRIBUTE_PREFIX): value
        for name, value in attempt.values.items()
        if name.startswith(ATTRIBUTE_PREFIX)
    }
    for name, value in given.items():
        if user.attributes.get(name) not in (None, value) and name in (EMAIL, PHONE_NUMBER):
            raise NotAuthorizedException(f"Cannot modify an already provided {name}")
    changes = check_changes(pool, user, given, writable=client_writable(pool, attempt.app.client))
    changed = user.with_attributes(call.now, changes)
    missing = [
        name_of(attribute)
        for attribute in pool.attributes
        if attribute.get("Required")
        and name_of(attribute) != "sub"
        and not changed.attributes.get(name_of(attribute))
    ]
    if missing:
        raise InvalidParameterException(
            "Invalid attributes given, " + ", ".join(f"{name} is missing" for name in missing)
        )
    text = attempt.value("NEW_PASSWORD")
    password = await make_password(
        call,
        pool,
        sub=user.sub,
        username=user.username,
        password=text,
        former=attempt.person.password,
    )
    if await refuse_compromised(call, attempt.app, text, "PASSWORD_CHANGE"):
        attempt = attempt.with_compromised()

    def confirm(now: User) -> User:
        return now.with_attributes(call.now, changes).changed(call.now, status=UserStatus.CONFIRMED)

    def set_it(tx: Transaction, now: User | None) -> User | None:
        assert now is not None
        tx.passwords.put(password)
        sessions.end_all(tx, pool.id, user.sub, but=attempt.session)
        confirmed = confirm(now)
        if PREFERRED_USERNAME in changes and has_name_of_another(tx, pool, confirmed):
            raise AliasExistsException(f"An account with the {PREFERRED_USERNAME} already exists.")
        return tx.users.replace(pool, confirmed)

    # The pool's functions hear of the person as they are about to be.
    becomes = replace(attempt, person=replace(attempt.person, user=confirm(user)))
    return await go_on(becomes, Event.PASSWORD_CHANGED, set_it)


async def _device_srp(attempt: Attempt) -> InitiateAuthResponse:
    return await go_on(attempt, Event.DEVICE_BEGUN)


async def _device_password_verifier(attempt: Attempt) -> InitiateAuthResponse:
    device, verifier = await device_of(attempt)
    identity = srp.Identity.of_device(device.group_key, device.key)
    if not await _claim_is_right(attempt, identity, verifier):
        await history.end_refused(attempt)
        raise NotAuthorizedException(detail="wrong device secret")

    def note(tx: Transaction, user: User | None) -> User | None:
        devices.record_use(tx, attempt.call, device)
        return user

    return await go_on(attempt, Event.DEVICE_PROVEN, note)


async def _web_authn(attempt: Attempt) -> InitiateAuthResponse:
    credential = attempt.value("CREDENTIAL")
    try:
        settle = await verify_assertion(
            attempt.call, attempt.app, attempt.person.user, credential, attempt.state["passkey"]
        )
    except NotAuthorizedException:
        await history.end_refused(attempt)
        raise
    return await go_on(attempt, Event.PASSKEY_PROVEN, settle)


ANSWERS: Mapping[Step, Callable[[Attempt], Awaitable[InitiateAuthResponse]]] = {
    Step.SELECT_CHALLENGE: _select_challenge,
    Step.PASSWORD: _password,
    Step.PASSWORD_VERIFIER: _password_verifier,
    Step.EMAIL_OTP_FIRST: _code(Event.FIRST_CODE_PROVEN, "EMAIL_OTP_CODE"),
    Step.SMS_OTP: _code(Event.FIRST_CODE_PROVEN, "SMS_OTP_CODE"),
    Step.WEB_AUTHN: _web_authn,
    Step.NEW_PASSWORD_REQUIRED: _new_password,
    Step.SELECT_MFA_TYPE: _select_mfa_type,
    Step.SMS_MFA: _code(Event.FACTOR_PROVEN, "SMS_MFA_CODE"),
    Step.EMAIL_OTP: _code(Event.FACTOR_PROVEN, "EMAIL_OTP_CODE", "EMAIL_MFA_CODE"),
    Step.SOFTWARE_TOKEN_MFA: _software_token,
    Step.MFA_SETUP: _mfa_setup,
    Step.EMAIL_OTP_SETUP: _code(Event.EMAIL_SET_UP, "EMAIL_OTP_CODE", "EMAIL_MFA_CODE"),
    Step.SMS_SETUP: _code(Event.PHONE_SET_UP, "SMS_MFA_CODE"),
    Step.DEVICE_SRP_AUTH: _device_srp,
    Step.DEVICE_PASSWORD_VERIFIER: _device_password_verifier,
    Step.CUSTOM_CHALLENGE: custom.answer,
}
"""Of each step that a session can wait at."""
