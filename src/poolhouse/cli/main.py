"""Finds the command that was asked for, runs it, and turns what went wrong into a message and an exit code."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from poolhouse import __version__
from poolhouse.cli.failures import FAILED, USAGE, CommandFailed
from poolhouse.cli.standard_files import occupy_standard_files
from poolhouse.config import ConfigurationError
from poolhouse.credentials import CredentialsError

COMMANDS = {
    "serve": "run the server",
    "env": "print what points AWS tools at the server, for eval",
    "demo": "show the whole way from a user pool to a verified token",
    "verify": "check an access token and show what is in it",
    "keys": "manage access keys and signing keys",
    "extensions": "show or set what Cognito has no field for",
    "preview": "show the hosted pages of a client, each in each of its states",
    "functions": "list the functions of triggers, and try them with sample events",
    "inbox": "show what would have been sent to users: codes and invitations",
    "audit": "show who did what, when and from where",
    "status": "show what a running server says of itself",
    "config": "show or check the settings",
    "migrate": "bring a PostgreSQL database to this release's schema",
    "backup": "copy the embedded database while the server runs",
    "restore": "put a backup in place",
    "check": "check that the embedded database is sound",
    "completion": "print a completion script for a shell",
}
"""Name: what it does. The module of the same name runs it."""


def main(argv: Sequence[str] | None = None) -> int:
    occupy_standard_files()
    arguments = list(sys.argv[1:] if argv is None else argv)
    options = _parser(arguments).parse_args(arguments)
    try:
        code: int = options.run(options)
        sys.stdout.flush()
        return code
    except ConfigurationError as wrong:
        return _fail("\n".join(f"poolhouse: {problem}" for problem in wrong.problems), USAGE)
    except (CommandFailed, CredentialsError) as failed:
        return _fail(f"poolhouse: {failed}", FAILED)
    except BrokenPipeError:
        # The reader has seen enough (`poolhouse keys list | head`); nothing must be written at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return 130


def _fail(message: str, code: int) -> int:
    print(message, file=sys.stderr)
    return code


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="poolhouse",
        formatter_class=lambda prog: argparse.HelpFormatter(prog, max_help_position=30),
        description="An identity server that speaks Amazon Cognito's own API.",
        epilog="Begin with `poolhouse serve`, then `poolhouse demo` in a second shell.",
    )
    parser.add_argument("-V", "--version", action="version", version=f"poolhouse {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    asked_for = next((word for word in arguments if not word.startswith("-")), None)
    for name, help in COMMANDS.items():
        command = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        if name == asked_for:
            module = importlib.import_module(f"poolhouse.cli.{name}")
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    return parser
