"""Functions that call the API that waits for them: more of them at once than the server has connections or threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, sign_in
from tests.people.signing_up import a_sign_up_app, sign_up
from tests.triggers.functions import Event, a_function

AT_ONCE = 16
CONNECTIONS = 2


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
@pytest.mark.parametrize("act", ["signs up", "signs in"])
def test_functions_that_call_back_all_at_once_hold_nothing_that_they_wait_for(
    own_server: Callable[..., RunningServer], engine: str, act: str
) -> None:
    server = own_server(engine, database_pool_size=CONNECTIONS, rate_per_person=0)
    cognito = server.client("cognito-idp")
    all_are_here = threading.Barrier(AT_ONCE, timeout=60)

    def calling_back(event: Event) -> None:
        all_are_here.wait()
        cognito.create_group(UserPoolId=event["userPoolId"], GroupName=event["userName"])

    async def room_for_all() -> None:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(AT_ONCE))

    server.run(room_for_all())
    asked = a_function(server, calling_back)
    trigger = "PreSignUp" if act == "signs up" else "PostAuthentication"
    pool_id, client_id = a_sign_up_app(cognito, LambdaConfig={trigger: asked.arn})
    names = [f"person{number}" for number in range(AT_ONCE)]
    if act == "signs in":
        client_id = an_app(cognito, pool_id)["ClientId"]
        for name in names:
            a_person(cognito, pool_id, name)

    def go(name: str) -> Any:
        return (sign_up if act == "signs up" else sign_in)(cognito, client_id, name)

    with ThreadPoolExecutor(AT_ONCE) as people:
        assert all(people.map(go, names, timeout=60))
    groups = cognito.list_groups(UserPoolId=pool_id)["Groups"]
    assert sorted(group["GroupName"] for group in groups) == sorted(names)
