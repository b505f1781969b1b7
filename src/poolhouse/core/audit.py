"""Who did what, when and from where: written with what it tells of, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Self

from poolhouse.core.dispatches import Dispatch, DispatchKind
from poolhouse.core.documents import to_iso


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """Named as CloudTrail names it, since those who audit Cognito know those names. Holds no secret."""

    id: str
    """UUIDv7: sorts by time."""
    at: datetime
    account_id: str
    region: str
    event_source: str
    """`cognito-idp.amazonaws.com`, or `poolhouse`."""
    event_name: str
    """The operation, as `CreateUserPool`."""
    actor: str
    """The caller's ARN, or `anonymous`."""
    source_ip_address: str
    request_id: str
    pool_id: str | None = None
    request_parameters: Mapping[str, Any] | None = None
    """What was asked, without any secret member."""
    access_key_id: str | None = None
    """The key that signed. The ARN holds but the key's user name, which whoever makes a key may choose."""
    sub: str | None = None
    """Whom it concerns, of the pool's people."""
    client_id: str | None = None
    user_agent: str | None = None
    error_code: str | None = None
    """What the caller heard; None where what was asked was done."""
    additional: Mapping[str, Any] | None = None
    """What else is to be known, as `{"ChallengeName": "SMS_MFA"}`."""
    is_told: bool = False
    """Whether the webhook of events hears of it. Not kept."""

    def about(self, sub: str | None) -> Self:
        return self if sub is None else replace(self, sub=sub)

    def to_event(self) -> dict[str, Any]:
        """The record as CloudTrail would write it. Source: AWS CloudTrail user guide, "CloudTrail record contents"."""
        event: dict[str, Any] = {
            "eventID": self.id,
            "eventTime": to_iso(self.at),
            "eventSource": self.event_source,
            "eventName": self.event_name,
            "awsRegion": self.region,
            "recipientAccountId": self.account_id,
            "sourceIPAddress": self.source_ip_address,
            "userAgent": self.user_agent,
            "userIdentity": {"arn": self.actor},
            "requestID": self.request_id,
            "requestParameters": None if self.request_parameters is None else dict(self.request_parameters),
            "errorCode": self.error_code,
        }
        if self.access_key_id is not None:
            event["userIdentity"]["accessKeyId"] = self.access_key_id
        about = {"userPoolId": self.pool_id, "sub": self.sub, "clientId": self.client_id}
        event["additionalEventData"] = {
            **{name: value for name, value in about.items() if value is not None},
            **(self.additional or {}),
        }
        return {name: value for name, value in event.items() if value is not None}

    def to_dispatch(self) -> Dispatch:
        return Dispatch(
            id=self.id,
            kind=DispatchKind.AUDIT,
            type=f"audit.{self.event_name}",
            data=self.to_event(),
            created_at=self.at,
        )
