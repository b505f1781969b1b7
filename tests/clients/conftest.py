"""Other people's clients: one server for all of them, and ways to run the AWS CLI and Node's."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.clients.pocket import Pocket, a_pocket
from tests.harness import RunningServer, running_server
from tests.people.authenticator_app import the_clock_goes_back

PROGRAMS = Path(sys.executable).parent
NODE = Path(__file__).parent.parent / "node"
OLDEST_NODE = 20
INSTALL_LIMIT = 300
"""Seconds."""

NodeScript = Callable[..., Any]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """On one engine only: a client can't tell which it is."""
    with running_server(tmp_path_factory.mktemp("data")) as server:
        yield server


@pytest.fixture
def shell(server: RunningServer, tmp_path: Path) -> dict[str, str]:
    """The environment after `eval "$(poolhouse env)"`, in the home of a person who has configured nothing."""
    return {
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "LANG": "C.UTF-8",
        "AWS_CONFIG_FILE": str(tmp_path / "no-config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no-credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_PAGER": "",
        "AWS_ENDPOINT_URL": server.base_url,
        "AWS_ACCESS_KEY_ID": server.access_key_id,
        "AWS_SECRET_ACCESS_KEY": server.secret_access_key,
        "AWS_DEFAULT_REGION": server.region,
    }


def aws(shell: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAMS / "aws"), *arguments]
    return subprocess.run(command, env=shell, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def pocket(server: RunningServer) -> Iterator[Pocket]:
    """What a person has at hand who signs in by a script of Node's."""
    with the_clock_goes_back(server), a_pocket(server) as pocket:
        yield pocket


@pytest.fixture(scope="session")
def node() -> NodeScript:
    """Runs a script of tests/node: `node("jsonwebtoken", tokens=…)` gives what it answers."""
    missing = [program for program in ("node", "npm") if shutil.which(program) is None]
    if missing:
        pytest.skip(f"{' and '.join(missing)} not installed: Node's clients are not tried")
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    if int(version.lstrip("v").partition(".")[0]) < OLDEST_NODE:
        pytest.skip(f"Node {version.strip()} is too old for the AWS SDK, which wants {OLDEST_NODE}")
    _install()

    def run(script: str, **given: Any) -> Any:
        done = subprocess.run(
            ["node", f"{script}.mjs"],
            cwd=NODE,
            input=json.dumps(given),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def _install() -> None:
    """The packages of the lock file, once; test processes that run side by side wait for the first."""
    lock, installed = NODE / "package-lock.json", NODE / "node_modules" / ".package-lock.json"
    with lock.open() as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
            return
        done = subprocess.run(
            ["npm", "ci"], cwd=NODE, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False
        )
        assert done.returncode == 0, done.stderr
