"""What a grant is: what is peculiar to it, and no more. The endpoint does what all have in common."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from poolhouse.core.snapshots import ClientSnapshot
from poolhouse.operation import Parts
from poolhouse.userpools.machine_tokens import IssuedToken


@dataclass(frozen=True, slots=True)
class Grant:
    name: str
    """The `grant_type`."""
    flow: str
    """What the client's AllowedOAuthFlows must hold."""
    authorize: Callable[[Parts, ClientSnapshot, Mapping[str, str]], Awaitable[IssuedToken]]
