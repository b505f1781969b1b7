"""Tokens for people: the one place where a sign-in becomes tokens, and a refresh new ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from poolhouse.core import tokens
from poolhouse.core.devices import device_group_key, new_device_key
from poolhouse.core.errors import (
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    UserNotConfirmedException,
)
from poolhouse.core.families import NONCE_SIZE, Family, RefreshTokenKeys
from poolhouse.core.groups import Group
from poolhouse.core.ids import new_jti, uuid7
from poolhouse.core.secret import Secret
from poolhouse.core.snapshots import AppSnapshot, SignerKey
from poolhouse.core.token_overrides import (
    NO_OVERRIDES,
    TokenOverrides,
    access_with,
    id_with,
    with_configured,
)
from poolhouse.core.user_tokens import Bearer, access_claims, has_id_token, id_claims, shown
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import AuthenticationResultType
from poolhouse.store import Store, Transaction
from poolhouse.userpools.triggers.token_generation import Occasion, shaped
from poolhouse_verify.compact import MAX_TOKEN_LENGTH

SELF_SERVICE = "aws.cognito.signin.user.admin"
"""The scope of the operations that a person does with their access token; the only one that the API gives."""
DISABLED = "User is disabled."
Also = Callable[[Transaction, User], User | None]
"""The caller's part of the transaction at the end of a sign-in."""
SIGNED_IN_STATES = frozenset({UserStatus.CONFIRMED, UserStatus.EXTERNAL_PROVIDER})


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who arrives, as the transaction has them that lets them in."""

    user: User
    groups: Sequence[Group]
    scopes: Sequence[str]


async def issue_user_tokens(
    call: Call,
    app: AppSnapshot,
    sub: str,
    *,
    scopes: Sequence[str] = (SELF_SERVICE,),
    device_key: str | None = None,
    new_device: bool = False,
    trigger: str = "Authentication",
    also: Also | None = None,
    states: Collection[UserStatus] = SIGNED_IN_STATES,
    event_id: str | None = None,
    client_metadata: Mapping[str, str] | None = None,
) -> AuthenticationResultType:
    """The tokens of a sign-in in which everything that was asked for has been proved.

    Between the proof and here a person can have been disabled, deleted or told to choose another password, and a
    client deleted: all of it is read again, under the lock that whoever does so takes too. `also` is the caller's
    part of that transaction, which uses up what was proved; it may change the person, as a new password does, and
    gives the person as they are then, or None for who has to be read again.
    `states` are those in which tokens are given: RESET_REQUIRED too, say, where no password was asked for.

    `device_key` is the device that signed in; with `new_device` the person gets a key for one. `event_id` is that of
    the tokens, where the sign-in has one already: no other sign-in has had it. `client_metadata` is for the function
    that shapes tokens; one that fails leaves nothing used up.

    Raises:
        ResourceNotFoundException: the client is gone.
        NotAuthorizedException: the person is gone, disabled, or must choose a password first.
        UserNotConfirmedException, PasswordResetRequiredException
        InvalidParameterException: the access token would be longer than anybody accepts.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: the function.
    """
    if new_device:
        device_key = new_device_key(call.random, app.pool.region)
    family_id = event_id or uuid7(call.now, call.random)
    refresh_token = new_refresh_token(call, app.pool.id, family_id)
    family = Family(
        pool_id=app.pool.id,
        id=family_id,
        sub=sub,
        client_id=app.client.id,
        origin_jti=new_jti(call.random),
        scopes=tuple(scopes),
        auth_time=call.now,
        expires_at=call.now + app.client.refresh_token_lifetime,
        current=refresh_token_keys(call.store).hash_of(app.pool.id, refresh_token.reveal()),
        device_key=device_key,
        trigger=trigger,
    )

    def begin(tx: Transaction) -> Admitted:
        user = admit(tx, app, sub, states, also)
        tx.families.add(family)
        return Admitted(user, tx.memberships.of(family.pool_id, sub), family.scopes)

    admitted, overrides = await shaped(
        call,
        app,
        Occasion(trigger, client_metadata),
        lambda work: in_the_name_of(call, app, sub).write(work, pool_id=app.pool.id),
        begin,
    )
    result = await sign_tokens(call, app, admitted.user, admitted.groups, family, overrides=overrides)
    result["RefreshToken"] = refresh_token.reveal()
    if new_device and device_key is not None:
        group_key = device_group_key(call.store.key_for("device group"), app.pool.id, sub)
        result["NewDeviceMetadata"] = {"DeviceKey": device_key, "DeviceGroupKey": group_key}
    return result


def admit(
    tx: Transaction, app: AppSnapshot, sub: str, states: Collection[UserStatus], also: Also | None = None
) -> User:
    """The person, locked, if they may still arrive at this client: the end of every sign-in, by API or browser.

    Raises:
        ResourceNotFoundException, NotAuthorizedException, UserNotConfirmedException,
        PasswordResetRequiredException: as `issue_user_tokens`.
    """
    tx.clients.require(app.pool.id, app.client.id)
    user = tx.users.lock(app.pool.id, sub)
    if user is None:
        raise NotAuthorizedException(detail="the person was deleted meanwhile")
    refuse_disabled(user)
    if also is not None:
        user = also(tx, user) or tx.users.by_sub(app.pool.id, sub) or user
    _refuse_state(user, states)
    return user


async def sign_tokens(
    call: Call,
    app: AppSnapshot,
    user: User,
    groups: Sequence[Group],
    family: Family,
    *,
    nonce: str | None = None,
    overrides: TokenOverrides = NO_OVERRIDES,
) -> AuthenticationResultType:
    """An access token and an ID token of a family, each signed with its own key. Nothing is decided here.

    A sign-in at the pages has an ID token only with the scope `openid`, and in it what its scopes show.

    Raises:
        InvalidParameterException: the access token would be longer than anybody accepts.
    """
    moment = call.now.timestamp()
    bearer = Bearer(
        client=app.client,
        user=user,
        groups=groups,
        family=family,
        issuer=issuer_of(call, app),
        now=call.now,
    )
    configured = app.client.extensions.claims
    claims = access_with(
        with_configured(access_claims(bearer, new_jti(call.random)), configured), overrides, app.client.id
    )
    access_token = _begun(call, app.pool.access_key(moment), claims)

    def id_token(readable: Collection[str] | None, access: str | None = None) -> _Begun:
        claims = id_claims(bearer, new_jti(call.random), readable, nonce=nonce, access_token=access)
        claims = id_with(with_configured(claims, configured), overrides)
        return _begun(call, app.pool.id_key(moment), claims)

    identity: str | None = None
    if family.through is None:
        # Both are begun before either is awaited: the signer makes them together.
        begun = id_token(app.readable)
        access, identity = await access_token.token(), await begun.token()
    else:
        access = await access_token.token()
        if has_id_token(family):
            identity = await id_token(shown(family.scopes, app.readable), access).token()
    if len(access) > MAX_TOKEN_LENGTH:
        raise InvalidParameterException(
            f"The access token would be longer than {MAX_TOKEN_LENGTH} characters: the user is in too many groups."
        )
    result: AuthenticationResultType = {
        "AccessToken": access,
        "ExpiresIn": int(app.client.access_token_lifetime.total_seconds()),
        "TokenType": "Bearer",
    }
    if identity is not None:
        result["IdToken"] = identity
    return result


def refuse_disabled(user: User) -> None:
    if not user.enabled:
        raise NotAuthorizedException(DISABLED)


def issuer_of(call: Call, app: AppSnapshot) -> str:
    return call.parts.issuer_of(app.pool)


def in_the_name_of(call: Call, app: AppSnapshot, sub: str) -> Call:
    """The call for the audit record: of the person, in their pool's account, where no administrator signed it."""
    call = replace(call, subject=sub, client_id=app.client.id)
    return call.in_pools_account(app.user_pool, f"{app.user_pool.arn}/user/{sub}")


def refresh_token_keys(store: Store) -> RefreshTokenKeys:
    return RefreshTokenKeys(store.key_for("refresh token code"), store.key_for("refresh token hash"))


def new_refresh_token(call: Call, pool_id: str, family_id: str) -> Secret:
    return refresh_token_keys(call.store).new(pool_id, family_id, call.random.token_bytes(NONCE_SIZE))


def _refuse_state(user: User, states: Collection[UserStatus]) -> None:
    if user.status in states:
        return
    match user.status:
        case UserStatus.UNCONFIRMED:
            raise UserNotConfirmedException
        case UserStatus.RESET_REQUIRED:
            raise PasswordResetRequiredException
        case _:
            raise NotAuthorizedException(detail=f"the person's status became {user.status}")


class _Begun(NamedTuple):
    """A token whose signature is on its way."""

    signed: bytes
    signature: Awaitable[bytes]

    async def token(self) -> str:
        return tokens.token(self.signed, await self.signature)


def _begun(call: Call, key: SignerKey, claims: dict[str, Any]) -> _Begun:
    signed = tokens.signing_input(key.kid, claims)
    return _Begun(signed, call.ports.signer.sign(key.private, signed))
