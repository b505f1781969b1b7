"""Whom a function's event is told to: the one whose certificate says so, at this very address."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest
from tests.people.test_delivery import a_certificate
from tests.triggers.listening import listening
from tests.triggers.running import ask, run, running
from tests.triggers.test_webhook import answered, toml_of

from poolhouse.ports.functions import FunctionUnreachable


def by_lambda(url: str) -> str:
    return f'[function.hook]\nlambda = "{url}"\n'


@pytest.mark.parametrize("toml", [toml_of, by_lambda], ids=["webhook", "lambda"])
def test_an_event_goes_to_nobody_without_a_certificate_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, toml: object
) -> None:
    assert callable(toml)
    certificate, key = a_certificate(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    with listening(answered, tls) as hook:

        async def told_to(url: str) -> bool:
            async with running(tmp_path, toml(url)) as functions:
                try:
                    await ask(functions, "hook")
                except FunctionUnreachable:
                    return False
                return True

        async def work() -> None:
            assert not await told_to(hook.url), "its certificate is nobody's"
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            assert not await told_to(hook.url.replace("127.0.0.1", "localhost")), "it is another's"
            assert hook.asked == []
            assert await told_to(hook.url)

        run(work())
    assert len(hook.asked) == 1
