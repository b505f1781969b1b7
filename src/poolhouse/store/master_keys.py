"""The master key: where it comes from, and the refusal to start without the right one.

Under it every pool's data key is sealed. It is not in the database, so a copy of the database tells no
secret. A new one is never made over existing data: that would only hide that the old one is missing.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import stat
from collections.abc import Sequence
from pathlib import Path

from poolhouse.core.sealing import KEY_SIZE, SealingKey
from poolhouse.core.secret import Secret

KEY_FILE = "master.key"
DATABASE_FILE = "poolhouse.db"


class MasterKeyError(Exception):
    """The server can't start with this master key. `remedy` says what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(f"{reason} {remedy}")


def parse_master_key(text: Secret) -> SealingKey:
    """A master key as people write it: 32 bytes in base64, or in 64 hexadecimal digits.

    Raises:
        MasterKeyError: it is neither. The text itself is not repeated.
    """
    written = text.reveal().strip()
    try:
        key = bytes.fromhex(written) if len(written) == 2 * KEY_SIZE else _from_base64(written)
    except (ValueError, binascii.Error):
        key = b""
    if len(key) != KEY_SIZE:
        raise MasterKeyError(
            "A master key is not 32 bytes in base64 (or 64 hexadecimal digits).",
            "Make one with `openssl rand -base64 32`, or give the one that this database was made with.",
        )
    return SealingKey(key)


def parse_master_keys(texts: Sequence[Secret]) -> list[SealingKey]:
    if not texts:
        raise MasterKeyError(
            "There is no master key.",
            "Set POOLHOUSE_MASTER_KEY or POOLHOUSE_MASTER_KEY_FILE to the key that this database was made "
            "with; for a new database, make one with `openssl rand -base64 32`.",
        )
    return [parse_master_key(text) for text in texts]


def ensure_master_key(data_dir: Path, database: str = DATABASE_FILE) -> Secret:
    """The master key in the data folder; at the very first start it is made there, folder and all.

    `database` is the name of the database's file in the folder; where it is there, no key is made.

    Raises:
        MasterKeyError: there is a database but no key; the key can't be read, or others can read it.
    """
    path = data_dir / KEY_FILE
    if not path.exists() and not (data_dir / database).exists():
        _make(data_dir, path)
    try:
        _refuse_what_others_can_read(path)
        return Secret(path.read_text("ascii").strip())
    except FileNotFoundError as missing:
        raise MasterKeyError(
            f"{data_dir} has a database but no {KEY_FILE}.",
            f"Put the key that it was made with back into {path} (mode 0600), or set POOLHOUSE_MASTER_KEY.",
        ) from missing
    except (OSError, UnicodeDecodeError) as unreadable:
        raise MasterKeyError(
            f"{path} can't be read: {getattr(unreadable, 'strerror', None) or 'it is not text'}.",
            "Let the server's user own it, mode 0600, or put the right file there.",
        ) from unreadable


def _make(data_dir: Path, path: Path) -> None:
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = data_dir / f".{KEY_FILE}.{secrets.token_hex(8)}"
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(base64.b64encode(secrets.token_bytes(KEY_SIZE)).decode() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Whole or not at all, and the first of two processes wins.
        os.link(unfinished, path)
    except FileExistsError:
        pass
    finally:
        unfinished.unlink()
    directory = os.open(data_dir, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


def _refuse_what_others_can_read(path: Path) -> None:
    for checked, name in ((path, "key file"), (path.parent, "data folder")):
        mode = stat.S_IMODE(checked.stat().st_mode)
        # A folder may be entered by a group, as container platforms arrange it; the key file by nobody else.
        refused = 0o077 if checked is path else 0o022
        if mode & refused:
            raise MasterKeyError(
                f"The {name} {checked} is open to others (mode {mode:04o}).",
                f"chmod {'600' if checked is path else '700'} {checked}",
            )


def _from_base64(written: str) -> bytes:
    padded = written + "=" * (-len(written) % 4)
    return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
