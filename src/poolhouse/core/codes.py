"""Codes that are sent to people: six digits, bound to whom, what for and where they went.

A code proves that a person reads what comes to an address. So its hash holds the address, too: a code that went to
one address proves nothing about another.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Self

from poolhouse.core.credentials import Code
from poolhouse.core.errors import (
    CodeMismatchException,
    CognitoError,
    ExpiredCodeException,
    LimitExceededException,
)
from poolhouse.core.ids import Random, random_text
from poolhouse.core.secret import Secret
from poolhouse.core.users import User

DIGITS = "0123456789"
LENGTH = 6

SIGN_UP = "sign_up"
RESET = "reset"
SIGN_UP_LIFETIME = timedelta(hours=24)
RESET_LIFETIME = timedelta(hours=1)
VERIFICATION_LIFETIME = timedelta(hours=24)
"""Source: Cognito quotas page, "Validity of tokens and codes"."""

REPEATED_WITHIN = timedelta(seconds=60)
"""Who asks again so soon gets the same code again: whichever of the two messages is read first, it is good."""

MAX_TRIES = 15
MAX_SENDINGS = 5
MAX_SENDINGS_TO_ONE_ADDRESS = 20
PER = timedelta(hours=1)
"""15 tries of a million codes, at most 30 where two windows meet: an attacker's chance stays below 1 in 30,000 an
hour. Source: Cognito quotas page, "Additional quotas"; the third is our own, against mail bombing."""

ATTEMPT_LIMIT = "Attempt limit exceeded, please try after some time."


def verification_of(attribute: str) -> str:
    """The purpose of a code that proves `email` or `phone_number`."""
    return f"verify:{attribute}"


class Refusal(Enum):
    """Why a code was not accepted. It is told after the commit that counts the attempt."""

    WRONG = "wrong"
    EXPIRED = "expired"
    """Or used, never asked for, sent to an address that is no longer the person's."""
    TOO_MANY = "too many"

    def error(self) -> CognitoError:
        match self:
            case Refusal.WRONG:
                return CodeMismatchException()
            case Refusal.EXPIRED:
                return ExpiredCodeException()
            case Refusal.TOO_MANY:
                return LimitExceededException(ATTEMPT_LIMIT)


@dataclass(frozen=True, slots=True)
class Sent:
    """What is sealed beside a code's hash."""

    code: Secret
    attribute: str
    """`email` or `phone_number`."""
    destination: str

    def to_secret(self) -> Secret:
        content = {
            "code": self.code.reveal(),
            "attribute": self.attribute,
            "destination": self.destination,
        }
        return Secret(json.dumps(content))

    @classmethod
    def from_secret(cls, sealed: Secret) -> Self:
        content: Mapping[str, str] = json.loads(sealed.reveal())
        return cls(Secret(content["code"]), content["attribute"], content["destination"])

    @property
    def proved(self) -> tuple[str, str]:
        """What the code proves: an attribute's value."""
        return self.attribute, self.destination

    def is_still_of(self, user: User) -> bool:
        """Whether the address is the person's, or would be theirs once it is verified."""
        return self.destination in (
            user.attributes.get(self.attribute),
            user.pending.get(self.attribute),
        )


def new_code(random: Random) -> str:
    return random_text(random, DIGITS, LENGTH)


def code_hash(key: bytes, user: User, purpose: str, sent: Sent, code: str) -> bytes:
    """HMAC-SHA256 of a code with all that it is bound to. JSON, so that no two contents have one spelling."""
    bound = [user.pool_id, user.sub, purpose, sent.attribute, sent.destination, code]
    return hmac.digest(key, json.dumps(bound).encode(), hashlib.sha256)


def name_digest(key: bytes, name: str) -> str:
    """What stands in the database for a name or an address that may be nobody's: it can't be read back."""
    return hmac.digest(key, json.dumps(["name", name]).encode(), hashlib.sha256).hex()


def may_repeat(code: Code, attribute: str, destination: str, now: datetime) -> bool:
    """Whether a new request within a minute is for the very thing that the last code was sent for."""
    sent = Sent.from_secret(code.detail)
    same = (sent.attribute, sent.destination) == (attribute, destination)
    return same and code.created_at <= now < code.created_at + REPEATED_WITHIN and now < code.expires_at


def judge(
    key: bytes, user: User, purpose: str, code: Code | None, presented: str, now: datetime
) -> Refusal | None:
    """Why `presented` is not accepted; None where it is right."""
    if code is None or now >= code.expires_at:
        return Refusal.EXPIRED
    sent = Sent.from_secret(code.detail)
    if not sent.is_still_of(user):
        return Refusal.EXPIRED
    # In a time that does not depend on where they differ.
    if not hmac.compare_digest(code.hash, code_hash(key, user, purpose, sent, presented)):
        return Refusal.WRONG
    return None
