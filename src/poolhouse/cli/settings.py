"""From a command's arguments to the settings in force."""

from __future__ import annotations

import argparse
import os
from itertools import groupby
from pathlib import Path

from poolhouse.config import OPTIONS, Option, Settings, load
from poolhouse.config.kinds import BOOLEAN

WHEREABOUTS = ("port", "public_url", "data_dir")


def add_every_setting(parser: argparse.ArgumentParser) -> None:
    """A flag for each setting that is no secret."""
    _add_file(parser)
    for section, options in groupby(OPTIONS, key=lambda option: option.section):
        group = parser.add_argument_group(section.lower())
        for option in options:
            _add_flag(group, option)


def add_whereabouts(parser: argparse.ArgumentParser) -> None:
    """What a command needs that only has to find the server's settings; the rest is the environment's and the
    file's."""
    _add_file(parser)
    for option in OPTIONS:
        if option.name in WHEREABOUTS:
            _add_flag(parser, option)


def settings_from(arguments: argparse.Namespace) -> Settings:
    names = {option.name for option in OPTIONS}
    flags = {name: value for name, value in vars(arguments).items() if name in names and value is not None}
    return load(flags, os.environ, arguments.config)


def _add_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--config",
        metavar="FILE",
        type=Path,
        help="settings file, TOML (POOLHOUSE_CONFIG; else ~/.config/poolhouse/poolhouse.toml or"
        " /etc/poolhouse/poolhouse.toml)",
    )


def _add_flag(parser: argparse._ActionsContainer, option: Option) -> None:
    if option.flag is None:
        return
    default = f" (default: {option.default_text})" if option.default_text else ""
    help = (option.help + default).replace("`", "").replace("%", "%%")
    if option.kind is BOOLEAN:
        parser.add_argument(
            option.flag, dest=option.name, action=argparse.BooleanOptionalAction, default=None, help=help
        )
    else:
        metavar = (
            option.kind.name.upper().replace(" ", "-") if "|" not in option.kind.name else option.kind.name
        )
        parser.add_argument(option.flag, dest=option.name, metavar=metavar, default=None, help=help)
