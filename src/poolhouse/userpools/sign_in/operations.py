"""InitiateAuth and RespondToAuthChallenge, and what administrators have in their place."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from poolhouse.core.auth_flows import permitted
from poolhouse.core.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    ResourceNotFoundException,
    UnsupportedOperationException,
)
from poolhouse.core.existence import hides_existence
from poolhouse.core.mfa import PASSWORD
from poolhouse.core.secret_hash import check_secret_hash
from poolhouse.core.sessions import Session, ticket_of_block, ticket_of_session
from poolhouse.core.sign_in import Event, Step
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import LONGEST_KEY, User, username_key
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminInitiateAuthRequest,
    AdminInitiateAuthResponse,
    AdminRespondToAuthChallengeRequest,
    AdminRespondToAuthChallengeResponse,
    InitiateAuthRequest,
    InitiateAuthResponse,
    RespondToAuthChallengeRequest,
    RespondToAuthChallengeResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import sessions
from poolhouse.userpools.apps import find_app
from poolhouse.userpools.refresh import REFRESH_FLOW, refresh
from poolhouse.userpools.risk.blocking import refuse_blocked, refuse_blocked_sign_in
from poolhouse.userpools.risk.context import seen_from
from poolhouse.userpools.sign_in import choosing, custom, history
from poolhouse.userpools.sign_in.answering import ANSWERS
from poolhouse.userpools.sign_in.asking import nobody_called
from poolhouse.userpools.sign_in.attempt import (
    Attempt,
    Person,
    find_person,
    may_begin,
)
from poolhouse.userpools.sign_in.by_password import by_password
from poolhouse.userpools.sign_in.going_on import go_on
from poolhouse.userpools.triggers.authentication import before_sign_in
from poolhouse.userpools.triggers.user_migration import brings_people

REFRESH = frozenset({"REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"})
FLOWS: Mapping[str, str] = {
    "USER_PASSWORD_AUTH": "ALLOW_USER_PASSWORD_AUTH",
    "ADMIN_USER_PASSWORD_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ADMIN_NO_SRP_AUTH": "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "USER_SRP_AUTH": "ALLOW_USER_SRP_AUTH",
    "CUSTOM_AUTH": "ALLOW_CUSTOM_AUTH",
    "USER_AUTH": "ALLOW_USER_AUTH",
}
"""What a client has to permit for each flow."""
ADMINS_ONLY = frozenset({"ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"})
PEOPLES_ONLY = frozenset({"USER_PASSWORD_AUTH"})
BY_PASSWORD = ADMINS_ONLY | PEOPLES_ONLY
STEP_UP = ("TARGET_ACR_VALUES", "MAX_AGE", "ACCESS_TOKEN")
KEPT: Mapping[str, int] = {"USERNAME": LONGEST_KEY, "DEVICE_KEY": 55}
"""What a session keeps of the values that are sent, and how long each may be: a name may be an address, which is
longer than a user name. Source: Cognito API reference, DeviceKeyType."""
SIGNED_UP = "SIGNED_UP"
"""The step at which ConfirmSignUp leaves a session."""


async def initiate_auth(call: Call, request: InitiateAuthRequest) -> InitiateAuthResponse:
    """Begin a sign-in, or refresh one.

    Source: Cognito API reference, InitiateAuth.
    """
    flow = request["AuthFlow"]
    if flow in ADMINS_ONLY:
        raise InvalidParameterException("Initiate Auth method not supported.")
    app = await find_app(call, request["ClientId"])
    return await _initiate(call, app, flow, request)


async def admin_initiate_auth(call: Call, request: AdminInitiateAuthRequest) -> AdminInitiateAuthResponse:
    """The same for a back end, which signs its request and names the pool.

    Source: Cognito API reference, AdminInitiateAuth.
    """
    flow = request["AuthFlow"]
    if flow in PEOPLES_ONLY:
        raise InvalidParameterException("Initiate Auth method not supported.")
    app = await _app_of(call, request["UserPoolId"], request["ClientId"])
    answer: Any = await _initiate(call, app, flow, request)
    admins: AdminInitiateAuthResponse = answer
    return admins


async def respond_to_auth_challenge(
    call: Call, request: RespondToAuthChallengeRequest
) -> RespondToAuthChallengeResponse:
    """Answer what a sign-in asked.

    Source: Cognito API reference, RespondToAuthChallenge.
    """
    app = await find_app(call, request["ClientId"])
    answer: Any = await _respond(call, app, request)
    people: RespondToAuthChallengeResponse = answer
    return people


async def admin_respond_to_auth_challenge(
    call: Call, request: AdminRespondToAuthChallengeRequest
) -> AdminRespondToAuthChallengeResponse:
    """The same for a back end. Source: Cognito API reference, AdminRespondToAuthChallenge."""
    app = await _app_of(call, request["UserPoolId"], request["ClientId"])
    answer: Any = await _respond(call, app, request)
    admins: AdminRespondToAuthChallengeResponse = answer
    return admins


async def _app_of(call: Call, pool_id: str, client_id: str) -> AppSnapshot:
    await call.store.look_up(lambda tx: tx.pools.get(call.account_id, call.region, pool_id))
    app = await find_app(call, client_id)
    if app.pool.id != pool_id:
        raise ResourceNotFoundException(f"User pool client {client_id} does not exist.")
    return app


async def _initiate(
    call: Call, app: AppSnapshot, flow: str, request: InitiateAuthRequest | AdminInitiateAuthRequest
) -> InitiateAuthResponse:
    values = _values(request.get("AuthParameters", {}))
    for name in STEP_UP:
        if name in values:
            raise UnsupportedOperationException(f"Step-up authentication ({name}) is not supported.")
    if flow in REFRESH:
        await refuse_blocked(seen_from(call, app, request), app)
        return await _refresh(call, app, values)
    _refuse_flow(app, flow)
    name = _username(values)
    call = seen_from(call, app, request)
    if flow == "CUSTOM_AUTH":
        custom.require_function(app.user_pool)
    # The client is proven before anything is said of the person.
    _check_secret(app, values, name)
    await refuse_blocked_sign_in(call, app, name)
    person = await find_person(call, app, name, or_nobody=_may_be_brought(app, flow, values))
    attempt = Attempt(call, app, values, person)
    session = request.get("Session")
    if session is not None:
        if flow != "USER_AUTH":
            raise InvalidParameterException("Session is only supported in the USER_AUTH flow.")
        return await _signed_up(attempt, session, request.get("ClientMetadata"))
    validation = request.get("ClientMetadata")
    if person.user is not None or hides_existence(app):
        async with history.told_if_refused(attempt):
            await before_sign_in(call, app, person.user, name, validation)
    with_function = partial(by_password, validation=validation)
    match flow:
        case "CUSTOM_AUTH":
            return await custom.begin(attempt)
        case "USER_SRP_AUTH":
            may_begin(attempt)
            return await go_on(attempt, Event.SRP_BEGUN)
        case "USER_AUTH":
            return await choosing.begin(attempt, with_function)
        case _:
            return await with_function(attempt, attempt.value("PASSWORD"))


async def _refresh(call: Call, app: AppSnapshot, values: Mapping[str, str]) -> InitiateAuthResponse:
    if REFRESH_FLOW not in permitted(app.client.auth_flows):
        raise InvalidParameterException("REFRESH_TOKEN_AUTH flow not enabled for this client")
    token = values.get("REFRESH_TOKEN")
    if not token:
        raise InvalidParameterException("Missing required parameter REFRESH_TOKEN")

    def prove(user: User) -> None:
        """There is no USERNAME here: the hash is of the person's own name."""
        check_secret_hash(app.secrets, app.client.id, (user.username, user.sub), values.get("SECRET_HASH"))

    result = await refresh(call, app, token, values.get("DEVICE_KEY"), allow=prove)
    return {"ChallengeParameters": {}, "AuthenticationResult": result}


