"""SIGHUP: the terminal went away. A server that was started on one ends with it; any other goes on.

Nothing is read again: the certificate is by itself, and all other settings are those of the start.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable
from typing import Any

log = logging.getLogger("poolhouse")


def end_with_the_terminal(
    set_handler: Callable[[Callable[..., None]], Any], stop: Callable[[], None]
) -> None:
    """`set_handler` makes a function the handler of SIGHUP, in the way of the caller's loop."""
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return  # nohup: whoever started us wants it ignored
    set_handler(_on_terminal(stop) if _is_terminal(0) else _elsewhere)


def _on_terminal(stop: Callable[[], None]) -> Callable[..., None]:
    return lambda *_: stop()


def _elsewhere(*_: object) -> None:
    log.info("SIGHUP changes nothing: settings are read at the start, a renewed certificate by itself")


def _is_terminal(descriptor: int) -> bool:
    try:
        return os.isatty(descriptor)
    except OSError:
        return False
