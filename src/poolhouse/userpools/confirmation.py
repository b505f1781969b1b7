"""Confirming accounts: by the code that was sent, or by an administrator."""

from __future__ import annotations

from collections.abc import Mapping

from poolhouse.core.auth_flows import permitted
from poolhouse.core.codes import (
    ATTEMPT_LIMIT,
    MAX_TRIES,
    SIGN_UP,
    Refusal,
    Sent,
)
from poolhouse.core.errors import (
    CodeMismatchException,
    CognitoError,
    InvalidParameterException,
    LimitExceededException,
    NotAuthorizedException,
    UserNotFoundException,
)
from poolhouse.core.existence import hides_existence
from poolhouse.core.messages import Purpose, wants_link
from poolhouse.core.pools import UserPool
from poolhouse.core.sessions import Session
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import EMAIL, VERIFIED, User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminConfirmSignUpRequest,
    AdminConfirmSignUpResponse,
    CodeDeliveryDetailsType,
    ConfirmSignUpRequest,
    ConfirmSignUpResponse,
    ResendConfirmationCodeRequest,
    ResendConfirmationCodeResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import auth_events, codes, links, sessions
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
    on_the_beat,
)
from poolhouse.userpools.risk.blocking import refuse_blocked
from poolhouse.userpools.risk.context import seen_from
from poolhouse.userpools.sign_up import (
    SIGNING_UP,
    address_to_confirm,
    confirming_attributes,
    post_code,
)
from poolhouse.userpools.triggers.post_confirmation import Of, tell_after
from poolhouse.userpools.users.aliases import take_aliases

SIGNED_UP = "SIGNED_UP"
"""The step of a session that InitiateAuth can go on with: the code was the first factor."""
TRY = "try sign_up"
SEND = "send sign_up"


async def confirm_sign_up(call: Call, request: ConfirmSignUpRequest) -> ConfirmSignUpResponse:
    """Confirm an account and the address that the code went to.

    Where the client allows USER_AUTH, the answer has a session with which it goes on: the code was the first
    factor. `Session` of SignUp may be sent and must then be this person's; Amplify sends none and still reads the
    answer's. To a client that hides who exists, every refusal but that of an expired code and of too many attempts
    looks like a wrong code.

    Raises:
        ResourceNotFoundException: no such client.
        NotAuthorizedException: SecretHash; Session; the account is confirmed already, or disabled.
        UserNotFoundException: there is nobody of this name.
        CodeMismatchException, ExpiredCodeException: the code.
        LimitExceededException: fifteen attempts were made within an hour.
        AliasExistsException: the address is another's alias, and ForceAliasCreation was not asked for. The code
            stays good.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the account is
            confirmed, and the function that hears of it failed.

    Source: Cognito API reference, ConfirmSignUp.
    """
    name = request["Username"]
    app = await app_of(call, request["ClientId"], name, request.get("SecretHash"))
    call = seen_from(call, app, request)
    given = request.get("Session")
    confirmed = await confirm_account(
        call,
        app,
        name,
        request["ConfirmationCode"],
        session=None if given is None else await sessions.open_session(call, app, given),
        forced=bool(request.get("ForceAliasCreation")),
        goes_on="ALLOW_USER_AUTH" in permitted(app.client.auth_flows),
        metadata=request.get("ClientMetadata"),
    )
    return {} if confirmed is None else {"Session": confirmed}


async def confirm_account(
    call: Call,
    app: AppSnapshot,
    name: str,
    code: str,
    *,
    session: Session | None = None,
    forced: bool = False,
    goes_on: bool = False,
    metadata: Mapping[str, str] | None = None,
) -> str | None:
    """Confirm the account by the code that was sent, and tell the pool's function of it; with `goes_on` the session
    in which its person can sign in.

    Raises:
        CognitoError: as `confirm_sign_up`, but for what concerns the client.
    """
    begun = begin()
    await refuse_blocked(call, app)

    def attempt(tx: Transaction) -> tuple[User, str | None] | CognitoError:
        if hides_existence(app) and not count_name(tx, call, app.user_pool, TRY, name, MAX_TRIES):
            return LimitExceededException(ATTEMPT_LIMIT)
        user = find_locked(tx, app.user_pool, name)
        refusal = _why_not_confirmed(user)
        if user is None or refusal is not None:
            return CodeMismatchException() if hides_existence(app) else (refusal or UserNotFoundException())
        if session is not None and (session.step != SIGNING_UP or session.sub != user.sub):
            return NotAuthorizedException(sessions.INVALID, detail="a session of something else")
        redeemed = codes.redeem(tx, call, user, SIGN_UP, code)
        if isinstance(redeemed, Refusal):
            too_many = redeemed is Refusal.TOO_MANY
            return CodeMismatchException() if too_many and hides_existence(app) else redeemed.error()
        user = _confirm(tx, call, app.user_pool, user, Sent.from_secret(redeemed.detail), forced)
        if session is not None:
            sessions.end(tx, session)
        return user, sessions.begin(tx, call, app, user.sub, SIGNED_UP, {}).session if goes_on else None

    def confirm(tx: Transaction) -> tuple[User, str | None] | CognitoError:
        confirmed = attempt(tx)
        error = confirmed if isinstance(confirmed, CognitoError) else None
        auth_events.settled(tx, call, app, kind="SignUp", error=error)
        return confirmed

    # What is wrong is returned, not raised: the attempt must be counted.
    confirmed = await call.store.write(confirm)
    if isinstance(confirmed, CognitoError):
        if hides_existence(app):
            await on_the_beat(begun)
        raise confirmed
    user, signed_up = confirmed
    await tell_after(call, app.user_pool, user, Of.SIGN_UP, client_id=app.client.id, metadata=metadata)
    return signed_up


