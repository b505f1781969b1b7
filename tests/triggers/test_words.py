"""What a function throws is told in its own words, as far as these can be carried."""

from __future__ import annotations

from typing import Any

from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, refusal, sign_in
from tests.triggers.functions import a_function, throwing


def test_endless_words_are_cut(server: RunningServer, cognito: Any) -> None:
    words = "Nein! ü\r\nset-cookie: a=b" + "x" * 3_000_000
    pool_id = a_pool(cognito, LambdaConfig={"PreAuthentication": a_function(server, throwing(words)).arn})
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    code, message = refusal(sign_in, cognito, client_id)
    assert code == "UserLambdaValidationException"
    assert message == f"PreAuthentication failed with error {words[:2_048]}."
