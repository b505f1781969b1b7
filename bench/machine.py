"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

TICKS = os.sysconf("SC_CLK_TCK")
LIBRARIES = ("poolhouse", "cryptography", "uvicorn", "uvloop", "httptools", "orjson", "sqlalchemy")


def machine() -> dict[str, str]:
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB, {platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "OpenSSL": backend.openssl_version_text().removeprefix("OpenSSL "),
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "node": _node(),
    }


class Neighbours:
    """How busy the machine was with anything else since this was made.

    Their work drives ours out of the CPU's caches, which a server feels more than a bare signature does: so
    figures of a busy machine are too high, and say so.
    """

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._others_before = _busy_seconds() - _own_seconds()

    def share(self) -> float:
        """Of all cores' time. To be asked when all that was started has ended, for only then is it known as ours."""
        others = _busy_seconds() - _own_seconds() - self._others_before
        return max(0.0, others / (time.monotonic() - self._began) / (os.cpu_count() or 1))


def _busy_seconds() -> float:
    """All cores' time since the start of the machine that was neither idle nor waiting; what a hypervisor took counts."""
    user, nice, system, _, _, *rest = map(int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9])
    return (user + nice + system + sum(rest)) / TICKS


def _own_seconds() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def _memory() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024**3


def _node() -> str:
    node = shutil.which("node")
    if node is None:
        return "not installed"
    done = subprocess.run([node, "--version"], capture_output=True, text=True, check=True, timeout=10)
    return done.stdout.strip()
