"""Every source, fired by somebody's request: its events are those of the samples, and of AWS's own types."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.admin import admin_client
from tests.browser.browser import node, node_environment
from tests.browser.fake_provider import LOOPBACK
from tests.conftest import a_server_on
from tests.harness import RunningServer
from tests.people.people import PASSWORD
from tests.triggers.every_source import FLOWS, PASSWORD_ELSEWHERE, Walk
from tests.triggers.npm import installed
from tests.triggers.powertools import CLASSES, misread
from tests.triggers.samples import MAY_LACK

from poolhouse.core.trigger_samples import SAMPLES, sample

TABLE = Path(__file__).parents[2] / "docs/triggers.md"
STRUCTURED = {"groupConfiguration", "session"}
VERSIONS = ("V2_0", "V3_0")
EVERY_SOURCE = list(SAMPLES)
OF_PEOPLE = [source for source in EVERY_SOURCE if source.startswith("TokenGeneration_")][:-1]


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("golden")
    with a_server_on(
        request.param, folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@pytest.fixture(scope="module")
def walk(server: RunningServer) -> Walk:
    return Walk(server)


def test_there_is_a_way_to_every_source() -> None:
    reached = [source for sources in FLOWS.values() for source in sources]
    assert sorted(reached) == sorted(EVERY_SOURCE)


def test_every_source_stands_once_in_the_table() -> None:
    listed = re.findall(r"^\| `(\w+)` \|.*\| `tests/.*` \|$", TABLE.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(EVERY_SOURCE)


@pytest.mark.parametrize("source", EVERY_SOURCE)
def test_what_is_fired_is_the_sample_member_by_member(walk: Walk, source: str) -> None:
    same(walk.events(source), sample(source))


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("source", OF_PEOPLE)
def test_so_is_each_version_of_what_tokens_are_made_by(walk: Walk, source: str, version: str) -> None:
    same(walk.events(source, version), sample(source, version=version[1]))


def test_a_password_is_told_to_the_directory_that_it_is_of_and_to_nobody_else(
    walk: Walk, server: RunningServer
) -> None:
    told = {event["triggerSource"] for event in walk.all_events() if PASSWORD_ELSEWHERE in json.dumps(event)}
    assert told == {"UserMigration_Authentication"}
    codes = {message["Code"] for message in every_message(server)}
    assert len(codes) >= 5
    for event in walk.all_events():
        texts = texts_in(event)
        assert PASSWORD not in texts
        assert not codes & texts, event["triggerSource"]


def every_message(server: RunningServer) -> list[dict[str, Any]]:
    pages = admin_client(server).get_paginator("list_inbox_messages").paginate()
    return [message for page in pages for message in page["Messages"]]


def texts_in(value: Any) -> set[str]:
    """All texts of a document, at any depth."""
    if isinstance(value, dict):
        return {text for name, inner in value.items() for text in {name} | texts_in(inner)}
    if isinstance(value, list):
        return {text for inner in value for text in texts_in(inner)}
    return {value} if isinstance(value, str) else set()


def same(events: list[dict[str, Any]], expected: dict[str, Any]) -> None:
    """Raises AssertionError: an event is not like the sample, or none has a member that the sample has."""
    assert events
    for event in events:
        assert list(event) == list(expected)
        assert event["version"] == expected["version"]
        assert list(event["callerContext"]) == list(expected["callerContext"])
        assert event["response"] == expected["response"]
        wanted = expected["request"]
        names = [name for name in wanted if name in event["request"] or name not in MAY_LACK]
        assert list(event["request"]) == names
    for name, value in expected["request"].items():
        said = [event["request"][name] for event in events if name in event["request"]]
        assert any(like(one, value, name) for one in said), f"{name}: {said}"


def like(said: Any, sample: Any, name: str) -> bool:
    """Whether a value has the kind of the sample's; what has members of its own, the same ones in their order."""
    if name in STRUCTURED and isinstance(sample, list):
        return bool(said) and all(list(one) == list(sample[0]) for one in said)
    if isinstance(sample, dict) and (name in STRUCTURED or "EVENT_ID" in sample):
        return list(said) == list(sample) and all(type(said[key]) is type(sample[key]) for key in sample)
    return type(said) is type(sample)


