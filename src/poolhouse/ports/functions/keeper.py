"""Who ends functions when the server is killed: a process beside it that knows their sessions and their folders.

A function's process dies with the server by itself (`PR_SET_PDEATHSIG`); what it started does not, nor does its
temporary folder go.
"""

from __future__ import annotations

import asyncio
import sys

import orjson

from poolhouse.functions import keep


class Keeper:
    """Belongs to one event loop."""

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._known: dict[str, int | None] = {}
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Have the process beside the server, if it is not there yet, or any more. Raises OSError."""
        async with self._starting:
            if self._pipe() is not None:
                return
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", keep.__file__),
                env={},
                cwd="/",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
                start_new_session=True,
            )
            for folder, session in self._known.items():
                self._tell(folder, session)

    def know(self, folder: str, session: int | None = None) -> None:
        """A temporary folder, and the session that uses it, if one does."""
        self._known[folder] = session
        self._tell(folder, session)

    def forget(self, folder: str) -> None:
        """It is gone."""
        self._known.pop(folder, None)
        self._tell(folder)

    async def aclose(self) -> None:
        """Whatever it still knows ends."""
        if self._process is None or (pipe := self._pipe()) is None:
            return
        pipe.close()
        try:
            await asyncio.wait_for(self._process.wait(), 5)
        except TimeoutError:
            pass  # it goes on by itself

    def _pipe(self) -> asyncio.StreamWriter | None:
        """To the process, while it is there."""
        if self._process is None or self._process.returncode is not None:
            return None
        pipe = self._process.stdin
        return None if pipe is None or pipe.is_closing() else pipe

    def _tell(self, *line: str | int | None) -> None:
        if (pipe := self._pipe()) is not None:
            pipe.write(orjson.dumps(line) + b"\n")
