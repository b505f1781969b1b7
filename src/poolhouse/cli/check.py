"""`poolhouse check`: whether the embedded database is whole, and every secret in it opens."""

from __future__ import annotations

import argparse

from poolhouse.cli.embedded import database_file
from poolhouse.cli.failures import FAILED, CommandFailed
from poolhouse.cli.settings import add_whereabouts, settings_from
from poolhouse.cli.terminal import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print what was found as JSON")
    add_whereabouts(parser)


def run(arguments: argparse.Namespace) -> int:
    from poolhouse.store import MasterKeyError, ensure_master_key
    from poolhouse.store.backup import check

    settings = settings_from(arguments)
    database = database_file(settings)
    if not database.exists():
        raise CommandFailed(f"there is no database at {database}.")
    try:
        problems = check(database, settings.master_keys or (ensure_master_key(database.parent),))
    except MasterKeyError as refused:
        raise CommandFailed(str(refused)) from refused
    if arguments.json:
        print_json({"database": str(database), "problems": problems})
    else:
        print("\n".join(problems) if problems else f"{database} is sound, and every secret in it opens.")
    return FAILED if problems else 0
