"""`poolhouse serve`: runs the server, and tells a person at a terminal what to do next."""

from __future__ import annotations

import argparse
import logging
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from poolhouse import __version__
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.settings import WHEREABOUTS, add_every_setting, settings_from
from poolhouse.cli.terminal import Style
from poolhouse.config import OPTIONS, Option, Settings, refuse_unsafe

log = logging.getLogger("poolhouse")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Each flag has a variable and a key in the settings file: --data-dir is POOLHOUSE_DATA_DIR and data_dir."
        " Secrets (POOLHOUSE_MASTER_KEY, POOLHOUSE_ROOT_SECRET_ACCESS_KEY, POOLHOUSE_DATABASE_URL) have no flag;"
        " each can be in a file that the variable with _FILE behind its name points to."
    )
    add_every_setting(parser)


def run(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments)
    refuse_unsafe(settings)
    # Imported late: these are the whole server.
    from poolhouse.app import serve
    from poolhouse.core.errors import StoreUnavailable
    from poolhouse.edge.tracing import TracingUnavailable
    from poolhouse.store import MasterKeyError, SchemaError

    try:
        return serve(settings, _welcome)
    except (MasterKeyError, SchemaError, TracingUnavailable, OSError) as refused:
        raise CommandFailed(str(refused)) from refused
    except StoreUnavailable as silent:
        remedy = " Check POOLHOUSE_DATABASE_URL." if settings.database_url else ""
        raise CommandFailed(f"the database can't be used: {silent}{remedy}") from silent


def _welcome(settings: Settings) -> None:
    log.info("poolhouse %s serves %s", __version__, settings.public_url)
    if settings.anonymous_admin:
        log.warning("anonymous_admin is on: whoever reaches this address may do everything")
    # Not on standard output: that is the log's, which may be read by a program.
    if sys.stderr.isatty() or _is_run_by_make():
        print(guide(settings, Style(sys.stderr)), file=sys.stderr, flush=True)


def guide(settings: Settings, style: Style) -> str:
    """What to do next."""
    if _is_run_by_make():
        env, demo = "".join(_as_variables(settings)) + "make -s env", "make demo"
    else:
        env, demo = "poolhouse env" + "".join(_as_flags(settings)), "poolhouse demo"
    steps = (
        (f'eval "$({env})"', "point the AWS tools of that shell at this server"),
        ("aws cognito-idp create-user-pool --pool-name myblog", "make your first user pool"),
        (demo, "or watch the whole way to a verified token"),
    )
    width = max(len(command) for command, _ in steps)
    lines = [f"    {style.cyan(command.ljust(width))}   {style.dim('# ' + why)}" for command, why in steps]
    database = "PostgreSQL" if settings.database_url else str(settings.data_dir)
    return "\n".join(
        (
            "",
            f"  {style.bold('Poolhouse')} is ready at {style.bold(settings.public_url)}",
            f"  {style.dim('data in ' + database)}",
            "",
            "  In a second shell:",
            *lines,
            "",
            f"  {style.dim('Ctrl-C stops it.')}",
            "",
        )
    )


def _is_run_by_make() -> bool:
    return "FROM_POOLHOUSE_MAKEFILE" in os.environ


def _as_flags(settings: Settings) -> Iterator[str]:
    """What `env` must be told in a second shell to find this server: what was set for this one alone."""
    for option, value in _set_here(settings):
        yield f" {option.flag} {shlex.quote(value)}"


def _as_variables(settings: Settings) -> Iterator[str]:
    for option, value in _set_here(settings):
        if value != str(Path.cwd() / "poolhouse-data"):  # the Makefile sets that by itself
            yield f"{option.environment}={shlex.quote(value)} "


def _set_here(settings: Settings) -> Iterator[tuple[Option, str]]:
    for option in OPTIONS:
        if option.name in WHEREABOUTS and settings.origins.get(option.name, "").startswith(("flag", "env")):
            value = getattr(settings, option.name)
            yield option, option.show(value.absolute() if isinstance(value, Path) else value)
