"""`poolhouse config show` says what is in force and from where; `check` only whether it would do."""

from __future__ import annotations

import argparse

from poolhouse.cli.settings import add_every_setting, settings_from
from poolhouse.cli.terminal import print_json, print_table
from poolhouse.config import OPTIONS, Settings, refuse_unsafe


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    show = actions.add_parser("show", help="every setting, its value and where it came from; secrets hidden")
    show.add_argument("--json", action="store_true", help="as a JSON object")
    show.set_defaults(action=_show)
    check = actions.add_parser("check", help="say what is wrong, exit with 2 if something is")
    check.set_defaults(action=_check)
    for action in (show, check):
        add_every_setting(action)


def run(arguments: argparse.Namespace) -> int:
    action: int = arguments.action(settings_from(arguments), arguments)
    return action


def _show(settings: Settings, arguments: argparse.Namespace) -> int:
    rows = [
        (
            option.name,
            option.show(getattr(settings, option.name)),
            settings.origins.get(option.name, "default"),
        )
        for option in OPTIONS
    ]
    if arguments.json:
        print_json({name: {"value": value, "origin": origin} for name, value, origin in rows})
    else:
        print_table(
            ("setting", "value", "from"), [(name, value or "-", origin) for name, value, origin in rows]
        )
    return 0


def _check(settings: Settings, _: argparse.Namespace) -> int:
    refuse_unsafe(settings)
    print("The settings are good.")
    return 0
