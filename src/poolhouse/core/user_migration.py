"""People that a pool's function knows from elsewhere: what it says of one, and who they become in the pool.

Source: Cognito developer guide, "Migrate user Lambda trigger".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from poolhouse.core.errors import InvalidParameterException
from poolhouse.core.messages import Medium
from poolhouse.core.mfa import offered_factors, with_factor
from poolhouse.core.pools import UserPool
from poolhouse.core.user_attributes import check_new, sign_in_attribute
from poolhouse.core.users import (
    EMAIL,
    LONGEST_KEY,
    PHONE_NUMBER,
    Factor,
    User,
    UserStatus,
    username_attributes,
)

ATTRIBUTES, STATUS, ACTION = "userAttributes", "finalUserStatus", "messageAction"
MEDIUMS, FORCED, SMS_MFA = "desiredDeliveryMediums", "forceAliasCreation", "enableSMSMFA"
MEMBERS = (ATTRIBUTES, STATUS, ACTION, MEDIUMS, FORCED, SMS_MFA)
"""Of the answer."""
STATES_WITHOUT_PASSWORD = (UserStatus.RESET_REQUIRED, UserStatus.CONFIRMED)
"""What somebody can be who forgot their password, and sets one by the code that follows."""
STATES = (*STATES_WITHOUT_PASSWORD, UserStatus.FORCE_CHANGE_PASSWORD)
"""What somebody can be who comes with a password."""
ADDRESSES: Mapping[Medium, str] = {"SMS": PHONE_NUMBER, "EMAIL": EMAIL}
USERNAME = "username"
"""Among the attributes: the user name, where somebody came with another name of theirs."""
LONGEST_NAME, LONGEST_VALUE = 128, 2_048
"""Characters. Source: Cognito API reference, UsernameType and AttributeValueType."""
IN_NAMES = frozenset("LMSNP")


class Unusable(Exception):
    """Nobody can be made of an answer. The text says why, and holds no value of it."""


@dataclass(frozen=True, slots=True)
class Migrated:
    """Somebody as the function knows them."""

    user: User
    media: Collection[tuple[Medium, str]]
    """By what, and to which addresses, they are welcomed."""
    takes_aliases: bool
    """Whether they take their verified addresses as names from who has them."""


def can_be_asked_for(name: str) -> bool:
    """Whether anybody could have this name."""
    return 0 < len(name) <= LONGEST_KEY and all(
        unicodedata.category(letter)[0] in IN_NAMES for letter in name
    )


def migrated_of(
    pool: UserPool, name: str, answer: Mapping[str, Any], *, sub: str, now: datetime, has_password: bool
) -> Migrated:
    """Who is to be made of an answer about `name`; `has_password`: they came with one, and it was right.

    Raises:
        Unusable: it says of nobody, or of somebody whom the pool can't have.
    """
    values = _attributes(answer.get(ATTRIBUTES))
    try:
        username, values = _named(pool, name, values, sub)
        attributes = check_new(pool, values, writable=None, required=True)
    except InvalidParameterException as error:
        # It names attributes; a value it names is at most the form that one should have.
        raise Unusable(error.message) from None
    status = answer.get(STATUS) or UserStatus.RESET_REQUIRED.value
    if status not in (STATES if has_password else STATES_WITHOUT_PASSWORD):
        raise Unusable(f"no such {STATUS}")
    user = User(
        pool_id=pool.id,
        sub=sub,
        username=username,
        status=UserStatus(status),
        created_at=now,
        modified_at=now,
        attributes=attributes,
    )
    if _flag(answer, SMS_MFA):
        if Factor.SMS not in offered_factors(pool) or PHONE_NUMBER not in attributes:
            raise Unusable(f"{SMS_MFA} without a phone number, or in a pool without SMS")
        user = replace(user, mfa=with_factor(user.mfa, Factor.SMS))
    return Migrated(user, _media(answer, attributes), _flag(answer, FORCED))


def _attributes(given: Any) -> dict[str, str]:
    if not isinstance(given, dict) or not given:
        raise Unusable(f"no {ATTRIBUTES}")
    values = {}
    for name, value in given.items():
        if isinstance(value, bool):
            value = str(value).lower()
        elif isinstance(value, int | float):
            value = str(value)
        if value is not None and (not isinstance(value, str) or len(value) > LONGEST_VALUE):
            raise Unusable(f"a value of {ATTRIBUTES} that is no text, or too long")
        values[name] = value or ""
    return values


def _named(pool: UserPool, name: str, values: dict[str, str], sub: str) -> tuple[str, dict[str, str]]:
    """The user name, and the attributes with the one that the name is, where it is one."""
    values = dict(values)
    chosen = values.pop(USERNAME, "") or name
    if username_attributes(pool):
        # People have no names of their own here, so another one would be nobody's.
        attribute = sign_in_attribute(pool, name)
        assert attribute is not None
        values.setdefault(attribute, name)
        return sub, values
    if len(chosen) > LONGEST_NAME or not can_be_asked_for(chosen):
        raise Unusable("no user name")
    sign_in_attribute(pool, chosen)
    return chosen, values


def _media(answer: Mapping[str, Any], attributes: Mapping[str, str]) -> list[tuple[Medium, str]]:
    """Source: Cognito API reference, AdminCreateUser (MessageAction, DesiredDeliveryMediums)."""
    action, desired = answer.get(ACTION), answer.get(MEDIUMS)
    if action not in (None, "SUPPRESS", "RESEND"):
        raise Unusable(f"no such {ACTION}")
    if desired is not None and (
        not isinstance(desired, list) or any(medium not in ("SMS", "EMAIL") for medium in desired)
    ):
        raise Unusable(f"no such {MEDIUMS}")
    if action == "SUPPRESS":
        return []
    possible = [(medium, attributes[name]) for medium, name in ADDRESSES.items() if name in attributes]
    if not desired:
        return possible[:1]
    chosen = [(medium, address) for medium, address in possible if medium in desired]
    if len(chosen) < len(set(desired)):
        raise Unusable(f"{MEDIUMS} without the address")
    return chosen


def _flag(answer: Mapping[str, Any], name: str) -> bool:
    value = answer.get(name)
    if value is not None and not isinstance(value, bool):
        raise Unusable(f"{name} is neither true nor false")
    return bool(value)
