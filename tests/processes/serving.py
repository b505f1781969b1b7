"""`poolhouse serve` in a process of its own, and what a caller needs to speak to it."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests.admin import new_admin_client
from tests.engines import PostgresServer, new_postgres_database
from tests.harness import REGION, ROOT_ID, ROOT_SECRET

READY_WITHIN = 60
"""Seconds. Generous: the machine may be busy; what is measured is printed."""
MASTER_KEY = "00" * 32


@dataclass
class Node:
    """A running server. `environ` is all that it was told."""

    process: subprocess.Popen[bytes]
    port: int
    home: Path
    environ: dict[str, str]
    started_at: float
    """Monotonic."""
    host: str = "127.0.0.1"
    clients: list[Any] = field(default_factory=list)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def data_dir(self) -> Path:
        return Path(self.environ["POOLHOUSE_DATA_DIR"])

    @property
    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")

    def cognito(self) -> Any:
        client = boto3.session.Session().client(
            "cognito-idp",
            endpoint_url=f"http://{self.host}:{self.port}",
            region_name=REGION,
            aws_access_key_id=ROOT_ID,
            aws_secret_access_key=ROOT_SECRET,
            config=Config(
                retries={"total_max_attempts": 1},
                connect_timeout=10,
                read_timeout=10,
                max_pool_connections=50,
            ),
        )
        self.clients.append(client)
        return client

    def connect(self) -> http.client.HTTPConnection:
        """Closed at the end, if the test has not."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=15)
        self.clients.append(connection)
        return connection

    def get(self, path: str) -> tuple[int, bytes]:
        connection = self.connect()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def wait_until_ready(self, within: float = READY_WITHIN) -> float:
        """Seconds since the process was started."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log
            try:
                if self.get("/readyz")[0] == 200:
                    return time.monotonic() - self.started_at
            except OSError:
                pass
            time.sleep(0.02)
        raise AssertionError(f"not ready: {self.log}")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def stop(self) -> int:
        self.process.terminate()
        return self.process.wait(40)

    def workers(self) -> list[int]:
        """The process numbers of the workers, oldest first."""
        return sorted(children_of(self.pid))


@dataclass(frozen=True)
class Machine:
    """A client that may ask for `orders/read`."""

    pool_id: str
    domain: str
    client_id: str
    secret: str


def a_machine(cognito: Any, domain: str) -> Machine:
    pool_id = cognito.create_user_pool(PoolName="orders")["UserPool"]["Id"]
    cognito.create_resource_server(
        UserPoolId=pool_id,
        Identifier="orders",
        Name="Orders",
        Scopes=[{"ScopeName": "read", "ScopeDescription": "read orders"}],
    )
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=domain)
    return another_client(cognito, pool_id, domain)


def another_client(cognito: Any, pool_id: str, domain: str) -> Machine:
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="billing",
        GenerateSecret=True,
        AllowedOAuthFlows=["client_credentials"],
        AllowedOAuthScopes=["orders/read"],
        AllowedOAuthFlowsUserPoolClient=True,
    )["UserPoolClient"]
    return Machine(pool_id, domain, client["ClientId"], client["ClientSecret"])


FORM = b"grant_type=client_credentials"


def token_request(machine: Machine) -> tuple[str, str, bytes, dict[str, str]]:
    """What `HTTPConnection.request` takes."""
    credentials = base64.b64encode(f"{machine.client_id}:{machine.secret}".encode()).decode()
    headers = {"Authorization": f"Basic {credentials}", "Content-Type": "application/x-www-form-urlencoded"}
    return "POST", f"/domains/{machine.domain}/oauth2/token", FORM, headers


def ask_for_a_token(connection: http.client.HTTPConnection, machine: Machine) -> tuple[int, dict[str, Any]]:
    """Status and document; on a connection that stays open."""
    connection.request(*token_request(machine))
    answer = connection.getresponse()
    text = answer.read()
    assert answer.getheader("Content-Type", "").startswith("application/json"), (answer.status, text)
    return answer.status, json.loads(text)


def token_of(node: Node, machine: Machine) -> tuple[int, dict[str, Any]]:
    connection = node.connect()
    try:
        return ask_for_a_token(connection, machine)
    finally:
        connection.close()


def admin_client_of(node: Node) -> Any:
    """A client of Poolhouse's own administration."""
    client = new_admin_client(
        endpoint_url=f"http://{node.host}:{node.port}",
        region_name=REGION,
        aws_access_key_id=ROOT_ID,
        aws_secret_access_key=ROOT_SECRET,
    )
    node.clients.append(client)
    return client


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environ_of(home: Path, settings: dict[str, Any]) -> dict[str, str]:
    environ = {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "POOLHOUSE_DATA_DIR": str(home / "data"),
        "POOLHOUSE_ROOT_ACCESS_KEY_ID": ROOT_ID,
        "POOLHOUSE_ROOT_SECRET_ACCESS_KEY": ROOT_SECRET,
    }
    environ |= {f"POOLHOUSE_{name.upper()}": str(value) for name, value in settings.items()}
    return {name: value for name, value in environ.items() if value != "None"}


