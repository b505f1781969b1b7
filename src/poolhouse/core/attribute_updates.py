"""What becomes of a person when an attribute changes: what holds at once, what waits, and what is to be proved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from poolhouse.core.pools import UserPool
from poolhouse.core.users import VERIFIED, User


@dataclass(frozen=True, slots=True)
class Update:
    user: User
    to_prove: tuple[tuple[str, str], ...] = ()
    """(attribute, new value) of each email and phone number that a code is to be sent to."""


def update_attributes(pool: UserPool, user: User, kept: Mapping[str, str | None], now: datetime) -> Update:
    """The person after `kept`, which `check_changes` gave: None removes an attribute.

    A new email or phone number that is not said to be verified must be proved, if the pool verifies it by itself;
    and, where the pool wants it so, the old one stays until then.

    Source: Cognito API reference, AdminUpdateUserAttributes; UserAttributeUpdateSettingsType
    (AttributesRequireVerificationBeforeUpdate).
    """
    changes, pending = dict(kept), dict(user.pending)
    to_prove: list[tuple[str, str]] = []
    verifies = pool.settings.get("AutoVerifiedAttributes", ())
    update_settings = pool.settings.get("UserAttributeUpdateSettings", {})
    waits = update_settings.get("AttributesRequireVerificationBeforeUpdate", ())
    for attribute, verified in VERIFIED.items():
        if attribute not in changes:
            continue
        # Whatever was waiting is overtaken, even by the value that is there already.
        pending.pop(attribute, None)
        value = changes[attribute]
        if value is None or value == user.attributes.get(attribute) or changes.get(verified) == "true":
            continue
        if attribute in waits:
            pending[attribute] = value
            del changes[attribute]
            changes.pop(verified, None)
        if attribute in verifies or attribute in waits:
            to_prove.append((attribute, value))
    return Update(user.with_attributes(now, changes).changed(now, pending=pending), tuple(to_prove))
