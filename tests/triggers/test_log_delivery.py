"""The logs that a pool exports: what may be configured, and that each line gets where it should."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in
from tests.triggers.functions import golden

from poolhouse.core.dispatches import Dispatch, DispatchKind
from poolhouse.ports.carriers import Unavailable
from poolhouse.ports.listeners import LogFiles

PLUS: dict[str, Any] = {"UserPoolTier": "PLUS", "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}
GROUP = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/pool"
BUCKET = "arn:aws:s3:::my-logs"
STREAM = "arn:aws:firehose:us-east-1:000000000000:deliverystream/my-stream"
TO_GROUP = {"CloudWatchLogsConfiguration": {"LogGroupArn": GROUP}}
TO_BUCKET = {"S3Configuration": {"BucketArn": BUCKET}}
TO_STREAM = {"FirehoseConfiguration": {"StreamArn": STREAM}}
NOTIFICATION = {"EventSource": "userNotification", "LogLevel": "ERROR"}
ACTIVITY = {"EventSource": "userAuthEvents", "LogLevel": "INFO"}


def set_to(cognito: Any, pool_id: str, *configurations: dict[str, Any]) -> Any:
    answer = cognito.set_log_delivery_configuration(
        UserPoolId=pool_id, LogConfigurations=list(configurations)
    )
    return answer["LogDeliveryConfiguration"]


@pytest.mark.parametrize("destination", [TO_GROUP, TO_BUCKET, TO_STREAM])
def test_what_is_set_is_what_is_there(cognito: Any, destination: dict[str, Any]) -> None:
    pool_id = a_pool(cognito, **PLUS)
    configurations = [{**NOTIFICATION, **TO_GROUP}, {**ACTIVITY, **destination}]
    expected = {"UserPoolId": pool_id, "LogConfigurations": configurations}
    assert set_to(cognito, pool_id, *configurations) == expected
    there = cognito.get_log_delivery_configuration(UserPoolId=pool_id)
    assert there["LogDeliveryConfiguration"] == expected
    cognito.update_user_pool(UserPoolId=pool_id, **PLUS)
    assert cognito.get_log_delivery_configuration(UserPoolId=pool_id) | {"ResponseMetadata": 0} == {
        "LogDeliveryConfiguration": expected,
        "ResponseMetadata": 0,
    }, "an update of the pool leaves it"
    assert set_to(cognito, pool_id) == {"UserPoolId": pool_id, "LogConfigurations": []}


@pytest.mark.parametrize(
    ("configurations", "message"),
    [
        (
            [NOTIFICATION],
            "Request validation Failed. Following event sources in request have no destination: [userNotification].",
        ),
        (
            [{**ACTIVITY, **TO_GROUP}, {**ACTIVITY, **TO_BUCKET}],
            "Request validation Failed. Following event sources appear more then once in a request: [userAuthEvents].",
        ),
        ([{**NOTIFICATION, "LogLevel": "INFO", **TO_GROUP}], "Log level INFO is not supported"),
        ([{**ACTIVITY, "LogLevel": "ERROR", **TO_GROUP}], "Log level ERROR is not supported"),
        ([{**ACTIVITY, **TO_GROUP, **TO_BUCKET}], "only one destination"),
        ([{**NOTIFICATION, **TO_BUCKET}], "only be delivered to CloudWatch Logs"),
        ([{**NOTIFICATION, **TO_STREAM}], "only be delivered to CloudWatch Logs"),
        ([{**ACTIVITY, "CloudWatchLogsConfiguration": {"LogGroupArn": STREAM}}], "Invalid LogGroupArn"),
        ([{**ACTIVITY, "S3Configuration": {"BucketArn": BUCKET + "/folder"}}], "Invalid BucketArn"),
        (
            [
                {
                    **ACTIVITY,
                    "FirehoseConfiguration": {"StreamArn": STREAM.replace("000000000000", "123456789012")},
                }
            ],
            "must be in the user pool's account",
        ),
    ],
)
def test_what_can_not_be_is_refused_and_changes_nothing(
    cognito: Any, configurations: list[dict[str, Any]], message: str
) -> None:
    pool_id = a_pool(cognito, **PLUS)
    set_to(cognito, pool_id, {**NOTIFICATION, **TO_GROUP})
    code, said = refusal(set_to, cognito, pool_id, *configurations)
    assert code == "InvalidParameterException"
    assert message in said
    there = cognito.get_log_delivery_configuration(UserPoolId=pool_id)["LogDeliveryConfiguration"]
    assert there["LogConfigurations"] == [{**NOTIFICATION, **TO_GROUP}]


def test_what_people_do_is_exported_on_the_plus_plan_alone(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    code, _ = refusal(set_to, cognito, pool_id, {**ACTIVITY, **TO_GROUP})
    assert code == "FeatureUnavailableInTierException"
    set_to(cognito, pool_id, {**NOTIFICATION, **TO_GROUP})


def test_a_pool_that_is_not_there_has_no_logs(cognito: Any) -> None:
    code, _ = refusal(cognito.get_log_delivery_configuration, UserPoolId="us-east-1_nothing12")
    assert code == "ResourceNotFoundException"
    assert refusal(set_to, cognito, "us-east-1_nothing12")[0] == "ResourceNotFoundException"


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def deliver(server: RunningServer) -> None:
    server.run(server.server.dispatcher.deliver_due())


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_each_step_of_a_sign_in_is_a_line_in_its_destinations_file(
    own_server: Callable[..., RunningServer], tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolhouse.dispatcher.EVERY", 3_600)  # nothing is told but by `deliver`
    server = own_server(engine, exported_logs_dir=tmp_path / "logs")
    cognito = server.client("cognito-idp")
    pool_id = a_pool(cognito, **PLUS)
    client_id = an_app(cognito, pool_id)["ClientId"]
    sub = a_person(cognito, pool_id)
    set_to(cognito, pool_id, {**ACTIVITY, **TO_STREAM})
    refusal(sign_in, cognito, client_id, password="Wrong-Horse-9")
    sign_in(cognito, client_id)
    deliver(server)
    path = tmp_path / "logs" / "firehose" / "my-stream.jsonl"
    failed, passed = lines_of(path)
    golden(
        passed,
        {
            "eventTimestamp": ANY,
            "eventSource": "USER_ACTIVITY",
            "logLevel": "INFO",
            "message": {
                "version": "1",
                "eventId": ANY,
                "eventType": "SignIn",
                "userSub": sub,
                "userName": "ada",
                "userPoolId": pool_id,
                "clientId": client_id,
                "creationDate": ANY,
                "eventResponse": "Pass",
                "riskLevel": "",
                "riskDecision": "PASS",
                "challenges": ["Password:Success"],
                "deviceName": ANY,
                "ipAddress": ANY,
                "requestId": ANY,
                "idpName": "",
                "compromisedCredentialDetected": "false",
                "city": "",
                "country": "",
                "eventFeedbackValue": "",
                "eventFeedbackDate": "",
                "eventFeedbackProvider": "",
                "hasContextData": "false",
            },
            "logSourceId": {"userPoolId": pool_id},
        },
    )
    assert failed["message"]["eventResponse"] == "Fail"
    assert PASSWORD not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    [_, event] = cognito.admin_list_user_auth_events(UserPoolId=pool_id, Username="ada")["AuthEvents"]
    cognito.admin_update_auth_event_feedback(
        UserPoolId=pool_id, Username="ada", EventId=event["EventId"], FeedbackValue="Invalid"
    )
    deliver(server)
    said = lines_of(path)[-1]["message"]
    assert (said["eventId"], said["eventFeedbackValue"], said["eventFeedbackProvider"]) == (
        event["EventId"],
        "Invalid",
        "Admin",
    )


def test_a_message_that_does_not_arrive_is_a_line_without_the_code_or_the_address(
    own_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    server = own_server(exported_logs_dir=tmp_path / "logs", local_inbox=False)
    cognito = server.client("cognito-idp")
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"])
    set_to(cognito, pool_id, {**NOTIFICATION, **TO_GROUP})
    client_id = an_app(cognito, pool_id)["ClientId"]
    code, _ = refusal(
        cognito.sign_up,
        ClientId=client_id,
        Username="ada",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "ada.lovelace@example.com"}],
    )
    assert code == "CodeDeliveryFailureException"
    deliver(server)
    [line] = lines_of(tmp_path / "logs" / "cloudwatch" / "%2Faws%2Fvendedlogs%2Fpool.jsonl")
    golden(
        line,
        {
            "eventTimestamp": ANY,
            "eventSource": "USER_NOTIFICATION",
            "logLevel": "ERROR",
            "message": {"details": ANY},
            "logSourceId": {"userPoolId": pool_id},
        },
    )
    details = line["message"]["details"]
    assert details.startswith("Email message to a***@e***")
    assert "lovelace" not in details


def test_without_a_configuration_nothing_is_exported(
    own_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    server = own_server(exported_logs_dir=tmp_path / "logs")
    cognito = server.client("cognito-idp")
    pool_id = a_pool(cognito, **PLUS)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    sign_in(cognito, client_id)
    deliver(server)
    assert not (tmp_path / "logs").exists()


def test_a_file_that_can_not_be_written_costs_nothing_but_time(
    own_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    blocked = tmp_path / "logs"
    blocked.write_text("not a folder")
    server = own_server(exported_logs_dir=blocked)
    cognito = server.client("cognito-idp")
    pool_id = a_pool(cognito, **PLUS)
    set_to(cognito, pool_id, {**ACTIVITY, **TO_BUCKET})
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    sign_in(cognito, client_id)
    deliver(server)
    blocked.unlink()
    server.clock.advance(seconds=6)
    deliver(server)
    assert len(lines_of(blocked / "s3" / "my-logs.jsonl")) == 1


def a_log(data: dict[str, Any], destination: str) -> Dispatch:
    return Dispatch(
        id="id",
        kind=DispatchKind.LOG,
        type="log.userAuthEvents",
        data=data,
        created_at=datetime(2026, 11, 28, tzinfo=UTC),
        destination=destination,
    )


ARN_CHARACTERS = st.sampled_from("abzAZ09_+=/,.@-")


@given(st.text(ARN_CHARACTERS, min_size=1, max_size=600))
def test_whatever_a_group_is_called_its_file_is_in_the_folder(tmp_path_factory: Any, name: str) -> None:
    folder = tmp_path_factory.mktemp("logs")
    event = a_log({"a": "b\nc"}, f"arn:aws:logs:us-east-1:000000000000:log-group:{name}")
    asyncio.run(LogFiles(folder).hear(event))
    [written] = [path for path in folder.rglob("*") if path.is_file()]
    assert written.parent == folder / "cloudwatch"
    assert len(written.read_text().splitlines()) == 1


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(os, "write", lambda descriptor, line: len(line) - 1)
    event = Dispatch("id", DispatchKind.LOG, "log", {}, datetime(2026, 11, 28, tzinfo=UTC), BUCKET)
    with pytest.raises(Unavailable, match="No space left"):
        asyncio.run(LogFiles(tmp_path).hear(event))


def test_a_line_that_a_full_disk_cut_off_takes_no_other_with_it(tmp_path: Path) -> None:
    event = a_log({"a": "b"}, "arn:aws:s3:::my-logs")
    listener, path = LogFiles(tmp_path), tmp_path / "s3" / "my-logs.jsonl"
    asyncio.run(listener.hear(event))
    whole = path.read_text()
    path.write_text(whole + whole[:5])
    asyncio.run(listener.hear(event))
    asyncio.run(listener.hear(event))
    assert path.read_text() == f"{whole}{whole[:5]}\n{whole}{whole}"
