"""New tokens for a refresh token, which continues a sign-in without asking for anything again.

    made by this server for this pool? ── no ─▶ "Invalid Refresh Token"
    of this client, on this device? ────── no ─▶ the same
    person enabled? ────────────────────── no ─▶ "User is disabled."
    the family's refresh token ──────────────▶ tokens; with rotation also another refresh token in its place
    exchanged within the grace period ───────▶ tokens, and the refresh token that took its place
    exchanged before ────────────────────────▶ the family ends: two hold what one should (RFC 9700 §4.14.2)

A client without rotation only reads, so refreshing writes nothing. With rotation the person's row and then the
family's are locked: of fifty requests with one token, on any nodes, one exchanges it, and all others are judged
by what that one left.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from poolhouse.core.auth_flows import permitted
from poolhouse.core.devices import tracks_devices
from poolhouse.core.errors import (
    InvalidParameterException,
    InvalidScope,
    NotAuthorizedException,
    OperationNotEnabledException,
    RefreshTokenReuseException,
    UnauthorizedClient,
)
from poolhouse.core.families import Family, Rotation, Standing, standing
from poolhouse.core.groups import Group
from poolhouse.core.secret import Secret
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AuthenticationResultType,
    GetTokensFromRefreshTokenRequest,
    GetTokensFromRefreshTokenResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.apps import find_app
from poolhouse.userpools.risk.blocking import refuse_blocked
from poolhouse.userpools.triggers.token_generation import Occasion, shaped
from poolhouse.userpools.user_tokens import (
    in_the_name_of,
    new_refresh_token,
    refresh_token_keys,
    refuse_disabled,
    sign_tokens,
)

INVALID = "Invalid Refresh Token"
REVOKED = "Refresh Token has been revoked"
EXPIRED = "Refresh Token has expired"
REFRESH_FLOW = "ALLOW_REFRESH_TOKEN_AUTH"
Allow = Callable[[User], None]


@dataclass(frozen=True, slots=True)
class Continued:
    """A sign-in that goes on."""

    user: User
    groups: Sequence[Group]
    family: Family
    refresh_token: Secret | None = None
    """The one to be used from now on, where it is another."""

    @property
    def scopes(self) -> Sequence[str]:
        return self.family.scopes


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked with a refresh token."""

    app: AppSnapshot
    family_id: str
    hash: bytes
    device_key: str | None
    allow: Allow | None
    scopes: tuple[str, ...] = ()
    """Those of the sign-in's that are asked for; none for all."""

    def narrowed(self, family: Family) -> Family:
        """The family as these tokens are made of it."""
        return replace(family, scopes=self.scopes) if self.scopes else family

    @property
    def rotation(self) -> Rotation:
        return Rotation.of(self.app.client.settings)


async def get_tokens_from_refresh_token(
    call: Call, request: GetTokensFromRefreshTokenRequest
) -> GetTokensFromRefreshTokenResponse:
    """New tokens, and with rotation a new refresh token, whose end is the first one's.

    ClientMetadata is for the function that shapes tokens.

    Raises:
        ResourceNotFoundException: no such client.
        NotAuthorizedException: the secret is none of the client's; the token is not good; the person is disabled, or
            at an address that is blocked.
        OperationNotEnabledException: the client neither rotates refresh tokens nor may use them otherwise.
        RefreshTokenReuseException: the token was exchanged before. Its family has ended.
        UserLambdaValidationException, UnexpectedLambdaException, InvalidLambdaResponseException: of that function.
            The token is good still.

    Source: Cognito API reference, GetTokensFromRefreshToken.
    """
    app = await find_app(call, request["ClientId"])
    if not proves_client(app, request.get("ClientSecret")):
        raise NotAuthorizedException(f"Unable to verify secret for client {app.client.id}")
    if not may_refresh(app):
        raise OperationNotEnabledException(f"{REFRESH_FLOW} is not enabled for the client.")
    await refuse_blocked(call, app)
    result = await _refreshed(
        call,
        app,
        request["RefreshToken"],
        request.get("DeviceKey"),
        None,
        client_metadata=request.get("ClientMetadata"),
    )
    return {"AuthenticationResult": result}


