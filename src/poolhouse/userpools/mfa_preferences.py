"""Which factors a person switched on and which they prefer; with what they can sign in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from poolhouse.core.errors import InvalidParameterException, UserNotFoundException
from poolhouse.core.mfa import Wish, changed_settings, configured_factors
from poolhouse.core.pools import UserPool
from poolhouse.core.users import PHONE_NUMBER, Factor, User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminGetUserAuthFactorsRequest,
    AdminGetUserAuthFactorsResponse,
    AdminSetUserMFAPreferenceRequest,
    AdminSetUserMFAPreferenceResponse,
    AdminSetUserSettingsRequest,
    AdminSetUserSettingsResponse,
    GetUserAuthFactorsRequest,
    GetUserAuthFactorsResponse,
    MFAOptionType,
    SetUserMFAPreferenceRequest,
    SetUserMFAPreferenceResponse,
    SetUserSettingsRequest,
    SetUserSettingsResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.person import authenticate_person
from poolhouse.userpools.users.describe import factors


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a request says of a person's factors; of what it does not name, nothing."""

    factors: Mapping[Factor, Wish]
    passkeys: bool | None = None

    def grant(self, tx: Transaction, call: Call, pool: UserPool, user: User) -> None:
        """`user` is locked. Raises InvalidParameterException: they have no such factor, or need it."""
        has_totp = tx.totp.is_verified(pool.id, user.sub)
        settings = changed_settings(pool, user, has_totp, self.factors, self.passkeys)
        if settings != user.mfa:
            tx.users.replace(pool, user.changed(call.now, mfa=settings))


async def set_user_mfa_preference(
    call: Call, request: SetUserMFAPreferenceRequest
) -> SetUserMFAPreferenceResponse:
    """Switch one's own factors on and off and choose the one to be asked for; what is left out stays.

    Raises:
        InvalidParameterException: a factor that the person has not set up is switched on, one that is off or more
            than one is preferred, or the last one is switched off where the pool demands one.

    Source: Cognito API reference, SetUserMFAPreference.
    """
    await _set_own(call, request["AccessToken"], _wishes(request))
    return {}


async def admin_set_user_mfa_preference(
    call: Call, request: AdminSetUserMFAPreferenceRequest
) -> AdminSetUserMFAPreferenceResponse:
    """The same, for somebody else. Raises UserNotFoundException too."""
    await _set_for(call, request["UserPoolId"], request["Username"], _wishes(request))
    return {}


async def set_user_settings(call: Call, request: SetUserSettingsRequest) -> SetUserSettingsResponse:
    """The old form, which knows SMS alone: on where it is listed, off where nothing is.

    Source: Cognito API reference, SetUserSettings.
    """
    await _set_own(call, request["AccessToken"], _sms_wish(request["MFAOptions"]))
    return {}


async def admin_set_user_settings(
    call: Call, request: AdminSetUserSettingsRequest
) -> AdminSetUserSettingsResponse:
    await _set_for(call, request["UserPoolId"], request["Username"], _sms_wish(request["MFAOptions"]))
    return {}


async def get_user_auth_factors(call: Call, request: GetUserAuthFactorsRequest) -> GetUserAuthFactorsResponse:
    """With what the person can begin a sign-in, and which second factors are on.

    Source: Cognito API reference, GetUserAuthFactors.
    """
    person = await authenticate_person(call, request["AccessToken"])
    pool, sub = person.app.user_pool, person.user.sub
    return await call.store.look_up(lambda tx: _auth_factors(tx, pool, tx.users.by_sub(pool.id, sub)))


async def admin_get_user_auth_factors(
    call: Call, request: AdminGetUserAuthFactorsRequest
) -> AdminGetUserAuthFactorsResponse:
    def read(tx: Transaction) -> GetUserAuthFactorsResponse:
        pool = tx.pools.get(call.account_id, call.region, request["UserPoolId"])
        return _auth_factors(tx, pool, tx.users.find(pool, request["Username"]))

    return await call.store.look_up(read)


async def _set_own(call: Call, access_token: str, wishes: Wishes) -> None:
    person = await authenticate_person(call, access_token)
    pool = person.app.user_pool
    await person.call.write(lambda tx: wishes.grant(tx, person.call, pool, person.again(tx)), pool_id=pool.id)


async def _set_for(call: Call, pool_id: str, username: str, wishes: Wishes) -> None:
    def change(tx: Transaction) -> None:
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        user = tx.users.lock(pool.id, tx.users.get(pool, username).sub)
        if user is None:
            raise UserNotFoundException
        wishes.grant(tx, call, pool, user)

    await call.write(change, pool_id=pool_id)


_MEMBERS: Mapping[str, Factor] = {
    "SMSMfaSettings": Factor.SMS,
    "EmailMfaSettings": Factor.EMAIL,
    "SoftwareTokenMfaSettings": Factor.TOTP,
}


def _wishes(request: SetUserMFAPreferenceRequest | AdminSetUserMFAPreferenceRequest) -> Wishes:
    given: Mapping[str, Any] = request
    wishes = {
        factor: Wish(given[name].get("Enabled"), given[name].get("PreferredMfa"))
        for name, factor in _MEMBERS.items()
        if name in given
    }
    return Wishes(wishes, request.get("WebAuthnMfaSettings", {}).get("Enabled"))


def _sms_wish(options: Sequence[MFAOptionType]) -> Wishes:
    for option in options:
        if option.get("DeliveryMedium") != "SMS" or option.get("AttributeName") != PHONE_NUMBER:
            raise InvalidParameterException("MFAOptions can only hold SMS for phone_number.")
    return Wishes({Factor.SMS: Wish(enabled=bool(options))})


def _auth_factors(tx: Transaction, pool: UserPool, user: User | None) -> GetUserAuthFactorsResponse:
    """Raises UserNotFoundException."""
    if user is None:
        raise UserNotFoundException
    configured = configured_factors(
        pool,
        user,
        has_password=tx.passwords.find(pool.id, user.sub) is not None,
        has_passkey=tx.passkeys.count(pool.id, user.sub) > 0,
        has_totp=tx.totp.is_verified(pool.id, user.sub),
    )
    answer: GetUserAuthFactorsResponse = {
        "Username": user.username,
        "ConfiguredUserAuthFactors": list(configured),
    }
    return {**answer, **factors(user)}
