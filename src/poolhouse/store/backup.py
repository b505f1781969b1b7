"""Backup, restore and check of the embedded database.

A backup holds the database and nothing else. The master key is not in it, on purpose: without the key a backup tells no
secret, and with it, kept elsewhere, it is whole.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from poolhouse.core.sealing import SealBroken
from poolhouse.core.secret import Secret
from poolhouse.store.in_use import InUse
from poolhouse.store.keyring import Keyring
from poolhouse.store.master_keys import DATABASE_FILE, parse_master_keys
from poolhouse.store.sqlite import create_engine
from poolhouse.store.tables import access_key, client_secret, signing_key
from poolhouse.store.transaction import Transaction

_PAGES_AT_ONCE = 256


class BackupError(Exception):
    """The backup or the restore can't be done; the text says why."""


def backup(database: Path, target: Path) -> None:
    """Write a copy of the database, as it is at one moment, to `target`; the server may go on meanwhile.

    The copy is checked before it gets its name. The master key is not in it: keep that elsewhere.

    Raises:
        BackupError: there is no database, the target is there already, or the copy is not sound.
    """
    if not database.is_file():
        raise BackupError(f"There is no database at {database}.")
    if target.exists():
        raise BackupError(f"{target} is there already.")
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        _copy(database, unfinished)
        os.link(unfinished, target)
    except FileExistsError as taken:
        raise BackupError(f"{target} is there already.") from taken
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{target} could not be written: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)


def restore(backup_file: Path, data_dir: Path, *, overwrite: bool = False) -> None:
    """Put a backup in the place of the data folder's database. No server may run on the folder.

    Raises:
        BackupError: the backup is not sound, a database is there and is not to be overwritten, or a server uses it.
    """
    if not backup_file.is_file():
        raise BackupError(f"There is no backup at {backup_file}.")
    database = data_dir / DATABASE_FILE
    if database.exists() and not overwrite:
        raise BackupError(f"{database} is there already; restoring would overwrite it.")
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    unfinished = data_dir / f".{DATABASE_FILE}.unfinished"
    try:
        in_use = InUse(data_dir, alone=True)
    except BlockingIOError:
        raise BackupError(
            f"A server has {database} open. Stop it first: it would go on with the old data."
        ) from None
    try:
        _copy(backup_file, unfinished)
        # The old journal belongs to the old database, and would be played into the new one.
        for suffix in ("-wal", "-shm"):
            database.with_name(database.name + suffix).unlink(missing_ok=True)
        os.replace(unfinished, database)
        _sync(data_dir)
    except (sqlite3.Error, OSError) as error:
        raise BackupError(f"{database} could not be restored: {error}") from error
    finally:
        unfinished.unlink(missing_ok=True)
        in_use.close()


def check(database: Path, master_keys: Sequence[Secret] = ()) -> list[str]:
    """What is wrong with the database, in words for an operator; empty if nothing is.

    With the master keys, every sealed value is opened too.
    """
    if not database.is_file():
        return [f"There is no database at {database}."]
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            found = _unsound(connection)
    except sqlite3.Error as error:
        found = [f"{database} can't be read: {error}"]
    if not found and master_keys:
        found = _broken_seals(database, Keyring(parse_master_keys(master_keys)))
    return found


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as read,
        closing(sqlite3.connect(target)) as written,
    ):
        read.backup(written, pages=_PAGES_AT_ONCE)
        # One file: a copy that needs its journal beside it is soon parted from it.
        written.execute("PRAGMA journal_mode=DELETE")
        unsound = _unsound(written)
    if unsound:
        raise BackupError(f"The copy of {source} is not sound: {unsound[0]}")
    with target.open("rb") as file:
        os.fsync(file.fileno())
    _sync(target.parent)


def _unsound(connection: sqlite3.Connection) -> list[str]:
    found = [row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok"]
    orphans = connection.execute("PRAGMA foreign_key_check").fetchall()
    return found + [
        f"A row of {table} (number {row}) has lost its {parent}." for table, row, parent, _ in orphans
    ]


def _broken_seals(database: Path, keyring: Keyring) -> list[str]:
    found: list[str] = []
    with create_engine(database).connect() as connection:
        tx = Transaction(connection, keyring, lambda: datetime.now(UTC))
        openers: list[tuple[sa.Column[str], Callable[[str], object]]] = [
            (access_key.c.id, tx.access_keys.find),
            (client_secret.c.client_id, tx.client_secrets.of),
            (signing_key.c.pool_id, tx.signing_keys.of),
        ]
        for column, open_all in openers:
            for key in connection.scalars(sa.select(column).distinct()).all():
                try:
                    open_all(key)
                except SealBroken as broken:
                    found.append(f"A secret does not open: {broken}")
    return found


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
