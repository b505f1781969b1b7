"""Forgotten passwords: a code to a verified address, and a new password with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from poolhouse.core.auth_events import Risk
from poolhouse.core.codes import (
    ATTEMPT_LIMIT,
    MAX_TRIES,
    RESET,
    RESET_LIFETIME,
    Refusal,
)
from poolhouse.core.credentials import Code, Password
from poolhouse.core.errors import (
    CodeMismatchException,
    CognitoError,
    ExpiredCodeException,
    InvalidParameterException,
    LimitExceededException,
    NotAuthorizedException,
    UserNotConfirmedException,
    UserNotFoundException,
)
from poolhouse.core.existence import hides_existence
from poolhouse.core.messages import Purpose
from poolhouse.core.password_policy import check_password
from poolhouse.core.pool_settings import password_policy
from poolhouse.core.pools import UserPool
from poolhouse.core.recovery import (
    RESETTABLE,
    recovery_address,
    recovery_attributes,
    shown_address,
)
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminResetUserPasswordRequest,
    AdminResetUserPasswordResponse,
    CodeDeliveryDetailsType,
    ConfirmForgotPasswordRequest,
    ConfirmForgotPasswordResponse,
    ForgotPasswordRequest,
    ForgotPasswordResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import auth_events, codes, delivery, sessions
from poolhouse.userpools.existence import (
    NOT_FOUND,
    Asked,
    Asking,
    app_of,
    ask_for_code,
    begin,
    count_name,
    disabled,
    find_locked,
    mark_asked,
    on_the_beat,
    was_asked,
)
from poolhouse.userpools.passwords import PASSWORDS, make_password
from poolhouse.userpools.risk.blocking import refuse_blocked
from poolhouse.userpools.risk.compromised import refuse_compromised
from poolhouse.userpools.risk.context import seen_from
from poolhouse.userpools.triggers.custom_message import with_texts
from poolhouse.userpools.triggers.post_confirmation import Of, tell_after
from poolhouse.userpools.triggers.user_migration import bring_who_forgot

TRY = "try reset"
SEND = "send reset"
NO_ADDRESS = "Cannot reset password for the user as there is no registered/verified email or phone_number"


@dataclass(frozen=True, slots=True)
class Proven:
    """Who typed in the right code, and what was kept of the password that they forgot."""

    user: User
    code: Code
    former: Password | None


async def forgot_password(call: Call, request: ForgotPasswordRequest) -> ForgotPasswordResponse:
    """Send a code with which a new password can be set.

    To a client that hides who exists, every name looks as if a code was sent: it is told of an address, the
    message is not waited for, and what is counted for the limit is the name.

    Raises:
        ResourceNotFoundException: no such client.
        NotAuthorizedException: SecretHash; the pool's administrators alone reset passwords; a disabled person, or one
            whose password can't be reset in their state.
        UserNotFoundException: there is nobody of this name.
        InvalidParameterException: the person has no verified address that may be used.
        LimitExceededException: five codes were asked for within an hour.
        CodeDeliveryFailureException: the carrier refused the message.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the pool's function
            gave no text for the message.

    Source: Cognito API reference, ForgotPassword; developer guide, "Managing user existence error responses".
    """
    name = request["Username"]
    app = await app_of(call, request["ClientId"], name, request.get("SecretHash"))
    call = seen_from(call, app, request)
    return {"CodeDeliveryDetails": await ask_for_reset(call, app, name, request.get("ClientMetadata"))}


async def ask_for_reset(
    call: Call, app: AppSnapshot, name: str, metadata: Mapping[str, str] | None = None
) -> CodeDeliveryDetailsType:
    """Send a code with which a new password can be set, and say where it went. `metadata` is for the pool's
    functions.

    Raises:
        CognitoError: as `forgot_password`, but for what concerns the client.
    """
    begun, pool = begin(), app.user_pool
    await refuse_blocked(call, app)
    possible = recovery_attributes(pool)
    if not possible:
        raise NotAuthorizedException("Contact administrator to reset password.")
    await bring_who_forgot(call, app, name, metadata)
    asking = Asking(
        SEND,
        lambda tx, user: _ask(tx, call, app, user),
        shown_address,
        possible,
        note=lambda tx: mark_asked(tx, call, pool, name),
        metadata=metadata,
    )
    return await ask_for_code(call, app, name, begun, asking)


async def confirm_forgot_password(
    call: Call, request: ConfirmForgotPasswordRequest
) -> ConfirmForgotPasswordResponse:
    """Set a new password by the code that was sent. It also ends a lock that wrong passwords brought about.

    The attempt is counted, and a wrong code refused, before the dear hash is made; so nobody's answer takes longer,
    and guesses cost no memory. A code asked for before the password was last set is good no more.

    To a client that hides who exists, every refusal is ExpiredCodeException where no code was asked for under
    the name within the hour, else CodeMismatchException: of anybody, and of nobody.

    Raises:
        ResourceNotFoundException: no such client.
        NotAuthorizedException: SecretHash; a disabled person, or one whose password can't be reset in their state.
        InvalidPasswordException, PasswordHistoryPolicyViolationException: the password. The code stays good.
        UserNotFoundException, UserNotConfirmedException: who is meant.
        CodeMismatchException, ExpiredCodeException: the code.
        LimitExceededException: fifteen attempts were made within an hour.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the password is set,
            and the function that hears of it failed.

    Source: Cognito API reference, ConfirmForgotPassword; developer guide, "Managing user existence error responses".
    """
    name = request["Username"]
    app = await app_of(call, request["ClientId"], name, request.get("SecretHash"))
    call = seen_from(call, app, request)
    code, password = request["ConfirmationCode"], request["Password"]
    await replace_password(call, app, name, code, password, metadata=request.get("ClientMetadata"))
    return {}


async def replace_password(
    call: Call,
    app: AppSnapshot,
    name: str,
    presented: str,
    text: str,
    *,
    metadata: Mapping[str, str] | None = None,
) -> None:
    """Set a new password (`text`) by the code that was sent (`presented`), and tell the pool's function of it.

    Raises:
        CognitoError: as `confirm_forgot_password`, but for what concerns the client.
    """
    begun, pool = begin(), app.user_pool
    await refuse_blocked(call, app)
    check_password(password_policy(pool.settings), text)
    risk = Risk(compromised=await refuse_compromised(call, app, text, "PASSWORD_CHANGE"))

    # What is wrong is returned, not raised: the attempt must be counted.
    def prove(tx: Transaction) -> Proven | CognitoError:
        proven = _prove(tx, call, app, name, presented)
        if isinstance(proven, CognitoError):
            auth_events.settled(tx, call, app, kind="ForgotPassword", error=proven)
        return proven

    proven = await call.store.write(prove)
    if isinstance(proven, CognitoError):
        if hides_existence(app):
            await on_the_beat(begun)
        raise proven
    user, code = proven.user, proven.code
    password = await make_password(
        call,
        pool,
        sub=user.sub,
        username=user.username,
        password=text,
        former=proven.former,
    )

    def set_password(tx: Transaction) -> User:
        person = tx.users.lock(pool.id, user.sub)
        if _why_not_reset(person) is not None or person is None:
            raise ExpiredCodeException(detail="the person changed meanwhile")
        current = tx.passwords.find(pool.id, user.sub)
        if _is_older(code, current) or not tx.codes.take(code):
            raise ExpiredCodeException(detail="the code or the password was changed meanwhile")
        tx.passwords.put(password)
        tx.attempts.forget(pool.id, PASSWORDS, user.sub)
        sessions.end_all(tx, pool.id, user.sub)
        changed = tx.users.replace(pool, person.changed(call.now, status=UserStatus.CONFIRMED))
        auth_events.finish(
            tx,
            call,
            pool,
            kind="ForgotPassword",
            user=changed,
            outcome="Pass",
            client_id=app.client.id,
            risk=risk,
        )
        return changed

    user = await call.write(set_password, pool_id=pool.id)
    await tell_after(call, pool, user, Of.FORGOT_PASSWORD, client_id=app.client.id, metadata=metadata)


async def admin_reset_user_password(
    call: Call, request: AdminResetUserPasswordRequest
) -> AdminResetUserPasswordResponse:
    """Make the password useless, and send the person a code with which they set a new one.

    Raises:
        ResourceNotFoundException, UserNotFoundException: no such pool, no such person.
        NotAuthorizedException: a disabled person, or one whose password can't be reset in their state; a pool whose
            administrators alone set passwords.
        InvalidParameterException: the person has no verified address that may be used.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the pool's function
            gave no text for the message. The password stays.

    Source: Cognito API reference, AdminResetUserPassword.
    """
    pool_id = request["UserPoolId"]

    def reset(tx: Transaction) -> list[str]:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        user = find_locked(tx, pool, request["Username"])
        if user is None:
            raise UserNotFoundException
        if not user.enabled:
            raise NotAuthorizedException("User is disabled")
        if not recovery_attributes(pool):
            raise NotAuthorizedException("Contact administrator to reset password.")
        if user.status not in RESETTABLE:
            raise _not_in_this_state()
        to = recovery_address(pool, user)
        if to is None:
            raise InvalidParameterException(NO_ADDRESS)
        changed = tx.users.replace(pool, user.changed(call.now, status=UserStatus.RESET_REQUIRED))
        sessions.end_all(tx, pool.id, user.sub)
        return [_post(tx, call, pool, changed, to)]

    messages = await with_texts(
        call, lambda: call.write(reset, pool_id=pool_id), request.get("ClientMetadata")
    )
    await delivery.deliver_now_or_later(call, messages)
    return {}


def _ask(tx: Transaction, call: Call, app: AppSnapshot, user: User | None) -> Asked:
    """Raises what forbids it, before it has changed anything but counts."""
    if user is None:
        raise UserNotFoundException(NOT_FOUND)
    if not user.enabled:
        raise disabled()
    pool = app.user_pool
    to = recovery_address(pool, user)
    if user.status is UserStatus.UNCONFIRMED and to is None:
        raise InvalidParameterException(NO_ADDRESS)
    if user.status not in RESETTABLE:
        raise _not_in_this_state()
    if to is None:
        raise InvalidParameterException(NO_ADDRESS)
    if not codes.may_send(tx, call, user, RESET) or not codes.may_send_to(tx, call, pool.id, to[1], RESET):
        raise LimitExceededException(ATTEMPT_LIMIT)
    tx.audit.add(call.record(pool.id))
    auth_events.record(tx, call, app, kind="ForgotPassword", user=user, outcome="InProgress")
    return Asked(to, [_post(tx, call, pool, user, to, app.client.id)])


def _post(
    tx: Transaction,
    call: Call,
    pool: UserPool,
    user: User,
    to: tuple[str, str],
    client_id: str | None = None,
) -> str:
    attribute, address = to
    earlier = tx.codes.find(pool.id, user.sub, RESET)
    if earlier is not None and _is_older(earlier, tx.passwords.find(pool.id, user.sub)):
        tx.codes.remove(pool.id, user.sub, RESET)  # or it would be sent again, and be good for nothing
    code = codes.issue(
        tx, call, user, RESET, attribute=attribute, destination=address, lifetime=RESET_LIFETIME
    )
    return delivery.post(
        tx,
        call,
        pool,
        user,
        purpose=Purpose.FORGOT_PASSWORD,
        medium=delivery.MEDIA[attribute],
        destination=address,
        code=code,
        client_id=client_id,
    )


def _prove(tx: Transaction, call: Call, app: AppSnapshot, name: str, presented: str) -> Proven | CognitoError:
    pool = app.user_pool
    if not hides_existence(app):
        return _try(tx, call, pool, find_locked(tx, pool, name), presented)
    if not count_name(tx, call, pool, TRY, name, MAX_TRIES):
        return LimitExceededException(ATTEMPT_LIMIT)
    tried = _try(tx, call, pool, find_locked(tx, pool, name), presented)
    if isinstance(tried, Proven):
        return tried
    return CodeMismatchException() if was_asked(tx, call, pool, name) else ExpiredCodeException()


def _try(
    tx: Transaction, call: Call, pool: UserPool, user: User | None, presented: str
) -> Proven | CognitoError:
    refusal = _why_not_reset(user)
    if user is None or refusal is not None:
        return refusal or UserNotFoundException(NOT_FOUND)
    checked = codes.check(tx, call, user, RESET, presented)
    if isinstance(checked, Refusal):
        return checked.error()
    former = tx.passwords.find(pool.id, user.sub)
    return ExpiredCodeException() if _is_older(checked, former) else Proven(user, checked, former)


def _why_not_reset(user: User | None) -> CognitoError | None:
    if user is None:
        return UserNotFoundException(NOT_FOUND)
    if not user.enabled:
        return disabled()
    if user.status is UserStatus.UNCONFIRMED:
        return UserNotConfirmedException()
    return None if user.status in RESETTABLE else _not_in_this_state()


def _is_older(code: Code, password: Password | None) -> bool:
    return password is not None and code.created_at < password.set_at


def _not_in_this_state() -> CognitoError:
    return NotAuthorizedException("User password cannot be reset in the current state.")
