"""What the process writes, and what happens when nobody takes it."""

from __future__ import annotations

import base64
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.harness import ROOT_SECRET
from tests.processes.serving import (
    MASTER_KEY,
    Node,
    Serve,
    a_machine,
    ask_for_a_token,
    token_of,
    token_request,
)

from poolhouse import __version__


@pytest.mark.parametrize("workers", [1, 2])
def test_one_line_a_request_and_no_secret(serve: Serve, workers: int) -> None:
    node = serve(workers=workers, master_key=MASTER_KEY)
    machine = a_machine(node.cognito(), "logged")
    tokens = [token_of(node, machine)[1]["access_token"] for _ in range(6)]
    wrong = type(machine)(machine.pool_id, machine.domain, machine.client_id, "not the secret of it")
    assert token_of(node, wrong)[0] == 400
    assert node.stop() == 0
    lines = [json.loads(line) for line in node.log.splitlines()]
    events = [line["event"] for line in lines]
    assert events[0] == f"poolhouse {__version__} serves http://localhost:{node.port}"
    assert events.count("stopping; what is being answered may finish") == 1
    asked = [line for line in lines if line.get("operation") == "token"]
    assert [line["status"] for line in asked].count(200) == 6
    (refused,) = [line for line in asked if line["status"] == 400]
    assert refused["reason"], "what the answer does not say"
    assert len({line["request_id"] for line in lines if "request_id" in line}) == 4 + 7
    for secret in (machine.secret, wrong.secret, ROOT_SECRET, MASTER_KEY, *tokens):
        assert secret not in node.log


@pytest.mark.parametrize("workers", [1, 2])
def test_a_reader_of_the_log_that_goes_away_does_not_end_the_server(serve: Serve, workers: int) -> None:
    reading, writing = os.pipe()
    node = serve(workers=workers, popen={"stdout": writing, "stderr": writing})
    os.close(writing)
    machine = a_machine(node.cognito(), "unread")
    os.close(reading)
    for _ in range(10):
        assert token_of(node, machine)[0] == 200
    assert node.stop() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_a_reader_of_the_log_that_stands_still_holds_nobody_up(serve: Serve, workers: int) -> None:
    reading, writing = os.pipe()
    node = serve(workers=workers, popen={"stdout": writing, "stderr": subprocess.DEVNULL})
    os.close(writing)
    connection = node.connect()
    machine = a_machine(node.cognito(), "slowly-read")
    for _ in range(600):  # twice what the pipe holds
        assert ask_for_a_token(connection, machine)[0] == 200
    assert node.stop() == 0
    os.close(reading)


def test_a_full_disk_under_the_log_costs_lines_only(serve: Serve) -> None:
    with Path("/dev/full").open("wb") as full:
        node = serve(popen={"stdout": full, "stderr": full})
        machine = a_machine(node.cognito(), "full")
        for _ in range(10):
            assert token_of(node, machine)[0] == 200
        assert node.stop() == 0


def peers_in_the_log(node: Node) -> set[Any]:
    lines = [json.loads(line) for line in node.log.splitlines()]
    return {line["peer"] for line in lines if line.get("operation") == "token"}


@pytest.mark.parametrize(("trusted", "seen"), [("127.0.0.1", "203.0.113.7"), ("192.0.2.1", "127.0.0.1")])
def test_behind_a_proxy(serve: Serve, trusted: str, seen: str) -> None:
    node = serve(public_url="https://id.example.com", trusted_proxies=trusted)
    machine = a_machine(node.cognito(), "proxied")
    connection = node.connect()
    method, path, body, headers = token_request(machine)
    headers |= {
        "X-Forwarded-For": "6.6.6.6, 203.0.113.7",
        "X-Forwarded-Proto": "https",
        "Host": "id.example.com",
    }
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    token = json.loads(answer.read())["access_token"]
    assert claims_of(token)["iss"] == f"https://id.example.com/{machine.pool_id}"
    assert node.stop() == 0
    assert peers_in_the_log(node) == {seen}


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims
