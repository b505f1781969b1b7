"""What a function can't reach: tried from inside one."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.triggers.running import ask, run, running

from poolhouse.functions import confine
from poolhouse.ports.functions import build
from poolhouse.ports.functions.configuration import Configured, FunctionsFile
from poolhouse.ports.functions.process import LINE, OUTPUT_RATE

TRIES = """
import ctypes, os, socket
from pathlib import Path

def handler(event, context):
    try:
        return {"got": str(DOES[event["do"]](event.get("with")))[:2000]}
    except BaseException as failed:
        return {"failed": type(failed).__name__, "errno": getattr(failed, "errno", None)}

def attach(pid):
    result = ctypes.CDLL(None, use_errno=True).ptrace(16, pid, 0, 0)
    if result: raise OSError(ctypes.get_errno(), "ptrace")
    return "attached"

def abstract(name):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\\0" + name)
    return "connected"

def link(paths):
    os.link(*paths)
    return Path(paths[1]).read_text()

def eat(size):
    return len(bytearray(size))

DOES = {
    "read": lambda path: Path(path).read_text(errors="replace"),
    "write": lambda path: Path(path).write_text("x"),
    "list": os.listdir,
    "follow": os.readlink,
    "environment": lambda _: sorted(os.environ),
    "parent": lambda _: os.getppid(),
    "attach": attach,
    "memory": lambda pid: open(f"/proc/{pid}/mem", "rb").read(10),
    "kill": lambda pid: os.kill(pid, 0),
    "descriptors": lambda _: sorted(os.listdir("/proc/self/fd")),
    "abstract": abstract,
    "symlink": lambda paths: (os.symlink(*paths), Path(paths[1]).read_text())[1],
    "link": link,
    "eat": eat,
    "capabilities": lambda _: [l for l in open("/proc/self/status") if l.startswith(("CapEff", "CapBnd", "NoNewPrivs"))],
    "home": lambda _: Path.home(),
}
"""
HELLO = '[function.hello]\nhandler = "hello.handler"\n'

needs_landlock = pytest.mark.skipif(confine.version() == 0, reason="the kernel has no Landlock")
REFUSED = {1, 13}
"""EPERM, EACCES."""


def what_it_gets(folder: Path, toml: str, *asked: tuple[str, Any], **modules: str) -> list[dict[str, Any]]:
    """What a function gets that does each of these."""
    got: list[dict[str, Any]] = []

    async def work() -> None:
        async with running(folder, toml, hello=TRIES, **modules) as functions:
            for do, what in asked:
                got.append(await ask(functions, "hello", {"do": do, "with": what}))

    run(work())
    return got


def is_refused(answer: dict[str, Any]) -> bool:
    return answer.get("errno") in REFUSED


@needs_landlock
def test_a_function_reads_neither_the_database_nor_the_master_key_nor_the_settings(tmp_path: Path) -> None:
    data = tmp_path / "data"  # beside its code, as in a checkout
    data.mkdir()
    (data / "master.key").write_text("the master key")
    (data / "poolhouse.db").write_text("the database")
    answers = what_it_gets(
        tmp_path,
        HELLO,
        ("read", str(data / "master.key")),
        ("read", str(data / "poolhouse.db")),
        ("write", str(data / "poolhouse.db")),
        ("write", str(data / "new")),
        ("read", str(tmp_path / "functions.toml")),
        ("symlink", [str(data / "master.key"), "/tmp/../proc/self/cwd/link"]),
        ("read", "/proc/self/cwd/data/master.key"),
        ("read", str(tmp_path / "hello.py")),
    )
    for answer in answers[:-1]:
        assert is_refused(answer), answer
    assert "handler" in answers[-1]["got"]
    assert (data / "poolhouse.db").read_text() == "the database"


@needs_landlock
def test_a_link_to_a_secret_in_its_temporary_folder_opens_nothing(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    key = tmp_path / "data/master.key"
    key.write_text("the master key")
    [home] = what_it_gets(tmp_path, HELLO, ("home", None))
    assert "poolhouse-function-" in home["got"]
    assert not Path(home["got"]).exists()  # it went with the process
    linking = TRIES.replace('event.get("with")', '[event["with"], str(Path.home() / event["do"])]')

    async def work() -> None:
        async with running(tmp_path, HELLO, hello=linking) as functions:
            for how in ("symlink", "link"):
                answer = await ask(functions, "hello", {"do": how, "with": str(key)})
                assert is_refused(answer) or answer.get("errno") == 18, (how, answer)

    run(work())


@needs_landlock
def test_a_function_sees_nothing_of_the_server_s_process(tmp_path: Path) -> None:
    environment = {**os.environ, "POOLHOUSE_MASTER_KEY": "the master key"}
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, env=environment) as stranger:
        for pid in (os.getpid(), stranger.pid):
            answers = what_it_gets(
                tmp_path,
                HELLO,
                ("read", f"/proc/{pid}/environ"),
                ("memory", pid),
                ("read", f"/proc/{pid}/maps"),
                ("follow", f"/proc/{pid}/fd/0"),
                ("list", f"/proc/{pid}/root/"),
                ("attach", pid),
                *([("kill", pid)] if confine.version() >= 6 else []),
            )
            for answer in answers:
                assert is_refused(answer), answer
        stranger.kill()


@needs_landlock
def test_functions_see_nothing_of_each_other(tmp_path: Path) -> None:
    toml = HELLO + 'environment = {KEY = "of hello"}\n' + HELLO.replace("hello]", "other]")

    async def work() -> None:
        async with running(
            tmp_path, toml, hello=TRIES + "\nDOES['pid'] = lambda _: os.getpid()"
        ) as functions:
            pid = int((await ask(functions, "hello", {"do": "pid"}))["got"])
            home = (await ask(functions, "hello", {"do": "home"}))["got"]
            for do, what in (
                ("read", f"/proc/{pid}/environ"),
                ("memory", pid),
                ("attach", pid),
                ("list", home),
            ):
                assert is_refused(await ask(functions, "other", {"do": do, "with": what})), do

    run(work())


@needs_landlock
def test_what_the_operator_lists_can_be_read_and_written(tmp_path: Path) -> None:
    code, shared = tmp_path / "code", tmp_path / "shared"
    code.mkdir()
    shared.mkdir()
    (shared / "data").write_text("of all")
    refused = what_it_gets(code, HELLO, ("read", str(shared / "data")))
    assert is_refused(refused[0])
    toml = HELLO + f'read = ["{shared}"]\n'
    read, written = what_it_gets(code, toml, ("read", str(shared / "data")), ("write", str(shared / "x")))
    assert read == {"got": "of all"}
    assert is_refused(written)
    toml = HELLO + f'write = ["{shared}"]\n'
    assert "got" in what_it_gets(code, toml, ("write", str(shared / "x")))[0]


@needs_landlock
def test_an_abstract_socket_of_the_machine_is_out_of_reach(tmp_path: Path) -> None:
    if confine.version() < 6:
        pytest.skip("this Landlock knows no scopes")
    name = f"poolhouse-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("\0" + name)
        listening.listen()
        assert is_refused(what_it_gets(tmp_path, HELLO, ("abstract", name))[0])


@pytest.mark.skipif(not confine.can_hold(), reason="seccomp here is of another processor")
def test_a_socket_in_the_file_system_is_out_of_reach_unless_it_is_listed(tmp_path: Path) -> None:
    """A database that knows its users by their processes asks there for no password."""
    connects = (
        TRIES
        + """
