"""`poolhouse migrate`: the one step of an upgrade that is not taken by itself, so that nodes can roll one by one."""

from __future__ import annotations

import argparse

from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.settings import add_whereabouts, settings_from


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Run it once with the new release before its nodes start; the old release's nodes go on meanwhile."
        " An embedded database is migrated by `poolhouse serve` itself."
    )
    add_whereabouts(parser)


def run(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments)
    from sqlalchemy.exc import OperationalError

    from poolhouse.store.migrations import SchemaError, head_revision, migrate
    from poolhouse.store.opening import database_url

    url = database_url(settings)
    try:
        is_changed = migrate(url)
    except SchemaError as refused:
        raise CommandFailed(str(refused)) from refused
    except OperationalError as silent:
        # The driver's own words, without the statement; the URL is shown without its password.
        raise CommandFailed(f"{url.render_as_string(hide_password=True)}: {silent.orig}") from silent
    print(f"The database {'is now' if is_changed else 'already was'} at schema {head_revision()}.")
    return 0
