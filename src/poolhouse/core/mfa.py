"""Which second factors a person is asked for, and what they may switch on and off."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from poolhouse.core import pool_settings
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.pools import UserPool
from poolhouse.core.users import EMAIL, PHONE_NUMBER, Factor, MfaSettings, User

PASSWORD = "PASSWORD"
EMAIL_OTP = "EMAIL_OTP"
SMS_OTP = "SMS_OTP"
WEB_AUTHN = "WEB_AUTHN"
SOFTWARE_TOKEN = "SOFTWARE_TOKEN"

_DESTINATION = {Factor.SMS: PHONE_NUMBER, Factor.EMAIL: EMAIL}
"""Of each factor that is a message, the attribute that says where it goes."""


@dataclass(frozen=True, slots=True)
class MfaChoice:
    """What a sign-in has to ask for once the password is proved."""

    factors: tuple[Factor, ...] = ()
    """Those that the person can be asked for now; any one of them is enough. None: nothing is asked."""
    preferred: Factor | None = None
    """The one to ask for at once; None where several are there and the person has to choose."""
    is_demanded: bool = False
    """MfaConfiguration is ON: without a factor the sign-in does not go on."""
    can_set_up: tuple[Factor, ...] = ()
    """Where one is demanded and the person has none: those that they can set up now."""

    @property
    def must_set_up(self) -> bool:
        """Whether the sign-in can't go on before a factor is set up. Where `can_set_up` is empty, none can be."""
        return self.is_demanded and not self.factors


def offered_factors(pool: UserPool) -> tuple[Factor, ...]:
    """The factors that a pool has set up, for whoever has none yet.

    Source: Cognito API reference, SetUserPoolMfaConfig.
    """
    offered: list[Factor] = []
    if "SmsConfiguration" in pool.settings:
        offered.append(Factor.SMS)
    if offers_software_tokens(pool):
        offered.append(Factor.TOTP)
    if pool.email_mfa is not None:
        offered.append(Factor.EMAIL)
    return tuple(offered)


def offers_software_tokens(pool: UserPool) -> bool:
    return bool(pool.software_token_mfa and pool.software_token_mfa.get("Enabled"))


def available_factors(pool: UserPool, user: User, has_totp: bool, *, is_risky: bool = False) -> MfaChoice:
    """Which factors would be asked for now. `has_totp`: the person has a verified software token. `is_risky`: threat
    protection wants one of this sign-in, so one that the person could be asked for is enough to ask.

    In a pool that only allows second factors, those that the person switched on; whoever has none is not
    asked. A pool that demands one takes, from a person who switched none on, also a phone number, an e-mail
    address or a software token that they have: else whoever knows only their password could set up a factor
    of their own beside it. Only who has none of these is sent to set one up.

    Source: Cognito developer guide, "Adding MFA to a user pool", "TOTP software token MFA".
    """
    mode = pool_settings.mfa(pool.settings)
    if mode == "OFF":
        return MfaChoice()
    can_be_asked = tuple(factor for factor in Factor if _can_be_asked(pool, user, factor, has_totp))
    factors = tuple(factor for factor in can_be_asked if factor in user.mfa.enabled)
    is_demanded = mode == "ON"
    if not factors and (is_demanded or is_risky):
        factors = can_be_asked
    if not factors:
        return MfaChoice(is_demanded=is_demanded, can_set_up=offered_factors(pool) if is_demanded else ())
    preferred = user.mfa.preferred if user.mfa.preferred in factors else None
    if len(factors) == 1:
        preferred = factors[0]
    return MfaChoice(factors, preferred, is_demanded)


def _can_be_asked(pool: UserPool, user: User, factor: Factor, has_totp: bool) -> bool:
    if factor is Factor.TOTP:
        # A token that was verified works on where the pool offers new ones no more. Source: Cognito
        # developer guide, "TOTP software token MFA".
        return has_totp
    return factor in offered_factors(pool) and has_delivery(user, factor, has_totp)


def has_delivery(user: User, factor: Factor, has_totp: bool) -> bool:
    """Whether the person has what the factor needs: a number, an address, a verified token."""
    return has_totp if factor is Factor.TOTP else bool(user.attributes.get(_DESTINATION[factor]))


