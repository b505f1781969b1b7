"""The real command, in a process and a home of its own, and a real server of its own to speak to."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest


@dataclass
class Command:
    """`command("keys", "list")` runs `poolhouse keys list` for a user who has set `environ` and nothing else."""

    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __call__(self, *arguments: str, input: str = "", **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "poolhouse", *arguments],
            env=self.whole_environ() | more,
            cwd=self.home,
            input=input,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def whole_environ(self) -> dict[str, str]:
        return {"HOME": str(self.home), "PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"} | self.environ


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


@dataclass
class Served:
    """A running `poolhouse serve`, and the command with the variables by which it finds it."""

    process: subprocess.Popen[bytes]
    command: Command
    url: str
    data_dir: Path
    log: Path

    def exports(self) -> dict[str, str]:
        lines = self.command("env").stdout.splitlines()
        return dict(line.removeprefix("export ").split("=", 1) for line in lines if line.startswith("export"))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=40)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    home = tmp_path_factory.mktemp("home")
    port = free_port()
    command = Command(home, {"POOLHOUSE_PORT": str(port), "POOLHOUSE_DATA_DIR": str(home / "data")})
    log = home / "log"
    with log.open("wb") as opened:
        process = subprocess.Popen(
            [sys.executable, "-m", "poolhouse", "serve"],
            env=command.whole_environ(),
            cwd=home,
            stdin=subprocess.DEVNULL,
            stdout=opened,
            stderr=subprocess.STDOUT,
        )
        url = f"http://localhost:{port}"
        try:
            wait_until_ready(process, url, log)
            yield Served(process, command, url, home / "data", log)
        finally:
            process.kill()
            process.wait()


def wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 60
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            with opener.open(f"{url}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(log.read_text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
