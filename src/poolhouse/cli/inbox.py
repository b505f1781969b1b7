"""`poolhouse inbox`: the messages that nothing is configured to carry, with their codes."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC
from itertools import islice
from typing import Any

from poolhouse.cli.client import Client, add_server, connected, whereabouts_from
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.terminal import print_json, print_table
from poolhouse.core.messages import plain_text
from poolhouse.edge.lines import harmless

Action = Callable[[Client, argparse.Namespace], int]
Message = Mapping[str, Any]
LOOKS_EVERY = 1.0
"""Seconds."""
SHOWN = 20
"""As many as a list shows without being asked for more."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def add(name: str, action: Action, help: str) -> argparse.ArgumentParser:
        command = actions.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        command.set_defaults(action=action)
        command.add_argument("--json", action="store_true", help="print JSON")
        command.add_argument("--pool", metavar="ID", help="only what this user pool sent")
        add_server(command)
        return command

    listed = add("list", _list, "list the newest messages, each with its code")
    listed.add_argument("--count", type=int, default=SHOWN, help=f"how many (default: {SHOWN})")
    show = add("show", _show, "show one message whole")
    show.add_argument(
        "what", nargs="?", help="its ID, or an address for the newest to it (default: the newest of all)"
    )
    add("follow", _follow, "show messages as they come, until interrupted")


def run(arguments: argparse.Namespace) -> int:
    with connected("poolhouse", whereabouts_from(arguments, arguments.pool)) as client:
        action: Action = arguments.action
        return action(client, arguments)


def _list(client: Client, arguments: argparse.Namespace) -> int:
    messages = list(islice(_newest_first(client, arguments), max(arguments.count, 0)))
    if arguments.json:
        print_json({"Messages": messages})
    else:
        heads = ("at", "id", "purpose", "to", "code")
        print_table(heads, [_row(message) for message in messages])
    return 0


def _show(client: Client, arguments: argparse.Namespace) -> int:
    for message in _newest_first(client, arguments):
        if arguments.what in (None, message["MessageId"], message["Destination"]):
            if arguments.json:
                print_json(message)
            else:
                _print(message)
            return 0
    raise CommandFailed(f"there is no message {'yet' if arguments.what is None else arguments.what}")


def _follow(client: Client, arguments: argparse.Namespace) -> int:
    seen = {message["MessageId"] for message in _newest_first(client, arguments)}
    while True:
        new: list[Message] = []
        for page in _pages(client, arguments):
            fresh = [message for message in page if message["MessageId"] not in seen]
            new += fresh
            if len(fresh) < len(page):
                break  # what is older was seen too
        for message in reversed(new):
            seen.add(message["MessageId"])
            if arguments.json:
                print_json(message)
            else:
                _print(message)
                print(flush=True)
        time.sleep(LOOKS_EVERY)


def _newest_first(client: Client, arguments: argparse.Namespace) -> Iterator[Message]:
    for page in _pages(client, arguments):
        yield from page


def _pages(client: Client, arguments: argparse.Namespace) -> Iterator[list[Message]]:
    scope = {"UserPoolId": arguments.pool} if arguments.pool else {}
    for answer in client.get_paginator("list_inbox_messages").paginate(**scope):
        yield answer["Messages"]


def _row(message: Message) -> tuple[str, ...]:
    at = message["CreateDate"].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
    return at, message["MessageId"], message["Purpose"], message["Destination"], message.get("Code", "")


def _print(message: Message) -> None:
    at, message_id, purpose, destination, code = _row(message)
    facts = {"id": message_id, "at": f"{at} UTC", "pool": message["UserPoolId"], "purpose": purpose}
    facts |= {"to": destination, "user": message.get("UserName", ""), "subject": message.get("Subject", "")}
    for name, value in {**facts, "code": code}.items():
        if value:
            print(f"{name + ':':9}{harmless(value)}")
    body = message["Body"]
    print()
    for line in (plain_text(body) if message["Medium"] == "EMAIL" else body).splitlines():
        print(harmless(line))
