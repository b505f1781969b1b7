"""Who carries messages to people: e-mail and SMS, each by what is configured."""

from __future__ import annotations

from typing import Protocol

from poolhouse.core.outgoing import Outgoing


class NotTaken(Exception):
    """The carrier did not take the message. The text is for the log: it holds neither code nor address."""


class Refused(NotTaken):
    """Nor will it ever: the address is none, or its host wants nothing for it."""


class Unavailable(NotTaken):
    """Not now: it may well take it later."""


class Carrier(Protocol):
    name: str
    """For the log: `smtp`, `webhook`, `sns`."""

    async def carry(self, message: Outgoing) -> None:
        """Hand the message over; when this returns, somebody else has it. May be called again with one that
        was handed over before, where nobody knows that it was.

        Raises:
            Refused, Unavailable.
        """

    async def aclose(self) -> None:
        """Let connections go."""
