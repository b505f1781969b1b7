"""The local inbox: what would have been sent is there for the developer, and for nobody else."""

from __future__ import annotations

import http.client
import os
import select
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.admin import admin_client
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.sending import send, the_pool

from poolhouse.core.outgoing import Outgoing
from poolhouse.store.repositories import inbox
from poolhouse.store.sweeping import INBOX_KEPT


def page(
    server: RunningServer, host: str | None = None, method: str = "GET", **headers: str
) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.putrequest(method, "/inbox/", skip_host=True)
    connection.putheader("Host", host or f"localhost:{server.port}")
    for name, value in headers.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


def test_the_inbox_is_listed_newest_first_page_by_page(server: RunningServer, cognito: Any) -> None:
    pool = the_pool(server, a_pool(cognito))
    for number in range(5):
        send(server, pool, f"ada{number}@example.com", code=str(number))
    client = admin_client(server)
    first = client.list_inbox_messages(UserPoolId=pool.id, MaxResults=3)
    second = client.list_inbox_messages(UserPoolId=pool.id, MaxResults=3, NextToken=first["NextToken"])
    codes = [message["Code"] for message in first["Messages"] + second["Messages"]]
    assert codes == ["4", "3", "2", "1", "0"]
    assert "NextToken" not in second


def test_a_pool_that_is_not_there_is_told_and_a_token_is_good_for_its_own_list_alone(
    server: RunningServer, cognito: Any
) -> None:
    client = admin_client(server)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        client.list_inbox_messages(UserPoolId="us-east-1_nothing12")
    pool = the_pool(server, a_pool(cognito))
    for _ in range(2):
        send(server, pool, "ada@example.com")
    token = client.list_inbox_messages(UserPoolId=pool.id, MaxResults=1)["NextToken"]
    with pytest.raises(ClientError, match="Invalid pagination token"):
        client.list_inbox_messages(NextToken=token)


def test_messages_are_sealed_in_the_database(server: RunningServer, cognito: Any) -> None:
    import sqlalchemy as sa

    pool = the_pool(server, a_pool(cognito))
    send(server, pool, "sealed@example.com", code="918273")
    rows = server.run(
        server.server.parts.store.read(
            lambda tx: tx.connection.execute(
                sa.text("select * from inbox_message where pool_id = :pool"), {"pool": pool.id}
            ).all()
        )
    )
    assert len(rows) == 1
    assert "918273" not in str(rows)
    assert "sealed@example.com" not in str(rows)
    (message,) = server.run(
        server.server.parts.store.read(
            lambda tx: tx.inbox.page(server.settings.account_id, pool_id=pool.id, size=2)
        )
    )
    assert isinstance(message, Outgoing)
    assert "918273" not in repr(message)
    assert "sealed@example.com" not in repr(message)


