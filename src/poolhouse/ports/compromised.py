"""Passwords that others know: from leaks, or because they are the first ones that anybody tries.

Three lists, of which a server has one:

- the commonest passwords, which come with it;
- a file of all leaked ones, as Have I Been Pwned's downloader writes it: lines of a SHA-1 in hex, a colon and a count,
  in the order of the hashes;
- an address that answers to the first five digits of a hash (k-anonymity), as that service's range API does: what is
  asked for never shows which password is meant.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
from functools import cache
from pathlib import Path
from typing import Protocol

from poolhouse.core.errors import TooManyRequestsException
from poolhouse.ports.bounded import BoundedPool
from poolhouse.ports.guarded import GuardedOutbound, OutboundFailed

PREFIX = 5
_SUFFIX = re.compile(rb"\s*[0-9A-Fa-f]{35}\s*:")
LONGEST_LINE = 128
"""Bytes: 40 of the hash, the colon, a count."""
PATIENCE = 2.0
"""Seconds that a sign-in waits for the list. Where it does not answer, nothing is known of the password."""
THREADS = 8
"""That read the file."""
WAITING = 256
"""Passwords that wait for one of them."""

log = logging.getLogger("poolhouse.compromised")


class CompromisedPasswords(Protocol):
    async def contains(self, password: str) -> bool:
        """Whether others know this password. Never raises: who can't be asked is said so in the log, and nobody is
        kept out for it."""


class CommonPasswords:
    """Thirty thousand that are tried first, however they are capitalized and whatever marks follow them.

    Source: Wheeler, "zxcvbn: Low-Budget Password Strength Estimation" (2016), the list of its library.
    """

    async def contains(self, password: str) -> bool:
        folded = password.casefold()
        return bool({folded, folded.rstrip("!@#$%^&*?._-+=~")} & _common())


class HashFile:
    def __init__(self, path: Path) -> None:
        self._path = path
        # Threads of its own: a disk that does not answer keeps them, and is not to keep those of others.
        self._readers = BoundedPool("compromised", THREADS, WAITING)

    async def contains(self, password: str) -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._readers.run(_is_in, self._path, _sha1(password))
        except (TimeoutError, TooManyRequestsException):
            log.warning("the file of compromised passwords gives no answer in time")
        except (OSError, ValueError) as failed:
            log.warning("the file of compromised passwords can't be read: %s", failed)
        return False


class HashRanges:
    def __init__(self, url: str, outbound: GuardedOutbound) -> None:
        self._url = url.rstrip("/")
        self._outbound = outbound

    async def contains(self, password: str) -> bool:
        digest = _sha1(password)
        prefix, rest = digest[:PREFIX].decode(), digest[PREFIX:]
        try:
            async with asyncio.timeout(PATIENCE):
                # Padded, or the length of the answer would tell who listens which one it is.
                reply = await self._outbound.get(f"{self._url}/{prefix}", {"add-padding": "true"})
        except (OutboundFailed, TimeoutError) as failed:
            log.warning("the list of compromised passwords gives no answer: %s", failed or "in time")
            return False
        if reply.status != 200:
            log.warning("the list of compromised passwords answers %s", reply.status)
            return False
        lines = reply.body.splitlines()
        for line in lines:
            suffix, _, count = line.partition(b":")
            if suffix.strip().upper() == rest:
                return count.strip() != b"0"  # what it is padded with has a count of none
        if lines and _SUFFIX.match(lines[0]) is None:
            log.warning("the list of compromised passwords answers something else")
        return False


def check_hash_file(path: Path) -> None:
    """Raises ValueError: it is no file of hashes, or its hashes are not in order. OSError: it can't be read."""
    with path.open("rb") as file:
        first = file.readline(LONGEST_LINE)
    _hash_of(first)
    for digit in b"0123456789ABCDEF":
        _is_in(path, bytes([digit]) * 40)


def _is_in(path: Path, wanted: bytes) -> bool:
    """Search a file that is too large for memory: in forty gigabytes after some thirty reads.

    Raises:
        OSError, ValueError: it can't be read, or a line of it is none.
    """
    with path.open("rb", buffering=0) as file:
        low, high = 0, os.fstat(file.fileno()).st_size
        before, after = b"", b"G"
        # The wanted line, if there is one, begins in [low, high), between the lines of `before` and `after`.
        while low < high:
            middle = (low + high) // 2
            start, line = _line_at(file.fileno(), middle)
            if not line or start >= high:
                high = middle
                continue
            found = _hash_of(line)
            if not before <= found <= after:
                raise ValueError("its lines are not in the order of the hashes")
            if found == wanted:
                return True
            if found < wanted:
                low, before = start + len(line), found
            else:
                high, after = middle, found
    return False


def _line_at(descriptor: int, offset: int) -> tuple[int, bytes]:
    """Where the first line begins that begins at `offset` or after, and the line, its end included."""
    begin = max(0, offset - 1)
    chunk = os.pread(descriptor, 2 * LONGEST_LINE, begin)
    skipped = 0
    if offset > 0:
        skipped = chunk.find(b"\n") + 1
        if skipped == 0:
            return begin + len(chunk), b""
    end = chunk.find(b"\n", skipped)
    return begin + skipped, chunk[skipped:] if end < 0 else chunk[skipped : end + 1]


def _hash_of(line: bytes) -> bytes:
    """Raises ValueError: the line has none."""
    found = line.strip().partition(b":")[0].upper()
    if len(found) != 40 or not all(letter in b"0123456789ABCDEF" for letter in found):
        raise ValueError("a line does not begin with a SHA-1 in hex")
    return found


def _sha1(password: str) -> bytes:
    # What the lists are made of; nothing is protected by it here.
    content = password.encode("utf-8", "surrogatepass")
    return hashlib.sha1(content, usedforsecurity=False).hexdigest().upper().encode()


@cache
def _common() -> frozenset[str]:
    # Imported late: most processes never need it.
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])
