"""The runtime interface emulator of AWS itself, with a function of Python's in it."""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.triggers.running import ask, run, running

from poolhouse.ports.functions import FunctionFailed

TOOLS = Path(__file__).parents[2] / ".tools"
MODULE = "github.com/aws/aws-lambda-runtime-interface-emulator/cmd/aws-lambda-rie@v0.0.0-20261030222936-bef5c4ba774d"
CODE = """
def handler(event, context):
    if event["userName"] == "eva":
        raise ValueError("no such company")
    event["response"]["autoConfirmUser"] = True
    return event
"""


@pytest.fixture(scope="module")
def emulator() -> Path:
    """The emulator, compiled once; test processes that run side by side wait for the first."""
    if shutil.which("go") is None:
        pytest.skip("go is not installed: AWS's emulator is not tried")
    TOOLS.mkdir(exist_ok=True)
    program = TOOLS / "aws-lambda-rie"
    with (TOOLS / "aws-lambda-rie.lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not program.exists():
            environment = {**os.environ, "GOBIN": str(TOOLS)}
            command = ["go", "install", MODULE]
            done = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=300, check=False
            )
            if done.returncode != 0:
                pytest.skip(f"AWS's emulator can't be had: {done.stderr[-200:]}")
    return program


@pytest.fixture
def url(emulator: Path, tmp_path: Path) -> Iterator[str]:
    (tmp_path / "hello.py").write_text(CODE)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        api = free.getsockname()[1]
    runtime = [sys.executable, "-m", "awslambdaric", "hello.handler"]
    addresses = [
        "--runtime-interface-emulator-address",
        f"127.0.0.1:{port}",
        "--runtime-api-address",
        f"127.0.0.1:{api}",
    ]
    environment = {**os.environ, "AWS_LAMBDA_FUNCTION_TIMEOUT": "30"}
    with subprocess.Popen(
        [emulator, *addresses, *runtime],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            ends = time.monotonic() + 20
            while True:
                try:
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                except OSError:
                    assert time.monotonic() < ends
                    time.sleep(0.05)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def test_a_function_in_aws_s_emulator_is_asked_and_heard(url: str, tmp_path: Path) -> None:
    async def work() -> None:
        toml = f'[function.hello]\nlambda = "{url}"\nfunction = "function"\n'
        async with running(tmp_path, toml) as functions:
            for _ in range(2):
                answer = await ask(functions, "hello", {"userName": "ana", "response": {}})
                assert answer == {"userName": "ana", "response": {"autoConfirmUser": True}}
            with pytest.raises(FunctionFailed, match="^no such company$") as failed:
                await ask(functions, "hello", {"userName": "eva"})
            assert failed.value.kind == "ValueError"

    run(work())