def first_factors(pool: UserPool, user: User, *, has_password: bool, has_passkey: bool) -> tuple[str, ...]:
    """With which of PASSWORD, EMAIL_OTP, SMS_OTP and WEB_AUTHN the person can begin a USER_AUTH sign-in.

    Source: Cognito API reference, SignInPolicyType (AllowedFirstAuthFactors).
    """
    has = {
        PASSWORD: has_password,
        EMAIL_OTP: user.is_verified(EMAIL),
        SMS_OTP: user.is_verified(PHONE_NUMBER),
        WEB_AUTHN: has_passkey,
    }
    allowed = pool_settings.first_factors(pool.settings) or [PASSWORD]
    return tuple(factor for factor in has if has[factor] and factor in allowed)


def configured_factors(
    pool: UserPool, user: User, *, has_password: bool, has_passkey: bool, has_totp: bool
) -> tuple[str, ...]:
    """What ConfiguredUserAuthFactors lists: with what the person can begin a sign-in, and a software token.

    Source: Cognito API reference, GetUserAuthFactors.
    """
    first = first_factors(pool, user, has_password=has_password, has_passkey=has_passkey)
    return (*first, SOFTWARE_TOKEN) if has_totp else first


@dataclass(frozen=True, slots=True)
class Wish:
    """What SetUserMFAPreference says of one factor; what it leaves out stays as it is."""

    enabled: bool | None = None
    preferred: bool | None = None


def changed_settings(
    pool: UserPool,
    user: User,
    has_totp: bool,
    wishes: Mapping[Factor, Wish],
    passkeys: bool | None = None,
) -> MfaSettings:
    """The person's settings after `wishes`; a factor that is not in them stays as it is.

    Where the pool demands a factor, the last one that can be asked for can't be switched off.

    Raises:
        InvalidParameterException: in Cognito's words where they are known.

    Source: Cognito API reference, SetUserMFAPreference, WebAuthnMfaSettingsType.
    """
    before = user.mfa
    enabled, preferred = set(before.enabled), before.preferred
    if sum(wish.preferred is True for wish in wishes.values()) > 1:
        raise InvalidParameterException("Only one MFA method can be set as preferred")
    for factor, wish in wishes.items():
        if wish.enabled:
            if not has_delivery(user, factor, has_totp):
                raise InvalidParameterException(f"User does not have delivery config set to turn on {factor}")
            enabled.add(factor)
        elif wish.enabled is False:
            enabled.discard(factor)
        if wish.preferred and factor not in enabled:
            raise InvalidParameterException(f"{factor} can't be preferred while it is not enabled")
        if wish.preferred:
            preferred = factor
        elif preferred is factor and (wish.preferred is False or factor not in enabled):
            preferred = None
    after = MfaSettings(frozenset(enabled), preferred, before.passkeys if passkeys is None else passkeys)
    if pool_settings.mfa(pool.settings) == "ON":
        _check_one_is_left(pool, user, has_totp, before.enabled, after.enabled)
    if after.passkeys:
        _check_passkeys(pool, before, after)
    return after


def without_totp(settings: MfaSettings) -> MfaSettings:
    """After the software token is gone."""
    preferred = None if settings.preferred is Factor.TOTP else settings.preferred
    return MfaSettings(settings.enabled - {Factor.TOTP}, preferred, settings.passkeys)


def with_factor(settings: MfaSettings, factor: Factor) -> MfaSettings:
    """After a factor was set up in a sign-in that demanded one: it is on."""
    return MfaSettings(settings.enabled | {factor}, settings.preferred, settings.passkeys)


def _check_one_is_left(
    pool: UserPool,
    user: User,
    has_totp: bool,
    before: Collection[Factor],
    after: Collection[Factor],
) -> None:
    def one_can_be_asked(enabled: Collection[Factor]) -> bool:
        return any(_can_be_asked(pool, user, factor, has_totp) for factor in enabled)

    if one_can_be_asked(before) and not one_can_be_asked(after):
        raise InvalidParameterException(
            "MFA is required in the user pool: the last factor can't be turned off"
        )


def _check_passkeys(pool: UserPool, before: MfaSettings, after: MfaSettings) -> None:
    if not after.enabled and (before.enabled or not before.passkeys):
        raise InvalidParameterException("Passkey MFA needs another MFA method that is enabled")
    configured = (pool.web_authn or {}).get("FactorConfiguration")
    if not before.passkeys and configured != "MULTI_FACTOR_WITH_USER_VERIFICATION":
        raise InvalidParameterException("Passkey MFA is not enabled for the user pool")
