"""A person as the API shows them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TypedDict

from poolhouse.core.documents import epoch
from poolhouse.core.users import Factor, User
from poolhouse.shapes.cognito_idp import AttributeType, MFAOptionType, UserType


def describe_user(user: User, only: Collection[str] | None = None) -> UserType:
    """`only` are the attributes to be shown; None shows all.

    Source: Cognito API reference, UserType.
    """
    answer: UserType = {
        "Username": user.username,
        "Attributes": attribute_list(user, only),
        "UserCreateDate": epoch(user.created_at),
        "UserLastModifiedDate": epoch(user.modified_at),
        "Enabled": user.enabled,
        "UserStatus": user.status.value,
    }
    if options := mfa_options(user):
        answer["MFAOptions"] = options
    return answer


def attribute_list(user: User, only: Collection[str] | None = None) -> list[AttributeType]:
    """The attributes with `sub` first; `only` those, where it is given."""
    everything = {"sub": user.sub, **user.attributes}
    return [
        {"Name": name, "Value": value} for name, value in everything.items() if only is None or name in only
    ]


class Factors(TypedDict, total=False):
    PreferredMfaSetting: str
    UserMFASettingList: list[str]


def factors(user: User) -> Factors:
    """The second factors that a person switched on, as several answers show them."""
    shown: Factors = {}
    if user.mfa.preferred is not None:
        shown["PreferredMfaSetting"] = user.mfa.preferred.value
    if user.mfa.enabled:
        shown["UserMFASettingList"] = sorted(factor.value for factor in user.mfa.enabled)
    return shown


def mfa_options(user: User) -> list[MFAOptionType]:
    """The older member, which knows of SMS alone.

    Source: Cognito API reference, UserType (MFAOptions).
    """
    if Factor.SMS not in user.mfa.enabled:
        return []
    return [{"DeliveryMedium": "SMS", "AttributeName": "phone_number"}]
