"""`poolhouse demo`: shows the whole way, on the running server, or on one that lives as long as the demo."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from poolhouse.cli.client import add_server, connected
from poolhouse.cli.demo_screen import Screen
from poolhouse.cli.demo_walk import Walk
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.fetching import fetch, is_poolhouse
from poolhouse.cli.settings import settings_from
from poolhouse.cli.terminal import Style
from poolhouse.cli.whereabouts import Whereabouts, root_keys, whereabouts
from poolhouse.config import Settings, load

STARTS_WITHIN = 30.0
"""Seconds, on a busy machine."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_server(parser)
    parser.add_argument("--keep", action="store_true", help="leave the pool, its client and domain in place")
    parser.add_argument(
        "--own",
        action="store_true",
        help="start a server for the demo in a temporary folder, even if one runs",
    )


def run(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments)
    screen = Screen(Style(sys.stdout))
    endpoint = arguments.endpoint_url or os.environ.get("AWS_ENDPOINT_URL") or settings.public_url
    with contextlib.ExitStack() as stack:
        if not arguments.own and is_poolhouse(endpoint):
            place = whereabouts(settings, arguments.endpoint_url)
            screen.opening(f"on the server at {place.endpoint}")
            keep = arguments.keep
        else:
            place = stack.enter_context(own_server())
            why = "" if arguments.own else f"no server answers at {endpoint}, so "
            screen.opening(f"{why}on a server of its own at {place.endpoint}, in a temporary folder")
            keep = True  # it goes with its folder
        with connected("cognito-idp", place) as cognito:
            walk = Walk(cognito, place.endpoint, screen)
            try:
                walk.go()
            finally:
                if not keep:
                    walk.clean_up()
        if arguments.keep and not arguments.own:
            screen.closing(walk.how_to_clean_up())
    return 0


@contextlib.contextmanager
def own_server() -> Iterator[Whereabouts]:
    """A server in a process and a folder of its own; both are gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="poolhouse-demo-") as name:
        folder = Path(name)
        (folder / "poolhouse.toml").touch()
        environ = {key: value for key, value in os.environ.items() if not key.startswith("POOLHOUSE_")}
        environ |= {
            "POOLHOUSE_CONFIG": str(folder / "poolhouse.toml"),
            "POOLHOUSE_DATA_DIR": str(folder / "data"),
            "POOLHOUSE_PORT": str(_free_port()),
            "POOLHOUSE_LOG_FORMAT": "text",
        }
        settings = load({}, environ)
        with (folder / "log").open("w+b") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "poolhouse", "serve"],
                env=environ,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for the demo; it then stops its server in order.
                start_new_session=True,
            )
            try:
                _wait_until_ready(process, settings, folder / "log")
                yield Whereabouts(settings.public_url, settings.region, root_keys(settings))
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=10)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()


def _wait_until_ready(process: subprocess.Popen[bytes], settings: Settings, log: Path) -> None:
    deadline = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise CommandFailed(
                f"the demo's server could not start:\n{log.read_text(errors='replace')[-2000:]}"
            )
        with contextlib.suppress(CommandFailed):
            if fetch(f"{settings.public_url}/readyz", timeout=2).status == 200:
                return
        time.sleep(0.05)
    raise CommandFailed(f"the demo's server is not ready:\n{log.read_text(errors='replace')[-2000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
