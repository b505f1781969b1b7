"""Servers under measurement: started, watched through /proc, and ended by the pid that was started."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
NANOSECONDS = 1_000_000_000
GRACE = 10.0
"""Seconds a server has to end after SIGTERM."""


class ServerFailed(Exception):
    """A server did not start, or ended by itself; the text has the end of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def family(self) -> list[int]:
        """The server's process and all below it."""
        return list(_family(self.process.pid))

    def check(self) -> None:
        if self.process.poll() is not None:
            tail = self.log.read_bytes()[-2_000:].decode(errors="replace")
            raise ServerFailed(f"ended with {self.process.returncode}: {self.process.args!r}\n{tail}")

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(GRACE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@contextmanager
def serving(
    command: Sequence[str], port: int, log: Path, environment: Mapping[str, str], cwd: Path | None = None
) -> Iterator[Server]:
    """The server, from its start (not awaited) to its end."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=dict(environment), cwd=cwd
        )
    server = Server(process, port, log)
    try:
        yield server
    finally:
        server.end()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(server: Server, request: bytes, limit: float = 60.0) -> None:
    """Until the server answers the raw `request` with 200. Asked every few milliseconds, for the start is timed.

    Raises:
        ServerFailed: it ended, or did not answer in time.
    """
    ends = time.monotonic() + limit
    while time.monotonic() < ends:
        server.check()
        try:
            with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
                connection.sendall(request)
                if connection.recv(4_096).startswith(b"HTTP/1.1 200"):
                    return
        except OSError:
            pass
        time.sleep(0.003)
    raise ServerFailed(f"no answer in {limit:.0f} s: {server.process.args!r}")


def cpu_seconds(pid: int) -> float:
    """User and system time that the process has used, all its threads together."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / NANOSECONDS
    except FileNotFoundError:  # a kernel without scheduler statistics: the same in ticks of 10 ms
        # The second field is the program's name in parentheses and may hold spaces.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS


@dataclass(frozen=True, slots=True)
class Memory:
    rss: int
    """Bytes that the process has in memory, shared pages included."""
    pss: int
    """Bytes, a page shared by n processes counted as 1/n: what a process adds to the machine's use."""


def memory(pid: int) -> Memory:
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, _, size = line.partition(":")
        sizes[name] = int(size.split()[0]) * 1024
    return Memory(sizes["Rss"], sizes["Pss"])


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")


def _family(pid: int) -> Iterator[int]:
    yield pid
    for task in Path(f"/proc/{pid}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _family(int(child))
