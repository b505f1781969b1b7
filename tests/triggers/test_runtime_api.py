"""Functions in processes of their own, by the Lambda Runtime API."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.browser.browser import node_environment
from tests.triggers.node_runtime import NodeRuntime, node_runtime
from tests.triggers.running import EVENT, arn_of, ask, run, running

from poolhouse.ports.functions import FunctionFailed, FunctionTimeout, FunctionUnavailable

CONFIRM = """
def handler(event, context):
    event["response"]["autoConfirmUser"] = True
    return event
"""
HELLO = '[function.hello]\nhandler = "hello.handler"\n'


def test_a_plain_handler_gets_the_event_and_its_answer_comes_back(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path, HELLO, hello=CONFIRM) as functions:
            for _ in range(3):
                answer = await ask(functions, "hello")
                assert answer["response"]["autoConfirmUser"] is True
                assert answer["request"] == EVENT["request"]

    run(work())


def test_a_handler_is_told_of_itself_as_in_aws(tmp_path: Path) -> None:
    told = """
import os
def handler(event, context):
    left = context.get_remaining_time_in_millis()
    return {
        "arn": context.invoked_function_arn, "name": context.function_name, "memory": context.memory_limit_in_mb,
        "left": 3000 < left <= 5000, "id": len(context.aws_request_id), "region": os.environ["AWS_REGION"],
        "root": os.environ["LAMBDA_TASK_ROOT"] == os.path.dirname(os.path.abspath(__file__)),
    }
"""

    async def work() -> None:
        async with running(tmp_path, HELLO, hello=told) as functions:
            assert await ask(functions, "hello") == {
                "arn": "arn:aws:lambda:us-east-1:000000000000:function:hello",
                "name": "hello",
                "memory": "256",
                "left": True,
                "id": 36,
                "region": "us-east-1",
                "root": True,
            }

    run(work())


def test_an_alias_or_version_of_an_arn_is_the_function(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path, HELLO, hello=CONFIRM) as functions:
            assert await ask(functions, "hello:live") == await ask(functions, "hello:7")
            with pytest.raises(FunctionUnavailable, match="nothing is configured") as unknown:
                await ask(functions, "other")
            assert unknown.value.cause == "AccessDeniedException"

    run(work())


def test_what_a_function_throws_is_told_in_its_own_words(tmp_path: Path) -> None:
    throws = 'def handler(event, context):\n    raise ValueError("no such company")\n'

    async def work() -> None:
        async with running(tmp_path, HELLO, hello=throws) as functions:
            for _ in range(7):  # it answers: nothing is broken
                with pytest.raises(FunctionFailed, match="^no such company$") as failed:
                    await ask(functions, "hello")
                assert failed.value.kind == "ValueError"

    run(work())


def test_as_many_events_at_once_as_it_may_have_processes(tmp_path: Path) -> None:
    slow = """
import os, time
def handler(event, context):
    time.sleep(0.3)
    return os.getpid()
"""

    async def work() -> None:
        async with running(tmp_path, HELLO + "concurrency = 2", hello=slow) as functions:
            pids = await asyncio.gather(*(ask(functions, "hello") for _ in range(4)))
            assert len(set(pids)) == 2

    run(work())


def test_a_process_killed_in_mid_call_fails_the_call_as_in_aws_and_another_takes_its_place(
    tmp_path: Path,
) -> None:
    dies = """
import os, signal
def handler(event, context):
    if event.get("die") == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if event.get("die"):
        os._exit(3)
    return os.getpid()
"""

    async def work() -> None:
        async with running(tmp_path, HELLO, hello=dies) as functions:
            first = await ask(functions, "hello")
            with pytest.raises(FunctionFailed, match="Runtime exited with error: exit status 3$") as failed:
                await ask(functions, "hello", {"die": "exit"})
            assert failed.value.kind == "Runtime.ExitError"
            with pytest.raises(FunctionFailed, match="Runtime exited with error: signal: SIGKILL$"):
                await ask(functions, "hello", {"die": "kill"})
            assert await ask(functions, "hello") != first

    run(work())


def test_a_process_that_takes_too_long_is_killed_with_its_children_and_asked_thrice(tmp_path: Path) -> None:
    hangs = """
import subprocess, sys, time, os
def handler(event, context):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    print(f"LIVES {os.getpid()} {child.pid}", flush=True)
    time.sleep(600)
"""

    async def work() -> None:
        async with running(tmp_path, HELLO + 'timeout = "1500ms"\nconcurrency = 1', hello=hangs) as functions:
            started = time.monotonic()
            with pytest.raises(FunctionTimeout):
                await ask(functions, "hello")
            assert 4.5 <= time.monotonic() - started < 20

    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    logger, keep = logging.getLogger("poolhouse.functions"), Keep()
    logger.addHandler(keep)
    logger.setLevel(logging.INFO)
    try:
        run(work())
    finally:
        logger.removeHandler(keep)
    lived = [line.split()[1:] for line in lines if line.startswith("LIVES")]
    assert 2 <= len(lived) <= 3  # the last may be killed before its line is read
    for pid in (int(pid) for pids in lived for pid in pids):
        assert not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text()


def test_an_answer_beyond_the_limit_is_a_failure_as_in_aws(tmp_path: Path) -> None:
    long = 'def handler(event, context):\n    return "x" * event["size"]\n'

    async def work() -> None:
        async with running(tmp_path, HELLO + "max_answer = 100000", hello=long) as functions:
            assert len(await ask(functions, "hello", {"size": 99_000})) == 99_000
            with pytest.raises(FunctionFailed, match="exceeded maximum allowed payload size") as failed:
                await ask(functions, "hello", {"size": 10_000_000})
            assert failed.value.kind == "Function.ResponseSizeTooLarge"
            assert len(await ask(functions, "hello", {"size": 10})) == 10  # and it goes on

    run(work())


def test_what_can_not_start_is_told_and_not_started_in_a_loop(tmp_path: Path) -> None:
    starts = """