# --- by AWS's own types ------------------------------------------------------------------------------------


TYPES = {"PreSignUp": "PreSignUp", "TokenGeneration": "PreTokenGeneration"}
COMPILER = Path(__file__).parent / "aws_types"
OPTIONS = ["--noEmit", "--skipLibCheck", "--strict", "--strictNullChecks", "false", "--module", "nodenext"]


def type_of(event: dict[str, Any]) -> str:
    """What a function in TypeScript is written against."""
    name = event["triggerSource"].partition("_")[0]
    version = {"2": "V2", "3": "V3"}.get(event["version"], "")
    # From version 3 on the types know machines alone; people's events are as in version 2.
    if name == "TokenGeneration" and event["triggerSource"] != "TokenGeneration_ClientCredentials":
        version = version.replace("3", "2")
    return f"{TYPES.get(name, name)}{version}TriggerEvent"


def compiled(events: list[dict[str, Any]], folder: Path) -> str:
    """What the compiler of TypeScript says of events that are written down as constants of their types. It is told
    nothing of null: answers that nobody has given are."""
    types = installed(COMPILER) / "node_modules"
    lines = [f'import * as aws from "{types}/@types/aws-lambda"']
    for number, event in enumerate(events):
        if event["triggerSource"] == "UserMigration_ForgotPassword":
            # "Amazon Cognito doesn't send this value in a request that's initiated by the forgot-password flow", says the
            # guide; the types have it for both.
            event = {**event, "request": {"password": "", **event["request"]}}
        text = json.dumps(event)
        lines.append(f"export const event{number}: aws.{type_of(event)} = {text}")
    (folder / "events.ts").write_text("\n".join(lines))
    done = subprocess.run(
        [node(), str(types / "typescript/bin/tsc"), *OPTIONS, "events.ts"],
        cwd=folder,
        env=node_environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.stdout + done.stderr


def test_what_is_fired_is_of_the_types_that_functions_are_written_against(walk: Walk, tmp_path: Path) -> None:
    fired = [event for source in EVERY_SOURCE for event in walk.events(source)]
    fired += [event for version in VERSIONS for one in OF_PEOPLE for event in walk.events(one, version)]
    assert compiled(fired, tmp_path) == ""
    unlike = {**fired[0], "request": {**fired[0]["request"], "unheardOf": True}}
    assert '"unheardOf"' in compiled([unlike], tmp_path), "the compiler looks at all members"


def test_so_are_the_samples(tmp_path: Path) -> None:
    samples = [sample(source) for source in SAMPLES]
    samples += [sample(source, version=version[1]) for version in VERSIONS for source in OF_PEOPLE]
    assert compiled(samples, tmp_path) == ""


# --- by AWS's Powertools -----------------------------------------------------------------------------------


def test_functions_in_python_read_what_is_fired_with_aws_s_own_library(walk: Walk) -> None:
    fired = [event for source in EVERY_SOURCE for event in walk.events(source)]
    fired += [event for version in VERSIONS for one in OF_PEOPLE for event in walk.events(one, version)]
    assert {event["triggerSource"]: misread(event) for event in fired if misread(event)} == {}
    known = {name.rstrip("123") for name in CLASSES}
    assert {event["triggerSource"].partition("_")[0] for event in fired} - known == {"InboundFederation"}


@pytest.mark.parametrize("source", EVERY_SOURCE)
def test_that_library_reads_the_samples_and_would_stumble_over_others(source: str) -> None:
    known = ("1", "2", "3") if source in OF_PEOPLE else ("",)
    for version in known:
        told = sample(source, version=version)
        assert misread(told) == []
        assert bool(misread({**told, "callerContext": {}})) is not source.startswith("InboundFederation")
