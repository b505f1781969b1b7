"""A person in a pool: names, attributes, status, and the second factors that they chose."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.pools import UserPool

EMAIL = "email"
PHONE_NUMBER = "phone_number"
PREFERRED_USERNAME = "preferred_username"
VERIFIED = {EMAIL: "email_verified", PHONE_NUMBER: "phone_number_verified"}
"""Of each attribute that can be verified, the one that says so: "true" or "false"."""
FOLDED = frozenset({EMAIL, PREFERRED_USERNAME})
"""Beside the user name, what a pool that does not heed case folds. Source: Cognito developer guide,
"User pool case sensitivity"."""
SEARCHABLE = (EMAIL, PHONE_NUMBER, "name", "given_name", "family_name", PREFERRED_USERNAME)
"""Attributes that ListUsers can filter by, beside the name, the status and the sub. Source: Cognito developer
guide, "Searching for users by attribute"."""


class UserStatus(StrEnum):
    UNCONFIRMED = "UNCONFIRMED"
    CONFIRMED = "CONFIRMED"
    FORCE_CHANGE_PASSWORD = "FORCE_CHANGE_PASSWORD"
    RESET_REQUIRED = "RESET_REQUIRED"
    EXTERNAL_PROVIDER = "EXTERNAL_PROVIDER"


class Factor(StrEnum):
    """A second factor, as UserMFASettingList and the challenges name it."""

    SMS = "SMS_MFA"
    EMAIL = "EMAIL_OTP"
    TOTP = "SOFTWARE_TOKEN_MFA"


@dataclass(frozen=True, slots=True)
class MfaSettings:
    """What the person switched on. `preferred` is one of `enabled`, or None."""

    enabled: frozenset[Factor] = frozenset()
    preferred: Factor | None = None
    passkeys: bool = False
    """WebAuthnMfaSettings.Enabled."""

    def to_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"enabled": sorted(self.enabled), "preferred": self.preferred}
        return document | ({"passkeys": True} if self.passkeys else {})

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Self:
        preferred = document["preferred"]
        return cls(
            enabled=frozenset(Factor(name) for name in document["enabled"]),
            preferred=None if preferred is None else Factor(preferred),
            passkeys=document.get("passkeys", False),
        )


@dataclass(frozen=True, slots=True)
class User:
    """`attributes` are all but `sub`, each a text, as the API shows them ("true" for a boolean)."""

    pool_id: str
    sub: str
    username: str
    status: UserStatus
    created_at: datetime
    modified_at: datetime
    enabled: bool = True
    attributes: Mapping[str, str] = field(default_factory=dict)
    mfa: MfaSettings = MfaSettings()
    pending: Mapping[str, str] = field(default_factory=dict)
    """New values of `email` and `phone_number` that stand beside the old ones until they are verified."""
    version: int = 1

    def is_verified(self, attribute: str) -> bool:
        """Whether the person has this email or phone_number, and proved it."""
        return bool(self.attributes.get(attribute)) and self.attributes.get(VERIFIED[attribute]) == "true"

    def changed(self, now: datetime, **changes: Any) -> User:
        return replace(self, modified_at=now, **changes)

    def with_attributes(self, now: datetime, changes: Mapping[str, str | None]) -> User:
        """With these attributes set; None removes one."""
        merged = {**self.attributes, **changes}
        kept = {name: value for name, value in merged.items() if value is not None}
        return self.changed(now, attributes=kept)

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database; ids, status and `enabled` are columns."""
        return {
            "username": self.username,
            "created_at": to_iso(self.created_at),
            "modified_at": to_iso(self.modified_at),
            "attributes": dict(self.attributes),
            "mfa": self.mfa.to_document(),
            "pending": dict(self.pending),
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, pool_id: str, sub: str, status: str, enabled: bool, version: int
    ) -> Self:
        return cls(
            pool_id=pool_id,
            sub=sub,
            status=UserStatus(status),
            enabled=enabled,
            version=version,
            username=document["username"],
            created_at=from_iso(document["created_at"]),
            modified_at=from_iso(document["modified_at"]),
            attributes=document["attributes"],
            mfa=MfaSettings.from_document(document["mfa"]),
            pending=document["pending"],
        )


def heeds_case(pool: UserPool) -> bool:
    """Source: Cognito API reference, UsernameConfigurationType (true where it is not set)."""
    return bool(pool.settings.get("UsernameConfiguration", {}).get("CaseSensitive", True))


LONGEST_KEY = 256
"""Characters of a text that is looked for as it is: as long as a list's filter may be, and no index bursts."""
DIGESTED = "sha256:"
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def username_key(pool: UserPool, username: str) -> str:
    """The name as the pool compares it."""
    return username if heeds_case(pool) else username.casefold()


def value_key(pool: UserPool, name: str, value: str) -> str:
    """The value of an alias as the pool compares it."""
    return storable_key(value.casefold() if name in FOLDED and not heeds_case(pool) else value)


def search_key(value: str) -> str:
    """The beginning of an attribute's value as a list's filter compares it, without heed of case. What PostgreSQL's
    text does not take is replaced, so who searches by it compares the value itself in the end."""
    return UNSTORABLE.sub("\ufffd", value.casefold())[:LONGEST_KEY]


def storable_key(text: str) -> str:
    """The text, or its digest where it can't be a key: too long, or with what PostgreSQL's text does not take. A text
    that looks like a digest is digested too, so that it is nobody else's."""
    is_plain = len(text) <= LONGEST_KEY and UNSTORABLE.search(text) is None
    if is_plain and not text.startswith(DIGESTED):
        return text
    return DIGESTED + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def alias_attributes(pool: UserPool) -> frozenset[str]:
    """The attributes that are other names of a person: who owns a verified one signs in with it."""
    return frozenset(pool.settings.get("AliasAttributes", ()))


def username_attributes(pool: UserPool) -> frozenset[str]:
    """The attributes that take the place of a user name, verified or not: `email`, `phone_number`."""
    return frozenset(pool.settings.get("UsernameAttributes", ()))


def aliases(pool: UserPool, user: User) -> Iterator[tuple[str, str]]:
    """(kind, key) of every name beside the user name under which this person is to be found.

    Who comes from an identity provider has none: they sign in there, and what a provider says must neither take a
    name from somebody of this pool nor keep one from them.

    Source: Cognito developer guide, "Customizing sign-in attributes".
    """
    if user.status is UserStatus.EXTERNAL_PROVIDER:
        return
    for kind in sorted(username_attributes(pool)):
        if value := user.attributes.get(kind):
            yield kind, value_key(pool, kind, value)
    for kind in sorted(alias_attributes(pool)):
        value = user.attributes.get(kind)
        if value and (kind == PREFERRED_USERNAME or user.is_verified(kind)):
            yield kind, value_key(pool, kind, value)
