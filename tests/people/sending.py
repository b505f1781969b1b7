"""Sending a message as an operation does, for tests of what becomes of it."""

from __future__ import annotations

from typing import Any

from tests.harness import RunningServer

from poolhouse.core.ids import new_jti
from poolhouse.core.messages import Purpose
from poolhouse.core.pools import UserPool
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call, Caller, SystemRandom
from poolhouse.userpools import delivery


def a_call(server: RunningServer, operation: str = "SignUp") -> Call:
    parts = server.server.parts
    return Call(
        parts=parts,
        caller=Caller(),
        account_id=server.settings.account_id,
        region=server.region,
        now=parts.clock.now(),
        request_id="test",
        address="127.0.0.1",
        operation=operation,
        service="cognito-idp",
    )


def the_pool(server: RunningServer, pool_id: str) -> UserPool:
    found = server.run(server.server.parts.store.read(lambda tx: tx.pools.find(pool_id)))
    assert isinstance(found, UserPool)
    return found


def a_user(pool: UserPool, server: RunningServer, **attributes: str) -> User:
    now = server.clock.now()
    return User(
        pool_id=pool.id,
        sub=new_jti(SystemRandom()),
        username="ada",
        status=UserStatus.CONFIRMED,
        created_at=now,
        modified_at=now,
        attributes=attributes,
    )


def post(server: RunningServer, pool: UserPool, destination: str, **options: Any) -> str:
    """Only the writing: as if the process died right after the commit."""
    call = a_call(server)
    chosen = {"purpose": Purpose.SIGN_UP, "medium": "EMAIL", "code": "123456", **options}
    user = a_user(pool, server, email=destination)
    message_id: str = server.run(
        call.store.write(lambda tx: delivery.post(tx, call, pool, user, destination=destination, **chosen))
    )
    return message_id


def send(server: RunningServer, pool: UserPool, destination: str, **options: Any) -> None:
    """As an operation does it: write, then deliver."""
    operation = options.pop("operation", "SignUp")
    message_id = post(server, pool, destination, **options)
    server.run(delivery.deliver_now_or_later(a_call(server, operation), [message_id]))


def waiting(server: RunningServer) -> int:
    count: int = server.run(server.server.parts.store.read(lambda tx: tx.outbox.count()))
    return count
