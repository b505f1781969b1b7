"""USER_AUTH: the person, or their app, chooses with what to begin."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from poolhouse.core import pool_settings
from poolhouse.core.assurance import reach_of_password, ways_that_reach
from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.existence import name_digest
from poolhouse.core.mfa import (
    EMAIL_OTP,
    PASSWORD,
    SMS_OTP,
    WEB_AUTHN,
    available_factors,
    first_factors,
)
from poolhouse.core.sign_in import Event, Step
from poolhouse.core.user_attributes import is_email, is_phone_number
from poolhouse.core.users import EMAIL, PHONE_NUMBER, alias_attributes
from poolhouse.shapes.cognito_idp import InitiateAuthResponse
from poolhouse.store import Transaction
from poolhouse.userpools.passkeys import are_possible, assertion_options, has_passkey
from poolhouse.userpools.sign_in.asking import Asked
from poolhouse.userpools.sign_in.attempt import Attempt
from poolhouse.userpools.sign_in.going_on import go_on, put

PASSWORD_SRP = "PASSWORD_SRP"
REACH = {PASSWORD: 1, EMAIL_OTP: 2, SMS_OTP: 2, WEB_AUTHN: 3}
"""The level of assurance of a sign-in by each alone."""
ByPassword = Callable[[Attempt, str], Awaitable[InitiateAuthResponse]]


async def available(attempt: Attempt) -> tuple[str, ...]:
    """With what this person can begin; for nobody, what somebody of this pool might.

    A code in place of a password is no second factor's companion, and a passkey is one only where the pool says
    so: whoever would be asked for a factor is not offered them.

    Source: Cognito developer guide, "Authentication with user pools", "Things to know about MFA".
    """
    pool, person = attempt.pool, attempt.person
    if person.user is None:
        offered = ways_that_reach({way: REACH[way] for way in _nobodys(attempt)}, attempt.levels)
    else:
        user = person.user

        def look(tx: Transaction) -> tuple[str, ...]:
            first = first_factors(
                pool,
                user,
                has_password=person.password is not None,
                has_passkey=has_passkey(tx, attempt.call, attempt.app, user),
            )
            mfa = available_factors(pool, user, tx.totp.is_verified(user.pool_id, user.sub))
            reach = {**REACH, PASSWORD: reach_of_password(mfa.factors)}
            if not mfa.factors and not mfa.must_set_up:
                return ways_that_reach({way: reach[way] for way in first}, attempt.levels)
            alone = {PASSWORD} | ({WEB_AUTHN} if _passkey_is_two_factors(attempt) else set())
            return ways_that_reach({way: reach[way] for way in first if way in alone}, attempt.levels)

        offered = await attempt.call.store.look_up(look)
    return (PASSWORD_SRP, *offered) if PASSWORD in offered else offered


def _nobodys(attempt: Attempt) -> tuple[str, ...]:
    """What is offered to nobody: not all that the pool allows, which few people have, but drawn by the name, always
    the same, about as often as people have it. So no offer is one that people alone get, or nobody alone."""
    pool, name = attempt.pool, attempt.person.name
    drawn = int(name_digest(attempt.call.store.key_for("offers of nobody"), pool, name)[:8], 16)

    def one_in(number: int) -> bool:
        nonlocal drawn
        drawn, rest = divmod(drawn, number)
        return rest == 0

    is_address = EMAIL in alias_attributes(pool) and is_email(name)
    is_number = PHONE_NUMBER in alias_attributes(pool) and is_phone_number(name)
    mode = pool_settings.mfa(pool.settings)
    asked_for_factor = mode == "ON" or (one_in(4) and mode == "OPTIONAL")
    has = {
        PASSWORD: True,
        EMAIL_OTP: (not one_in(8) or is_address) and not asked_for_factor,
        SMS_OTP: (one_in(2) or is_number) and not asked_for_factor,
        WEB_AUTHN: one_in(4)
        and (not asked_for_factor or _passkey_is_two_factors(attempt))
        and are_possible(attempt.call, attempt.app),
    }
    allowed = pool_settings.first_factors(pool.settings) or [PASSWORD]
    return tuple(factor for factor in has if has[factor] and factor in allowed)


def _passkey_is_two_factors(attempt: Attempt) -> bool:
    """Source: Cognito API reference, WebAuthnConfigurationType (FactorConfiguration)."""
    configuration = attempt.pool.web_authn or {}
    return configuration.get("FactorConfiguration") == "MULTI_FACTOR_WITH_USER_VERIFICATION"


async def begin(attempt: Attempt, by_password: ByPassword) -> InitiateAuthResponse:
    """At the start of USER_AUTH: the preferred challenge, or the choice.

    Source: Cognito API reference, InitiateAuth (AuthParameters, PREFERRED_CHALLENGE).
    """
    offered = await available(attempt)
    preferred = attempt.values.get("PREFERRED_CHALLENGE")
    if preferred is not None and preferred in offered:
        return await choose(attempt, preferred, by_password)
    asked = Asked(
        Step.SELECT_CHALLENGE,
        {"USERNAME": attempt.person.name},
        available=offered,
    )
    return await put(attempt, asked)


async def choose(attempt: Attempt, name: str, by_password: ByPassword) -> InitiateAuthResponse:
    """Go on with what was chosen. PASSWORD may come with the password, PASSWORD_SRP has to come with SRP_A.

    Raises:
        InvalidParameterException: no such challenge.
    """
    match name:
        case "PASSWORD" if "PASSWORD" in attempt.values:
            return await by_password(attempt, attempt.values["PASSWORD"])
        case "PASSWORD":
            return await go_on(attempt, Event.PASSWORD_ASKED)
        case "PASSWORD_SRP":
            return await go_on(attempt, Event.SRP_BEGUN)
        case "EMAIL_OTP":
            return await go_on(attempt, Event.EMAIL_ASKED)
        case "SMS_OTP":
            return await go_on(attempt, Event.SMS_ASKED)
        case "WEB_AUTHN":
            return await _passkey(attempt)
        case _:
            raise InvalidParameterException(f"{name} is not an available challenge.")


async def _passkey(attempt: Attempt) -> InitiateAuthResponse:
    options, state = await assertion_options(
        attempt.call, attempt.app, attempt.person.user, name=attempt.person.name
    )
    asked = Asked(Step.WEB_AUTHN, {"CREDENTIAL_REQUEST_OPTIONS": options}, state={"passkey": state})
    return await put(attempt, asked)
