"""AWS's runtime for Node, as npm gives it, with its part in C++ compiled from the sources that the package brings.

The package's own script wants autoreconf for the curl that it brings along; CMake builds the same curl without. Headers
of Node come with Node. It takes half a minute, once: the result lies in `node_modules` until that is installed anew.
Where there is no compiler a stand-in of three requests (`node/native.cjs`) takes the place of this part, and all else
of the runtime is as it is; POOLHOUSE_TEST_NODE_RUNTIME (`make test-node-runtime`) does without stand-in.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path

from tests.browser.browser import node
from tests.triggers.npm import installed

FOLDER = Path(__file__).parent / "node"
STAND_IN = FOLDER / "native.cjs"
TOOLS = ("cmake", "make", "cc", "c++")
BUILD_LIMIT = 300
"""Seconds of one step."""
CURL = (
    *(
        "BUILD_CURL_EXE=OFF",
        "BUILD_SHARED_LIBS=OFF",
        "BUILD_TESTING=OFF",
        "CMAKE_POSITION_INDEPENDENT_CODE=ON",
    ),
    *(
        "HTTP_ONLY=ON",
        "ENABLE_IPV6=OFF",
        "ENABLE_MANUAL=OFF",
        "ENABLE_THREADED_RESOLVER=OFF",
        "ENABLE_UNIX_SOCKETS=OFF",
    ),
    *(
        "CURL_ENABLE_SSL=OFF",
        "CURL_USE_LIBPSL=OFF",
        "CURL_USE_LIBSSH2=OFF",
        "CURL_ZLIB=OFF",
        "USE_LIBIDN2=OFF",
    ),
    *(
        "CURL_DISABLE_CRYPTO_AUTH=ON",
        "CURL_DISABLE_COOKIES=ON",
        "CURL_DISABLE_PROXY=ON",
        "CURL_DISABLE_SOCKETPAIR=ON",
    ),
)
"""As the package's script configures it: HTTP without anything else."""


@dataclass(frozen=True)
class NodeRuntime:
    folder: Path
    """With `node_modules` in it."""
    is_whole: bool
    """Without stand-in."""

    def command(self, handler: str) -> list[str]:
        options = [] if self.is_whole else ["--require", f"./{STAND_IN.name}"]
        return ["node", *options, "node_modules/aws-lambda-ric/bin/index.mjs", handler]


def node_runtime() -> NodeRuntime:
    """The runtime, built the first time."""
    library = installed(FOLDER) / "node_modules" / "aws-lambda-ric"
    addon = library / "dist" / "rapid-client.node"
    must = bool(os.environ.get("POOLHOUSE_TEST_NODE_RUNTIME"))
    with (FOLDER / "package.json").open() as one_at_a_time:
        fcntl.flock(one_at_a_time, fcntl.LOCK_EX)
        if not addon.exists() and (must or all(map(shutil.which, TOOLS))):
            try:
                _build(library, addon)
            except subprocess.CalledProcessError as failed:
                if must:
                    raise AssertionError(failed.stdout[-5_000:]) from failed
                warnings.warn(
                    f"AWS's runtime for Node is not built here: {failed.stdout[-500:]}", stacklevel=2
                )
    return NodeRuntime(FOLDER, addon.exists())


def _build(library: Path, addon: Path) -> None:
    headers = Path(node()).resolve().parents[1] / "include" / "node"
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        for archive in (library / "deps").glob("*.tar.gz"):
            _run("tar", "xzf", str(archive), "--no-same-owner", "-C", folder)
        made = work / "made"
        _cmake(next(work.glob("curl-*")), made, *CURL)
        _cmake(
            next(work.glob("aws-lambda-cpp-*")), made, "CMAKE_CXX_FLAGS=-fPIC", f"CMAKE_PREFIX_PATH={made}"
        )
        archives = [str(next(made.rglob(name))) for name in ("libaws-lambda-runtime.a", "libcurl.a")]
        includes = [f"-I{each}" for each in (headers, library.parent / "node-addon-api", made / "include")]
        source, compiled = str(library / "src" / "rapid-client.cc"), work / addon.name
        # What node-gyp would do, which needs a Python older than 3.12.
        options = (
            "-shared",
            "-fPIC",
            "-O1",
            "-std=c++20",
            "-fexceptions",
            "-DNODE_GYP_MODULE_NAME=rapid_client",
        )
        _run("c++", *options, *includes, source, *archives, "-lpthread", "-ldl", "-o", str(compiled))
        there = addon.with_suffix(".new")
        shutil.copy(compiled, there)
        there.replace(addon)


def _cmake(source: Path, prefix: Path, *options: str) -> None:
    build = source / "built"
    given = [f"-D{option}" for option in (f"CMAKE_INSTALL_PREFIX={prefix}", *options)]
    _run("cmake", "-S", str(source), "-B", str(build), *given)
    _run("cmake", "--build", str(build), "--parallel", "2")
    _run("cmake", "--install", str(build))


def _run(*command: str) -> None:
    subprocess.run(
        command,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_LIMIT,
    )