from pathlib import Path
with open(Path(__file__).parent / "starts", "a") as file: file.write("x")
raise ImportError("no module named orders")
"""

    async def work() -> None:
        toml = f'isolation = "off"\n{HELLO}'
        async with running(tmp_path, toml, hello=starts) as functions:
            started = time.monotonic()
            while time.monotonic() - started < 2.5:
                with pytest.raises(FunctionUnavailable, match="no module named orders|again in|no answer"):
                    await ask(functions, "hello")
                await asyncio.sleep(0.01)
            assert len((tmp_path / "starts").read_text()) <= 6

    run(work())


def test_a_command_that_is_none_is_told(tmp_path: Path) -> None:
    async def work() -> None:
        toml = '[function.hello]\ncommand = "no-such-program serve"\n'
        async with running(tmp_path, toml) as functions:
            with pytest.raises(FunctionUnavailable, match="no-such-program is no program"):
                await ask(functions, "hello")

    run(work())


def test_code_that_changes_is_loaded_anew_while_it_is_watched(tmp_path: Path) -> None:
    async def work() -> None:
        module = 'def handler(event, context):\n    return "{}"\n'
        async with running(tmp_path, HELLO + "watch = true", hello=module.format("old")) as functions:
            assert await ask(functions, "hello") == "old"
            await asyncio.sleep(0.5)  # the watcher has looked once
            (tmp_path / "hello.py").write_text(module.format("newer"))
            ends = time.monotonic() + 10
            while await ask(functions, "hello") != "newer":
                assert time.monotonic() < ends
                await asyncio.sleep(0.05)

    run(work())


def test_the_runtime_of_aws_for_python_runs_unchanged(tmp_path: Path) -> None:
    async def work() -> None:
        toml = f'[function.hello]\ncommand = ["{sys.executable}", "-m", "awslambdaric", "hello.handler"]\n'
        throws = CONFIRM + "    \ndef thrower(event, context):\n    raise RuntimeError('not you')\n"
        toml += f'[function.throws]\ncommand = ["{sys.executable}", "-m", "awslambdaric", "hello.thrower"]\n'
        async with running(tmp_path, toml, hello=throws) as functions:
            for _ in range(3):
                assert (await ask(functions, "hello"))["response"]["autoConfirmUser"] is True
            with pytest.raises(FunctionFailed, match="^not you$"):
                await ask(functions, "throws")

    run(work())


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> NodeRuntime:
    """AWS's runtime for Node, and Node where commands are looked for."""
    monkeypatch.setenv("PATH", node_environment()["PATH"])
    return node_runtime()


def test_the_runtime_of_aws_for_node_runs_unchanged(tmp_path: Path, node: NodeRuntime) -> None:
    def table(handler: str, module: str = "people") -> str:
        command = json.dumps(node.command(f"{module}.{handler}"))
        return f'[function.{handler}]\nfolder = "{node.folder}"\ncommand = {command}\n'

    async def work() -> None:
        toml = table("confirm") + table("refuse") + table("absent", "nowhere")
        async with running(tmp_path, toml) as functions:
            for _ in range(3):
                response = (await ask(functions, "confirm"))["response"]
                assert response["autoConfirmUser"] is True
                assert response["about"] == {"arn": arn_of("confirm"), "left": True}
            for _ in range(2):
                with pytest.raises(FunctionFailed, match="^no such company$") as failed:
                    await ask(functions, "refuse")
                assert failed.value.kind == "Error"
            long = {**EVENT, "request": {"text": "ä" * 400_000}}
            assert (await ask(functions, "confirm", long))["request"] == long["request"]
            with pytest.raises(FunctionUnavailable, match="Cannot find module 'nowhere'"):
                await ask(functions, "absent")

    run(work())


def test_a_process_ends_with_the_server_however_that_ends(tmp_path: Path) -> None:
    stays = """
import os, threading, time
def handler(event, context):
    threading.Thread(target=time.sleep, args=(600,)).start()  # so that it would not end by itself
    return os.getpid()
"""
    (tmp_path / "hello.py").write_text(stays)
    script = f"""
import asyncio, pathlib, sys
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
from tests.triggers.running import *
async def work():
    async with running(pathlib.Path({str(tmp_path)!r}), {HELLO!r}) as functions:
        print(await ask(functions, "hello"), flush=True)
        await asyncio.sleep(600)
run(work())
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        os.kill(server.pid, signal.SIGKILL)
    ends = time.monotonic() + 10
    while Path(f"/proc/{pid}").exists() and "Z" not in Path(f"/proc/{pid}/stat").read_text():
        assert time.monotonic() < ends
        time.sleep(0.05)
