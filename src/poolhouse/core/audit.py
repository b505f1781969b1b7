"""Who changed what, when and from where: written with the change, in the same transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


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
