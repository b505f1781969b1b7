"""By which of a person's addresses they may get back into their account."""

from __future__ import annotations

from collections.abc import Sequence

from poolhouse.core.mfa import available_factors
from poolhouse.core.pools import UserPool
from poolhouse.core.users import EMAIL, PHONE_NUMBER, Factor, User, UserStatus

MECHANISMS = {"verified_email": EMAIL, "verified_phone_number": PHONE_NUMBER}
FACTORS = {EMAIL: Factor.EMAIL, PHONE_NUMBER: Factor.SMS}
RESETTABLE = frozenset({UserStatus.CONFIRMED, UserStatus.RESET_REQUIRED})


def recovery_attributes(pool: UserPool) -> Sequence[str]:
    """`email` and `phone_number` in the order in which the pool tries them; none where administrators alone help.

    Source: Cognito API reference, AccountRecoverySettingType.
    """
    mechanisms = pool.settings.get("AccountRecoverySetting", {}).get("RecoveryMechanisms", [])
    ordered = sorted(mechanisms, key=lambda mechanism: mechanism["Priority"])
    if not ordered:
        return PHONE_NUMBER, EMAIL
    return [MECHANISMS[mechanism["Name"]] for mechanism in ordered if mechanism["Name"] in MECHANISMS]


def recovery_address(pool: UserPool, user: User) -> tuple[str, str] | None:
    """The attribute and address that a reset code goes to: the first that is verified and is no second factor of
    theirs, for who holds that one address would then hold both. Where a factor is demanded that may be one which
    they did not switch on.

    Source: Cognito developer guide, "Forgotten passwords", "Account recovery".
    """
    asked_for = available_factors(pool, user, has_totp=Factor.TOTP in user.mfa.enabled).factors
    factors = user.mfa.enabled.union(asked_for)
    for attribute in recovery_attributes(pool):
        if user.is_verified(attribute) and FACTORS[attribute] not in factors:
            return attribute, user.attributes[attribute]
    return None


def shown_address(pool: UserPool, user: User) -> tuple[str, str] | None:
    """The address of theirs that a caller is told of who must not learn whether a code was sent."""
    possible = recovery_address(pool, user)
    if possible is not None:
        return possible
    for attribute in recovery_attributes(pool):
        if address := user.attributes.get(attribute):
            return attribute, address
    return None
