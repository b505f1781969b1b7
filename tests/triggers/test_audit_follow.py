"""`poolhouse audit --follow` shows what happens from now on, and what came before only as far as it was asked for."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.triggers.test_audit import whereabouts

from poolhouse.cli.main import main


@pytest.mark.parametrize(
    "more", [["--count", "1"], ["--count", "1", "--since", "1h"], ["--count", "0", "--since", "1h"]]
)
def test_what_was_left_out_at_the_start_does_not_come_later(
    server: RunningServer,
    cognito: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
) -> None:
    whereabouts(server, monkeypatch)
    pool_id = a_pool(cognito)
    for name in ("one", "two", "three"):
        cognito.create_group(UserPoolId=pool_id, GroupName=name)
    looks = iter(range(2))

    def happen(_: float) -> None:
        look = next(looks, None)
        if look is None:
            raise KeyboardInterrupt
        if look == 0:
            cognito.delete_group(UserPoolId=pool_id, GroupName="one")

    monkeypatch.setattr(time, "sleep", happen)
    assert main(["audit", "--pool", pool_id, "--follow", "--json", *more]) == 130
    shown = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    names = [(event["eventName"], event["requestParameters"].get("GroupName")) for event in shown]
    before = [("CreateGroup", "three")] if more[1] == "1" else []
    assert names == [*before, ("DeleteGroup", "one")]