@contextmanager
def served(home: Path, *, wait: bool = True, **settings: Any) -> Iterator[Node]:
    """A server, ready. It and its workers are gone afterwards, whatever the test did to them.

    `popen` are arguments of `Popen`, `variables` what else is in the environment; the rest are settings.
    """
    settings = dict(settings)
    popen = settings.pop("popen", {})
    variables = settings.pop("variables", {})
    port = settings.setdefault("port", free_port())
    home.mkdir(parents=True, exist_ok=True)
    environ = environ_of(home, settings) | variables
    with (home / "log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "poolhouse", "serve"],
            **{
                "env": environ,
                "cwd": home,
                "stdin": subprocess.DEVNULL,
                "stdout": log,
                "stderr": log,
                "start_new_session": True,
                # Who runs the tests under nohup ignores it, and all that they start would too.
                "preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),
                **popen,
            },
        )
    node = Node(process, int(port), home, environ, time.monotonic())
    family: set[int] = {process.pid}
    try:
        if wait:
            node.wait_until_ready()
            family.update(children_of(process.pid))
        yield node
    finally:
        for client in node.clients:
            client.close()
        family.update(children_of(process.pid))
        for pid in family - {process.pid}:
            kill(pid)
        process.kill()
        process.wait(10)


def run_to_its_end(home: Path, *arguments: str, **settings: Any) -> subprocess.CompletedProcess[str]:
    """A command that is not to go on: a start that is refused, `migrate`, `check`."""
    home.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [sys.executable, "-m", "poolhouse", *arguments],
        env=environ_of(home, settings),
        cwd=home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def children_of(pid: int) -> set[int]:
    """Of a process of ours; empty when it is gone."""
    try:
        return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}
    except OSError:
        return set()


def is_alive(pid: int) -> bool:
    """A zombie, which nobody has asked about yet, is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def resident_mib(pid: int) -> float:
    """The memory that is this process's alone, with its part of what is shared."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no Pss")


Serve = Callable[..., Node]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
    """`serve(workers=2)` starts a server with these settings and waits until it is ready."""
    numbers = itertools.count()
    with ExitStack() as stack:

        def start(home: Path | None = None, **settings: Any) -> Node:
            return stack.enter_context(served(home or tmp_path / f"node{next(numbers)}", **settings))

        yield start


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    """The settings that name a new database of the engine; every server that gets them shares it."""
    if request.param == "sqlite":
        return {"data_dir": tmp_path / "data"}
    return on_postgres(request.getfixturevalue("postgres_server"))


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> dict[str, Any]:
    return on_postgres(postgres_server)


def on_postgres(server: PostgresServer) -> dict[str, Any]:
    return {"database_url": new_postgres_database(server), "master_key": MASTER_KEY}
