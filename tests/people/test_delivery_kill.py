"""kill -9 loses no message: what was committed is delivered, once by the one process or later by another."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import MASTER_KEY, a_pool
from tests.engines import new_postgres_database
from tests.harness import running_server
from tests.people.mail_server import a_mail_server
from tests.people.sending import post, the_pool, waiting

from poolhouse.core.secret import Secret

SENDER = """
import sys
from pathlib import Path
from poolhouse.core.secret import Secret
from poolhouse.userpools import delivery
from tests.harness import running_server
from tests.people.sending import a_call, post, the_pool

data_dir, pool_id, port, database_url, master_key = sys.argv[1:]
settings = {"database_url": Secret(database_url), "master_keys": (Secret(master_key),)} if database_url else {}
with running_server(Path(data_dir), smtp_host="127.0.0.1", smtp_port=int(port), smtp_security="none",
                    mail_from="no-reply@orders.example", log_level="error", **settings) as server:
    pool = the_pool(server, pool_id)
    for number in range(1_000_000):
        message_id = post(server, pool, f"ada{number}@example.com")
        print(message_id, flush=True)
        server.run(delivery.deliver_now_or_later(a_call(server), [message_id]))
"""


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_committed_message_arrives(engine: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings: dict[str, Any] = {}
    url = ""
    if engine == "postgres":
        from poolhouse.store.migrations import migrate

        url = new_postgres_database(request.getfixturevalue("postgres_server"))
        migrate(url)
        settings = {"database_url": Secret(url), "master_keys": (Secret(MASTER_KEY),)}
    with a_mail_server() as mail:
        settings |= {
            "smtp_host": "127.0.0.1",
            "smtp_port": mail.port,
            "smtp_security": "none",
            "mail_from": "no-reply@orders.example",
        }
        with running_server(tmp_path / "data", **settings) as server:
            pool_id = a_pool(server.client())
        committed: list[str] = []
        for _ in range(2):
            sender = subprocess.Popen(
                [
                    sys.executable,
                    "-c",
                    SENDER,
                    str(tmp_path / "data"),
                    pool_id,
                    str(mail.port),
                    url,
                    MASTER_KEY,
                ],
                cwd=Path(__file__).parent.parent.parent,
                stdout=subprocess.PIPE,
                text=True,
            )
            assert sender.stdout is not None
            committed += [sender.stdout.readline().strip() for _ in range(5)]
            mail.hangs.set()  # the last one is under way: taken, and not yet answered
            time.sleep(random.uniform(0, 0.3))
            sender.kill()
            committed += [line.strip() for line in sender.stdout.readlines() if line.endswith("\n")]
            sender.wait()
            sender.stdout.close()
            mail.hangs.clear()
        with running_server(tmp_path / "data", **settings) as server:
            server.clock.advance(minutes=2)
            server.run(server.server.postman.deliver_due())
            assert waiting(server) == 0
        arrived = [mail["Message-ID"].strip("<>").partition("@")[0] for mail in mail.mails]
        assert len(committed) >= 10
        assert set(committed) <= set(arrived), "none is lost"
        assert len(arrived) <= len(set(arrived)) + 2, "only what was under way can come twice"


def test_a_server_that_is_stopped_ends_its_attempts_first(tmp_path: Path) -> None:
    with a_mail_server() as mail:
        settings = {"smtp_host": "127.0.0.1", "smtp_port": mail.port, "smtp_security": "none"}
        with running_server(tmp_path / "data", mail_from="a@b.example", **settings) as server:
            pool = the_pool(server, a_pool(server.client()))
            mail.hangs.set()
            message_id = post(server, pool, "ada@example.com")

            async def begin() -> None:
                server.server.postman.send([message_id])

            server.run(begin())
            mail.wait_for(1)
            _later(0.3, mail.hangs.clear)
        with running_server(tmp_path / "data", mail_from="a@b.example", **settings) as server:
            assert waiting(server) == 0
        assert len(mail.mails) == 1


def _later(seconds: float, do: Callable[[], Any]) -> None:
    import threading

    threading.Timer(seconds, do).start()