def _may_be_brought(app: AppSnapshot, flow: str, values: Mapping[str, str]) -> bool:
    """Whether a function of the pool may know whom nobody here is called: by a password that comes with the name."""
    has_password = flow in BY_PASSWORD or (
        flow == "USER_AUTH" and values.get("PREFERRED_CHALLENGE") == PASSWORD
    )
    return has_password and bool(values.get("PASSWORD")) and brings_people(app.user_pool)


async def _signed_up(
    attempt: Attempt, text: str, client_metadata: Mapping[str, str] | None
) -> InitiateAuthResponse:
    """Right after a sign-up its code is the first factor (InitiateAuth, `Session`)."""
    session = await sessions.open_session(attempt.call, attempt.app, text)
    user = attempt.person.user
    if session.step != SIGNED_UP or user is None or session.sub != user.sub:
        raise NotAuthorizedException(sessions.INVALID, detail="not a session of this person's sign-up")
    async with history.told_if_refused(attempt):
        await before_sign_in(attempt.call, attempt.app, user, attempt.person.name, client_metadata)
    signed_up = Attempt(
        attempt.call, attempt.app, attempt.values, attempt.person, Step.START, session, session.state
    )
    return await go_on(signed_up, Event.SIGN_UP_PROVEN)


async def _respond(
    call: Call,
    app: AppSnapshot,
    request: RespondToAuthChallengeRequest | AdminRespondToAuthChallengeRequest,
) -> InitiateAuthResponse:
    values = _values(request.get("ChallengeResponses", {}))
    name = values.get("USERNAME")
    if not name:
        raise InvalidParameterException("Missing required parameter USERNAME")
    call = seen_from(call, app, request)
    await refuse_blocked_sign_in(call, app, name)
    challenge = request["ChallengeName"]
    session, person = await _session(call, app, challenge, request.get("Session"), values)
    if Step(session.step).challenge != challenge:
        raise NotAuthorizedException(sessions.INVALID, detail="the session waits at another step")
    if person is None:
        raise NotAuthorizedException(sessions.INVALID, detail="the session is another person's")
    if challenge != Step.DEVICE_SRP_AUTH or "SECRET_HASH" in values:
        # Some clients leave the hash out there; it proves nothing that the device's own proof does not.
        _check_secret(app, values, name, person.username)
    attempt = Attempt(
        call,
        app,
        values,
        person,
        Step(session.step),
        session,
        session.state,
        client_metadata=request.get("ClientMetadata"),
    )
    return await ANSWERS[attempt.step](attempt)


