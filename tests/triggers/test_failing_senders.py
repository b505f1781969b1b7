"""Senders that fail, are slow or away: nothing is lost, nobody waits, and nothing is told that should not be."""

from __future__ import annotations

import json
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.harness import RunningServer, running_server
from tests.people.mail_server import a_mail_server
from tests.people.people import messages_of, wait_for_message
from tests.people.signing_up import a_sign_up_app, an_email, confirm, sign_up, status_of
from tests.triggers.functions import Event, a_function, functions_of, throwing
from tests.triggers.sending import a_sent_app, key_of, opened, senders, wait_for_event

from poolhouse.core.kms import BuiltInKey
from poolhouse.core.outgoing import Outcome, Told
from poolhouse.core.secret import Secret
from poolhouse.ports import patience
from poolhouse.ports.functions import FunctionUnavailable
from poolhouse.store.repositories.outbox import FOR_FUNCTION

METADATA = {"language": "de"}


def test_who_signs_up_hears_nothing_of_a_sender_that_fails(server: RunningServer, cognito: Any) -> None:
    for failing in (throwing("no"), throwing_away):
        asked, pool_id, client_id = a_sent_app(server, cognito, answer=failing)
        answer = sign_up(cognito, client_id, attributes={"email": an_email()})
        assert answer["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
        wait_for_event(asked)
        assert status_of(cognito, pool_id, "ada") == "UNCONFIRMED"
        cognito.delete_user_pool(UserPoolId=pool_id)  # others share the server, and count what waits there


def throwing_away(event: Event) -> None:
    raise FunctionUnavailable("nobody is there")


def test_what_a_sender_answers_is_not_read(server: RunningServer, cognito: Any, own_server: Any) -> None:
    server = own_server()
    cognito = server.client()
    for answer in (b"", b"null", b"no JSON", b"[]"):
        asked, _, client_id = a_sent_app(server, cognito, answer=lambda event, answer=answer: answer)
        sign_up(cognito, client_id, attributes={"email": an_email()})
        wait_for_event(asked)
        settle(server)
        assert waiting(server) == 0


def waiting(server: RunningServer) -> int:
    count: int = server.run(server.server.parts.store.read(lambda tx: tx.outbox.count()))
    return count


def settle(server: RunningServer) -> None:
    """Until no attempt is under way."""
    give_up = time.monotonic() + 15
    while server.server.postman._attempts:
        assert time.monotonic() < give_up
        time.sleep(0.01)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_message_is_told_until_its_function_has_taken_it(own_server: Any, engine: str) -> None:
    server = own_server(engine, clock_skew=timedelta(days=30))
    cognito = server.client()
    away = [True]

    def answer(event: Event) -> None:
        if away[0]:
            raise FunctionUnavailable("nobody is there")

    asked, _, client_id = a_sent_app(server, cognito, answer=answer)
    sign_up(cognito, client_id, attributes={"email": an_email()}, ClientMetadata=METADATA)
    wait_for_event(asked)
    settle(server)
    for count in (2, 3):
        server.run(server.server.postman.deliver_due())
        assert len(asked.events) == count - 1, "not before its pause is over"
        server.clock.advance(minutes=5)
        server.run(server.server.postman.deliver_due())
        wait_for_event(asked, count)
        settle(server)
        assert waiting(server) == 1
    away[0] = False
    server.clock.advance(minutes=5)
    server.run(server.server.postman.deliver_due())
    wait_for_event(asked, 4)
    settle(server)
    assert waiting(server) == 0
    codes = {event["request"]["code"] for event in asked.events}
    assert len(codes) == 4, "each encrypted anew"
    assert len({opened(server, event) for event in asked.events}) == 1
    asked.events = [{**event, "request": {**event["request"], "code": "x"}} for event in asked.events]
    assert all(event == asked.events[0] for event in asked.events)


def test_a_message_outlives_the_process(tmp_path: Path) -> None:
    with running_server(tmp_path / "data") as server:
        asked, _, client_id = a_sent_app(server, server.client(), answer=throwing_away)
        sign_up(server.client(), client_id, attributes={"email": an_email()})
        wait_for_event(asked)
        settle(server)
        now = server.clock.now()
    with running_server(tmp_path / "data") as server:
        again = a_function(server)
        functions_of(server)._functions[asked.arn] = again
        server.clock.advance(seconds=(now - server.clock.now()).total_seconds() + 60)
        server.run(server.server.postman.deliver_due())
        confirm(server.client(), client_id, "ada", opened(server, wait_for_event(again)))


def test_a_slow_sender_holds_up_neither_the_caller_nor_anybody_s_mail(own_server: Any) -> None:
    server = own_server()
    cognito = server.client()
    release = threading.Event()
    asked, _, client_id = a_sent_app(server, cognito, answer=lambda event: release.wait(20) and None)
    try:
        begun = time.monotonic()
        sign_up(cognito, client_id, attributes={"email": an_email()})
        assert time.monotonic() - begun < 4
        wait_for_event(asked)
        email = an_email()
        _, other = a_sign_up_app(cognito)
        sign_up(cognito, other, attributes={"email": email})
        assert messages_of(server, email)
        server.clock.advance(minutes=5)
        begun = time.monotonic()
        server.run(server.server.postman.deliver_due())
        assert time.monotonic() - begun < 4
    finally:
        release.set()
    settle(server)


def test_a_sender_has_its_own_time_and_not_the_request_s(server: RunningServer, cognito: Any) -> None:
    ends = []
    asked, _, client_id = a_sent_app(
        server, cognito, answer=lambda event: ends.append(patience._ends_at.get())
    )
    sign_up(cognito, client_id, attributes={"email": an_email()})
    wait_for_event(asked)
    settle(server)
    assert ends == [None]


def test_a_pool_that_has_its_messages_sent_again_sends_what_waits(own_server: Any) -> None:
    server = own_server()
    cognito = server.client()
    asked, pool_id, client_id = a_sent_app(server, cognito, answer=throwing_away)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    event = wait_for_event(asked)
    settle(server)
    cognito.update_user_pool(UserPoolId=pool_id, AutoVerifiedAttributes=["email"], LambdaConfig={})
    server.clock.advance(minutes=5)
    server.run(server.server.postman.deliver_due())
    assert wait_for_message(server, email)["Code"] == opened(server, event)
    assert len(asked.events) == 1


def test_nobody_is_told_of_people_who_are_gone(own_server: Any) -> None:
    """Nor of their messages, by whatever they would be sent now; others' go on."""
    server = own_server(clock_skew=timedelta(days=30))
    cognito = server.client()
    asked, pool_id, client_id = a_sent_app(server, cognito, answer=throwing_away)
    gone, other = an_email(), an_email()
    for count, (name, email) in enumerate((("ada", gone), ("bob", other)), 1):
        sign_up(cognito, client_id, name, attributes={"email": email})
        wait_for_event(asked, count)
    settle(server)
    assert waiting(server) == 2
    cognito.admin_delete_user(UserPoolId=pool_id, Username="ada")
    sign_up(cognito, client_id, "ada", attributes={"email": an_email()})  # another of the same name
    event = wait_for_event(asked, 3)
    settle(server)
    again = event["request"]["userAttributes"]["sub"]
    server.clock.advance(minutes=5)
    server.run(server.server.postman.deliver_due())
    wait_for_event(asked, 5)
    settle(server)
    assert {event["userName"] for event in asked.events[3:]} == {"ada", "bob"}
    assert again in {event["request"]["userAttributes"]["sub"] for event in asked.events[3:]}
    assert waiting(server) == 2
    cognito.admin_delete_user(UserPoolId=pool_id, Username="bob")
    cognito.update_user_pool(UserPoolId=pool_id, AutoVerifiedAttributes=["email"], LambdaConfig={})
    server.clock.advance(minutes=5)
    server.run(server.server.postman.deliver_due())
    assert not messages_of(server, gone)
    assert not messages_of(server, other)


def test_a_pool_that_is_deleted_while_its_message_is_taken_up_sends_nothing(own_server: Any) -> None:
    with a_mail_server() as mail:
        server = own_server(
            smtp_host="127.0.0.1",
            smtp_port=mail.port,
            smtp_security="none",
            mail_from="no-reply@orders.example",
        )
        cognito = server.client()
        asked, pool_id, client_id = a_sent_app(server, cognito, answer=throwing_away)
        sign_up(cognito, client_id, attributes={"email": an_email()})
        wait_for_event(asked)
        settle(server)
        store, later = server.server.parts.store, server.clock.now() + timedelta(minutes=5)
        [message] = server.run(store.write(lambda tx: tx.outbox.claim_due(later, later, 1, FOR_FUNCTION)))
        cognito.delete_user_pool(UserPoolId=pool_id)
        assert server.run(server.server.postman._deliver(message)) is Outcome.REFUSED
        assert not mail.mails
        assert len(asked.events) == 1


def test_no_code_is_in_the_log_or_in_the_audit(
    own_server: Any, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Nor where a function that has decrypted it throws with it in its words."""
    server = own_server()
    cognito = server.client()
    asked, pool_id, _ = a_sent_app(
        server, cognito, answer=throwing("canary: what the function says of its own")
    )
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="ada",
        TemporaryPassword="Canary-1-password!",
        UserAttributes=[{"Name": "email", "Value": an_email()}],
    )
    event = wait_for_event(asked)
    settle(server)
    assert opened(server, event) == "Canary-1-password!"
    written = "".join(capfd.readouterr()) + caplog.text
    assert "a message was not delivered yet" in written
    records = server.run(
        server.server.parts.store.read(
            lambda tx: tx.audit.page(server.settings.account_id, pool_id=pool_id, size=100)
        )
    )
    assert records
    for text in (written, repr(records)):
        assert "Canary-1" not in text
        assert "canary: what" not in text


def test_a_key_of_another_kms_is_asked_there(tmp_path: Path, own_server: Any) -> None:
    """The other is a server of another account: its key opens what this one's functions are told, and this one's
    does not."""
    with running_server(tmp_path / "kms", account_id="111111111111") as other:
        theirs = BuiltInKey("eu-west-3", "111111111111")
        server = own_server(
            kms_access_key_id=other.access_key_id,
            kms_secret_access_key=Secret(other.secret_access_key),
            kms_endpoint_url=other.base_url,
        )
        for key_arn in (theirs.arn, theirs.alias_arn):
            asked, _, client_id = a_sent_app(server, server.client(), key_arn=key_arn)
            sign_up(server.client(), client_id, attributes={"email": an_email()})
            event = wait_for_event(asked)
            code = opened(other, event, key_arn=theirs.arn)
            confirm(server.client(), client_id, "ada", code)


def test_a_key_that_nobody_has_is_told_to_the_operator_and_tried_again(
    own_server: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = own_server()
    key_arn = "arn:aws:kms:us-east-1:999999999999:key/11111111-1111-4111-8111-111111111111"
    cognito = server.client()
    asked, pool_id, client_id = a_sent_app(server, cognito, key_arn=key_arn)
    sign_up(cognito, client_id, attributes={"email": an_email()})
    settle(server)
    assert f"KMSKeyID {key_arn} is not this server's own key, and no KMS is configured" in caplog.text
    assert not asked.events
    assert waiting(server) == 1
    cognito.update_user_pool(
        UserPoolId=pool_id,
        AutoVerifiedAttributes=["email"],
        LambdaConfig=senders(asked, key_of(server).arn, "Email"),
    )
    server.clock.advance(minutes=1)
    server.run(server.server.postman.deliver_due())
    confirm(cognito, client_id, "ada", opened(server, wait_for_event(asked)))


def test_a_message_as_it_waits_tells_nothing_by_its_repr() -> None:
    told = Told("SignUp", "canary-name", {"email": "canary@example.com"}, "aws-sdk-x", {"a": "canary"})
    assert "canary" not in repr(told)
    assert Told(**json.loads(json.dumps(told.to_document()))) == told
