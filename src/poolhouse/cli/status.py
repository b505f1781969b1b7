"""`poolhouse status`: what a running server says of itself."""

from __future__ import annotations

import argparse

from poolhouse.cli.client import add_server, connected, whereabouts_from
from poolhouse.cli.terminal import print_json, print_table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the server's answer as JSON")
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    with connected("poolhouse", whereabouts_from(arguments, None)) as client:
        status = client.get_server_status()["Status"]
    if arguments.json:
        print_json({"Status": status})
    else:
        print_table(("fact", "value"), [(name, str(value)) for name, value in status.items()])
    return 0
