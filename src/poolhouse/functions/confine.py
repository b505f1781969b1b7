"""Shuts this process in, then becomes another program: `python -I -S confine.py '{"command": […], …}'`.

What it then may do is what a function needs: read the system's programs and its own folder, write to a temporary
folder of its own, use the network. By Landlock (Linux 5.13) it can open no other file, see into no process outside,
and, from Linux 6.12, signal none. Where the kernel has no Landlock, what is left are the limits, the clean
environment, no more rights and no inherited descriptors.

What it leaves behind can't hide: neither it nor its children leave the session in which they were started, so whoever
ends that ends them all.

Source: Linux kernel documentation, "Landlock: unprivileged access control", "Seccomp BPF"; prctl(2), capabilities(7).
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import stat
import struct
import sys
from collections.abc import Iterator

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
"""The same numbers on every processor."""
PATH_BENEATH = 1
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 22, 24, 38
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
TRUNCATE, IOCTL_DEVICE = 1 << 14, 1 << 15
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
"""The rights to files that each version of Landlock knows."""
SCOPED = {6: 0b11}
"""Abstract Unix sockets, and signals."""
MAY_READ = EXECUTE | READ_FILE | READ_DIR
OF_A_FILE = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEVICE
MORE_PROCESSES = 512
"""Beside all that the machine runs when a function is started: a bound for one that forks without end."""
LOAD, JUMP_IF_EQUAL, JUMP_IF_NOT_LESS, RETURN = 0x20, 0x15, 0x35, 0x06
"""Of the kernel's filter language."""
ALLOW, PRETEND, REFUSE, NO_SUCH_CALL = 0x7FFF0000, 0x00050000, 0x00050000 | 13, 0x00050000 | 38
"""What a filter says of a system call: PRETEND does nothing, and answers 0. The last two are EACCES and ENOSYS."""
FOREIGN_CALLS = 0x40000000
"""Numbers from here on are of x86's other interface."""
AF_UNIX, IO_URING_SETUP = 1, 425
"""The second is how a program would do what a filter does not see."""
CALLS = {
    "x86_64": (0xC000003E, 112, 109, 41),
    "aarch64": (0xC00000B7, 157, 154, 198),
    "riscv64": (0xC00000F3, 157, 154, 198),
}
"""What the kernel calls the processor, and there the numbers of setsid, setpgid and socket."""
DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
OPEN_FILES = 1024
FILE_SIZE = 512 * 1024 * 1024
"""Bytes of one file, as a function of AWS Lambda has in /tmp."""


def main() -> None:
    plan = json.loads(sys.argv[1])
    die_with(plan["parent"])
    limit(plan["memory"])
    os.umask(0o077)
    os.chdir(plan["folder"])
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    give_up_capabilities()
    if plan["shut_in"]:
        shut_in(read=plan["read"], write=plan["write"], never=plan["never"])
    hold_together(no_sockets=plan["shut_in"] and not any(map(_is_socket, plan["write"])))
    os.closerange(3, OPEN_FILES)
    os.execve(plan["command"][0], plan["command"], dict(os.environ))  # noqa: S606  # a shell would add to it


def version() -> int:
    """Of the kernel's Landlock; 0 where it has none."""
    if not sys.platform.startswith("linux"):
        return 0
    return max(0, int(_libc().syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1)))


def hide() -> None:
    """For the server itself: no other process of its user can look into its memory, or read its environment, where the
    kernel has no Landlock either. Nor does it leave a core when it crashes."""
    _prctl(PR_SET_DUMPABLE, 0)


def die_with(parent: int) -> None:
    """Die when the server does, however it does."""
    if sys.platform.startswith("linux"):
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit("the server has ended")


def limit(memory: int) -> None:
    """`memory` is in bytes, for each process."""
    processes = _most_processes()
    for what, most in (
        *([(resource.RLIMIT_NPROC, processes)] if processes else ()),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, FILE_SIZE),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
    ):
        _, hard = resource.getrlimit(what)
        if hard != resource.RLIM_INFINITY:
            most = min(most, hard)
        resource.setrlimit(what, (most, most))
    try:
        # If memory is short on the whole machine, a function is to go before the server does.
        with open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")
    except OSError:
        pass


def _most_processes() -> int:
    """0 where nothing says how many there are. Threads count, and those of all programs of this user do. (Root has no
    such limit.)"""
    try:
        with open("/proc/loadavg") as load:
            return int(load.read().split()[3].partition("/")[2]) + MORE_PROCESSES
    except (OSError, ValueError, IndexError):
        return 0