def test_only_so_many_messages_are_kept_and_only_for_so_long(
    own_server: Callable[..., RunningServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "MAX_MESSAGES", 3)
    server = own_server()
    pool = the_pool(server, a_pool(server.client()))
    for number in range(5):
        send(server, pool, "ada@example.com", code=str(number))
    client = admin_client(server)
    kept = client.list_inbox_messages()["Messages"]
    assert [message["Code"] for message in kept] == ["4", "3", "2"]
    server.clock.advance(seconds=INBOX_KEPT.total_seconds() + 1)
    server.run(server.sweep())
    server.clock.advance(seconds=-INBOX_KEPT.total_seconds() - 1)
    assert client.list_inbox_messages()["Messages"] == []


def test_the_page_shows_messages_and_nothing_in_them_is_markup(
    own_server: Callable[..., RunningServer],
) -> None:
    server = own_server()
    pool = the_pool(server, a_pool(server.client()))
    assert "Nothing yet" in page(server)[1]
    send(server, pool, "ada@example.com", code="123456", username="<script>alert(1)</script>")
    send(
        server,
        pool,
        "+15550123",
        medium="SMS",
        code='<img src=x onerror="alert(1)">',
        username="x",
    )
    status, text = page(server)
    assert status == 200
    assert "ada@example.com" in text
    assert "123456" in text
    assert "<script" not in text
    assert "<img" not in text


def test_the_page_cannot_be_framed_and_runs_no_script(own_server: Callable[..., RunningServer]) -> None:
    server = own_server()
    connection = http.client.HTTPConnection("localhost", server.port)
    connection.request("GET", "/inbox/")
    answer = connection.getresponse()
    answer.read()
    policy = answer.getheader("content-security-policy") or ""
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.getheader("cache-control") == "no-store"
    assert answer.getheader("access-control-allow-origin") is None
    connection.close()


@pytest.mark.parametrize(
    "host",
    [
        "evil.test",
        "evil.test:80",
        "inbox.localhost.evil.test",
        "10.0.0.1",
        "127.0.0.1@evil.test",
        "",
        "[",
        "[::1",
    ],
)
def test_the_page_is_not_for_another_name_of_this_machine(
    own_server: Callable[..., RunningServer], host: str
) -> None:
    """DNS rebinding: a page of evil.test that resolves to 127.0.0.1 is of the same origin as what it reads."""
    server = own_server()
    pool = the_pool(server, a_pool(server.client()))
    send(server, pool, "ada@example.com", code="123456")
    status, text = page(server, host=host or " ")
    assert status in (400, 404)
    assert "123456" not in text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_the_page_is_not_for_whom_a_proxy_speaks(
    own_server: Callable[..., RunningServer], header: str
) -> None:
    server = own_server()
    assert page(server, **{header: "127.0.0.1"})[0] == 404


def test_the_page_is_not_there_where_the_server_is_public(own_server: Callable[..., RunningServer]) -> None:
    server = own_server(public_url="https://login.example.com")
    assert page(server)[0] == 404


def test_the_page_is_not_there_without_an_inbox(own_server: Callable[..., RunningServer]) -> None:
    assert page(own_server(local_inbox=False))[0] == 404


def test_the_page_only_reads(own_server: Callable[..., RunningServer]) -> None:
    assert page(own_server(), method="POST", Content_Length="0")[0] == 405


def cli(server: RunningServer, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "poolhouse", "inbox", *arguments, "--endpoint-url", server.base_url]


def environ(server: RunningServer) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": "/nonexistent", **server.local.environment()}


def run(server: RunningServer, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        cli(server, *arguments), env=environ(server), capture_output=True, text=True, timeout=60, check=False
    )


def test_the_command_lists_shows_and_follows(own_server: Callable[..., RunningServer]) -> None:
    server = own_server()
    pool = the_pool(server, a_pool(server.client()))
    send(server, pool, "ada@example.com", code="111111")
    send(server, pool, "bob@example.com", code="222222", username="\x1b[31mbob")
    listed = run(server, "list").stdout.splitlines()
    assert len(listed) == 3
    assert "bob@example.com" in listed[1]
    assert "222222" in listed[1]
    shown = run(server, "show", "ada@example.com")
    assert "Your confirmation code is 111111" in shown.stdout
    assert "\x1b" not in run(server, "show").stdout
    assert run(server, "show", "eve@example.com").returncode == 1
    follower = subprocess.Popen(
        cli(server, "follow", "--pool", pool.id), env=environ(server), stdout=subprocess.PIPE, text=True
    )
    try:
        assert follower.stdout is not None
        # It shows what comes after it began; when that was, only its first message tells.
        for number in range(600):
            send(server, pool, "eve@example.com", code=str(333000 + number))
            if select.select([follower.stdout], [], [], 0.1)[0]:
                break
        shown_since = [follower.stdout.readline() for _ in range(8)]
        assert any(line.startswith("code:    333") for line in shown_since)
    finally:
        follower.kill()
        follower.wait()
        follower.stdout.close()  # type: ignore[union-attr]
