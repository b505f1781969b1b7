"""The end of a sign-in, of one or of all that a person has.

What ends is the family: its refresh token, and its access tokens wherever this server is asked about them. An
access token is also good by its signature alone, for whoever verifies it without asking, until it expires.
"""

from __future__ import annotations

from poolhouse.core.errors import (
    UnauthorizedException,
    UnsupportedOperationException,
    UnsupportedTokenTypeException,
)
from poolhouse.core.families import Family
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminUserGlobalSignOutRequest,
    AdminUserGlobalSignOutResponse,
    GlobalSignOutRequest,
    GlobalSignOutResponse,
    RevokeTokenRequest,
    RevokeTokenResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools import sessions
from poolhouse.userpools.person import authenticate_person, looks_like_jwt
from poolhouse.userpools.refresh import proves_client
from poolhouse.userpools.user_tokens import in_the_name_of, refresh_token_keys


async def revoke_token(call: Call, request: RevokeTokenRequest) -> RevokeTokenResponse:
    """End the sign-in that a refresh token continues, also by one that was exchanged already. Other sign-ins of the
    person go on. A token that is none, or has ended, is no error (RFC 7009 §2.2).

    RevokeAssociatedSessions says what becomes of the SSO session that the sign-in came through: as in Cognito
    without session tracking there is none, so both values do the same.

    Raises:
        UnauthorizedException: no such client; the secret is none of its; the token is another client's.
        UnsupportedOperationException: the client has EnableTokenRevocation off.
        UnsupportedTokenTypeException: an access or ID token.

    Source: Cognito API reference, RevokeToken.
    """
    app: AppSnapshot | None = await call.cache.get("app", request["ClientId"])
    if app is None:
        raise UnauthorizedException(f"User pool client {request['ClientId']} does not exist.")
    if not proves_client(app, request.get("ClientSecret")):
        raise UnauthorizedException(f"Unable to verify secret for client {app.client.id}")
    await end_sign_in(call, app, request["Token"])
    return {}


async def end_sign_in(call: Call, app: AppSnapshot, token: str) -> None:
    """End the sign-in that a refresh token of this client continues.

    Raises:
        UnauthorizedException, UnsupportedOperationException, UnsupportedTokenTypeException: as `revoke_token`.
    """
    if not app.client.may_revoke_tokens:
        raise UnsupportedOperationException("Token revocation is not enabled for the app client.")
    if looks_like_jwt(token):
        raise UnsupportedTokenTypeException
    family = await _family_of(call, app, token)
    if family is None:
        return
    if family.client_id != app.client.id:
        raise UnauthorizedException("The token was not issued to this client.")
    family_id = family.id

    def revoke(tx: Transaction) -> None:
        tx.families.revoke(app.pool.id, family_id, call.now)

    await in_the_name_of(call, app, family.sub).write(revoke, pool_id=app.pool.id)


async def global_sign_out(call: Call, request: GlobalSignOutRequest) -> GlobalSignOutResponse:
    """End all sign-ins of whose access token this is.

    Raises:
        NotAuthorizedException: as `authenticate_person`.

    Source: Cognito API reference, GlobalSignOut.
    """
    person = await authenticate_person(call, request["AccessToken"])

    def sign_out(tx: Transaction) -> None:
        tx.families.revoke_all(person.app.pool.id, person.user.sub, call.now)
        sessions.end_all(tx, person.app.pool.id, person.user.sub)

    await person.call.write(sign_out, pool_id=person.app.pool.id)
    return {}


async def admin_user_global_sign_out(
    call: Call, request: AdminUserGlobalSignOutRequest
) -> AdminUserGlobalSignOutResponse:
    """End all sign-ins of a person.

    Raises:
        ResourceNotFoundException, UserNotFoundException: no such pool, no such person.

    Source: Cognito API reference, AdminUserGlobalSignOut.
    """
    pool_id = request["UserPoolId"]

    def sign_out(tx: Transaction) -> None:
        user = tx.users.get(tx.pools.get(call.account_id, call.region, pool_id), request["Username"])
        tx.users.lock(pool_id, user.sub)
        tx.families.revoke_all(pool_id, user.sub, call.now)
        sessions.end_all(tx, pool_id, user.sub)

    await call.write(sign_out, pool_id=pool_id)
    return {}


async def _family_of(call: Call, app: AppSnapshot, token: str) -> Family | None:
    family_id = refresh_token_keys(call.store).family_of(app.pool.id, token)
    if family_id is None:
        return None
    return await call.store.look_up(lambda tx: tx.families.find(app.pool.id, family_id))
