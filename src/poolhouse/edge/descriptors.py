"""File descriptors: enough of them for many connections, and the first three for nobody else."""

from __future__ import annotations

import os
import resource

OTHERS = 256
"""What a process needs besides its connections: database, log, libraries."""


def allow_connections(count: int) -> None:
    """Raise this process's own limit (as a rule 1024) as far as `count` connections need and the hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + OTHERS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def occupy_standard_ones() -> None:
    """Where standard input, output or error was closed by whoever started us, the next file would take its number,
    and what is written to the log would go into that file, or to a caller."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number there is: this one