def unix(path):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
    return "connected"
DOES["unix"] = unix
DOES["pair"] = lambda _: [end.close() for end in socket.socketpair()]
DOES["uring"] = lambda _: ctypes.CDLL(None, use_errno=True).syscall(425, 1, None) and ctypes.get_errno()
"""
    )
    code, path = tmp_path / "code", str(tmp_path / "of-others")
    code.mkdir()

    def what(toml: str, *asked: tuple[str, Any]) -> list[dict[str, Any]]:
        got: list[dict[str, Any]] = []

        async def work() -> None:
            async with running(code, toml, hello=connects) as functions:
                for do, argument in asked:
                    got.append(await ask(functions, "hello", {"do": do, "with": argument}))

        run(work())
        return got

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)
        listening.listen()
        refused, pair, uring = what(HELLO, ("unix", path), ("pair", None), ("uring", None))
        assert is_refused(refused), refused
        assert pair == {"got": "[None, None]"}, "what a program talks to its own children by"
        assert uring == {"got": "38"}, "it opens sockets past every filter"
        assert what(HELLO + f'write = ["{path}"]\n', ("unix", path)) == [{"got": "connected"}]


def test_the_environment_is_clean_and_no_descriptor_is_inherited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POOLHOUSE_MASTER_KEY", "the master key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "the server's")
    with (tmp_path / "open").open("w") as inherited:
        os.set_inheritable(inherited.fileno(), True)
        environment, descriptors = what_it_gets(
            tmp_path, HELLO + 'environment = {TABLE = "orders"}', ("environment", None), ("descriptors", None)
        )
    names = environment["got"]
    assert "POOLHOUSE" not in names
    assert "SECRET" not in names
    assert "TABLE" in names
    # Standard files, the connection to the server, and what lists them.
    assert len(descriptors["got"].split()) == 5


def test_a_function_has_no_more_rights_than_a_user_and_gets_no_more(tmp_path: Path) -> None:
    [answer] = what_it_gets(tmp_path, HELLO, ("capabilities", None))
    assert "CapEff:\\t0000000000000000" in answer["got"]
    assert "CapBnd:\\t0000000000000000" in answer["got"] or os.getuid() != 0
    assert "NoNewPrivs:\\t1" in answer["got"]


def test_memory_has_a_limit_and_the_process_lives_on(tmp_path: Path) -> None:
    toml = HELLO + "memory = 100\n"
    enough, too_much = what_it_gets(tmp_path, toml, ("eat", 10_000_000), ("eat", 200_000_000))
    assert enough == {"got": "10000000"}
    assert too_much["failed"] == "MemoryError"


def test_processes_have_a_limit(tmp_path: Path) -> None:
    limits = (
        TRIES + '\nimport resource\nDOES["limit"] = lambda _: resource.getrlimit(resource.RLIMIT_NPROC)[1]'
    )

    async def work() -> None:
        async with running(tmp_path, HELLO, hello=limits) as functions:
            most = int((await ask(functions, "hello", {"do": "limit"}))["got"])
            assert 0 < most < 100_000

    run(work())


def test_nobody_else_can_take_a_function_s_events(tmp_path: Path) -> None:
    address = TRIES + '\nDOES["address"] = lambda _: os.environ["AWS_LAMBDA_RUNTIME_API"]'

    async def work() -> None:
        toml = HELLO + HELLO.replace("hello]", "other]")
        thief = (
            address
            + """
