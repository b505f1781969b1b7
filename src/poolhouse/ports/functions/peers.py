"""Who is at the other end of a connection over loopback: whether it is one of a function's own processes.

The kernel says which socket a connection's other end is, and a process's descriptors say whose socket that is. No
other process of this user can pass for it: a function is in a Landlock domain of its own, and holds no descriptor of
another's.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

TABLES = {"/proc/net/tcp": "", "/proc/net/tcp6": "::ffff:"}
"""And how an address of IPv4 begins there: a program may have connected by a socket of IPv6."""
LOCAL, REMOTE, INODE = 1, 2, 9
"""Columns of the kernel's table."""

End = tuple[str, int]
"""An address of IPv4 and a port. The port alone would be anybody's: each address of 127.0.0.0/8 has its own ports."""


def is_of_session(session: int, of: End, to: End) -> bool:
    """Whether the process that connected from the one end to the other belongs to the session. Reads files: for a
    thread. True where the system has no way to say."""
    if not sys.platform.startswith("linux"):
        return True
    found = _socket(of, to)
    return found is not None and any(_holds(pid, found) for pid in _processes(session))


def _socket(of: End, to: End) -> str | None:
    for table, prefix in TABLES.items():
        ends = _as_listed(prefix, of), _as_listed(prefix, to)
        try:
            lines = Path(table).read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if (columns[LOCAL], columns[REMOTE]) == ends:
                return f"socket:[{columns[INODE]}]"
    return None


def _as_listed(prefix: str, end: End) -> str:
    """As the kernel prints it: the address as numbers of four bytes, in its own order of bytes."""
    packed = socket.inet_pton(socket.AF_INET6 if prefix else socket.AF_INET, prefix + end[0])
    words = (int.from_bytes(packed[at : at + 4], sys.byteorder) for at in range(0, len(packed), 4))
    return "".join(f"{word:08X}" for word in words) + f":{end[1]:04X}"


def _processes(session: int) -> Iterator[int]:
    """Those of the session, its leader first: as a rule the only one that asks."""
    yield session
    for name in os.listdir("/proc"):
        if name.isdigit() and int(name) != session:
            try:
                if os.getsid(int(name)) == session:
                    yield int(name)
            except OSError:
                continue  # it has ended


def _holds(pid: int, held: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(f"{folder}/{name}") == held:
                return True
        except OSError:
            continue
    return False
