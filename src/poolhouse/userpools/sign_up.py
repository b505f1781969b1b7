"""Signing up: people who make their own account. It is confirmed by the code that they are sent (`confirmation`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from poolhouse.core.auth_events import Outcome, Risk
from poolhouse.core.auth_flows import permitted
from poolhouse.core.codes import SIGN_UP, SIGN_UP_LIFETIME
from poolhouse.core.credentials import Password
from poolhouse.core.errors import (
    AliasExistsException,
    InvalidParameterException,
    LimitExceededException,
    NotAuthorizedException,
    UsernameExistsException,
)
from poolhouse.core.ids import new_jti
from poolhouse.core.messages import Purpose, wants_link
from poolhouse.core.password_policy import check_password
from poolhouse.core.pool_settings import first_factors, password_policy
from poolhouse.core.pools import UserPool
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.user_attributes import (
    check_new,
    client_writable,
    parse_attributes,
    sign_in_attribute,
)
from poolhouse.core.users import (
    EMAIL,
    PHONE_NUMBER,
    PREFERRED_USERNAME,
    User,
    UserStatus,
    alias_attributes,
    username_attributes,
)
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import AttributeType, SignUpRequest, SignUpResponse
from poolhouse.store import Transaction
from poolhouse.userpools import auth_events, codes, delivery, links, sessions
from poolhouse.userpools.existence import app_of
from poolhouse.userpools.passwords import make_password
from poolhouse.userpools.risk.blocking import refuse_blocked
from poolhouse.userpools.risk.compromised import refuse_compromised
from poolhouse.userpools.risk.context import seen_from
from poolhouse.userpools.triggers.custom_message import with_texts
from poolhouse.userpools.triggers.post_confirmation import Of, tell_after
from poolhouse.userpools.triggers.pre_sign_up import By, ask_before
from poolhouse.userpools.users.aliases import take_aliases

CODE_FACTORS = {"EMAIL_OTP": EMAIL, "SMS_OTP": PHONE_NUMBER}
"""First factors that need no password, and the attribute that each needs."""
SIGNING_UP = "SIGN_UP"
"""The step of a session that waits for ConfirmSignUp."""


@dataclass(frozen=True, slots=True)
class Registered:
    sent_to: tuple[str, str] | None = None
    """Attribute and address."""
    message: str | None = None
    session: str | None = None


@dataclass(frozen=True, slots=True)
class Account:
    """One that somebody just made."""

    user: User
    sent_to: tuple[str, str] | None = None
    """Attribute and address of the code that confirms it; None where none was sent."""
    session: str | None = None
    """What ConfirmSignUp takes from who made the account."""

    @property
    def is_confirmed(self) -> bool:
        """Whether a function of the pool confirmed it at once."""
        return self.user.status is UserStatus.CONFIRMED


async def sign_up(call: Call, request: SignUpRequest) -> SignUpResponse:
    """Make an account, and send a code that confirms it to one of the addresses that the pool verifies by itself.

    Whether a user name is taken is told to everybody; who wants email addresses hidden makes them aliases. A pool's
    function may refuse the person, or confirm them at once: then no code is sent. ValidationData and ClientMetadata
    are for such functions alone. AnalyticsMetadata has no reader.

    Raises:
        ResourceNotFoundException: no such client.
        NotAuthorizedException: SecretHash; a pool whose people are made by administrators alone; an attribute that
            the client may not write.
        InvalidParameterException: a name or attributes that the pool does not allow; no password where one is needed;
            a pool that sends links and has no domain.
        InvalidPasswordException: it does not conform to the policy.
        UsernameExistsException: the name is taken.
        LimitExceededException, CodeDeliveryFailureException: the account is made, but the code was not sent; it can be
            asked for again.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: a function refused
            the person, or gave no good answer, and nothing was made; or it was asked after they were confirmed, and
            they stay.

    Source: Cognito API reference, SignUp.
    """
    app = await app_of(call, request["ClientId"], request["Username"], request.get("SecretHash"))
    call = seen_from(call, app, request)
    account = await make_account(
        call,
        app,
        request["Username"],
        request.get("Password"),
        request.get("UserAttributes", ()),
        goes_on="ALLOW_USER_AUTH" in permitted(app.client.auth_flows),
        validation=request.get("ValidationData"),
        metadata=request.get("ClientMetadata"),
    )
    await welcome(call, app, account, request.get("ClientMetadata"))
    answer: SignUpResponse = {"UserConfirmed": account.is_confirmed, "UserSub": account.user.sub}
    if account.sent_to is not None:
        answer["CodeDeliveryDetails"] = delivery.details(*account.sent_to)
    if account.session is not None:
        answer["Session"] = account.session
    return answer


async def make_account(
    call: Call,
    app: AppSnapshot,
    name: str,
    password: str | None,
    attributes: Iterable[AttributeType],
    *,
    goes_on: bool,
    validation: Sequence[AttributeType] | None = None,
    metadata: Mapping[str, str] | None = None,
) -> Account:
    """Make the account, and send its code unless it is confirmed already. With `goes_on` a session is kept in which
    its maker can confirm it, and then sign in. `validation` and `metadata` are for the pool's functions.

    Raises:
        CognitoError: as `sign_up`, but for what concerns the client.
    """
    pool = app.user_pool
    await refuse_blocked(call, app)
    if not may_sign_up(pool):
        raise NotAuthorizedException("SignUp is not permitted for this user pool")
    user = _new_user(call, app, name, attributes)
    if password:
        check_password(password_policy(pool.settings), password)
    elif not _can_do_without_password(pool, user):
        raise InvalidParameterException(
            "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null"
        )
    is_compromised = bool(password) and await refuse_compromised(call, app, password or "", "SIGN_UP")
    # Before the hash is made: a name that is taken shall not cost its price.
    await call.store.read(lambda tx: _refuse_taken(tx, pool, name, user))
    granted = await ask_before(
        call, pool, user, By.SIGN_UP, client_id=app.client.id, validation=validation, metadata=metadata
    )
    user = granted.to(user)
    made = None
    if password:
        made = await make_password(call, pool, sub=user.sub, username=user.username, password=password)

    def register(tx: Transaction) -> Registered:
        return _register(tx, call, app, name, user, made, goes_on, Risk(compromised=is_compromised))

    registered = await with_texts(call, lambda: call.write(register, pool_id=pool.id), metadata)
    if registered.sent_to is not None and registered.message is None:
        raise LimitExceededException(
            "Too many messages were sent to this address, please try after some time."
        )
    if registered.message is not None:
        await delivery.deliver_now_or_later(call, [registered.message])
    return Account(user, registered.sent_to, registered.session)


async def welcome(
    call: Call, app: AppSnapshot, account: Account, metadata: Mapping[str, str] | None = None
) -> None:
    """Tell the pool's function of an account that was confirmed at once.

    Raises:
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: it failed; the
            account stays.
    """
    if account.is_confirmed:
        await tell_after(
            call, app.user_pool, account.user, Of.SIGN_UP, client_id=app.client.id, metadata=metadata
        )


def may_sign_up(pool: UserPool) -> bool:
    """Whether people make their own accounts; else administrators alone do."""
    return not pool.settings.get("AdminCreateUserConfig", {}).get("AllowAdminCreateUserOnly")


def address_to_confirm(pool: UserPool, user: User) -> tuple[str, str] | None:
    """The attribute and address that a new account is confirmed by: a phone number before an email address.

    Source: Cognito developer guide, "Signing up and confirming user accounts".
    """
    for attribute in confirming_attributes(pool):
        if address := user.attributes.get(attribute):
            return attribute, address
    return None


def confirming_attributes(pool: UserPool) -> Sequence[str]:
    verified = pool.settings.get("AutoVerifiedAttributes", ())
    return [attribute for attribute in (PHONE_NUMBER, EMAIL) if attribute in verified]


def _new_user(call: Call, app: AppSnapshot, username: str, attributes: Iterable[AttributeType]) -> User:
    pool = app.user_pool
    values = parse_attributes(attributes)
    if PREFERRED_USERNAME in values and PREFERRED_USERNAME in alias_attributes(pool):
        raise InvalidParameterException(
            "Preferred username cannot be provided for unconfirmed account, since user pool is configured for "
            "preferred username alias."
        )
    writable = client_writable(pool, app.client)
    sub = new_jti(call.random)
    if attribute := sign_in_attribute(pool, username):
        if values.setdefault(attribute, username) != username:
            raise InvalidParameterException(f"Username and the attribute {attribute} must be the same.")
        # The name itself the client may always write.
        writable = None if writable is None else writable | {attribute}
        username = sub
    return User(
        pool_id=pool.id,
        sub=sub,
        username=username,
        status=UserStatus.UNCONFIRMED,
        created_at=call.now,
        modified_at=call.now,
        attributes=check_new(pool, values, writable=writable, required=True),
    )


def _can_do_without_password(pool: UserPool, user: User) -> bool:
    """Whether the person can sign in with a code that is sent to them.

    Source: Cognito API reference, SignUp (Password).
    """
    factors = first_factors(pool.settings) or ()
    return any(
        factor in factors and attribute in user.attributes for factor, attribute in CODE_FACTORS.items()
    )


def _refuse_taken(tx: Transaction, pool: UserPool, name: str, user: User) -> None:
    """The indexes decide; this says it sooner, and in better words. It also refuses a user name that is another's
    preferred_username: two kinds of names, of which no index knows both."""
    for kind in sorted(username_attributes(pool)):
        value = user.attributes.get(kind)
        if value and tx.users.owner_of_alias(pool, kind, value) is not None:
            raise UsernameExistsException(f"An account with the given {kind} already exists.")
    if not username_attributes(pool) and tx.users.find(pool, name) is not None:
        raise UsernameExistsException


def _register(
    tx: Transaction,
    call: Call,
    app: AppSnapshot,
    name: str,
    user: User,
    password: Password | None,
    goes_on: bool,
    risk: Risk,
) -> Registered:
    pool = app.user_pool
    _refuse_taken(tx, pool, name, user)
    is_confirmed = user.status is UserStatus.CONFIRMED
    if is_confirmed:
        take_aliases(tx, pool, user, call.now)  # of an address that a function verified, as Cognito does
    try:
        tx.users.add(pool, user)
    except AliasExistsException as taken:
        raise UsernameExistsException from taken
    if password is not None:
        tx.passwords.put(password)
    outcome: Outcome = "Pass" if is_confirmed else "InProgress"
    auth_events.record(tx, call, app, kind="SignUp", user=user, outcome=outcome, risk=risk)
    if is_confirmed:
        return Registered()
    session = None
    if goes_on:
        # It opens nothing without the code, and lasts as long.
        ticket = sessions.begin(tx, call, app, user.sub, SIGNING_UP, {}, SIGN_UP_LIFETIME)
        session = ticket.session
    sent_to = address_to_confirm(pool, user)
    message = None if sent_to is None else post_code(tx, call, app, user, sent_to, Purpose.SIGN_UP)
    return Registered(sent_to, message, session)


def post_code(
    tx: Transaction, call: Call, app: AppSnapshot, user: User, to: tuple[str, str], purpose: Purpose
) -> str | None:
    """Send a code that confirms the account, or a link that brings it; None where the address has got enough of them.

    Raises:
        InvalidParameterException: the pool wants a link, and has no domain that it could lead to.
    """
    attribute, address = to
    by_link = wants_link(app.user_pool, purpose) and attribute == EMAIL
    if by_link:
        links.refuse_without_domain(call, app)
    if not codes.may_send_to(tx, call, app.pool.id, address, SIGN_UP):
        return None
    code = codes.issue(
        tx, call, user, SIGN_UP, attribute=attribute, destination=address, lifetime=SIGN_UP_LIFETIME
    )
    return delivery.post(
        tx,
        call,
        app.user_pool,
        user,
        purpose=purpose,
        medium=delivery.MEDIA[attribute],
        destination=address,
        code=code,
        client_id=app.client.id,
        link=links.to_confirm(call, app, user, code) if by_link else None,
    )
