"""kill -9 while tokens are given that the audit tells of: of each that somebody got, there is the record."""

from __future__ import annotations

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.people.tokens import claims_of
from tests.processes.serving import Machine, Node, a_machine, admin_client_of, ask_for_a_token, served

ASKING = 8
ENOUGH = 100


def ask_until_it_fails(node: Node, machine: Machine, got: list[str]) -> None:
    connection = node.connect()
    try:
        while True:
            status, document = ask_for_a_token(connection, machine)
            if status == 503:
                continue  # on a busy machine the database may take too long: then nothing is given
            assert status == 200, document
            got.append(document["access_token"])
    except (OSError, http.client.HTTPException):
        return


def test_whoever_got_a_token_stands_in_the_audit_after_a_kill(engine: dict[str, Any], tmp_path: Path) -> None:
    got: list[str] = []
    with served(tmp_path / "home", audit_tokens="every", **engine) as node:
        machine = a_machine(node.cognito(), "told")
        with ThreadPoolExecutor(ASKING) as threads:
            asking = [threads.submit(ask_until_it_fails, node, machine, got) for _ in range(ASKING)]
            while len(got) < ENOUGH and not any(asked.done() for asked in asking):
                time.sleep(0.01)
            node.kill()
            for asked in asking:
                asked.result(30)
    with served(tmp_path / "home", audit_tokens="every", **engine) as node:
        pages = admin_client_of(node).get_paginator("list_audit_events").paginate(UserPoolId=machine.pool_id)
        events = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["AuditEvents"]]
    told = {event["additionalEventData"].get("jti") for event in events}
    assert len(got) >= ENOUGH
    assert {claims_of(token)["jti"] for token in got} <= told
