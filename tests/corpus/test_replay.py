"""Requests that once did harm, replayed: each file says what happened, and what the answer must be now.

A file is JSON: `about`; either `operation` with its `body` as text, signed by the root unless `is_signed` is false, or
`method`, `path`, `headers` and `body` as they are; and the `status` and `error` of the answer. `{client_id}`,
`{domain}` and the like stand for what is in the house. A found failure becomes a file here, with its repair.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import a_server_on
from tests.fuzz.house import House, a_house
from tests.fuzz.wire import Reply, check_harmless

FILES = sorted(Path(__file__).parent.glob("*.json"))


@pytest.fixture(scope="package", params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with a_server_on(request.param, folder, request) as server, a_house(server) as house:
        yield house


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_once_did_harm_does_none(house: House, file: Path) -> None:
    case = json.loads(file.read_text())
    before = house.database.rows()
    reply = replay(house, case)
    check_harmless(reply)
    assert (reply.status, reply.error) == (case["status"], case["error"]), reply.body
    assert house.database.rows() == before
    house.check_all_answers()


def replay(house: House, case: dict[str, Any]) -> Reply:
    names = vars(house.machine)

    def filled(text: str) -> str:
        for name, value in names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    body = filled(case["body"]).encode() * case.get("repeated", 1)
    if "operation" in case:
        return house.call(case["operation"], body, is_signed=case.get("is_signed", True))
    return house.wire.send(case["method"], filled(case["path"]), case["headers"], body)
