"""Functions behind a web address."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from pathlib import Path
from typing import Any

import pytest
from tests.triggers.listening import Answer, Asked, listening
from tests.triggers.running import EVENT, arn_of, ask, run, running

from poolhouse.ports.functions import (
    FunctionFailed,
    FunctionTimeout,
    FunctionUnavailable,
    FunctionUnreachable,
)

KEY = b"a key of the tests"
SECRET = "whsec_" + base64.b64encode(KEY).decode()


def answered(asked: Asked) -> Answer:
    return 200, {}, json.dumps({**json.loads(asked.body), "response": {"autoConfirmUser": True}}).encode()


def toml_of(url: str, more: str = "") -> str:
    return f'[function.hook]\nurl = "{url}"\nsecret = "{SECRET}"\n{more}'


def test_the_event_is_posted_signed_and_the_answer_is_read(tmp_path: Path) -> None:
    with listening(answered) as hook:

        async def work() -> None:
            async with running(tmp_path, toml_of(hook.url + "/hooks/cognito?stage=test")) as functions:
                for _ in range(3):
                    assert (await ask(functions, "hook"))["response"] == {"autoConfirmUser": True}

        run(work())
    first, second, _ = hook.asked
    assert json.loads(first.body) == EVENT
    assert first.path == "/hooks/cognito?stage=test"
    assert first.headers["content-type"] == "application/json"
    assert first.headers["poolhouse-function-arn"] == arn_of("hook")
    assert abs(int(first.headers["webhook-timestamp"]) - time.time()) < 10
    signed = f"{first.headers['webhook-id']}.{first.headers['webhook-timestamp']}.".encode() + first.body
    expected = "v1," + base64.b64encode(hmac.digest(KEY, signed, hashlib.sha256)).decode()
    assert first.headers["webhook-signature"] == expected
    assert second.headers["webhook-id"] != first.headers["webhook-id"]
    assert len({asked.connection for asked in hook.asked}) == 1  # it is kept


@pytest.mark.parametrize(
    ("answer", "error", "message", "times"),
    [
        ((422, {}, b'{"errorMessage": "no such company"}'), FunctionFailed, "^no such company$", 1),
        ((422, {}, b"<p>no"), FunctionFailed, "^Unhandled$", 1),
        ((500, {}, b"secret of the hook"), FunctionUnavailable, "^the webhook answered 500$", 1),
        ((302, {"location": "http://169.254.169.254/"}, b""), FunctionUnavailable, "answered 302", 1),
        ((401, {}, b""), FunctionUnavailable, "answered 401", 1),
        (None, FunctionUnreachable, "the connection broke", 3),
    ],
    ids=["threw", "threw garbage", "500", "redirect", "401", "hangs up"],
)
def test_what_is_no_answer(
    tmp_path: Path, answer: Answer | None, error: type[Exception], message: str, times: int
) -> None:
    with listening(lambda asked: answer) as hook:

        async def work() -> None:
            async with running(tmp_path, toml_of(hook.url)) as functions:
                with pytest.raises(error, match=message):
                    await ask(functions, "hook")

        run(work())
    assert len(hook.asked) == times


def test_an_empty_answer_is_the_event_as_it_was(tmp_path: Path) -> None:
    with listening(lambda asked: (204, {"connection": "keep-alive"}, b"")) as hook:

        async def work() -> None:
            async with running(tmp_path, toml_of(hook.url)) as functions:
                assert await ask(functions, "hook") == EVENT

        run(work())


@pytest.mark.parametrize("framing", ["length", "chunked", "close", "early hints"])
def test_every_framing_of_an_answer_is_read(tmp_path: Path, framing: str) -> None:
    body = json.dumps(EVENT).encode()
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
    answers: dict[str, Answer] = {
        "length": (200, {}, body),
        "chunked": (200, {"transfer-encoding": "chunked"}, chunked),
        "close": (200, {"connection": "close"}, body),
        "early hints": (
            103,
            {"connection": "keep-alive"},
            b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body),
        ),
    }
    with listening(lambda asked: answers[framing]) as hook:

        async def work() -> None:
            async with running(tmp_path, toml_of(hook.url)) as functions:
                for _ in range(2):
                    assert await ask(functions, "hook") == EVENT

        run(work())


def test_an_answer_that_does_not_end_is_cut(tmp_path: Path) -> None:
    endless = {"connection": "keep-alive", "content-length": "1000000000"}
    with listening(lambda asked: (200, endless, b"x" * 1_000_000)) as hook:

        async def work() -> None:
            async with running(tmp_path, toml_of(hook.url, "max_answer = 100000")) as functions:
                with pytest.raises(FunctionUnavailable, match="too long"):
                    await ask(functions, "hook")

        run(work())
    assert len(hook.asked) == 1


def test_a_webhook_that_hangs_is_asked_thrice_and_given_up(tmp_path: Path) -> None:
    def hang(asked: Asked) -> Any:
        time.sleep(1.0)
        return answered(asked)

    with listening(hang) as hook:

        async def work() -> None:
            async with running(tmp_path, toml_of(hook.url, 'timeout = "100ms"')) as functions:
                with pytest.raises(FunctionTimeout, match="within 0.1 s"):
                    await ask(functions, "hook")

        run(work())
    assert len(hook.asked) == 3


def test_a_connection_that_the_server_closed_meanwhile_is_no_failure(tmp_path: Path) -> None:
    with listening(lambda asked: answered(asked) if len(hook.asked) != 2 else None) as hook:

        async def work() -> None:
            async with running(tmp_path, toml_of(hook.url)) as functions:
                await ask(functions, "hook")
                await ask(functions, "hook")  # its first try breaks

        run(work())
    assert len(hook.asked) == 3
