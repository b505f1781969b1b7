"""Functions that really run below a server: what its callers see of them, and of their faults."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.conftest import a_pool
from tests.harness import RunningServer

CODE = '''
import json, os, signal, time, urllib.request

def handler(event, context):
    match (event["request"].get("clientMetadata") or {}).get("do"):
        case "throw": raise ValueError("no such company")
        case "die": os.kill(os.getpid(), signal.SIGKILL)
        case "hang": time.sleep(600)
        case "garbage": return "garbage"
        case "long": return "x" * 10_000_000
        case "call back": call_back(event)
    event["response"]["autoConfirmUser"] = True
    return event

def call_back(event):
    """Sign somebody else up, which asks this very function again."""
    body = {
        "ClientId": event["callerContext"]["clientId"], "Username": event["userName"] + "x",
        "Password": "Correct-horse-1", "ClientMetadata": event["request"]["clientMetadata"],
    }
    headers = {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSCognitoIdentityProviderService.SignUp",
    }
    request = urllib.request.Request(event["request"]["clientMetadata"]["server"], json.dumps(body).encode(), headers)
    urllib.request.urlopen(request).read()
'''
ARN = "arn:aws:lambda:us-east-1:000000000000:function:people"


class House:
    def __init__(self, server: RunningServer) -> None:
        self.server = server
        self.cognito = server.client()
        self.pool_id = a_pool(self.cognito, LambdaConfig={"PreSignUp": ARN})
        client = self.cognito.create_user_pool_client(UserPoolId=self.pool_id, ClientName="web")
        self.client_id = client["UserPoolClient"]["ClientId"]

    def sign_up(self, name: str, do: str = "") -> Any:
        return self.cognito.sign_up(
            ClientId=self.client_id,
            Username=name,
            Password="Correct-horse-1",
            ClientMetadata={"do": do, "server": self.server.base_url},
        )

    def is_there(self, name: str) -> bool:
        found = self.cognito.list_users(UserPoolId=self.pool_id, Filter=f'username = "{name}"')
        return bool(found["Users"])


@pytest.fixture
def house(own_server: Callable[..., RunningServer], tmp_path: Path) -> House:
    (tmp_path / "people.py").write_text(CODE)
    file = tmp_path / "functions.toml"
    file.write_text(
        '[function.people]\nhandler = "people.handler"\ntimeout = "1s"\nconcurrency = 1\nmax_answer = 100000\n'
    )
    return House(own_server(functions_file=file, rate_per_person=0))


def refusal(house: House, name: str, do: str) -> tuple[str, str]:
    with pytest.raises(ClientError) as refused:
        house.sign_up(name, do)
    error = refused.value.response["Error"]
    return error["Code"], error["Message"]


def test_a_function_confirms_who_signs_up(house: House) -> None:
    assert house.sign_up("ana")["UserConfirmed"] is True


@pytest.mark.parametrize(
    ("do", "code", "says"),
    [
        ("throw", "UserLambdaValidationException", "PreSignUp failed with error no such company."),
        ("die", "UserLambdaValidationException", "Runtime exited with error: signal: SIGKILL"),
        ("hang", "UnexpectedLambdaException", "due to error Socket timeout while invoking Lambda function."),
        ("garbage", "InvalidLambdaResponseException", "Unrecognizable lambda output"),
        ("long", "UserLambdaValidationException", "exceeded maximum allowed payload size"),
    ],
)
def test_a_fault_is_told_in_cognito_s_words_and_leaves_nothing_and_the_next_is_well(
    house: House, do: str, code: str, says: str
) -> None:
    found, message = refusal(house, "ana", do)
    assert found == code
    assert says in message
    assert not house.is_there("ana")
    assert house.sign_up("ana")["UserConfirmed"] is True


def test_a_function_that_calls_back_into_its_own_trigger_ends_and_the_server_is_well(house: House) -> None:
    # Its one process waits for the server, which waits for that process: until the time is over.
    started = time.monotonic()
    with ThreadPoolExecutor(4) as threads:
        attempts = [threads.submit(refusal, house, f"ana{number}", "call back") for number in range(4)]
        # Those that did get to the function are told what it heard when it called back.
        ends = {attempt.result()[0] for attempt in attempts}
        assert ends <= {"UnexpectedLambdaException", "UserLambdaValidationException"}
    assert time.monotonic() - started < 25
    ends = time.monotonic() + 40
    while True:  # the pause that so many tries without an answer bring
        try:
            assert house.sign_up("well")["UserConfirmed"] is True
            break
        except ClientError:
            assert time.monotonic() < ends
            time.sleep(0.5)


def test_a_stuck_function_of_one_pool_holds_up_no_other(house: House) -> None:
    quiet = a_pool(house.cognito)
    with ThreadPoolExecutor(30) as threads:
        stuck = [threads.submit(refusal, house, f"ana{number}", "hang") for number in range(30)]
        took = []
        for _ in range(40):
            started = time.perf_counter()
            house.cognito.describe_user_pool(UserPoolId=quiet)
            took.append(time.perf_counter() - started)
        assert not all(attempt.done() for attempt in stuck)
        assert sorted(took)[38] < 0.5
        assert {attempt.result()[0] for attempt in stuck} == {"UnexpectedLambdaException"}


def test_the_figures_say_how_each_call_ended(house: House) -> None:
    house.sign_up("ana")
    refusal(house, "eva", "throw")
    with urllib.request.urlopen(f"{house.server.base_url}/metrics") as answer:
        figures = answer.read().decode()
    assert 'poolhouse_function_calls_total{function="people",outcome="answered"} 1.0' in figures
    assert 'poolhouse_function_calls_total{function="people",outcome="threw"} 1.0' in figures
    assert 'poolhouse_function_seconds_count{function="people"} 2.0' in figures


def test_an_arn_that_nothing_runs_is_refused_as_by_aws(house: House) -> None:
    house.cognito.update_user_pool(UserPoolId=house.pool_id, LambdaConfig={"PreSignUp": ARN + "-other"})
    expected = "PreSignUp invocation failed due to error AccessDeniedException."
    assert refusal(house, "ana", "") == ("UnexpectedLambdaException", expected)
