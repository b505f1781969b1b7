"""From a signed-in browser to its application's tokens: the code that the browser carries, and what it is exchanged for.

A code is bound to the client, the address that it was sent to, the client's PKCE challenge and the person's sign-in.
It gives tokens once; a second use says that somebody else has seen it, and ends what the first one gave
(RFC 6749 §4.1.2, §10.5).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from poolhouse.core.assurance import acr_name
from poolhouse.core.authorization_codes import LIFETIME, AuthorizationCode, answers_challenge, hash_of
from poolhouse.core.authorize_request import AuthorizeRequest
from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.errors import (
    AccessDenied,
    CognitoError,
    InvalidGrant,
    InvalidParameterException,
    InvalidRequest,
    LoginRequired,
    OAuthError,
    ServerError,
    UnauthorizedClient,
    UnmetAuthenticationRequirements,
)
from poolhouse.core.families import Family, ThroughPages
from poolhouse.core.ids import new_jti, uuid7
from poolhouse.core.secret import Secret
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.triggers import token_function_of
from poolhouse.core.user_attributes import client_readable
from poolhouse.core.user_tokens import hidden_by
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import AuthenticationResultType
from poolhouse.store import Transaction
from poolhouse.userpools.consents import require_consent
from poolhouse.userpools.step_up import is_sure_enough
from poolhouse.userpools.triggers.token_generation import Occasion, is_of_function, shaped, shaping_of
from poolhouse.userpools.user_tokens import (
    SIGNED_IN_STATES,
    Admitted,
    admit,
    in_the_name_of,
    issuer_of,
    new_refresh_token,
    refresh_token_keys,
    sign_tokens,
)

Result = TypeVar("Result")
TRIGGER = "HostedAuth"
"""Source: Cognito developer guide, "Pre token generation" (TokenGeneration_HostedAuth)."""
OCCASION = Occasion(TRIGGER)
STATES = SIGNED_IN_STATES | {UserStatus.RESET_REQUIRED}
"""Who has a session has arrived already; where a password has to be reset, without it: a reset ends all sessions."""
NO_SUCH = "no such code, or of another client"


async def finish_authorization(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession
) -> str:
    """The address that the browser is sent back to: with a code, or for `token` with tokens behind `#`.

    Raises:
        AuthorizeError: what the application hears instead; also where the session has ended meanwhile.
    """
    issuer = issuer_of(call, app)
    try:
        if not await is_sure_enough(call, app, asked, session):
            raise UnmetAuthenticationRequirements(detail="a lower level than was asked for")
        members = await (_code if asked.response_type == "code" else _tokens)(call, app, asked, session)
    except OAuthError as refused:
        raise asked.refusal(issuer, refused) from refused
    return asked.answer(issuer, **members)


async def redeem(
    call: Call, app: AppSnapshot, code: str, *, redirect_uri: str, verifier: str | None
) -> AuthenticationResultType:
    """The tokens of a code.

    Raises:
        InvalidGrant: there is no such code for this client, it was used or is too old, the verifier is not the
            challenge's, or the person may not sign in any more.
        UnauthorizedClient: another redirect address than the browser was sent to.
    """
    hash = hash_of(_key(call), app.pool.id, code)
    found = await call.store.look_up(lambda tx: tx.authorization_codes.find(app.pool.id, hash))
    if found is None or found.client_id != app.client.id:
        # Another client's attempt neither uses the code up nor ends anything: it has not proved to be the code's.
        raise InvalidGrant(detail=NO_SUCH)
    if found.used_at is not None:
        await _end_what_it_gave(call, app, found)
        raise InvalidGrant(detail="the code was used before")
    _check(call, app, found, redirect_uri, verifier)
    family_id = uuid7(call.now, call.random)
    refresh_token = new_refresh_token(call, app.pool.id, family_id)
    family = _new_family(call, app, found, family_id, refresh_token)

    def exchange(tx: Transaction) -> Admitted | None:
        user = admit(tx, app, found.sub, STATES)
        if not tx.authorization_codes.use(found, family.id, call.now):
            return None
        tx.families.add(family)
        return Admitted(user, tx.memberships.of(family.pool_id, family.sub), family.scopes)

    in_their_name = in_the_name_of(call, app, found.sub)
    try:
        admitted, overrides = await shaped(
            call,
            app,
            OCCASION,
            lambda work: in_their_name.write(work, pool_id=app.pool.id),
            exchange,
            known=found.shaping,
        )
    except CognitoError as refused:
        words = refused.message if is_of_function(refused) else None
        raise InvalidGrant(words, detail=refused.reason) from refused
    if admitted is None:
        # Another request was first, or a sign-out. If it was used, two have it.
        again = await call.store.read(lambda tx: tx.authorization_codes.find(app.pool.id, hash))
        if again is not None:
            await _end_what_it_gave(call, app, again)
        raise InvalidGrant(detail="the code was used meanwhile")
    try:
        result = await sign_tokens(
            call, app, admitted.user, admitted.groups, family, nonce=found.nonce, overrides=overrides
        )
    except InvalidParameterException as too_long:
        raise InvalidGrant(detail=too_long.message) from too_long
    result["RefreshToken"] = refresh_token.reveal()
    return result


def _check(
    call: Call, app: AppSnapshot, code: AuthorizationCode, redirect_uri: str, verifier: str | None
) -> None:
    if call.now >= code.expires_at:
        raise InvalidGrant(detail="the code is too old")
    if redirect_uri != code.redirect_uri:
        raise UnauthorizedClient("invalid_redirect", detail="another redirect_uri than at authorize")
    if not answers_challenge(code.challenge, verifier):
        raise InvalidGrant(detail="the verifier is not the challenge's")
    if hidden_by(code.scopes, client_readable(app.user_pool, app.client)):
        raise InvalidGrant(detail="the client may not read what one of the scopes stands for")


async def _end_what_it_gave(call: Call, app: AppSnapshot, code: AuthorizationCode) -> None:
    family_id = code.family_id
    if family_id is None:
        return
    in_their_name = in_the_name_of(call, app, code.sub)

    def end(tx: Transaction) -> None:
        # Told once: who has a used code can send it again and again.
        if tx.families.revoke(app.pool.id, family_id, call.now):
            tx.audit.add(in_their_name.record(app.pool.id))

    await call.store.write(end)


async def _code(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession
) -> dict[str, str]:
    text = new_jti(call.random)
    code = AuthorizationCode(
        pool_id=app.pool.id,
        hash=hash_of(_key(call), app.pool.id, text),
        sub=session.sub,
        client_id=app.client.id,
        redirect_uri=asked.redirect_uri,
        challenge=asked.code_challenge,
        scopes=asked.scopes,
        auth_time=session.auth_time,
        nonce=asked.nonce,
        through=_through(app, asked, session),
        expires_at=call.now + LIFETIME,
    )

    def look(tx: Transaction) -> Admitted:
        user = _still_signed_in(tx, app, session)
        require_consent(tx, app, session.sub, asked)
        return Admitted(user, tx.memberships.of(app.pool.id, session.sub), asked.scopes)

    if token_function_of(app.user_pool.settings)[0] is not None:
        # Now, while the browser can still be told of a refusal. The tokens are made of the answer, unless the person
        # is another by then.
        told = await _heard(call.store.write(look))
        code = replace(code, shaping=await _heard(shaping_of(call, app, OCCASION, told)))

    def keep(tx: Transaction) -> None:
        _still_signed_in(tx, app, session)
        require_consent(tx, app, session.sub, asked)
        tx.authorization_codes.add(code)

    await _write(call, app, session, keep)
    return {"code": text}


async def _tokens(
    call: Call, app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession
) -> dict[str, str]:
    """The implicit grant (RFC 6749 §4.2): no refresh token, so the family ends with its access token."""
    if hidden_by(asked.scopes, client_readable(app.user_pool, app.client)):
        raise AccessDenied(detail="the client may not read what one of the scopes stands for")
    family = Family(
        pool_id=app.pool.id,
        id=uuid7(call.now, call.random),
        sub=session.sub,
        client_id=app.client.id,
        origin_jti=new_jti(call.random),
        scopes=asked.scopes,
        auth_time=session.auth_time,
        expires_at=call.now + app.client.access_token_lifetime,
        current=call.random.token_bytes(32),
        trigger=TRIGGER,
        through=_through(app, asked, session),
    )

    def begin(tx: Transaction) -> Admitted:
        user = _still_signed_in(tx, app, session)
        require_consent(tx, app, session.sub, asked)
        tx.families.add(family)
        return Admitted(user, tx.memberships.of(family.pool_id, family.sub), family.scopes)

    admitted, overrides = await _heard(
        shaped(call, app, OCCASION, lambda work: _write(call, app, session, work), begin)
    )
    try:
        result = await sign_tokens(
            call, app, admitted.user, admitted.groups, family, nonce=asked.nonce, overrides=overrides
        )
    except InvalidParameterException as too_long:
        raise ServerError(detail=too_long.message) from too_long
    assert "AccessToken" in result
    assert "ExpiresIn" in result
    members = {"id_token": result["IdToken"]} if "IdToken" in result else {}
    return {
        **members,
        "access_token": result["AccessToken"],
        "token_type": "Bearer",
        "expires_in": str(result["ExpiresIn"]),
    }


async def _write(
    call: Call, app: AppSnapshot, session: BrowserSession, change: Callable[[Transaction], Result]
) -> Result:
    try:
        return await in_the_name_of(call, app, session.sub).write(change, pool_id=app.pool.id)
    except CognitoError as refused:
        raise AccessDenied(detail=refused.reason) from refused


async def _heard(work: Awaitable[Result]) -> Result:
    """The same, told as an application hears it: of a function that refuses, in its words.

    Source: Cognito developer guide, "Customizing user pool workflows with Lambda triggers" (errors).
    """
    try:
        return await work
    except CognitoError as refused:
        if is_of_function(refused):
            raise InvalidRequest(refused.message) from refused
        raise AccessDenied(detail=refused.reason) from refused


def _still_signed_in(tx: Transaction, app: AppSnapshot, session: BrowserSession) -> User:
    """The person, locked: what ends their sessions waits, or has ended this one.

    Raises:
        LoginRequired: it has.
        CognitoError: they may not sign in any more.
    """
    user = admit(tx, app, session.sub, STATES)
    if tx.browser_sessions.find(session.pool_id, session.id) is None:
        raise LoginRequired(detail="the session ended meanwhile")
    return user


def _new_family(
    call: Call, app: AppSnapshot, code: AuthorizationCode, id: str, refresh_token: Secret
) -> Family:
    return Family(
        pool_id=app.pool.id,
        id=id,
        sub=code.sub,
        client_id=app.client.id,
        origin_jti=new_jti(call.random),
        scopes=code.scopes,
        auth_time=code.auth_time,
        expires_at=call.now + app.client.refresh_token_lifetime,
        current=refresh_token_keys(call.store).hash_of(app.pool.id, refresh_token.reveal()),
        trigger=TRIGGER,
        through=code.through,
    )


def _through(app: AppSnapshot, asked: AuthorizeRequest, session: BrowserSession) -> ThroughPages:
    return ThroughPages(
        session_id=session.id,
        amr=session.amr,
        acr=acr_name(app.user_pool, session.level),
        audience=asked.resource,
    )


def _key(call: Call) -> bytes:
    return call.store.key_for("authorization code")
