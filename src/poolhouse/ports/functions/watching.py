"""Notices that a folder's files have changed, for functions that are being written."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from pathlib import Path

LOOKS_EVERY = 0.3
"""Seconds."""
AT_MOST = 5_000
"""Files that are looked at."""
NOT_CODE = frozenset(
    {"__pycache__", "node_modules", ".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache"}
)


class Watcher:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._task: asyncio.Task[None] | None = None

    def start(self, changed: Callable[[], None]) -> None:
        self._task = asyncio.get_running_loop().create_task(self._watch(changed))

    async def aclose(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _watch(self, changed: Callable[[], None]) -> None:
        known = await asyncio.to_thread(files, self._folder)
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            now = await asyncio.to_thread(files, self._folder)
            if now != known:
                known = now
                changed()


def files(folder: Path) -> Mapping[str, tuple[int, int]]:
    """Each file's time and size."""
    found: dict[str, tuple[int, int]] = {}
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in NOT_CODE]
        for name in names:
            path = os.path.join(parent, name)
            try:
                stat = os.stat(path)
            except OSError:
                continue
            found[path] = (stat.st_mtime_ns, stat.st_size)
            if len(found) >= AT_MOST:
                return found
    return found
