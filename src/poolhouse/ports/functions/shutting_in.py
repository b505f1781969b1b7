"""What the process of a function may see: its command, its environment, and the files that it can open."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from poolhouse.functions import confine

SYSTEM = (
    "/usr",
    "/lib",
    "/lib32",
    "/lib64",
    "/bin",
    "/sbin",
    "/nix/store",
    "/proc",
    "/sys/fs/cgroup",
    "/sys/devices/system/cpu",
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
)
"""What programs and their libraries read. Not /etc and /opt as a whole: other programs' secrets are there."""
PROGRAMS = Path(confine.__file__).parent
USUAL_PATH = "/usr/local/bin:/usr/bin:/bin"


class NoSuchCommand(Exception):
    """The text says which."""


@dataclass(frozen=True, slots=True)
class Shell:
    """How a function's processes are shut in. Paths are absolute."""

    command: tuple[str, ...]
    folder: Path
    environment: Mapping[str, str]
    memory: int
    """Bytes, of each process."""
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    is_shut_in: bool = True

    def arguments(self, temporary: str) -> list[str]:
        """Of the program that shuts itself in and becomes the command.

        Raises:
            NoSuchCommand
        """
        executable = self._executable()
        plan = {
            "parent": os.getpid(),
            "command": [executable, *self.command[1:]],
            "folder": str(self.folder),
            "memory": self.memory,
            "shut_in": self.is_shut_in,
            "read": [*SYSTEM, *_homes(executable), str(PROGRAMS), str(self.folder), *self.read],
            "write": [temporary, *self.write],
            "never": self.never,
        }
        return [sys.executable, "-I", "-S", confine.__file__, orjson.dumps(plan).decode()]

    def variables(self, temporary: str, api: str) -> dict[str, str]:
        """The whole environment of the process."""
        return {
            "PATH": os.environ.get("PATH", USUAL_PATH),
            "LANG": "C.UTF-8",
            "TZ": "UTC",
            "HOME": temporary,
            "TMPDIR": temporary,
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_LAMBDA_RUNTIME_API": api,
            **self.environment,
        }

    def _executable(self) -> str:
        name = self.command[0]
        if "/" in name:
            name = str(self.folder / name)
        found = shutil.which(name, path=self.environment.get("PATH", os.environ.get("PATH", USUAL_PATH)))
        if found is None:
            raise NoSuchCommand(f"{self.command[0]} is no program that can be run")
        return found


def kept_from_functions(paths: Iterable[Path | str]) -> tuple[str, ...]:
    """What no function may open, though it lie in a folder that it may read: absolute paths."""
    return tuple(dict.fromkeys(os.path.realpath(path) for path in paths))


def _homes(executable: str) -> Iterator[str]:
    """Where a program's own files are: the folder above its `bin`, that of the interpreter below a virtual
    environment too; else the program alone."""
    seen: set[str] = set()
    path = executable
    while path not in seen:
        seen.add(path)
        home = os.path.dirname(os.path.dirname(path))
        if os.path.basename(os.path.dirname(path)) == "bin" and home not in ("/", os.path.expanduser("~")):
            yield home
            yield from _base_of(home)
        else:
            yield path
        if os.path.islink(path):
            path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(path)))


def _base_of(environment: str) -> Iterator[str]:
    try:
        lines = Path(environment, "pyvenv.cfg").read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        name, _, value = line.partition("=")
        if name.strip() == "home" and value.strip():
            yield os.path.dirname(os.path.realpath(value.strip()))