def take(address):
    import http.client
    connection = http.client.HTTPConnection(address, timeout=2)
    connection.request("GET", "/2018-06-01/runtime/invocation/next")
    return connection.getresponse().read()
DOES["take"] = take
"""
        )
        async with running(tmp_path, toml, hello=thief) as functions:
            at = (await ask(functions, "hello", {"do": "address"}))["got"]
            answer = await ask(functions, "other", {"do": "take", "with": at})
            assert answer["failed"] in ("RemoteDisconnected", "ConnectionResetError"), answer
            own = await asyncio.to_thread(
                subprocess.run,
                [
                    sys.executable,
                    "-c",
                    f"{thief}\nprint(handler(dict(do='take', **{{'with': {at!r}}}), None))",
                ],
                capture_output=True,
                text=True,
                check=True,
            )
            assert "RemoteDisconnected" in own.stdout or "ConnectionResetError" in own.stdout, own.stdout
            assert (await ask(functions, "hello", {"do": "parent"}))["got"] == str(os.getpid())

    run(work())


def test_who_connects_from_the_same_port_at_another_address_is_no_process_of_the_function(
    tmp_path: Path,
) -> None:
    """All of 127.0.0.0/8 is this machine: a port alone names no connection."""
    where = (
        TRIES
        + """
def connections(_):
    own = {os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if name != "255"
           if os.path.islink(f"/proc/self/fd/{name}")}
    port = int(os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")[1])
    for line in open("/proc/net/tcp"):
        columns = line.split()
        if f"socket:[{columns[9]}]" in own and columns[2].endswith(f":{port:04X}"):
            return f"{int(columns[1].split(':')[1], 16)} {port}"
DOES["connections"] = connections
"""
    )

    def take(address: str, from_port: int, port: int) -> bytes:
        with socket.socket() as thief:
            thief.settimeout(0.5)
            thief.bind((address, from_port))
            try:
                thief.connect(("127.0.0.1", port))
                thief.sendall(b"GET /nothing HTTP/1.1\r\nhost: here\r\n\r\n")
                return thief.recv(1000)
            except OSError:
                return b""

    async def work() -> None:
        async with running(tmp_path, HELLO, hello=where) as functions:
            from_port, port = (await ask(functions, "hello", {"do": "connections"}))["got"].split()
            for number in range(2, 22):  # the kernel's table has no order that could be relied upon
                heard = await asyncio.to_thread(take, f"127.0.0.{number}", int(from_port), int(port))
                assert heard == b"", f"127.0.0.{number} was heard"
            assert (await ask(functions, "hello", {"do": "parent"}))["got"] == str(os.getpid())

    run(work())


@pytest.mark.skipif(not confine.can_hold(), reason="seccomp here is of another processor")
def test_what_a_function_leaves_behind_dies_with_it_however_it_hides(tmp_path: Path) -> None:
    """A child that begins a session, or a group, of its own would be out of reach of who kills the function's."""
    leaving = (
        TRIES
        + """
import subprocess, time
def leave(how):
    child = os.fork()
    if child == 0:
        how()
        if os.fork() == 0:
            time.sleep(600)
        os._exit(0)
    os.waitpid(child, 0)
    return "left"
DOES["session"] = lambda _: leave(os.setsid)
DOES["group"] = lambda _: leave(os.setpgrp)
DOES["new"] = lambda _: subprocess.Popen(["sleep", "600"], start_new_session=True).pid and "left"
"""
    )

    def left() -> list[int]:
        return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if is_at_home(pid)]

    def is_at_home(pid: int) -> bool:
        try:
            return os.readlink(f"/proc/{pid}/cwd") == str(tmp_path)
        except OSError:
            return False

    async def work() -> None:
        async with running(tmp_path, HELLO, hello=leaving) as functions:
            for how in ("session", "group", "new"):
                assert (await ask(functions, "hello", {"do": how}))["got"] == "left"
            assert len(left()) == 4

    run(work())
    give_up = time.monotonic() + 5
    while left() and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not left()


