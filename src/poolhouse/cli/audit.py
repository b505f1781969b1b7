"""`poolhouse audit`: who did what, when and from where. A client of the service `poolhouse`."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from poolhouse.cli.client import Client, add_server, connected, whereabouts_from
from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.terminal import print_table
from poolhouse.config.kinds import DURATION
from poolhouse.edge.lines import harmless

Event = Mapping[str, Any]
LOOKS_EVERY = 1.0
"""Seconds."""
SHOWN = 50
"""As many as are shown without being asked for more."""
OVERLAP = timedelta(seconds=60)
"""How far behind the newest event it is looked for others: of two that happen at once, the first can be written last."""
HEADS = ("at", "event", "outcome", "who", "user", "from")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pool", metavar="ID", help="only what is about this user pool")
    parser.add_argument(
        "--user",
        metavar="NAME",
        help="only what concerns this user of the pool: a name, or the sub of who is gone",
    )
    parser.add_argument(
        "--event",
        metavar="NAME",
        action="append",
        help="only this operation, as InitiateAuth; may be repeated",
    )
    parser.add_argument("--actor", metavar="TEXT", help="only what was done by an ARN with this in it")
    parser.add_argument(
        "--since",
        metavar="TIME",
        type=_moment,
        help="from then on: 2026-11-28T09:00:00Z, or 2h for two hours ago",
    )
    parser.add_argument("--until", metavar="TIME", type=_moment, help="up to then, in the same forms")
    parser.add_argument(
        "--count", type=int, help=f"how many, the newest (default: {SHOWN}; all with --since or --json)"
    )
    parser.add_argument("--follow", action="store_true", help="go on and show events as they happen")
    parser.add_argument(
        "--json", action="store_true", help="print JSON, one event a line, in the form of AWS CloudTrail"
    )
    add_server(parser)


def run(arguments: argparse.Namespace) -> int:
    if arguments.user is not None and arguments.pool is None:
        raise CommandFailed("--user needs --pool: a name is one pool's")
    if arguments.follow and arguments.until is not None:
        raise CommandFailed("--follow has no end: leave --until out")
    with connected("poolhouse", whereabouts_from(arguments, arguments.pool)) as client:
        found = _newest_first(client, arguments)
        events = list(islice(found, _most(arguments)))
        _show(reversed(events), arguments, with_heads=True)
        if arguments.follow:
            _follow(client, arguments, events, found)
    return 0


def _most(arguments: argparse.Namespace) -> int | None:
    if arguments.count is not None:
        return max(int(arguments.count), 0)
    return None if arguments.since is not None or arguments.json else SHOWN


def _follow(
    client: Client, arguments: argparse.Namespace, shown: list[Event], older: Iterator[Event]
) -> None:
    """`older` are the events that come after those that were shown."""
    seen = {event["EventId"]: event["EventTime"] for event in shown}
    newest = max(seen.values(), default=None)
    for event in older:
        newest = newest or event["EventTime"]
        if event["EventTime"] < newest - OVERLAP:
            break
        seen[event["EventId"]] = event["EventTime"]  # what was not asked for (`--count`) is not new either
    newest = newest or datetime.now(UTC)
    while True:
        time.sleep(LOOKS_EVERY)
        since = newest - OVERLAP
        fresh = [e for e in _newest_first(client, arguments, since=since) if e["EventId"] not in seen]
        _show(reversed(fresh), arguments)
        seen |= {event["EventId"]: event["EventTime"] for event in fresh}
        newest = max([newest, *(event["EventTime"] for event in fresh)])
        seen = {id: at for id, at in seen.items() if at >= newest - 2 * OVERLAP}


def _newest_first(
    client: Client, arguments: argparse.Namespace, since: datetime | None = None
) -> Iterator[Event]:
    asked = {
        "UserPoolId": arguments.pool,
        "Username": arguments.user,
        "EventNames": arguments.event,
        "Actor": arguments.actor,
        "StartTime": since or arguments.since,
        "EndTime": arguments.until,
    }
    pages = client.get_paginator("list_audit_events").paginate(
        **{name: value for name, value in asked.items() if value is not None}
    )
    for page in pages:
        yield from page["AuditEvents"]


def _show(events: Iterator[Event], arguments: argparse.Namespace, *, with_heads: bool = False) -> None:
    if arguments.json:
        for event in events:
            # ASCII: what was asked for may hold what would move a terminal's cursor.
            print(json.dumps(json.loads(event["CloudTrailEvent"]), separators=(",", ":")), flush=True)
    elif with_heads:
        print_table(HEADS, [_row(event) for event in events])
    else:
        for event in events:
            print("  ".join(harmless(cell) for cell in _row(event)), flush=True)


def _row(event: Event) -> tuple[str, ...]:
    return (
        event["EventTime"].astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        event["EventName"],
        event.get("ErrorCode", "done"),
        event["Actor"],
        event.get("UserSub", "-"),
        event["SourceIpAddress"],
    )


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        pass
    else:
        return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    try:
        ago: timedelta = DURATION.read(text)
        return datetime.now(UTC) - ago
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError("a time as 2026-11-28T09:00:00Z, or as 2h") from None
