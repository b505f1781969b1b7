"""Says that the database of a folder is in use, to whoever would replace it: a lock on the folder itself, held for as
long as a process has the database open, and gone with the process whatever becomes of it."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class InUse:
    """A share of the lock: any number of processes have the database open at once, or one replaces it."""

    def __init__(self, folder: Path, *, alone: bool = False) -> None:
        """Raises:
        BlockingIOError: somebody else has the database open (or, for a share, is replacing it).
        """
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._descriptor, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
