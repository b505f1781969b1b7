"""One process of a function: started, given an event at a time, killed when it takes too long."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from poolhouse.ports.functions.keeper import Keeper
from poolhouse.ports.functions.peers import End, is_of_session
from poolhouse.ports.functions.port import FunctionFailed, FunctionTimeout
from poolhouse.ports.functions.runtime_api import Conversation
from poolhouse.ports.functions.shutting_in import NoSuchCommand, Shell
from poolhouse.ports.functions.webhook import function_error

STARTS_WITHIN = 10.0
"""Seconds from its start until it asks for its first event. Source: AWS Lambda developer guide, the Init phase."""
LINE = 8 * 1024
"""Bytes of its output that are one line of the log at most."""
OUTPUT_RATE = 256 * 1024
"""Bytes of output a second that are read; a process that writes more waits."""

LOOPBACK = "127.0.0.1"
CONNECTIONS, CONNECTIONS_OF_EVENT = 100, 10
"""That a process may make, and so many more for each event: a shell script makes two."""

log = logging.getLogger("poolhouse.functions")


@dataclass(frozen=True, slots=True)
class About:
    """What is the same for all processes of a function."""

    name: str
    arn: str
    shell: Shell
    timeout: float
    """Seconds that an event may take, after which the process is killed."""
    max_answer: int
    keeper: Keeper


class FunctionProcess:
    """`on_ready` is told each time it asks for an event, `on_end` once. Belongs to one event loop."""

    def __init__(
        self,
        about: About,
        on_ready: Callable[[FunctionProcess], None],
        on_end: Callable[[FunctionProcess], None],
    ) -> None:
        self._about, self._on_ready, self._on_end = about, on_ready, on_end
        self.was_ready = False
        self.reason = ""
        """Why it ended, in a few words."""
        self.is_retired = False
        """It is to go once it has answered."""
        self._process: asyncio.subprocess.Process | None = None
        self._listener: asyncio.Server | None = None
        self._waiting: Conversation | None = None
        self._conversations: set[Conversation] = set()
        self._connections, self._events = 0, 0
        self._invocation = ""
        self._answer: asyncio.Future[bytes] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._temporary = ""
        self._output: asyncio.Task[None] | None = None
        self._pipe: asyncio.ReadTransport | None = None

    @property
    def is_idle(self) -> bool:
        return self._waiting is not None and self._waiting.is_open()

    @property
    def is_busy(self) -> bool:
        return self._answer is not None

    def start(self) -> asyncio.Task[None]:
        """Its whole life; who asks for it keeps it."""
        return asyncio.get_running_loop().create_task(self._live())

    def give(self, event: bytes, seconds: float = 0.0) -> asyncio.Future[bytes]:
        """Its answer, or FunctionFailed, or FunctionTimeout. Only while it is idle. It has the time that is configured
        though who asks waits for less, and `seconds` where they wait for longer."""
        assert self._waiting is not None
        loop = asyncio.get_running_loop()
        conversation, self._waiting = self._waiting, None
        self._invocation = str(uuid.uuid4())
        self._events += 1
        self._answer = loop.create_future()
        # Whoever asked may have gone by the time that it fails.
        self._answer.add_done_callback(lambda answer: answer.cancelled() or answer.exception())
        allowed = max(self._about.timeout, seconds)
        self._arm(allowed, "no answer in time")
        conversation.give(self._invocation, event, allowed)
        return self._answer

    def retire(self) -> None:
        self.is_retired = True
        if not self.is_busy:
            self.kill("it is replaced")

    def kill(self, why: str) -> None:
        self.reason = self.reason or why
        if self._process is not None and self._process.returncode is None:
            # It leads a session of its own, which it made before it ran anything of the function.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    # What the process says.

    def wants_event(self, conversation: Conversation) -> bool:
        if self._waiting is conversation:
            return False
        if self._answer is not None:
            self._fail(
                FunctionFailed("the runtime asked for the next event and gave no answer", "Runtime.ExitError")
            )
        self.was_ready = True
        self._disarm()
        if self._waiting is not None:
            self._waiting.close()  # it has given that one up
        self._waiting = conversation
        if self.is_retired:
            self.kill("it is replaced")
        else:
            self._on_ready(self)
        return True

    def answered(self, invocation: str, answer: bytes) -> bool:
        if self._answer is None or invocation != self._invocation:
            return False
        self._settled(self._answer, answer)
        return True

    def threw(self, invocation: str, error: bytes, kind: str) -> bool:
        if self._answer is None or invocation != self._invocation:
            return False
        self._fail(function_error(error, kind))
        return True

    def too_long(self, invocation: str) -> bool:
        most = self._about.max_answer
        if self._answer is None or invocation != self._invocation:
            return False
        self._fail(
            FunctionFailed(
                f"Response payload size exceeded maximum allowed payload size ({most} bytes).",
                "Function.ResponseSizeTooLarge",
            )
        )
        return True

    def failed_to_start(self, error: bytes) -> None:
        failed = function_error(error)
        self.reason = self.reason or f"it can't start: {failed.kind}: {failed.message}"[:500]

    # Its life.

    async def _live(self) -> None:
        try:
            await self._about.keeper.start()
            self._temporary = await asyncio.to_thread(tempfile.mkdtemp, prefix="poolhouse-function-")
            self._about.keeper.know(self._temporary)
            loop = asyncio.get_running_loop()
            self._listener = await loop.create_server(self._converse, LOOPBACK, 0, backlog=8)
            api = f"{LOOPBACK}:{self._port}"
            shell = self._about.shell
            read, write = os.pipe()
            try:
                await self._hear_output(read)
                self._process = await asyncio.create_subprocess_exec(
                    *shell.arguments(self._temporary),
                    env=shell.variables(self._temporary, api),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=write,
                    stderr=write,
                    start_new_session=True,
                )
            finally:
                os.close(write)
            self._about.keeper.know(self._temporary, self._process.pid)
            if self.reason:
                self.kill(self.reason)  # it was told to end before there was anything to kill
            self._arm(STARTS_WITHIN, f"it asked for no event within {STARTS_WITHIN:.0f} s")
            await self._process.wait()
        except (OSError, NoSuchCommand) as failed:
            self.reason = f"it can't be started: {failed}"
        finally:
            await self._end()

    async def _end(self) -> None:
        self._disarm()
        how = self._how_it_ended()
        if self._process is not None:
            # Its children, if it left any.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._about.keeper.know(self._temporary)
        if self._answer is not None:
            text = f"RequestId: {self._invocation} Error: Runtime exited {how}"
            self._fail(FunctionFailed(text, "Runtime.ExitError"))
        self.reason = self.reason or f"it ended {how}"
        self._waiting = None
        if self._listener is not None:
            self._listener.close()
        for conversation in list(self._conversations):
            conversation.close()
        self._on_end(self)
        if self._output is not None:
            await asyncio.wait([self._output], timeout=0.5)  # what it said last is often why
            self._output.cancel()
            assert self._pipe is not None
            self._pipe.close()
        if self._temporary:
            await asyncio.to_thread(shutil.rmtree, self._temporary, ignore_errors=True)
            self._about.keeper.forget(self._temporary)

    def _how_it_ended(self) -> str:
        code = None if self._process is None else self._process.returncode
        if code is None or code == 0:
            return "without providing a reason"
        if code < 0:
            return f"with error: signal: {signal.Signals(-code).name}"
        return f"with error: exit status {code}"

    @property
    def _port(self) -> int:
        assert self._listener is not None
        port: int = self._listener.sockets[0].getsockname()[1]
        return port

    def _converse(self) -> asyncio.Protocol:
        return Conversation(
            self, self._about.arn, self._about.max_answer, self._may_speak, self._conversations
        )

    async def _may_speak(self, peer: End) -> bool:
        if self._process is None:
            return False
        is_ours = await asyncio.to_thread(is_of_session, self._process.pid, peer, (LOOPBACK, self._port))
        if is_ours:
            self._connections += 1
            if self._connections > CONNECTIONS + CONNECTIONS_OF_EVENT * self._events:
                self.kill("it connects again and again")  # which costs the server more than it
        return is_ours

    async def _hear_output(self, descriptor: int) -> None:
        # A pipe of our own and not asyncio's: a child that the process leaves behind may hold its other end.
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader(LINE)
        self._pipe, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(descriptor, "rb", 0)
        )
        self._output = loop.create_task(self._log_output(stream))

    async def _log_output(self, stream: asyncio.StreamReader) -> None:
        loop = asyncio.get_running_loop()
        rest, read, since = b"", 0, loop.time()
        while chunk := await stream.read(LINE):
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > LINE:
                lines, rest = [*lines, rest], b""
            for line in lines:
                self._log_line(line)
            read += len(chunk)
            if read > OUTPUT_RATE:
                await asyncio.sleep(max(0.0, since + 1 - loop.time()))
                read, since = 0, loop.time()
        if rest:
            self._log_line(rest)

    def _log_line(self, line: bytes) -> None:
        log.info("%s", line.decode("utf-8", "replace"), extra={"function": self._about.name})

    # Outcomes and time.

    def _settled(self, answer: asyncio.Future[bytes], value: bytes | Exception) -> None:
        self._disarm()
        self._answer, self._invocation = None, ""
        if answer.done():
            return
        if isinstance(value, Exception):
            answer.set_exception(value)
        else:
            answer.set_result(value)

    def _fail(self, failed: Exception) -> None:
        assert self._answer is not None
        self._settled(self._answer, failed)

    def _arm(self, seconds: float, why: str) -> None:
        self._disarm()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._late, why)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self, why: str) -> None:
        if self._answer is not None:
            self._fail(FunctionTimeout(why))
        self.kill(why)
