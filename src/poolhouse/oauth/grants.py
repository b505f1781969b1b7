"""What a grant is: what is peculiar to it, and no more. The endpoint does what all have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.http import Request
from poolhouse.operation import Parts


@dataclass(frozen=True, slots=True)
class Grant:
    name: str
    """The `grant_type`."""
    flow: str | None
    """What the client's AllowedOAuthFlows must hold; None where the sign-in that goes on has said it."""
    authorize: Callable[[Parts, Request, ClientSnapshot, Mapping[str, str]], Awaitable[Mapping[str, Any]]]
    """The answer's members."""
    is_for_public: bool = True
    """Whether a client without a secret, which anybody can say to be, may use it."""
