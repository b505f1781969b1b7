"""A message on its way to a person, as it waits in the outbox and as it lies in the local inbox."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any, Self, get_args

from poolhouse.core.messages import Medium, Purpose

HEAD_START = timedelta(seconds=30)
"""How long a new message is left to the process that wrote it."""


class Outcome(Enum):
    """What became of an attempt to deliver."""

    DELIVERED = auto()
    REFUSED = auto()
    """For ever: it is out of the outbox."""
    PUT_OFF = auto()
    """It will be tried again, or somebody else has it."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a function of the pool is told that sends the message itself. About a person, so hardly in its repr."""

    source: str
    """What the event's triggerSource ends with: `SignUp`."""
    username: str = field(repr=False)
    attributes: Mapping[str, str] = field(repr=False)
    sdk: str
    """`callerContext.awsSdkVersion`."""
    metadata: Mapping[str, str] | None = field(default=None, repr=False)

    def to_document(self) -> dict[str, Any]:
        return {
            "source": self.source,
            "username": self.username,
            "attributes": dict(self.attributes),
            "sdk": self.sdk,
            "metadata": self.metadata,
        }


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What it says is hidden from its repr: it holds a code, and somebody's address."""

    id: str
    """A UUID that sorts by time. A carrier that is given one message twice can tell by it."""
    pool_id: str
    medium: Medium
    purpose: Purpose
    created_at: datetime
    expires_at: datetime
    """When it is no longer worth sending."""
    destination: str = field(repr=False)
    subject: str = field(repr=False)
    body: str = field(repr=False)
    code: str = field(repr=False)
    """What `body` carries; "" for nothing."""
    username: str = field(repr=False)
    client_id: str | None = None
    """The app client at which it was asked for."""
    sender: str | None = None
    """The From of an e-mail where the pool has its own: an address, perhaps with a name."""
    reply_to: str | None = None
    configuration_set: str | None = None
    """EmailConfiguration.ConfigurationSet."""
    sns_region: str | None = None
    """SmsConfiguration.SnsRegion."""
    details: Mapping[str, str] | None = field(default=None, repr=False)
    """What threat protection tells of a sign-in, as a CustomEmailSender hears it (userAttributes); of other messages
    nothing."""
    told: Told | None = None
    """For the pool's function, where the pool had one for this medium as the message was written."""
    attempts: int = 0
    """How often it was tried to deliver it."""

    def to_document(self) -> dict[str, Any]:
        """The part that is sealed; id, pool, times and attempts are columns."""
        document = {
            "medium": self.medium,
            "purpose": self.purpose.value,
            "destination": self.destination,
            "subject": self.subject,
            "body": self.body,
            "code": self.code,
            "username": self.username,
            "client_id": self.client_id,
            "sender": self.sender,
            "reply_to": self.reply_to,
            "configuration_set": self.configuration_set,
            "sns_region": self.sns_region,
            "details": None if self.details is None else dict(self.details),
            "told": None if self.told is None else self.told.to_document(),
        }
        return {name: value for name, value in document.items() if value is not None}

    @classmethod
    def from_document(
        cls,
        document: Mapping[str, Any],
        *,
        id: str,
        pool_id: str,
        created_at: datetime,
        expires_at: datetime,
        attempts: int = 0,
    ) -> Self:
        assert document["medium"] in get_args(Medium)
        told = document.get("told")
        return cls(
            id=id,
            pool_id=pool_id,
            created_at=created_at,
            expires_at=expires_at,
            attempts=attempts,
            **{
                **document,
                "purpose": Purpose(document["purpose"]),
                "told": None if told is None else Told(**told),
            },
        )
