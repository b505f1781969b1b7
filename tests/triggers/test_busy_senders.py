"""Functions that are busy with the messages of one pool: nobody else's messages wait for them."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.mail_server import a_mail_server
from tests.people.people import a_person, wait_for_message
from tests.people.sending import a_call, the_pool, waiting
from tests.people.signing_up import an_email
from tests.triggers.sending import a_notice, key_of
from tests.triggers.test_killed_server import eventually

from poolhouse import postman
from poolhouse.core.messages import Purpose
from poolhouse.ports.functions import Functions
from poolhouse.userpools import delivery

SLOW, QUICK = (f"arn:aws:lambda:us-east-1:123456789012:function:{name}" for name in ("slow", "quick"))
MANY = postman.FUNCTIONS_AT_ONCE + 4 * postman.BATCH


class Held(Functions):
    """`QUICK` answers at once, `SLOW` when it is let go."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.at_once = 0
        self.most_at_once = 0
        self.let_go = asyncio.Event()

    async def invoke(self, arn: str, event: bytes, *, pool_id: str, in_background: bool = False) -> bytes:
        assert json.loads(event)["userPoolId"] == pool_id
        self.asked[arn] += 1
        if arn == SLOW:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
            await self.let_go.wait()
            self.at_once -= 1
        return event


@contextmanager
def held(server: RunningServer) -> Iterator[Held]:
    functions = Held()
    object.__setattr__(server.server.parts.ports, "functions", functions)
    try:
        yield functions
    finally:
        server.loop.call_soon_threadsafe(functions.let_go.set)


def a_pool_with(server: RunningServer, arn: str) -> str:
    sender = {"LambdaVersion": "V1_0", "LambdaArn": arn}
    config = {"CustomEmailSender": sender, "KMSKeyID": key_of(server).arn}
    return a_pool(server.client(), LambdaConfig=config)


def leave(server: RunningServer, pool_id: str, destination: str, count: int = 1) -> None:
    """As many messages in the outbox, as processes leave them there that die."""
    call, pool = a_call(server), the_pool(server, pool_id)
    a_person(server.client(), pool_id, email=destination)
    user = server.run(call.store.read(lambda tx: tx.users.find(pool, "ada")))

    def write(tx: Any) -> None:
        for _ in range(count):
            delivery.post(
                tx,
                call,
                pool,
                user,
                purpose=Purpose.SIGN_UP,
                medium="EMAIL",
                destination=destination,
                code="123456",
            )

    server.run(call.store.write(write))


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_slow_sender_with_many_messages_holds_up_no_other_pool_s(own_server: Any, engine: str) -> None:
    server = own_server(engine)
    slow, quick, without = a_pool_with(server, SLOW), a_pool_with(server, QUICK), a_pool(server.client())
    with held(server) as functions:
        leave(server, slow, an_email(), MANY)
        server.clock.advance(seconds=1)
        email = an_email()
        leave(server, without, email)
        leave(server, quick, an_email())
        server.clock.advance(minutes=1)
        looking = asyncio.run_coroutine_threadsafe(server.server.postman.deliver_due(), server.loop)
        assert wait_for_message(server, email)
        looking.result(30)
        assert functions.asked[QUICK] == 1
        assert functions.most_at_once <= postman.OF_ONE_POOL + postman.BATCH
        server.loop.call_soon_threadsafe(functions.let_go.set)
        for _ in range(MANY):
            if not waiting(server):
                break
            server.run(server.server.postman.deliver_due())
        assert functions.asked[SLOW] == MANY
        assert functions.asked[QUICK] == 1


def leave_notices(server: RunningServer, pool_id: str, count: int) -> None:
    """Of risky sign-ins, which a function would be told of if the pool had one."""

    def write(tx: Any) -> None:
        for _ in range(count):
            tx.outbox.add(a_notice(server, pool_id, details={"EVENT_ID": "1"}), server.clock.now())

    server.run(server.server.parts.store.write(write))


def test_a_mail_server_that_hangs_holds_up_no_function(
    own_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postman, "EVERY", 0.2)
    with a_mail_server() as mail:
        mail.hangs.set()
        server = own_server(
            smtp_host="127.0.0.1",
            smtp_port=mail.port,
            smtp_security="none",
            mail_from="no-reply@orders.example",
        )
        quick, without = a_pool_with(server, QUICK), a_pool(server.client())
        with held(server) as functions:
            leave(server, without, an_email(), 5 * postman.BATCH)
            for pool_id in (without, *(a_pool(server.client()) for _ in range(4))):
                leave_notices(server, pool_id, postman.FUNCTIONS_AT_ONCE)
            server.clock.advance(seconds=1)
            leave(server, quick, an_email())
            server.clock.advance(minutes=1)
            assert eventually(lambda: functions.asked[QUICK] == 1)
        mail.hangs.clear()


def test_what_waits_is_told_as_soon_as_others_are_answered(
    own_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the postman's own looks. Between two of them without a reason it waits for ever here, but for the first."""
    monkeypatch.setattr(postman, "EVERY", 0.5)
    server = own_server()
    pool_id = a_pool_with(server, SLOW)
    with held(server) as functions:
        leave(server, pool_id, an_email(), MANY)
        server.clock.advance(minutes=1)
        assert eventually(lambda: functions.at_once >= postman.OF_ONE_POOL)
        monkeypatch.setattr(postman, "EVERY", 1_000_000)
        assert eventually(lambda: server.server.postman._is_held_up)
        time.sleep(0.6)  # the last look by time alone is over
        server.loop.call_soon_threadsafe(functions.let_go.set)
        assert eventually(lambda: waiting(server) == 0)
        assert functions.asked[SLOW] == MANY