def test_a_function_that_floods_its_output_is_held_up_and_not_the_server(tmp_path: Path) -> None:
    floods = """
import threading
def flood():
    while True: print("x" * 1000)
def handler(event, context):
    if event.get("flood"): threading.Thread(target=flood, daemon=True).start()
    return "answer"
"""

    lines: list[str] = []
    heard = logging.Handler()
    heard.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("poolhouse.functions")
    level = logger.level

    async def work() -> None:
        toml = HELLO + HELLO.replace("hello]", "other]")
        async with running(tmp_path, toml, hello=floods) as functions:
            await ask(functions, "hello", {"flood": True})
            for _ in range(100):
                assert await ask(functions, "other", {}) == "answer"
                await asyncio.sleep(0.01)

    logger.addHandler(heard)
    logger.setLevel(logging.INFO)
    started = time.monotonic()
    try:
        run(work())
    finally:
        logger.removeHandler(heard)
        logger.setLevel(level)
    seconds = time.monotonic() - started
    assert 200 < len(lines) < (seconds + 1) * (OUTPUT_RATE + LINE) / 1000


def test_where_isolation_is_required_and_there_is_none_nothing_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    function = Configured(name="hello", arn="arn", way="handler", handler="hello.handler")
    monkeypatch.setattr(confine, "version", lambda: 0)
    assert "required" in (build.isolation_problem(FunctionsFile((function,), "required")) or "")
    assert build.isolation_problem(FunctionsFile((function,), "possible")) is None
    assert "no Landlock" in (build.isolation_warning(FunctionsFile((function,), "possible")) or "")
    assert build.isolation_warning(FunctionsFile((), "possible")) is None
    monkeypatch.setattr(confine, "version", lambda: 7)
    assert build.isolation_problem(FunctionsFile((function,), "required")) is None
    assert build.isolation_warning(FunctionsFile((function,), "possible")) is None
    assert "off" in (build.isolation_warning(FunctionsFile((function,), "off")) or "")


HOSTILE = r"""
import os, socket
from urllib.parse import quote

REQUESTS = {
    "garbage": b"\x00\xff\r\n\r\n",
    "other paths": b"GET / HTTP/1.1\r\nhost: x\r\n\r\nPOST /2018-06-01/runtime/invocation/../../x HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n",
    "an answer to nothing": b"POST /2018-06-01/runtime/invocation/0000/response HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
    "a failure of nothing": b"POST /2018-06-01/runtime/invocation/0000/error HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}",
    "an endless header": b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nx: " + b"x" * 5_000_000,
    "an endless path": b"GET /" + b"x" * 5_000_000,
    "two lengths": b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n12",
    "an upgrade": b"GET / HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
}

def handler(event, context):
    host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
    heard = {}
    for name, request in REQUESTS.items():
        with socket.create_connection((host, int(port)), 2) as connection:
            try:
                connection.sendall(request)
                heard[name] = connection.recv(12).decode()
            except OSError as failed:
                heard[name] = type(failed).__name__
    many = [socket.create_connection((host, int(port)), 2) for _ in range(30)]
    for connection in many: connection.close()
    return heard
"""


def test_a_hostile_runtime_harms_nobody(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path, HELLO, hello=HOSTILE) as functions:
            for _ in range(2):
                heard = await ask(functions, "hello")
                assert heard["other paths"] == "HTTP/1.1 404"
                assert heard["an answer to nothing"] == "HTTP/1.1 400"
                assert heard["a failure of nothing"] == "HTTP/1.1 400"
                cut = ("", "ConnectionResetError", "BrokenPipeError")
                for name in ("garbage", "an endless header", "an endless path", "two lengths"):
                    assert heard[name] in cut, (name, heard[name])

    run(work())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="prctl is of Linux")
def test_a_server_with_functions_can_not_be_looked_into() -> None:
    program = (
        "from poolhouse.functions import confine; confine.hide(); print(confine._libc().prctl(3, 0, 0, 0, 0))"
    )
    asked = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert asked.stdout == "0\n"