def can_hold() -> bool:
    """Whether `hold_together` knows this machine."""
    return sys.platform.startswith("linux") and os.uname().machine in CALLS and struct.calcsize("P") == 8


def hold_together(*, no_sockets: bool) -> None:
    """From now on no process leaves its session or its group: setsid and setpgid seem to work, and do nothing. (To
    refuse them would break programs that only start a child of their own properly.)

    With `no_sockets` none makes a Unix socket, but for pairs: Landlock does not know those in the file system.
    """
    if not can_hold():
        return
    architecture, setsid, setpgid, socket = CALLS[os.uname().machine]
    program = (
        (LOAD, 0, 0, 4),  # the processor
        (JUMP_IF_EQUAL, 0, 10, architecture),
        (LOAD, 0, 0, 0),  # the number
        (JUMP_IF_NOT_LESS, 8, 0, FOREIGN_CALLS),
        (JUMP_IF_EQUAL, 7, 0, IO_URING_SETUP),
        (JUMP_IF_EQUAL, 5, 0, setsid),
        (JUMP_IF_EQUAL, 4, 0, setpgid),
        (JUMP_IF_EQUAL, 0, 2, socket),
        (LOAD, 0, 0, 16),  # its first argument, on processors that begin with the lowest byte
        (JUMP_IF_EQUAL, 3, 0, AF_UNIX),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, PRETEND),
        (RETURN, 0, 0, NO_SUCH_CALL),
        (RETURN, 0, 0, REFUSE if no_sockets else ALLOW),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *line) for line in program))
    filters = struct.pack("@HP", len(program), ctypes.addressof(code))
    # A kernel without filters, or an emulation of one, refuses: what is left is to kill the group.
    _libc().prctl(PR_SET_SECCOMP, 2, filters, 0, 0)


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def give_up_capabilities() -> None:
    """For a server that runs as root: its functions are then no more than a user who owns root's files."""
    if not sys.platform.startswith("linux"):
        return
    for number in range(64):
        _libc().prctl(
            PR_CAPBSET_DROP, number, 0, 0, 0
        )  # those that there are not, or that it may not drop, fail
    header = struct.pack("=Ii", 0x20080522, 0)
    if _libc().capset(header, bytes(24)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def shut_in(*, read: list[str], write: list[str], never: list[str]) -> None:
    """From now on nothing but what lies below `read` and `write` can be opened, and of that nothing below `never`."""
    known = version()
    rights = max(mask for since, mask in RIGHTS.items() if since <= known)
    scoped = max((mask for since, mask in SCOPED.items() if since <= known), default=0)
    attribute = struct.pack("=QQQ", rights, 0, scoped)
    size = 8 if known < 4 else 16 if known < 6 else 24
    rules = _checked(_libc().syscall(CREATE_RULESET, attribute, ctypes.c_size_t(size), 0), "landlock")
    holes = [os.path.realpath(path) for path in never]
    for paths, allowed in ((read, MAY_READ), (write, rights), (DEVICES, OF_A_FILE & ~EXECUTE)):
        for path in paths:
            for part, is_whole in without(os.path.realpath(path), holes):
                _allow(rules, part, allowed & rights if is_whole else READ_DIR)
    _checked(_libc().syscall(RESTRICT_SELF, rules, 0), "landlock")
    os.close(rules)


def without(path: str, holes: list[str]) -> Iterator[tuple[str, bool]]:
    """`path` as a whole, or, where one of `holes` lies below it, what else lies there, and the folder alone: Landlock
    can allow, but take nothing out of what it allowed. The names in such a folder can be listed, those of a hole too:
    a program that can't list a folder finds nothing in it."""
    if any(_is_below(path, hole) for hole in holes):
        return
    if not any(_is_below(hole, path) for hole in holes):
        yield path, True
        return
    yield path, False
    try:
        names = os.listdir(path)
    except OSError:
        return
    for name in names:
        inner = os.path.join(path, name)
        if not os.path.islink(inner):
            yield from without(inner, holes)


def _is_below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _allow(rules: int, path: str, allowed: int) -> None:
    try:
        opened = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no rule
    try:
        if not stat.S_ISDIR(os.fstat(opened).st_mode):
            allowed &= OF_A_FILE
        rule = struct.pack("=Qi", allowed, opened)
        _checked(_libc().syscall(ADD_RULE, rules, PATH_BENEATH, rule, 0), path)
    finally:
        os.close(opened)


def _prctl(option: int, value: int) -> None:
    if sys.platform.startswith("linux"):
        _checked(_libc().prctl(option, value, 0, 0, 0), f"prctl {option}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        raise OSError(ctypes.get_errno(), f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


if __name__ == "__main__":
    main()