def _why_not_confirmed(user: User | None) -> CognitoError | None:
    if user is None:
        return UserNotFoundException(NOT_FOUND)
    if not user.enabled:
        return disabled()
    if user.status is not UserStatus.UNCONFIRMED:
        return _cannot_be_confirmed(user)
    return None


def _cannot_be_confirmed(user: User) -> CognitoError:
    return NotAuthorizedException(f"User cannot be confirmed. Current status is {user.status.value}")


def _confirm(tx: Transaction, call: Call, pool: UserPool, user: User, sent: Sent, forced: bool) -> User:
    confirmed = user.with_attributes(call.now, {VERIFIED[sent.attribute]: "true"}).changed(
        call.now, status=UserStatus.CONFIRMED
    )
    if forced:
        take_aliases(tx, pool, confirmed, call.now)
    return tx.users.replace(pool, confirmed)


async def admin_confirm_sign_up(call: Call, request: AdminConfirmSignUpRequest) -> AdminConfirmSignUpResponse:
    """Confirm an account without a code. No address is verified by that.

    Raises:
        ResourceNotFoundException, UserNotFoundException: no such pool, no such person.
        NotAuthorizedException: the account is not one that waits to be confirmed.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the account is
            confirmed, and the function that hears of it failed.

    Source: Cognito API reference, AdminConfirmSignUp.
    """
    pool_id = request["UserPoolId"]

    def confirm(tx: Transaction) -> tuple[UserPool, User]:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        user = find_locked(tx, pool, request["Username"])
        if user is None:
            raise UserNotFoundException
        if user.status is not UserStatus.UNCONFIRMED:
            raise _cannot_be_confirmed(user)
        tx.codes.remove(pool_id, user.sub, SIGN_UP)
        auth_events.finish(tx, call, pool, kind="SignUp", user=user, outcome="Pass")
        return pool, tx.users.replace(pool, user.changed(call.now, status=UserStatus.CONFIRMED))

    pool, user = await call.write(confirm, pool_id=pool_id)
    await tell_after(call, pool, user, Of.SIGN_UP, client_id=None, metadata=request.get("ClientMetadata"))
    return {}


async def resend_confirmation_code(
    call: Call, request: ResendConfirmationCodeRequest
) -> ResendConfirmationCodeResponse:
    """Send the code again: the same within a minute, else a new one that takes its place.

    To a client that hides who exists, every name that can't be sent to looks as if it was.

    Raises:
        ResourceNotFoundException: no such client.
        NotAuthorizedException: SecretHash; the pool verifies no addresses by itself; the account is disabled.
        UserNotFoundException: there is nobody of this name.
        InvalidParameterException: the account is confirmed, or has no address to send to; the pool sends links and
            has no domain.
        LimitExceededException: five were asked for within an hour.
        CodeDeliveryFailureException: the carrier refused the message.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the pool's function
            gave no text for the message.

    Source: Cognito API reference, ResendConfirmationCode.
    """
    name = request["Username"]
    app = await app_of(call, request["ClientId"], name, request.get("SecretHash"))
    call = seen_from(call, app, request)
    return {"CodeDeliveryDetails": await resend_code(call, app, name, request.get("ClientMetadata"))}


async def resend_code(
    call: Call, app: AppSnapshot, name: str, metadata: Mapping[str, str] | None = None
) -> CodeDeliveryDetailsType:
    """Send the code again, and say where it went. `metadata` is for the pool's function that writes the message.

    Raises:
        CognitoError: as `resend_confirmation_code`, but for what concerns the client.
    """
    begun, possible = begin(), confirming_attributes(app.user_pool)
    await refuse_blocked(call, app)
    if not possible:
        raise NotAuthorizedException("Cannot resend codes. Auto verification not turned on.")
    if possible == [EMAIL] and wants_link(app.user_pool, Purpose.RESEND):
        links.refuse_without_domain(call, app)  # of anybody, and of nobody
    asking = Asking(
        SEND,
        lambda tx, user: _resend(tx, call, app, user),
        address_to_confirm,
        possible,
        metadata=metadata,
    )
    return await ask_for_code(call, app, name, begun, asking)


def _resend(tx: Transaction, call: Call, app: AppSnapshot, user: User | None) -> Asked:
    """Raises what forbids it, before it has changed anything but counts."""
    if user is None:
        raise UserNotFoundException(NOT_FOUND)
    if not user.enabled:
        raise disabled()
    if user.status is not UserStatus.UNCONFIRMED:
        raise InvalidParameterException("User is already confirmed.")
    to = address_to_confirm(app.user_pool, user)
    if to is None:
        raise InvalidParameterException("Cannot resend codes. The user has no address that can be verified.")
    if not codes.may_send(tx, call, user, SIGN_UP):
        raise LimitExceededException(ATTEMPT_LIMIT)
    message = post_code(tx, call, app, user, to, Purpose.RESEND)
    if message is None:
        raise LimitExceededException(ATTEMPT_LIMIT)
    tx.audit.add(call.record(app.pool.id))
    auth_events.record(tx, call, app, kind="ResendCode", user=user, outcome="Pass")
    return Asked(to, [message])
