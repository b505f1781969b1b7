"""Who is at the other end of a connection over loopback: whether it is one of a function's own processes.

The kernel says which socket a connection's other end is, and a process's descriptors say whose socket that is. No
other process of this user can pass for it: a function is in a Landlock domain of its own, and holds no descriptor of
another's.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

TABLES = ("/proc/net/tcp", "/proc/net/tcp6")
LOCAL, REMOTE, INODE = 1, 2, 9
"""Columns of the kernel's table."""


def is_of_session(session: int, from_port: int, to_port: int) -> bool:
    """Whether the process that connected from the one port to the other belongs to the session. Reads files: for a
    thread. True where the system has no way to say."""
    if not sys.platform.startswith("linux"):
        return True
    socket = _socket(from_port, to_port)
    return socket is not None and any(_holds(pid, socket) for pid in _processes(session))


def _socket(from_port: int, to_port: int) -> str | None:
    ends = (f":{from_port:04X}", f":{to_port:04X}")
    for table in TABLES:
        try:
            lines = Path(table).read_text().splitlines()
        except OSError:
            continue
        for line in lines:
            columns = line.split()
            if columns[LOCAL].endswith(ends[0]) and columns[REMOTE].endswith(ends[1]):
                return f"socket:[{columns[INODE]}]"
    return None


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


def _holds(pid: int, socket: str) -> bool:
    folder = f"/proc/{pid}/fd"
    try:
        names = os.listdir(folder)
    except OSError:
        return False
    for name in names:
        try:
            if os.readlink(f"{folder}/{name}") == socket:
                return True
        except OSError:
            continue
    return False
