"""`poolhouse backup FILE`: a copy of the embedded database as it is at one moment, while the server runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from poolhouse.cli.embedded import database_file
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.settings import add_whereabouts, settings_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "The secrets in it are sealed. The master key is not in it: keep that, as master.key in the data folder or"
        " wherever POOLHOUSE_MASTER_KEY comes from, in another place. Without it a backup can't be used."
    )
    parser.add_argument("file", type=Path, help="where to write it; must not exist yet")
    add_whereabouts(parser)


def run(arguments: argparse.Namespace) -> int:
    from poolhouse.store.backup import BackupError, backup

    try:
        backup(database_file(settings_from(arguments)), arguments.file)
    except BackupError as failed:
        raise CommandFailed(str(failed)) from failed
    print(
        f"{arguments.file} is written, {arguments.file.stat().st_size:,} bytes. Keep the master key apart from it."
    )
    return 0
