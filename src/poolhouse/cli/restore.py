"""`poolhouse restore FILE`: puts a backup in the place of the embedded database. The server must not run."""

from __future__ import annotations

import argparse
from pathlib import Path

from poolhouse.cli.embedded import database_file
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.settings import add_whereabouts, settings_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "Stop the server first. The master key must be the one that the backup was made with."
    parser.add_argument("file", type=Path, help="a file that `poolhouse backup` wrote")
    parser.add_argument("--overwrite", action="store_true", help="replace the database that is there")
    add_whereabouts(parser)


def run(arguments: argparse.Namespace) -> int:
    from poolhouse.store.backup import BackupError, restore

    settings = settings_from(arguments)
    database = database_file(settings)
    try:
        restore(arguments.file, database.parent, overwrite=arguments.overwrite)
    except BackupError as failed:
        hint = " To replace it: --overwrite." if database.exists() and not arguments.overwrite else ""
        raise CommandFailed(f"{failed}{hint}") from failed
    print(f"{database} is restored. Start the server with the master key that the backup was made with.")
    return 0
