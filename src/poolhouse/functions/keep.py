"""Ends what a server that is killed leaves behind: `python -I -S keep.py`, with a pipe from the server as its input.

Each line is `["/tmp/poolhouse-function-…", 1234]`: a temporary folder and the session that uses it; null, where none
does yet or any more; or `["/tmp/poolhouse-function-…"]`: it is gone. When the pipe ends, the server has, however it
did; what is known then is ended and removed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable

TRIES, PAUSE = 50, 0.02
"""How often a session is looked at until all of it has ended, and the seconds between."""


def main() -> None:
    # Who stops the server may tell all of its processes so; this one ends when the server has.
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    known: dict[str, int | None] = {}
    for line in sys.stdin.buffer:
        folder, *session = json.loads(line)
        if session:
            known[folder] = session[0]
        else:
            known.pop(folder, None)
    end([session for session in known.values() if session])
    for folder in known:
        shutil.rmtree(folder, ignore_errors=True)


def end(sessions: Iterable[int]) -> None:
    """Kill each with all its children, and wait for a while until they are gone: what still runs could write to its
    folder."""
    left = list(sessions)
    for _ in range(TRIES):
        left = [session for session in left if _killed(session)]
        if not left:
            return
        time.sleep(PAUSE)


def _killed(session: int) -> bool:
    """Whether there was anything to kill."""
    try:
        os.killpg(session, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
