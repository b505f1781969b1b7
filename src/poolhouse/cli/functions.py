"""`poolhouse functions`: which functions there are, and how one answers a sample event; nothing of the server's is
used but its settings and the functions file."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import runpy
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from poolhouse.cli.failures import CommandFailed
from poolhouse.cli.settings import add_every_setting, settings_from
from poolhouse.cli.terminal import print_json, print_table
from poolhouse.config import Settings
from poolhouse.core.trigger_samples import SAMPLES, sample
from poolhouse.ports.functions import FunctionFailed, FunctionUnavailable
from poolhouse.ports.functions.build import functions_from
from poolhouse.ports.functions.configuration import Configured, read_functions
from poolhouse.ports.functions.shutting_in import PROGRAMS


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="list the functions of the functions file, and where each runs")
    listed.add_argument("--json", action="store_true", help="print JSON")
    listed.set_defaults(action=_list)
    invoke = actions.add_parser(
        "invoke", help="ask a function, and show its answer and the time that it took"
    )
    invoke.add_argument("name", metavar="NAME", help="its name in the functions file, or its ARN")
    given = invoke.add_mutually_exclusive_group(required=True)
    given.add_argument("--event", metavar="SOURCE", help="a sample event of this source, as PreSignUp_SignUp")
    given.add_argument("--event-file", metavar="FILE", help="the event of a file; - for the standard input")
    invoke.add_argument(
        "--version-of-event", choices=("1", "2", "3"), default="", help="of a TokenGeneration event"
    )
    invoke.add_argument("--times", type=int, default=1, metavar="N", help="ask so often (default: 1)")
    invoke.add_argument(
        "--json", action="store_true", help="print JSON: the answer, or the error, and the times"
    )
    invoke.set_defaults(action=_invoke)
    events = actions.add_parser("events", help="list the sources of events, or print a sample of one")
    events.add_argument("source", nargs="?", metavar="SOURCE")
    events.add_argument(
        "--version-of-event", choices=("1", "2", "3"), default="", help="of a TokenGeneration event"
    )
    events.set_defaults(action=_events)
    for action in (listed, invoke):
        add_every_setting(action)
    run_one = actions.add_parser(
        "run", help="run a plain Python handler by the Lambda Runtime API, as a command does"
    )
    run_one.add_argument("handler", metavar="MODULE.FUNCTION")
    run_one.set_defaults(action=_run)


def run(arguments: argparse.Namespace) -> int:
    code: int = arguments.action(arguments)
    return code


def _list(arguments: argparse.Namespace) -> int:
    file = read_functions(settings_from(arguments))
    if arguments.json:
        print_json({"Functions": [_described(function) for function in file.functions]})
        return 0
    rows = [(function.name, function.way, function.where, function.arn) for function in file.functions]
    print_table(("name", "by", "what", "arn"), rows)
    return 0


def _described(function: Configured) -> dict[str, Any]:
    return {
        "Name": function.name,
        "Arn": function.arn,
        "By": function.way,
        "What": function.where,
        "Pools": None if function.pools is None else list(function.pools),
        "TimeoutSeconds": function.timeout,
    }


def _invoke(arguments: argparse.Namespace) -> int:
    settings = settings_from(arguments)
    event = _event(arguments)
    # What the function prints is shown beside its answer.
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("poolhouse.functions").setLevel(logging.INFO)
    answer, times = asyncio.run(
        _ask(settings, _arn(settings, arguments.name), event, max(1, arguments.times))
    )
    if arguments.json:
        print_json({**answer, "Milliseconds": times})
    else:
        print_json(answer.get("Answer", answer))
        shown = ", ".join(f"{milliseconds:.1f} ms" for milliseconds in times)
        print(f"{arguments.name} took {shown}", file=sys.stderr)
    return 0 if "Answer" in answer else 1


def _event(arguments: argparse.Namespace) -> bytes:
    if arguments.event is not None:
        return json.dumps(_sample(arguments.event, arguments.version_of_event)).encode()
    try:
        named = arguments.event_file
        text = sys.stdin.read() if named == "-" else Path(named).read_text()
        return json.dumps(json.loads(text)).encode()
    except (OSError, ValueError) as wrong:
        raise CommandFailed(f"{arguments.event_file} is no event: {wrong}") from None


def _sample(source: str, version: str) -> dict[str, Any]:
    if source not in SAMPLES:
        raise CommandFailed(f"there is no source {source}: `poolhouse functions events` lists them")
    return sample(source, version=version)


def _arn(settings: Settings, name: str) -> str:
    if name.startswith("arn:"):
        return name
    functions = read_functions(settings).functions
    for function in functions:
        if function.name == name:
            return function.arn
    known = ", ".join(function.name for function in functions) or "none"
    raise CommandFailed(f"the functions file has no function {name}; there are: {known}")


async def _ask(settings: Settings, arn: str, event: bytes, times: int) -> tuple[dict[str, Any], list[float]]:
    functions = functions_from(settings, lambda: datetime.now(UTC))
    document = json.loads(event)
    pool_id = document.get("userPoolId") if isinstance(document, dict) else None
    functions.start(only=arn)
    took: list[float] = []
    answer: dict[str, Any] = {}
    try:
        for _ in range(times):
            started = time.perf_counter()
            answer = await _once(functions.invoke(arn, event, pool_id=pool_id or "", of_the_operator=True))
            took.append(round((time.perf_counter() - started) * 1000, 3))
    finally:
        await functions.aclose()
    return answer, took


async def _once(asked: Any) -> dict[str, Any]:
    try:
        answer = await asked
    except FunctionFailed as failed:
        return {"ErrorMessage": failed.message, "ErrorType": failed.kind}
    except FunctionUnavailable as unavailable:
        return {"Unavailable": str(unavailable)}
    try:
        return {"Answer": json.loads(answer)}
    except ValueError:
        return {"NoJson": answer[:1000].decode("utf-8", "replace")}


def _events(arguments: argparse.Namespace) -> int:
    if arguments.source is None:
        print("\n".join(sorted(SAMPLES)))
    else:
        print_json(_sample(arguments.source, arguments.version_of_event))
    return 0


def _run(arguments: argparse.Namespace) -> int:
    if "AWS_LAMBDA_RUNTIME_API" not in os.environ:
        raise CommandFailed(
            "AWS_LAMBDA_RUNTIME_API is not set: this is what the server runs. Name the handler in the functions file,"
            " and try it by `poolhouse functions invoke NAME --event PreSignUp_SignUp`"
        )
    sys.argv = ["runtime.py", arguments.handler]
    runpy.run_path(str(PROGRAMS / "runtime.py"), run_name="__main__")
    return 0
