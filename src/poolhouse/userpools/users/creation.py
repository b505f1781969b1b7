"""People made by an administrator, and invited with a temporary password."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.core.errors import (
    AliasExistsException,
    InvalidParameterException,
    TooManyRequestsException,
    UnsupportedUserStateException,
    UsernameExistsException,
    UserNotFoundException,
)
from poolhouse.core.ids import new_jti
from poolhouse.core.messages import Medium, Purpose
from poolhouse.core.password_policy import new_password
from poolhouse.core.pool_settings import first_factors, password_policy
from poolhouse.core.pools import UserPool
from poolhouse.core.secret import Secret
from poolhouse.core.user_attributes import check_new, parse_attributes, sign_in_attribute
from poolhouse.core.users import EMAIL, PHONE_NUMBER, User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import AdminCreateUserRequest, AdminCreateUserResponse
from poolhouse.store import Transaction
from poolhouse.userpools import delivery, sessions
from poolhouse.userpools.passwords import make_password
from poolhouse.userpools.triggers.custom_message import with_texts
from poolhouse.userpools.triggers.pre_sign_up import By, ask_before
from poolhouse.userpools.users.aliases import has_name_of_another, take_aliases
from poolhouse.userpools.users.describe import describe_user
from poolhouse.userpools.users.passwords import TRIES, find_with_password, has_same_password

MEDIA: Sequence[tuple[Medium, str]] = (("SMS", PHONE_NUMBER), ("EMAIL", EMAIL))
"""What can carry an invitation, and to which attribute's value; the first that can is the default."""
CODE_FACTORS = {"EMAIL_OTP": EMAIL, "SMS_OTP": PHONE_NUMBER}
"""First factors that need no password, and the attribute that each needs."""

EXISTS = "User account already exists"


async def admin_create_user(call: Call, request: AdminCreateUserRequest) -> AdminCreateUserResponse:
    """Make a person with a temporary password and send it to them; or (RESEND) make and send another one.

    A pool's function may refuse somebody new; ValidationData and ClientMetadata are for such functions alone. RESEND
    changes no attributes, whatever the request says of them.

    Raises:
        ResourceNotFoundException: no such pool.
        UsernameExistsException: the name, or a name that an attribute would be, is another's.
        UserNotFoundException, UnsupportedUserStateException: there is nobody to send to again.
        InvalidParameterException: attributes that the schema does not allow, or no address to send to.
        InvalidPasswordException: the temporary password does not conform to the policy.
        CodeDeliveryFailureException: the person is made, but the message was refused.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: a function refused
            the person, or gave no good answer. Nothing was made.

    Source: Cognito API reference, AdminCreateUser.
    """

    def find(tx: Transaction) -> UserPool:
        return tx.pools.get(call.account_id, call.region, request["UserPoolId"])

    pool = await call.store.read(find)
    act = _invite_again if request.get("MessageAction") == "RESEND" else _create
    return {"User": describe_user(await act(call, pool, request))}


async def _create(call: Call, pool: UserPool, request: AdminCreateUserRequest) -> User:
    user = _new_user(call, pool, request)
    media = [] if request.get("MessageAction") == "SUPPRESS" else _media(request, user)
    await ask_before(
        call,
        pool,
        user,
        By.ADMINISTRATOR,
        client_id=None,
        validation=request.get("ValidationData"),
        metadata=request.get("ClientMetadata"),
    )
    secret = _chosen_password(request)
    if secret is None and not _can_do_without(pool, user):
        secret = _random_password(call, pool)
    password = None
    if secret is not None:
        password = await make_password(
            call, pool, sub=user.sub, username=user.username, password=secret.reveal(), temporary=True
        )
        user = user.changed(call.now, status=UserStatus.FORCE_CHANGE_PASSWORD)

    def add(tx: Transaction) -> list[str]:
        if request.get("ForceAliasCreation"):
            take_aliases(tx, pool, user, call.now)
        if has_name_of_another(tx, pool, user):
            raise UsernameExistsException(EXISTS)
        try:
            tx.users.add(pool, user)
        except UsernameExistsException:
            raise UsernameExistsException(EXISTS) from None
        except AliasExistsException as taken:
            # The operation declares no other error for it, and Cognito gives this one (boto3 issue 3213).
            raise UsernameExistsException(taken.message) from taken
        if password is not None:
            tx.passwords.put(password)
        return _post(tx, call, pool, user, media, secret)

    messages = await with_texts(call, lambda: call.write(add, pool_id=pool.id), request.get("ClientMetadata"))
    await delivery.deliver_now_or_later(call, messages)
    return user