async def _session(
    call: Call, app: AppSnapshot, challenge: str, text: str | None, values: Mapping[str, str]
) -> tuple[Session, Person | None]:
    """Which sign-in is answered: the one of `Session`, or of SRP's block, or of a device that waits to prove itself.
    And whose it is; None where the name is somebody else's, or the person is gone.

    Raises:
        InvalidParameterException: nothing says which.
        NotAuthorizedException: none of this client's, over, or too old.
    """
    block = values.get("PASSWORD_CLAIM_SECRET_BLOCK")
    if challenge in (Step.PASSWORD_VERIFIER, Step.DEVICE_PASSWORD_VERIFIER) and block is not None:
        # Some clients send no Session beside it, and what is signed is the block.
        ticket = ticket_of_block(block)
    elif text is not None:
        ticket = ticket_of_session(text)
    elif challenge == Step.DEVICE_SRP_AUTH:
        return await call.store.look_up(lambda tx: _waiting_for_device(tx, call, app, values))
    else:
        raise InvalidParameterException("Missing required parameter Session")
    session, person = await sessions.open_with(
        call, app, ticket, lambda tx, found: _person_of(tx, call, app, found, values["USERNAME"])
    )
    if session.step not in ANSWERS:
        # A session may also wait for something that is no challenge: a registration, the first sign-in.
        raise NotAuthorizedException(sessions.INVALID, detail="the session is of something else")
    return session, person


def _waiting_for_device(
    tx: Transaction, call: Call, app: AppSnapshot, values: Mapping[str, str]
) -> tuple[Session, Person | None]:
    user = tx.users.find(app.user_pool, values["USERNAME"])
    found = None
    if user is not None:
        found = tx.sessions.latest(app.pool.id, user.sub, app.client.id, Step.DEVICE_SRP_AUTH)
    if found is None or call.now >= found.expires_at:
        raise NotAuthorizedException(sessions.INVALID, detail="no device is waited for")
    if found.state.get("device") != values.get("DEVICE_KEY"):
        raise NotAuthorizedException(sessions.INVALID, detail="another device is waited for")
    return found, _person_of(tx, call, app, found, values["USERNAME"])


def _person_of(tx: Transaction, call: Call, app: AppSnapshot, session: Session, name: str) -> Person | None:
    """Whose sign-in it is; None where `name` is somebody else's, or the person is gone. It may be any of theirs; to a
    client that hides who exists only the one that was asked for, or that a challenge has told: nobody has others."""
    pool, typed = app.user_pool, str(session.state.get("name", ""))
    is_as_typed = username_key(pool, name) == username_key(pool, typed)
    if session.sub is None:
        is_theirs = is_as_typed or name == nobody_called(call, pool, typed).user_id
        return Person(typed, None) if is_theirs else None
    found = tx.people.by_sub(app.pool.id, session.sub)
    if found is None:
        return None
    user, password = found
    if not is_as_typed and name not in (user.username, user.sub):
        named = None if hides_existence(app) else tx.users.find(pool, name)
        if named is None or named.sub != session.sub:
            return None
    return Person(typed, user, password)


def _refuse_flow(app: AppSnapshot, flow: str) -> None:
    """Raises InvalidParameterException: the client does not allow this flow."""
    if flow not in FLOWS or FLOWS[flow] not in permitted(app.client.auth_flows):
        name = "Auth" if flow in ADMINS_ONLY else flow
        raise InvalidParameterException(f"{name} flow not enabled for this client")


def _username(values: Mapping[str, str]) -> str:
    name = values.get("USERNAME")
    if not name:
        raise InvalidParameterException("Missing required parameter USERNAME")
    return name


def _check_secret(app: AppSnapshot, values: Mapping[str, str], *names: str) -> None:
    check_secret_hash(app.secrets, app.client.id, names, values.get("SECRET_HASH"))


def _values(given: Mapping[str, str]) -> Mapping[str, str]:
    """What was sent, bounded: the model bounds no value of these maps, and some are kept from step to step, of
    nobody too.

    Raises:
        InvalidParameterException: one that is kept is longer than any that there is.
    """
    for name, longest in KEPT.items():
        if len(given.get(name, "")) > longest:
            raise InvalidParameterException(
                f"1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must have "
                f"length less than or equal to {longest}"
            )
    return given
