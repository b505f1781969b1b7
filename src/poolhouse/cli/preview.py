"""`poolhouse preview`: an address at which a client's pages can be looked at, each in each of its states."""

from __future__ import annotations

import argparse

from poolhouse.cli.client import add_server, connected, whereabouts_from
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.terminal import print_json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("pool_id")
    parser.add_argument("client_id")
    parser.add_argument("--open", action="store_true", help="open it in this machine's browser")
    parser.add_argument("--json", action="store_true", help="print the server's answer as JSON")
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    with connected("poolhouse", whereabouts_from(arguments, arguments.pool_id)) as client:
        answer = client.get_pages_preview(UserPoolId=arguments.pool_id, ClientId=arguments.client_id)
    answer.pop("ResponseMetadata", None)
    if arguments.json:
        print_json(answer)
    else:
        print(answer["Address"], flush=True)
    if arguments.open:
        import webbrowser

        if not webbrowser.open(answer["Address"]):
            raise CommandFailed("no browser can be opened here; the address can be opened by hand")
    return 0
