"""kill -9 while a function is asked to send a message: it is told of it again."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.engines import new_postgres_database
from tests.harness import running_server
from tests.people.sending import waiting
from tests.people.signing_up import a_sign_up_app, an_email, confirm, sign_up, status_of
from tests.processes.serving import MASTER_KEY, REGION, served
from tests.triggers.listening import Answer, Asked, listening
from tests.triggers.sending import opened
from tests.triggers.test_killed_server import eventually
from tests.triggers.test_webhook import toml_of

from poolhouse.core.kms import BuiltInKey
from poolhouse.core.secret import Secret

ARN = f"arn:aws:lambda:{REGION}:000000000000:function:hook"
KEY = BuiltInKey(REGION, "000000000000").arn


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_server_that_is_killed_in_the_middle_of_an_attempt_loses_no_message(
    tmp_path: Path, engine: str, request: pytest.FixtureRequest
) -> None:
    """Two are under way, and come again; one was taken before."""
    settings = {"master_key": MASTER_KEY}
    if engine == "postgres":
        from poolhouse.store.migrations import migrate

        settings["database_url"] = new_postgres_database(request.getfixturevalue("postgres_server"))
        migrate(settings["database_url"])
    names = ("ada", "bob", "eve")
    let_go = threading.Event()

    def answer(asked: Asked) -> Answer:
        if json.loads(asked.body)["userName"] != "ada":
            let_go.wait(30)
        return 200, {}, asked.body

    with listening(answer) as hook:
        file = tmp_path / "functions.toml"
        file.write_text(toml_of(hook.url))
        file.chmod(0o600)
        try:
            with served(tmp_path / "node", functions_file=file, **settings) as node:
                cognito = node.cognito()
                sender = {"LambdaVersion": "V1_0", "LambdaArn": ARN}
                config = {"CustomEmailSender": sender, "KMSKeyID": KEY}
                pool_id, client_id = a_sign_up_app(cognito, LambdaConfig=config)
                for name in names:
                    sign_up(cognito, client_id, name, attributes={"email": an_email()})
                    assert eventually(lambda: len(hook.asked) == names.index(name) + 1)  # noqa: B023
                node.kill()
        finally:
            let_go.set()
        again: dict[str, Any] = {"master_keys": (Secret(MASTER_KEY),)}
        if engine == "postgres":
            again["database_url"] = Secret(settings["database_url"])
        data_dir = tmp_path / "node/data"
        with running_server(data_dir, functions_file=file, clock_skew=timedelta(days=1), **again) as server:
            server.clock.advance(minutes=2)
            server.run(server.server.postman.deliver_due())
            assert eventually(lambda: waiting(server) == 0)
            events = [json.loads(asked.body) for asked in hook.asked]
            assert [event["userName"] for event in events[:3]] == list(names)
            told_again = {event["userName"]: event for event in events[3:]}
            assert {"bob", "eve"} <= told_again.keys()
            assert len(told_again) == len(events[3:])
            for name in ("bob", "eve"):
                confirm(server.client(), client_id, name, opened(server, told_again[name]))
                assert status_of(server.client(), pool_id, name) == "CONFIRMED"


DIES = """
import json, os
from pathlib import Path

def handler(event, context):
    with open(TOLD, "a") as told:
        told.write(json.dumps(event) + "\\n")
    if len(Path(TOLD).read_text().splitlines()) == 1:
        os.kill(os.getpid(), 9)
    return "garbage"
"""


def test_a_function_that_dies_in_the_middle_is_told_again(own_server: Any, tmp_path: Path) -> None:
    told = tmp_path / "told" / "events"
    told.parent.mkdir()
    (tmp_path / "hook.py").write_text(DIES.replace("TOLD", repr(str(told))))
    file = tmp_path / "functions.toml"
    file.write_text(f'[function.hook]\nhandler = "hook.handler"\nwrite = ["{told.parent}"]\n')
    server = own_server(functions_file=file)
    cognito = server.client()
    config = {"CustomEmailSender": {"LambdaVersion": "V1_0", "LambdaArn": ARN}, "KMSKeyID": KEY}
    _, client_id = a_sign_up_app(cognito, LambdaConfig=config)
    sign_up(cognito, client_id, attributes={"email": an_email()})
    assert eventually(lambda: not server.server.postman._attempts)
    assert waiting(server) == 1
    server.clock.advance(minutes=1)
    server.run(server.server.postman.deliver_due())
    assert eventually(lambda: waiting(server) == 0)
    first, second = map(json.loads, told.read_text().splitlines())
    assert opened(server, first) == opened(server, second)
    confirm(cognito, client_id, "ada", opened(server, second))