async def _invite_again(call: Call, pool: UserPool, request: AdminCreateUserRequest) -> User:
    """Another temporary password, and another time to use it, for who has not yet used the first one."""
    for _ in range(TRIES):
        if user := await _renew(call, pool, request):
            return user
    raise TooManyRequestsException


async def _renew(call: Call, pool: UserPool, request: AdminCreateUserRequest) -> User | None:
    """None where another password was set while this one was being hashed."""
    known, former = await find_with_password(call, pool, request["Username"])
    _check_may_be_invited(known)
    secret = _chosen_password(request) or _random_password(call, pool)
    password = await make_password(
        call,
        pool,
        sub=known.sub,
        username=known.username,
        password=secret.reveal(),
        temporary=True,
        former=former,
    )

    def renew(tx: Transaction) -> tuple[User, list[str]] | None:
        user = tx.users.lock(pool.id, known.sub)
        if user is None:
            raise UserNotFoundException
        _check_may_be_invited(user)
        if not has_same_password(tx, user, former):
            return None
        tx.passwords.put(password)
        sessions.end_all(tx, pool.id, user.sub)
        user = tx.users.replace(pool, user.changed(call.now))
        return user, _post(tx, call, pool, user, _media(request, user), secret)

    renewed = await with_texts(
        call, lambda: call.write(renew, pool_id=pool.id), request.get("ClientMetadata")
    )
    if renewed is None:
        return None
    user, messages = renewed
    await delivery.deliver_now_or_later(call, messages)
    return user


def _new_user(call: Call, pool: UserPool, request: AdminCreateUserRequest) -> User:
    """Confirmed, until they are given a password to change."""
    username = request["Username"]
    values = parse_attributes(request.get("UserAttributes", ()))
    sub = new_jti(call.random)
    if attribute := sign_in_attribute(pool, username):
        if values.setdefault(attribute, username) != username:
            raise InvalidParameterException(f"Username and the attribute {attribute} must be the same.")
        username = sub
    return User(
        pool_id=pool.id,
        sub=sub,
        username=username,
        status=UserStatus.CONFIRMED,
        created_at=call.now,
        modified_at=call.now,
        attributes=check_new(pool, values, writable=None, required=False),
    )


def _chosen_password(request: AdminCreateUserRequest) -> Secret | None:
    chosen = request.get("TemporaryPassword")
    return Secret(chosen) if chosen else None


def _random_password(call: Call, pool: UserPool) -> Secret:
    return Secret(new_password(password_policy(pool.settings), call.random))


def _can_do_without(pool: UserPool, user: User) -> bool:
    """Whether the person can sign in with a code that is sent to them, and so needs no password.

    Source: Cognito API reference, AdminCreateUser (TemporaryPassword).
    """
    factors = first_factors(pool.settings) or ()
    return any(
        factor in factors and attribute in user.attributes for factor, attribute in CODE_FACTORS.items()
    )


def _media(request: AdminCreateUserRequest, user: User) -> list[tuple[Medium, str]]:
    """By what, and to which address, the invitation goes.

    Source: Cognito API reference, AdminCreateUser (DesiredDeliveryMediums). SMS is its default; without a phone
    number there, the message goes by e-mail, and with neither nobody is told.
    """
    possible = [(medium, user.attributes[name]) for medium, name in MEDIA if name in user.attributes]
    desired = request.get("DesiredDeliveryMediums")
    if not desired:
        return possible[:1]
    for medium, name in MEDIA:
        if medium in desired and name not in user.attributes:
            raise InvalidParameterException(f"{name} is required to deliver the invitation by {medium}.")
    return [(medium, address) for medium, address in possible if medium in desired]


def _check_may_be_invited(user: User) -> None:
    if user.status is not UserStatus.FORCE_CHANGE_PASSWORD:
        raise UnsupportedUserStateException(
            f"Resend not possible. {user.username} status is not FORCE_CHANGE_PASSWORD"
        )


def _post(
    tx: Transaction,
    call: Call,
    pool: UserPool,
    user: User,
    media: Sequence[tuple[Medium, str]],
    secret: Secret | None,
) -> list[str]:
    code = "" if secret is None else secret.reveal()
    return [
        delivery.post(
            tx, call, pool, user, purpose=Purpose.INVITATION, medium=medium, destination=address, code=code
        )
        for medium, address in media
    ]