async def refresh(
    call: Call, app: AppSnapshot, token: str, device_key: str | None, *, allow: Allow | None = None
) -> AuthenticationResultType:
    """What the flow REFRESH_TOKEN_AUTH of InitiateAuth does: new tokens, the same refresh token.

    `allow` is asked about the person before anything is given: a SECRET_HASH is over their name, which only the
    token tells.

    Raises:
        InvalidParameterException: the client rotates refresh tokens, which this flow can't.
        NotAuthorizedException: the token is not good; the person is disabled.

    Source: Cognito API reference, InitiateAuth (AuthFlow), RefreshTokenRotationType.
    """
    if Rotation.of(app.client.settings).is_on:
        raise InvalidParameterException(
            "Refresh token rotation is enabled for this client: use GetTokensFromRefreshToken."
        )
    try:
        return await _refreshed(call, app, token, device_key, allow)
    except RefreshTokenReuseException as reused:
        raise NotAuthorizedException(REVOKED) from reused


async def continue_sign_in(
    call: Call, app: AppSnapshot, token: str, *, scopes: Sequence[str] = ()
) -> AuthenticationResultType:
    """What the grant refresh_token does: new tokens, with rotation another refresh token. `scopes` may ask for fewer
    than the sign-in has (RFC 6749 §6), for these tokens alone.

    Raises:
        UnauthorizedClient: the client neither rotates refresh tokens nor may use them otherwise.
        InvalidScope: one that the sign-in has not.
        NotAuthorizedException, RefreshTokenReuseException, ResourceNotFoundException,
        InvalidParameterException: as `get_tokens_from_refresh_token`.
    """
    if not may_refresh(app):
        raise UnauthorizedClient(detail=f"the client has not {REFRESH_FLOW}")
    return await _refreshed(call, app, token, None, None, tuple(scopes))


def may_refresh(app: AppSnapshot) -> bool:
    """Whether refreshing is on for the client: an owner who turned it off has turned it off everywhere."""
    return REFRESH_FLOW in permitted(app.client.auth_flows) or Rotation.of(app.client.settings).is_on


def proves_client(app: AppSnapshot, presented: str | None) -> bool:
    """Whether `presented` is one of the client's secrets; of a client that has none, that nothing was presented."""
    if not app.secrets or presented is None:
        return not app.secrets and presented is None
    # Every secret is compared, so that the time says nothing of which one matched.
    return any([secret.matches(presented) for secret in app.secrets])


async def _refreshed(
    call: Call,
    app: AppSnapshot,
    token: str,
    device_key: str | None,
    allow: Allow | None,
    scopes: tuple[str, ...] = (),
    client_metadata: Mapping[str, str] | None = None,
) -> AuthenticationResultType:
    keys = refresh_token_keys(call.store)
    family_id = keys.family_of(app.pool.id, token)
    if family_id is None:
        raise NotAuthorizedException(INVALID, detail="a refresh token that nobody made for this pool")
    asked = Asked(app, family_id, keys.hash_of(app.pool.id, token), device_key, allow, scopes)
    occasion = Occasion("RefreshTokens", client_metadata)
    if asked.rotation.is_on:
        successor = new_refresh_token(call, app.pool.id, family_id)
        current = keys.hash_of(app.pool.id, successor.reveal())

        def exchange(tx: Transaction) -> Continued | None:
            return _exchange(tx, call, asked, successor, current)

        continued, overrides = await shaped(call, app, occasion, call.store.write, exchange)
    else:

        def look(tx: Transaction) -> Continued | None:
            return _look(tx, call, asked)

        continued, overrides = await shaped(call, app, occasion, call.store.look_up, look)
        if continued is None:
            await call.store.write(lambda tx: _end_reused(tx, call, asked))
    if continued is None:
        raise RefreshTokenReuseException
    result = await sign_tokens(
        call, app, continued.user, continued.groups, continued.family, overrides=overrides
    )
    if continued.refresh_token is not None:
        result["RefreshToken"] = continued.refresh_token.reveal()
    return result


