"""Packages of npm that functions of the tests need."""

from __future__ import annotations

import fcntl
import subprocess
from pathlib import Path

from tests.browser.browser import INSTALL_LIMIT, node_environment, npm


def installed(folder: Path) -> Path:
    """The folder of a lock file, with its packages in `node_modules`; they are installed the first time."""
    lock, done = folder / "package-lock.json", folder / "node_modules" / ".package-lock.json"
    with lock.open() as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not done.exists() or done.stat().st_mtime < lock.stat().st_mtime:
            installing = subprocess.run(
                [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
                cwd=folder,
                env=node_environment(),
                capture_output=True,
                text=True,
                timeout=INSTALL_LIMIT,
                check=False,
            )
            assert installing.returncode == 0, installing.stderr
    return folder
