"""A sign-in under way, between two requests of it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from poolhouse.core.secret import Secret

MARK = "AYAB"
"""With this Cognito's own sessions begin; to a client they are opaque."""
ID_SIZE = 16
SECRET_SIZE = 32


@dataclass(frozen=True, slots=True)
class Session:
    pool_id: str
    id: str
    client_id: str
    sub: str | None
    """Whose sign-in it is; None where nobody has the name that was given."""
    step: str
    """What the next request has to answer: a challenge's name, or a step of ours."""
    state: Mapping[str, Any] = field(repr=False)
    """What the step needs to know; sealed in the database."""
    created_at: datetime
    expires_at: datetime
    version: int = 1


@dataclass(frozen=True, slots=True)
class Ticket:
    """What the client holds: which session, and the proof that it is theirs. Each step gives a new proof."""

    id: str
    secret: Secret

    @property
    def session(self) -> str:
        """As `Session` carries it."""
        return MARK + base64.urlsafe_b64encode(self._bytes()).decode()

    @property
    def block(self) -> str:
        """As `SECRET_BLOCK` carries it: some clients send no Session with an answer to SRP."""
        return base64.b64encode(self._bytes()).decode()

    def _bytes(self) -> bytes:
        return bytes.fromhex(self.id + self.secret.reveal())


def new_ticket(id: bytes, secret: bytes) -> Ticket:
    return Ticket(id.hex(), Secret(secret.hex()))


def ticket_of_session(text: str) -> Ticket | None:
    """The ticket that `Ticket.session` wrote; None for any other text."""
    if not text.startswith(MARK):
        return None
    return _ticket(text[len(MARK) :].encode("ascii", "replace"), b"-_")


def ticket_of_block(text: str) -> Ticket | None:
    """The ticket that `Ticket.block` wrote; None for any other text."""
    return _ticket(text.encode("ascii", "replace"), b"+/")


def _ticket(text: bytes, altchars: bytes) -> Ticket | None:
    try:
        content = base64.b64decode(text, altchars=altchars, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(content) != ID_SIZE + SECRET_SIZE:
        return None
    return new_ticket(content[:ID_SIZE], content[ID_SIZE:])
