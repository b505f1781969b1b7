"""What a person's tokens say, and the server's own functions for what no operation lets a test do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier
from typing import Any

from botocore.exceptions import ClientError
from tests.engines import PostgresServer, new_postgres_database
from tests.harness import MovableClock, RunningServer, running_server

from poolhouse.core.secret import Secret
from poolhouse.operation import Call, Caller
from poolhouse.userpools.user_tokens import issue_user_tokens

MASTER_KEY = "00" * 32


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def header_of(token: str) -> dict[str, Any]:
    header = token.split(".")[0]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4)))
    return found


def a_call(server: RunningServer, operation: str = "InitiateAuth") -> Call:
    """An unsigned call, as the face makes it."""
    parts = server.server.parts
    return Call(
        parts=parts,
        caller=Caller(),
        account_id=parts.settings.account_id,
        region=parts.settings.region,
        now=parts.clock.now(),
        request_id="test",
        address="127.0.0.1",
        operation=operation,
        service="cognito-idp",
    )


def issue(server: RunningServer, client_id: str, sub: str, **options: Any) -> dict[str, Any]:
    """The tokens of a sign-in in which everything has been proved."""

    async def issued() -> dict[str, Any]:
        app = await server.server.parts.cache.get("app", client_id)
        result: Any = await issue_user_tokens(a_call(server), app, sub, **options)
        return dict(result)

    tokens: dict[str, Any] = server.run(issued())
    return tokens


def refreshed(cognito: Any, client_id: str, token: str, **options: Any) -> dict[str, Any]:
    answer = cognito.get_tokens_from_refresh_token(ClientId=client_id, RefreshToken=token, **options)
    result: dict[str, Any] = answer["AuthenticationResult"]
    return result


def refusal(operation: Callable[..., Any], *arguments: Any, **parameters: Any) -> str:
    """`Code: message` of the error that it ends with; "" where it succeeds."""
    try:
        operation(*arguments, **parameters)
    except ClientError as error:
        return f"{error.response['Error']['Code']}: {error.response['Error']['Message']}"
    return ""


def at_once(number: int, act: Callable[[int], Any]) -> list[Any]:
    """What `number` threads get that begin together; an error of the API as its code."""
    start = Barrier(number)

    def run(which: int) -> Any:
        start.wait(30)
        try:
            return act(which)
        except ClientError as error:
            return error.response["Error"]["Code"]

    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(run, range(number)))


@contextmanager
def two_nodes(postgres_server: PostgresServer, folder: Path) -> Iterator[tuple[RunningServer, RunningServer]]:
    """Two servers on one PostgreSQL, with one clock."""
    clock = MovableClock()
    settings: dict[str, Any] = {
        "database_url": Secret(new_postgres_database(postgres_server)),
        "master_keys": (Secret(MASTER_KEY),),
        "public_url": "http://identity.test",
        "rate_per_person": 0,
    }
    with (
        running_server(folder / "one", clock=clock, **settings) as one,
        running_server(folder / "other", clock=clock, **settings) as other,
    ):
        yield one, other
