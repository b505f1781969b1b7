"""`poolhouse completion SHELL`: completes the names of commands."""

from __future__ import annotations

import argparse

SCRIPTS = {
    "bash": "complete -W '{names}' -o default poolhouse",
    "zsh": 'compdef \'_arguments "1:command:({names})" "*:file:_files"\' poolhouse',
    "fish": "complete -c poolhouse -n __fish_use_subcommand -f -a '{names}'",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = 'For bash: eval "$(poolhouse completion bash)"'
    parser.add_argument("shell", choices=sorted(SCRIPTS))


def run(arguments: argparse.Namespace) -> int:
    from poolhouse.cli.main import COMMANDS

    print(SCRIPTS[arguments.shell].format(names=" ".join(COMMANDS)))
    return 0
