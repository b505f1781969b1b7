"""File descriptors: enough of them for many connections."""

from __future__ import annotations

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
