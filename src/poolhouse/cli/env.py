"""`eval "$(poolhouse env)"`: the shell's AWS tools then speak to this server."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Callable

from poolhouse.cli.settings import add_whereabouts, settings_from
from poolhouse.cli.terminal import print_json
from poolhouse.cli.whereabouts import root_keys

UNSET = (
    # Each of these would be preferred to what is exported here.
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER",
    "AWS_ENDPOINT_URL_COGNITO_IDENTITY",
    "AWS_ENDPOINT_URL_KMS",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL_POOLHOUSE",
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_whereabouts(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--fish", dest="form", action="store_const", const="fish", help="for the fish shell")
    form.add_argument(
        "--powershell", dest="form", action="store_const", const="powershell", help="for PowerShell"
    )
    form.add_argument("--json", dest="form", action="store_const", const="json", help="as a JSON object")
    parser.set_defaults(form="sh")


def run(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments)
    keys = root_keys(settings)
    exports = {
        "AWS_ENDPOINT_URL": settings.public_url,
        "AWS_ACCESS_KEY_ID": keys.access_key_id,
        "AWS_SECRET_ACCESS_KEY": keys.secret_access_key.reveal(),
        "AWS_DEFAULT_REGION": settings.region,
        "AWS_REGION": settings.region,
    }
    if arguments.form == "json":
        print_json(exports)
        return 0
    export, unset = FORMS[arguments.form]
    for name, value in exports.items():
        print(export(name, value))
    print(unset(UNSET))
    if sys.stdout.isatty() and arguments.form == "sh":
        command = "make -s env" if os.environ.get("FROM_POOLHOUSE_MAKEFILE") else "poolhouse env"
        print(f'# Run: eval "$({command})"')
    return 0


def _powershell_text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


Export = Callable[[str, str], str]
Unset = Callable[[tuple[str, ...]], str]

FORMS: dict[str, tuple[Export, Unset]] = {
    "sh": (
        lambda name, value: f"export {name}={shlex.quote(value)}",
        lambda names: f"unset {' '.join(names)}",
    ),
    "fish": (
        lambda name, value: f"set -gx {name} {shlex.quote(value)}",
        lambda names: f"set -e {' '.join(names)}",
    ),
    "powershell": (
        lambda name, value: f"$env:{name} = {_powershell_text(value)}",
        lambda names: "Remove-Item -ErrorAction Ignore " + ", ".join(f"Env:{name}" for name in names),
    ),
}
