"""What the figures were taken on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

from cryptography.hazmat.backends.openssl import backend

LIBRARIES = ("poolhouse", "cryptography", "uvicorn", "uvloop", "httptools", "orjson", "sqlalchemy")


def machine() -> dict[str, str]:
    return {
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory()} GiB, {platform.system()} {platform.machine()}",
        "Python": platform.python_version(),
        "OpenSSL": backend.openssl_version_text().removeprefix("OpenSSL "),
        "libraries": ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        "node": _node(),
    }


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
