"""What is left of functions when their server is killed: nothing."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.processes.serving import children_of, is_alive, served
from tests.triggers.running import run, running

TELLS = """
import json, os, subprocess, sys
from pathlib import Path

child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
Path(os.environ["HOME"], "left").write_text("behind")
told = Path("TOLD", str(os.getpid()))
told.with_suffix(".new").write_text(json.dumps([os.environ["HOME"], os.getpid(), child.pid]))
told.with_suffix(".new").rename(told)

def handler(event, context):
    return event
"""
"""It starts another process as soon as it is there, before anybody asks for it."""
PATIENCE = 30
"""Seconds, for a machine that is busy."""


def eventually(is_so: Callable[[], bool]) -> bool:
    ends = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > ends:
            return False
        time.sleep(0.02)
    return True


def functions_in(folder: Path) -> str:
    """The functions file; what they tell is in `folder / "told"`."""
    (folder / "told").mkdir(parents=True)
    (folder / "hello.py").write_text(TELLS.replace("TOLD", str(folder / "told")))
    return f'[function.hello]\nhandler = "hello.handler"\nwrite = ["{folder / "told"}"]\n'


def told_in(folder: Path) -> list[tuple[Path, list[int]]]:
    """The temporary folder of each of its processes, and that process with what it started."""
    told = [json.loads(one.read_text()) for one in (folder / "told").iterdir() if not one.suffix]
    return [(Path(home), pids) for home, *pids in told]


@pytest.mark.parametrize("workers", [1, 2])
def test_kill_9_ends_what_functions_started_and_removes_their_folders(tmp_path: Path, workers: int) -> None:
    functions = tmp_path / "functions"
    toml = functions_in(functions)
    (functions / "functions.toml").write_text(toml)
    with served(tmp_path / "node", functions_file=functions / "functions.toml", workers=workers) as node:
        assert eventually(lambda: len(told_in(functions)) >= workers)
        left = told_in(functions)
        assert all(home.is_dir() and all(map(is_alive, pids)) for home, pids in left)
        node.kill()
        assert eventually(lambda: not any(is_alive(pid) for _, pids in left for pid in pids))
        assert eventually(lambda: not any(home.exists() for home, _ in left))


def test_one_worker_that_is_killed_takes_its_functions_with_it_and_no_others(tmp_path: Path) -> None:
    functions = tmp_path / "functions"
    toml = functions_in(functions)
    (functions / "functions.toml").write_text(toml)
    with served(tmp_path / "node", functions_file=functions / "functions.toml", workers=2) as node:
        assert eventually(lambda: len(told_in(functions)) >= 2)
        victim = next(pid for pid in node.workers() if children_of(pid))
        of_victim = [one for one in told_in(functions) if one[1][0] in children_of(victim)]
        of_others = [one for one in told_in(functions) if one not in of_victim]
        assert len(of_victim) == 1
        os.kill(victim, signal.SIGKILL)
        [(home, pids)] = of_victim
        assert eventually(lambda: not any(map(is_alive, pids)) and not home.exists())
        assert all(home.is_dir() and all(map(is_alive, pids)) for home, pids in of_others)


def test_who_ends_them_is_there_again_after_being_killed_itself(tmp_path: Path) -> None:
    toml = functions_in(tmp_path) + "concurrency = 1\n"

    async def work() -> None:
        before = children_of(os.getpid())
        async with running(tmp_path, toml):
            await asyncio.to_thread(eventually, lambda: bool(told_in(tmp_path)))
            [(_, first)] = told_in(tmp_path)
            [keeper] = children_of(os.getpid()) - before - {first[0]}
            os.kill(keeper, signal.SIGKILL)
            await asyncio.to_thread(eventually, lambda: keeper not in children_of(os.getpid()))
            os.kill(first[0], signal.SIGKILL)  # another is started in its place
            await asyncio.to_thread(eventually, lambda: len(told_in(tmp_path)) == 2)
            [pids] = [pids for _, pids in told_in(tmp_path) if pids != first]
            assert len(children_of(os.getpid()) - before - {pids[0]}) == 1
        assert children_of(os.getpid()) - before == set()
        assert not any(map(is_alive, [*first, *pids]))

    run(work())


def test_a_server_that_stops_leaves_nothing_either(tmp_path: Path) -> None:
    functions = tmp_path / "functions"
    toml = functions_in(functions)
    (functions / "functions.toml").write_text(toml)
    with served(tmp_path / "node", functions_file=functions / "functions.toml") as node:
        assert eventually(lambda: bool(told_in(functions)))
        family = children_of(node.pid)
        assert len(family) == 2  # the function, and who would end it
        assert node.stop() == 0
        [(home, pids)] = told_in(functions)
        assert not home.exists()
        assert not any(map(is_alive, [*pids, *family]))
