"""How a command fails."""

from __future__ import annotations

FAILED = 1
USAGE = 2


class CommandFailed(Exception):
    """Shown on standard error as it is, without a trace; the text says what to do."""
