"""What people do with their own account, by an access token."""

from __future__ import annotations

from dataclasses import replace

from poolhouse.core.attribute_updates import update_attributes
from poolhouse.core.auth_events import Risk
from poolhouse.core.credentials import Password
from poolhouse.core.errors import (
    InvalidParameterException,
    InvalidPasswordException,
    LimitExceededException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    TooManyRequestsException,
)
from poolhouse.core.user_attributes import check_changes, client_writable
from poolhouse.core.users import UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    ChangePasswordRequest,
    ChangePasswordResponse,
    DeleteUserAttributesRequest,
    DeleteUserAttributesResponse,
    DeleteUserRequest,
    GetUserRequest,
    GetUserResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import auth_events, sessions
from poolhouse.userpools.passwords import (
    Verdict,
    make_password,
    prove_password,
    settle_proof,
)
from poolhouse.userpools.person import Person, authenticate_person
from poolhouse.userpools.risk.compromised import refuse_compromised
from poolhouse.userpools.users.describe import attribute_list, factors, mfa_options
from poolhouse.userpools.users.passwords import TRIES, has_same_password

TOO_OFTEN = "Attempt limit exceeded, please try after some time."


async def get_user(call: Call, request: GetUserRequest) -> GetUserResponse:
    """Whose access token this is, with the attributes that the client may read.

    Raises:
        NotAuthorizedException, UserNotFoundException: as `authenticate_person`.

    Source: Cognito API reference, GetUser.
    """
    person = await authenticate_person(call, request["AccessToken"])
    user, app = person.user, person.app
    answer: GetUserResponse = {
        "Username": user.username,
        "UserAttributes": attribute_list(user, app.readable),
    }
    if options := mfa_options(user):
        answer["MFAOptions"] = options
    return {**answer, **factors(user)}


async def delete_user(call: Call, request: DeleteUserRequest) -> None:
    """Delete whose access token this is, with everything that is theirs.

    Raises:
        NotAuthorizedException, UserNotFoundException: as `authenticate_person`.

    Source: Cognito API reference, DeleteUser.
    """
    person = await authenticate_person(call, request["AccessToken"])

    def remove(tx: Transaction) -> None:
        user = person.again(tx)
        tx.users.remove(user.pool_id, user.sub)

    await person.call.write(remove, pool_id=person.app.pool.id)


async def delete_user_attributes(
    call: Call, request: DeleteUserAttributesRequest
) -> DeleteUserAttributesResponse:
    """Remove attributes that the client may write; one that the person does not have is no error.

    Raises:
        NotAuthorizedException, UserNotFoundException: as `authenticate_person`; an attribute that the client may
            not write.
        InvalidParameterException: one is not in the schema, is immutable, or required.

    Source: Cognito API reference, DeleteUserAttributes.
    """
    person = await authenticate_person(call, request["AccessToken"])
    app = person.app
    changes = dict.fromkeys(request["UserAttributeNames"], "")

    def remove(tx: Transaction) -> None:
        user = person.again(tx)
        pool = app.user_pool
        checked = check_changes(pool, user, changes, writable=client_writable(pool, app.client))
        tx.users.replace(pool, update_attributes(pool, user, checked, call.now).user)

    await person.call.write(remove, pool_id=app.pool.id)
    return {}


async def change_password(call: Call, request: ChangePasswordRequest) -> ChangePasswordResponse:
    """Set another password. Who has one proves it, and is locked out by wrong ones as at a sign-in.

    The tokens that the person has stay good, this one and those of other sign-ins.

    Raises:
        NotAuthorizedException: the previous password is wrong; as `authenticate_person`.
        UserNotFoundException: as `authenticate_person`.
        InvalidParameterException: the previous password is missing.
        InvalidPasswordException, PasswordHistoryPolicyViolationException: the new one won't do.
        LimitExceededException: too many wrong passwords.
        PasswordResetRequiredException: an administrator wants it reset, which only a code does.
        TooManyRequestsException: others set this password at the same time, again and again.

    Source: Cognito API reference, ChangePassword.
    """
    person = await authenticate_person(call, request["AccessToken"])
    if person.user.status is UserStatus.RESET_REQUIRED:
        raise PasswordResetRequiredException
    if person.user.status is UserStatus.EXTERNAL_PROVIDER:
        raise NotAuthorizedException(detail="the password of a federated person is their provider's business")
    for _ in range(TRIES):
        if await _changed(person, request):
            return {}
    raise TooManyRequestsException


async def _changed(person: Person, request: ChangePasswordRequest) -> bool:
    """Whether it was done: not if another password was set while this one was being hashed."""
    call, pool, user = person.call, person.app.user_pool, person.user
    former = await _proved(person, request.get("PreviousPassword"))
    text = request["ProposedPassword"]
    password = await make_password(
        call,
        pool,
        sub=user.sub,
        username=user.username,
        password=text,
        former=former,
    )
    try:
        risk = Risk(compromised=await refuse_compromised(call, person.app, text, "PASSWORD_CHANGE"))
    except InvalidPasswordException as refused:
        await _tell_compromised(person, refused.code)
        raise

    def change(tx: Transaction) -> bool:
        now = person.again(tx)
        if not has_same_password(tx, now, former):
            return False
        tx.passwords.put(password)
        sessions.end_all(tx, pool.id, user.sub)
        tx.users.replace(pool, now.changed(call.now))
        auth_events.record(tx, call, person.app, kind="PasswordChange", user=now, outcome="Pass", risk=risk)
        return True

    return await call.write(change, pool_id=pool.id)


async def _tell_compromised(person: Person, error_code: str) -> None:
    call, pool, risk = person.call, person.app.user_pool, Risk("Block", compromised=True)

    def tell(tx: Transaction) -> None:
        user = tx.users.lock(pool.id, person.user.sub)
        tx.audit.add(replace(call.record(pool.id), error_code=error_code))
        auth_events.record(tx, call, person.app, kind="PasswordChange", user=user, outcome="Fail", risk=risk)

    await call.store.write(tell)


async def _proved(person: Person, presented: str | None) -> Password | None:
    """The password that the person has, and has proved to know; None for who has none, and presented none."""
    call, pool, user = person.call, person.app.user_pool, person.user
    former = await call.store.look_up(lambda tx: tx.passwords.find(pool.id, user.sub))
    if presented is None:
        if former is not None:
            raise InvalidParameterException("Missing required parameter PreviousPassword")
        return None
    try:
        proof = await prove_password(call, pool, user, former, presented, key=user.sub)
    except NotAuthorizedException as locked:
        raise LimitExceededException(TOO_OFTEN) from locked

    def settle(tx: Transaction) -> tuple[Verdict, Password | None]:
        locked = tx.users.lock(pool.id, user.sub)  # before the attempts, as everywhere
        verdict = settle_proof(tx, pool.id, user.sub, call.now, proof)
        if verdict is not Verdict.RIGHT:
            code = "LimitExceededException" if verdict is Verdict.LOCKED else "NotAuthorizedException"
            tx.audit.add(replace(call.record(pool.id), error_code=code))
            auth_events.record(tx, call, person.app, kind="PasswordChange", user=locked, outcome="Fail")
        # Read here: settling may have kept it better, and so with another version; and no other one was proved.
        return verdict, tx.passwords.find(pool.id, user.sub)

    verdict, proved = await call.store.write(settle)
    if verdict is Verdict.LOCKED:
        raise LimitExceededException(TOO_OFTEN)
    verdict.require_right()
    return proved
