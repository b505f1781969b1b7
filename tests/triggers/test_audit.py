"""The audit: every security event is in it, whoever reads it finds it, and who listens outside hears of it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from tests.admin import admin_client
from tests.conftest import a_machine, a_pool
from tests.harness import REGION, RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in, the_code

from poolhouse.cli.main import main
from poolhouse.core.audit import AuditRecord
from poolhouse.core.ids import first_uuid7, uuid7
from poolhouse.core.secret import Secret
from poolhouse.dispatcher import CLAIM
from poolhouse.store.repositories import audit as repository

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()


def audit_of(server: RunningServer, **options: Any) -> list[dict[str, Any]]:
    """Oldest first, each as a CloudTrail event."""
    pages = admin_client(server).get_paginator("list_audit_events").paginate(**options)
    events = [json.loads(event["CloudTrailEvent"]) for page in pages for event in page["AuditEvents"]]
    return events[::-1]


def told(events: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    """(operation, error code)."""
    return [(event["eventName"], event.get("errorCode")) for event in events]


def test_a_sign_in_is_told_with_its_person_and_a_vain_one_with_its_error(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    sub = a_person(cognito, pool_id)
    refusal(sign_in, cognito, client_id, password="Wrong-Horse-9")
    sign_in(cognito, client_id)
    events = audit_of(server, UserPoolId=pool_id, EventNames=["InitiateAuth"])
    assert told(events) == [("InitiateAuth", "NotAuthorizedException"), ("InitiateAuth", None)]
    wrong, right = events
    for event in (wrong, right):
        assert event["additionalEventData"]["sub"] == sub
        assert event["additionalEventData"]["clientId"] == client_id
        assert event["userAgent"].startswith("Boto3/")
    assert wrong["userIdentity"]["arn"] == "anonymous", "who fails to prove it is nobody"
    assert right["userIdentity"]["arn"].endswith(f"userpool/{pool_id}/user/{sub}")
    assert PASSWORD not in json.dumps(events)


def test_every_step_of_a_sign_in_is_told(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="OPTIONAL", EmailMfaConfiguration={}
    )
    client_id = an_app(cognito, pool_id)["ClientId"]
    address = f"{pool_id}@example.com"
    sub = a_person(cognito, pool_id, email=address, email_verified="true")
    cognito.admin_set_user_mfa_preference(
        UserPoolId=pool_id, Username="ada", EmailMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    asked = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    code = the_code(server, address)
    answers = {"ClientId": client_id, "ChallengeName": "EMAIL_OTP", "Session": asked["Session"]}
    for given in ("0" * 6 if code != "0" * 6 else "1" * 6, code):
        responses = {"USERNAME": "ada", "EMAIL_OTP_CODE": given}
        if given == code:
            cognito.respond_to_auth_challenge(**answers, ChallengeResponses=responses)
        else:
            refusal(cognito.respond_to_auth_challenge, **answers, ChallengeResponses=responses)
    events = audit_of(server, UserPoolId=pool_id, EventNames=["InitiateAuth", "RespondToAuthChallenge"])
    assert told(events) == [
        ("InitiateAuth", None),
        ("RespondToAuthChallenge", "CodeMismatchException"),
        ("RespondToAuthChallenge", None),
    ]
    assert {event["additionalEventData"]["sub"] for event in events} == {sub}
    assert events[0]["additionalEventData"]["challengeName"] == "EMAIL_OTP"
    text = json.dumps(events)
    assert code not in text
    assert asked["Session"] not in text


def test_what_people_do_to_their_account_is_told(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"])
    client_id = an_app(cognito, pool_id)["ClientId"]
    address = f"{pool_id}@example.com"
    ada = {"ClientId": client_id, "Username": "ada"}
    attributes = [{"Name": "email", "Value": address}]
    sub = cognito.sign_up(**ada, Password=PASSWORD, UserAttributes=attributes)["UserSub"]
    refusal(cognito.confirm_sign_up, **ada, ConfirmationCode="wrong")
    cognito.confirm_sign_up(**ada, ConfirmationCode=the_code(server, address))
    cognito.forgot_password(**ada)
    new = {**ada, "Password": "Correct-Horse-10"}
    refusal(cognito.confirm_forgot_password, **new, ConfirmationCode="wrong")
    cognito.confirm_forgot_password(**new, ConfirmationCode=the_code(server, address))
    token = sign_in(cognito, client_id, password="Correct-Horse-10")["AccessToken"]
    change = {"ProposedPassword": "Correct-Horse-11", "AccessToken": token}
    refusal(cognito.change_password, **change, PreviousPassword="wrong-Horse-0")
    cognito.change_password(**change, PreviousPassword="Correct-Horse-10")
    cognito.global_sign_out(AccessToken=token)
    events = audit_of(server, UserPoolId=pool_id, Username="ada")
    assert told(events) == [
        ("SignUp", None),
        ("ConfirmSignUp", "CodeMismatchException"),
        ("ConfirmSignUp", None),
        ("ForgotPassword", None),
        ("ConfirmForgotPassword", "CodeMismatchException"),
        ("ConfirmForgotPassword", None),
        ("InitiateAuth", None),
        ("ChangePassword", "NotAuthorizedException"),
        ("ChangePassword", None),
        ("GlobalSignOut", None),
    ]
    assert {event["additionalEventData"]["sub"] for event in events} == {sub}
    assert "Correct-Horse" not in json.dumps(events)


def test_an_administrators_act_is_told_of_whom_it_concerns_also_when_they_are_gone(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool(cognito)
    sub = a_person(cognito, pool_id)
    a_person(cognito, pool_id, "bob")
    cognito.create_group(UserPoolId=pool_id, GroupName="readers")
    cognito.admin_add_user_to_group(UserPoolId=pool_id, Username="ada", GroupName="readers")
    cognito.admin_user_global_sign_out(UserPoolId=pool_id, Username="ada")
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    cognito.admin_delete_user(UserPoolId=pool_id, Username="ada")
    expected = [
        "AdminCreateUser",
        "AdminSetUserPassword",
        "AdminAddUserToGroup",
        "AdminUserGlobalSignOut",
        "AdminDisableUser",
        "AdminDeleteUser",
    ]
    assert [name for name, _ in told(audit_of(server, UserPoolId=pool_id, Username=sub))] == expected
    assert audit_of(server, UserPoolId=pool_id, Username="ada") == [], "nobody has that name any more"


def test_machine_tokens_write_nothing(server: RunningServer, cognito: Any) -> None:
    import urllib.request

    machine = a_machine(server, cognito)
    before = audit_of(server, UserPoolId=machine.pool_id)
    basic = base64.b64encode(f"{machine.client_id}:{machine.client_secret}".encode()).decode()
    request = urllib.request.Request(
        f"{machine.domain_url}/oauth2/token",
        b"grant_type=client_credentials",
        {"authorization": f"Basic {basic}", "content-type": "application/x-www-form-urlencoded"},
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.status == 200
    assert audit_of(server, UserPoolId=machine.pool_id) == before


def test_it_is_searched_by_event_actor_and_time(server: RunningServer, cognito: Any) -> None:
    pool_id, other = a_pool(cognito), a_pool(cognito)
    client = admin_client(server)
    a_person(cognito, pool_id)
    a_person(cognito, other)
    all_of_them = audit_of(server, UserPoolId=pool_id)
    names = ["AdminCreateUser", "AdminSetUserPassword"]
    assert [name for name, _ in told(audit_of(server, UserPoolId=pool_id, EventNames=names))] == names
    assert len(audit_of(server, UserPoolId=pool_id, Actor=":root")) == len(all_of_them)
    assert audit_of(server, UserPoolId=pool_id, Actor="somebody-else") == []
    at = datetime.fromisoformat(all_of_them[1]["eventTime"])
    since = audit_of(server, UserPoolId=pool_id, StartTime=at)
    until = audit_of(server, UserPoolId=pool_id, EndTime=at)
    assert until + since == all_of_them
    assert all_of_them[1] in since
    code, _ = refusal(client.list_audit_events, Username="ada")
    assert code == "InvalidParameterException"
    code, _ = refusal(client.list_audit_events, UserPoolId="us-east-1_nothing12")
    assert code == "ResourceNotFoundException"
    cognito.delete_user_pool(UserPoolId=pool_id)
    there = audit_of(server, UserPoolId=pool_id)
    assert [name for name, _ in told(there)][-1] == "DeleteUserPool", (
        "of a pool that is gone it can be read still"
    )


def test_pages_go_on_where_a_filter_lets_few_through(
    server: RunningServer, cognito: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repository, "MOST_LOOKED_AT", 3)
    pool_id = a_pool(cognito)
    for number in range(5):
        cognito.create_group(UserPoolId=pool_id, GroupName=f"group{number}")
        cognito.update_group(UserPoolId=pool_id, GroupName=f"group{number}", Description="one")
    client = admin_client(server)
    found, token, pages = [], {}, 0
    while True:
        answer = client.list_audit_events(
            UserPoolId=pool_id, EventNames=["CreateGroup"], MaxResults=2, **token
        )
        found += answer["AuditEvents"]
        pages += 1
        if "NextToken" not in answer:
            break
        token = {"NextToken": answer["NextToken"]}
    assert len({event["EventId"] for event in found}) == len(found) == 5
    assert pages > 3


def test_a_token_of_one_question_answers_no_other(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito)
    cognito.create_group(UserPoolId=pool_id, GroupName="one")
    client = admin_client(server)
    token = client.list_audit_events(UserPoolId=pool_id, MaxResults=1)["NextToken"]
    code, _ = refusal(client.list_audit_events, MaxResults=1, NextToken=token)
    assert code == "InvalidParameterException"


def test_who_may_read_one_pool_reads_of_no_other(server: RunningServer, cognito: Any) -> None:
    mine, other = a_pool(cognito), a_pool(cognito)
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "poolhouse:ListAuditEvents",
                "Resource": f"arn:aws:cognito-idp:*:*:userpool/{mine}",
            }
        ],
    }
    key = admin_client(server).create_access_key(UserName="auditor", Policy=json.dumps(policy))["AccessKey"]
    keys = {"aws_access_key_id": key["AccessKeyId"], "aws_secret_access_key": key["SecretAccessKey"]}
    client = admin_client(server, **keys)
    assert client.list_audit_events(UserPoolId=mine)["AuditEvents"]
    for asked in ({}, {"UserPoolId": other}):
        assert refusal(client.list_audit_events, **asked)[0] == "AccessDeniedException"
    elsewhere = admin_client(server, **keys, region_name="eu-west-1")
    assert refusal(elsewhere.list_audit_events, UserPoolId=mine)[0] == "ResourceNotFoundException"


def test_what_the_policies_of_a_key_refuse_is_told_to_who_watches_the_pool(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool(cognito)
    policy = {"Statement": [{"Effect": "Allow", "Action": "cognito-idp:ListUserPools", "Resource": "*"}]}
    key = admin_client(server).create_access_key(UserName="curious", Policy=json.dumps(policy))["AccessKey"]
    curious = server.client(
        aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )
    secret = "Correct-Horse-9"
    assert refusal(curious.describe_user_pool, UserPoolId=pool_id)[0] == "AccessDeniedException"
    asked = {"UserPoolId": pool_id, "Username": "ada", "TemporaryPassword": secret}
    assert refusal(curious.admin_create_user, **asked)[0] == "AccessDeniedException"
    events = audit_of(server, UserPoolId=pool_id)[-2:]
    denied = "AccessDeniedException"
    assert told(events) == [("DescribeUserPool", denied), ("AdminCreateUser", denied)]
    for event in events:
        assert event["userIdentity"]["accessKeyId"] == key["AccessKeyId"]
        assert event["userIdentity"]["arn"].endswith("user/curious")
        assert secret not in json.dumps(event)


def a_record(at: datetime, pool_id: str | None = None) -> AuditRecord:
    class Ones:
        def token_bytes(self, size: int) -> bytes:
            return b"\x01" * size

    return AuditRecord(
        id=uuid7(at, Ones()),
        at=at,
        account_id="000000000000",
        region=REGION,
        event_source="cognito-idp.amazonaws.com",
        event_name="LateOne",
        actor="anonymous",
        source_ip_address="127.0.0.1",
        request_id="r",
        pool_id=pool_id,
    )


def records_in(server: RunningServer) -> int:
    """Read from the store: no signature is good for a clock that was moved on by days."""
    return len(server.run(server.server.parts.store.read(lambda tx: tx.audit.page("000000000000", size=100))))


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_records_go_when_their_time_is_over_and_no_sooner(
    own_server: Callable[..., RunningServer], engine: str
) -> None:
    server = own_server(engine, audit_retention=timedelta(days=30))
    old, new = a_record(server.clock.now()), a_record(server.clock.now() + timedelta(days=29))
    for record in (old, new):
        server.run(server.server.parts.store.write(lambda tx, record=record: tx.audit.add(record)))
    server.clock.advance(days=29)
    server.run(server.sweep())
    assert records_in(server) == 2
    server.clock.advance(days=2)
    server.run(server.sweep())
    assert records_in(server) == 1


def test_without_a_retention_they_stay(own_server: Callable[..., RunningServer]) -> None:
    server = own_server(audit_retention=timedelta(0))
    a_pool(server.client("cognito-idp"))
    server.clock.advance(days=5_000)
    server.run(server.sweep())
    assert records_in(server) == 1


def test_an_id_made_at_a_moment_sorts_where_that_moment_does() -> None:
    class Zeros:
        def __init__(self, byte: int) -> None:
            self.byte = byte

        def token_bytes(self, size: int) -> bytes:
            return bytes([self.byte]) * size

    now = datetime(2026, 11, 28, 9, 0, 0, 123_000, tzinfo=UTC)
    before = now - timedelta(milliseconds=1)
    assert uuid7(before, Zeros(255)) < first_uuid7(now) <= uuid7(now, Zeros(0))
    assert first_uuid7(datetime(1, 1, 1, tzinfo=UTC)) == "00000000-0000-7"


# --- who listens outside --------------------------------------------------------------------------------


class Ear:
    """A webhook. `answers` are the statuses that it gives, the last one for ever."""

    def __init__(self) -> None:
        self.answers = [200]
        self.heard: list[tuple[dict[str, str], bytes]] = []
        ear = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                ear.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(ear.answers.pop(0) if len(ear.answers) > 1 else ear.answers[0])
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/events"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.heard]


@pytest.fixture
def ear() -> Iterator[Ear]:
    ear = Ear()
    yield ear
    ear.close()


def deliver(server: RunningServer) -> None:
    server.run(server.server.dispatcher.deliver_due())


def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told but by `deliver`."""
    monkeypatch.setattr("poolhouse.dispatcher.EVERY", 3_600)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_the_webhook_hears_of_each_event_signed_and_once_where_it_answers(
    own_server: Callable[..., RunningServer], ear: Ear, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch)
    server = own_server(engine, events_webhook_url=ear.url, events_webhook_secret=Secret(SECRET))
    cognito = server.client("cognito-idp")
    pool_id = a_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    refusal(sign_in, cognito, client_id, password="Wrong-Horse-9")
    cognito.delete_user_pool(UserPoolId=pool_id)
    deliver(server)
    expected = audit_of(server)
    assert sorted(event["data"]["eventID"] for event in ear.events()) == [e["eventID"] for e in expected]
    types = {event["type"] for event in ear.events()}
    assert {"audit.CreateUserPool", "audit.InitiateAuth", "audit.DeleteUserPool"} <= types
    for headers, body in ear.heard:
        content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        signature = base64.b64encode(hmac.digest(b"s" * 32, content, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{signature}"
        assert headers["webhook-id"] == json.loads(body)["data"]["eventID"]
        assert b"Horse" not in body
    deliver(server)
    assert len(ear.heard) == len(expected), "nothing is told twice that was heard"


def test_what_was_not_heard_is_told_again_later_and_nothing_that_did_not_happen(
    own_server: Callable[..., RunningServer], ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch)
    ear.answers = [503, 200]
    server = own_server(events_webhook_url=ear.url, events_webhook_secret=Secret(SECRET))
    cognito = server.client("cognito-idp")
    pool_id = a_pool(cognito)
    refusal(cognito.create_group, UserPoolId="us-east-1_nothing12", GroupName="x")
    deliver(server)
    deliver(server)
    assert len(ear.heard) == 1, "the pause is kept"
    server.clock.advance(seconds=6)
    deliver(server)
    ids = [headers["webhook-id"] for headers, _ in ear.heard]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert ear.events()[0]["data"]["additionalEventData"]["userPoolId"] == pool_id


def test_what_nobody_hears_for_days_is_given_up(
    own_server: Callable[..., RunningServer], ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch)
    ear.answers = [500]
    server = own_server(events_webhook_url=ear.url, events_webhook_secret=Secret(SECRET))
    a_pool(server.client("cognito-idp"))
    deliver(server)
    server.clock.advance(days=4)
    deliver(server)
    assert len(ear.heard) == 1
    assert server.run(server.server.parts.store.read(lambda tx: tx.dispatches.count())) == 0
    assert records_in(server) == 1, "the audit has it still"


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_what_a_process_died_over_is_told_by_the_next(
    own_server: Callable[..., RunningServer], ear: Ear, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quiet(monkeypatch)
    server = own_server(engine, events_webhook_url=ear.url, events_webhook_secret=Secret(SECRET))
    a_pool(server.client("cognito-idp"))
    now = server.clock.now()
    write = server.server.parts.store.write
    [claimed] = server.run(write(lambda tx: tx.dispatches.claim_due(now, now + CLAIM, 20)))
    assert server.run(write(lambda tx: tx.dispatches.claim_due(now, now + CLAIM, 20))) == [], "it is held"
    deliver(server)
    assert ear.heard == []
    server.clock.advance(seconds=CLAIM.total_seconds() + 1)
    deliver(server)
    assert [event["data"]["eventID"] for event in ear.events()] == [claimed.id]


def test_without_a_webhook_nothing_waits_for_one(server: RunningServer, cognito: Any) -> None:
    a_pool(cognito)
    assert server.run(server.server.parts.store.read(lambda tx: tx.dispatches.count())) == 0


# --- the command ----------------------------------------------------------------------------------------


def whereabouts(server: RunningServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.base_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", server.access_key_id)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", server.secret_access_key)
    monkeypatch.setenv("AWS_REGION", REGION)


def test_the_command_shows_a_table_and_json_lines(
    server: RunningServer, cognito: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whereabouts(server, monkeypatch)
    pool_id = a_pool(cognito)
    client_id = an_app(cognito, pool_id)["ClientId"]
    sub = a_person(cognito, pool_id)
    refusal(sign_in, cognito, client_id, password="Wrong-Horse-9")
    assert main(["audit", "--pool", pool_id]) == 0
    heads, *rows = capsys.readouterr().out.splitlines()
    assert heads.split() == ["at", "event", "outcome", "who", "user", "from"]
    assert "CreateUserPool" in rows[0], "the oldest first"
    assert "InitiateAuth" in rows[-1]
    assert "NotAuthorizedException" in rows[-1]
    assert main(["audit", "--pool", pool_id, "--user", "ada", "--since", "1h", "--json"]) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {event["additionalEventData"]["sub"] for event in events} == {sub}
    assert main(["audit", "--pool", pool_id, "--event", "CreateUserPool", "--event", "AdminCreateUser"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 3
    assert main(["audit", "--pool", pool_id, "--count", "1"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert main(["audit", "--user", "ada"]) == 1
    assert "--user needs --pool" in capsys.readouterr().err


def test_the_command_follows_what_happens_also_what_is_written_late(
    server: RunningServer, cognito: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whereabouts(server, monkeypatch)
    pool_id = a_pool(cognito)
    looks = iter(range(3))
    store = server.server.parts.store

    def happen(_: float) -> None:
        look = next(looks, None)
        if look == 0:
            cognito.create_group(UserPoolId=pool_id, GroupName="one")
        elif look == 1:
            # Begun before it, and committed after it.
            late = a_record(server.clock.now() - timedelta(seconds=20), pool_id)
            server.run(store.write(lambda tx: tx.audit.add(late)))
        elif look is None:
            raise KeyboardInterrupt

    monkeypatch.setattr(time, "sleep", happen)
    assert main(["audit", "--pool", pool_id, "--follow", "--json", "--count", "0"]) == 130
    names = [json.loads(line)["eventName"] for line in capsys.readouterr().out.splitlines()]
    assert names == ["CreateGroup", "LateOne"]
