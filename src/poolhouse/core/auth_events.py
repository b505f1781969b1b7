"""What people did to get in: the history of one person that administrators read, and give feedback on.

Source: Cognito developer guide, "Viewing and exporting user event history"; API reference, AuthEventType.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, Self

from poolhouse.core.base64url import base64url
from poolhouse.core.documents import from_iso, to_iso
from poolhouse.core.pools import UserPool
from poolhouse.core.user_agents import device_name

Kind = Literal["SignIn", "SignUp", "ForgotPassword", "PasswordChange", "ResendCode"]
Outcome = Literal["Pass", "Fail", "InProgress"]
Challenge = tuple[Literal["Password", "Mfa"], Literal["Success", "Failure"]]
Feedback = Literal["Valid", "Invalid"]
MOST_CHALLENGES = 20
"""That one event tells of: whoever guesses codes on and on adds no more."""
EVENT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Risk:
    """What threat protection thought of it."""

    decision: Literal["NoRisk", "AccountTakeover", "Block"] = "NoRisk"
    level: Literal["Low", "Medium", "High"] | None = None
    compromised: bool = False
    """Whether the password is known to have been found by others."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a request came from."""

    address: str = ""
    user_agent: str = ""
    device_id: str = ""
    """What stands for the device, where its application said so (EncodedData)."""
    has_context: bool = False
    """Whether the request came with UserContextData or ContextData."""

    @property
    def device(self) -> str:
        return device_name(self.user_agent)


@dataclass(frozen=True, slots=True)
class GivenFeedback:
    value: Feedback
    provider: str
    """`Admin`, or `User` for who has it by the link of a notification."""
    at: datetime


@dataclass(frozen=True, slots=True)
class AuthEvent:
    pool_id: str
    sub: str
    id: str
    """A UUID that sorts by time. Of a sign-in by the API it is the `event_id` of the tokens, too."""
    kind: Kind
    created_at: datetime
    outcome: Outcome
    client_id: str
    username: str
    request_id: str
    origin: Origin = Origin()
    challenges: tuple[Challenge, ...] = ()
    risk: Risk = Risk()
    provider: str = ""
    """The identity provider that vouched for the person; "" for the pool itself."""
    feedback: GivenFeedback | None = None

    def went_on(self, outcome: Outcome, challenges: tuple[Challenge, ...], risk: Risk | None) -> AuthEvent:
        """The event after one more step."""
        return replace(
            self,
            outcome=outcome,
            challenges=(*self.challenges, *challenges)[:MOST_CHALLENGES],
            risk=self.risk if risk is None else risk,
        )

    def to_document(self) -> dict[str, Any]:
        """The part that is one JSON text in the database."""
        feedback = self.feedback
        return {
            "outcome": self.outcome,
            "client_id": self.client_id,
            "username": self.username,
            "request_id": self.request_id,
            "address": self.origin.address,
            "user_agent": self.origin.user_agent,
            "device_id": self.origin.device_id,
            "has_context": self.origin.has_context,
            "challenges": [list(challenge) for challenge in self.challenges],
            "risk": {
                "decision": self.risk.decision,
                "level": self.risk.level,
                "compromised": self.risk.compromised,
            },
            "provider": self.provider,
            "feedback": None
            if feedback is None
            else {"value": feedback.value, "provider": feedback.provider, "at": to_iso(feedback.at)},
        }

    @classmethod
    def from_document(
        cls, document: Mapping[str, Any], *, pool_id: str, sub: str, id: str, kind: Kind, created_at: datetime
    ) -> Self:
        feedback = document["feedback"]
        return cls(
            pool_id=pool_id,
            sub=sub,
            id=id,
            kind=kind,
            created_at=created_at,
            outcome=document["outcome"],
            client_id=document["client_id"],
            username=document["username"],
            request_id=document["request_id"],
            origin=Origin(
                document["address"],
                document["user_agent"],
                document["device_id"],
                document["has_context"],
            ),
            challenges=tuple((name, result) for name, result in document["challenges"]),
            risk=Risk(**document["risk"]),
            provider=document["provider"],
            feedback=None
            if feedback is None
            else GivenFeedback(feedback["value"], feedback["provider"], from_iso(feedback["at"])),
        )


def are_recorded(pool: UserPool) -> bool:
    """Whether the pool keeps a history: threat protection watches, or acts.

    Source: Cognito API reference, UserPoolAddOnsType.
    """
    return pool.settings.get("UserPoolAddOns", {}).get("AdvancedSecurityMode", "OFF") != "OFF"


def feedback_token(key: bytes, pool_id: str, sub: str, event_id: str) -> str:
    """What lets whoever has it say, once or again, whether an event was the person's own doing: for the links of a
    notification. Good for this event alone."""
    about = "/".join((pool_id, sub, event_id)).encode()
    return base64url(hmac.digest(key, about, hashlib.sha256))


def is_feedback_token(key: bytes, pool_id: str, sub: str, event_id: str, presented: str) -> bool:
    expected = feedback_token(key, pool_id, sub, event_id)
    return hmac.compare_digest(expected.encode(), presented.encode("utf-8", "surrogatepass"))
