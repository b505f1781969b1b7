"""Messages reach people: through the outbox, whatever happens to the carrier or to the server."""

from __future__ import annotations

from typing import Any

from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import messages_of, the_code


def test_a_code_is_in_the_local_inbox_when_the_call_has_answered(server: RunningServer, cognito: Any) -> None:
    pool = the_pool(server, a_pool(cognito))
    address = f"ada-{pool.id}@example.com"
    send(server, pool, address)
    assert the_code(server, address) == "123456"
    (message,) = messages_of(server, address)
    assert message["Subject"] == "Your verification code"
    assert message["Body"] == "Your confirmation code is 123456"
    assert (message["Medium"], message["Purpose"], message["UserName"]) == ("EMAIL", "SIGN_UP", "ada")
    assert message["UserPoolId"] == pool.id