def _look(tx: Transaction, call: Call, asked: Asked) -> Continued | None:
    """Without rotation: the sign-in, if it stands; None for a token that was exchanged while there was rotation."""
    user, family, groups = _admitted(tx, asked)
    if _standing(tx, call, asked, family) is not Standing.CURRENT:
        return None
    return Continued(user, groups, asked.narrowed(family))


def _exchange(
    tx: Transaction, call: Call, asked: Asked, successor: Secret, current: bytes
) -> Continued | None:
    """With rotation: the sign-in and its next refresh token; None, and the family's end, for one used before."""
    user, family, groups = _admitted(tx, asked, lock=True)
    match _standing(tx, call, asked, family):
        case Standing.CURRENT:
            repeatable = successor if asked.rotation.grace else None
            if not tx.families.rotate(family, current, call.now, repeatable=repeatable):
                raise NotAuthorizedException(REVOKED, detail="ended while its row was locked")
            tx.audit.add(in_the_name_of(call, asked.app, family.sub).record(family.pool_id))
            token = successor
        case Standing.IN_GRACE:
            token = tx.families.replacement(family)
            if call.parts.token_records is not None:
                tx.audit.add(in_the_name_of(call, asked.app, family.sub).record(family.pool_id))
        case _:
            _end(tx, call, asked, family)
            return None
    return Continued(user, groups, asked.narrowed(family), token)


def _admitted(tx: Transaction, asked: Asked, *, lock: bool = False) -> tuple[User, Family, Sequence[Group]]:
    """The person, the family and the person's groups, if the client may ask for them at all. Whoever may not learns
    and ends nothing.

    Raises:
        NotAuthorizedException
        ResourceNotFoundException: the client is gone.
    """
    client = asked.app.client
    found = tx.people.signed_in(client.pool_id, asked.family_id, client.id, lock=lock)
    if found is None or not found.has_client:
        tx.clients.require(client.pool_id, client.id)
    if found is None:
        raise NotAuthorizedException(
            INVALID, detail="no such sign-in: the person was deleted, or it was long ago"
        )
    user, family = found.user, found.family
    if family.client_id != client.id:
        raise NotAuthorizedException(INVALID, detail="a refresh token of another client")
    if asked.allow is not None:
        asked.allow(user)
    if not _is_on_its_device(tx, asked, family):
        raise NotAuthorizedException(INVALID, detail="without the device that the person signed in from")
    refuse_disabled(user)
    if not set(asked.scopes) <= set(family.scopes):
        raise InvalidScope(detail="a scope that the sign-in has not")
    return user, family, found.groups


def _is_on_its_device(tx: Transaction, asked: Asked, family: Family) -> bool:
    """Source: Cognito API reference, GetTokensFromRefreshToken (DeviceKey: the confirmed device's)."""
    if family.device_key is None or not tracks_devices(asked.app.user_pool):
        return True
    is_same = asked.device_key == family.device_key
    return is_same and tx.devices.find(family.pool_id, family.sub, family.device_key) is not None


def _standing(tx: Transaction, call: Call, asked: Asked, family: Family) -> Standing:
    """Raises NotAuthorizedException: the sign-in has ended."""
    # Those that were exchanged are of interest only where another token is presented than the family has.
    retired = {} if hmac.compare_digest(family.current, asked.hash) else tx.families.retired(family)
    found = standing(family, asked.hash, retired, asked.rotation, call.now)
    if found is Standing.EXPIRED:
        raise NotAuthorizedException(EXPIRED)
    if found is Standing.REVOKED:
        raise NotAuthorizedException(REVOKED)
    return found


def _end_reused(tx: Transaction, call: Call, asked: Asked) -> None:
    family = tx.families.find(asked.app.pool.id, asked.family_id)
    if family is not None:
        _end(tx, call, asked, family)


def _end(tx: Transaction, call: Call, asked: Asked, family: Family) -> None:
    """End the family of a token that was used twice. Told once, unless every request is to be told: who has such a
    token can use it again and again."""
    if tx.families.revoke(family.pool_id, family.id, call.now) or call.parts.token_records is not None:
        told = in_the_name_of(call, asked.app, family.sub).record(family.pool_id)
        tx.audit.add(replace(told, error_code=RefreshTokenReuseException.__name__))
