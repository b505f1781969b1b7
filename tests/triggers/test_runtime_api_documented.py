"""The Lambda Runtime API as it is documented, and as the runtimes for Go and Rust read and speak it: a statement a test.

Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes", "Response streaming" (custom
runtimes) and "Defined runtime environment variables"; aws-lambda-go and lambda_runtime, as they are published.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from tests.triggers.running import EVENT, arn_of, ask, run, running

from poolhouse.ports.functions import FunctionFailed, FunctionUnavailable

TOML = f"""
[function.raw]
command = ["{sys.executable}", "raw.py"]
concurrency = 1
timeout = "5s"
max_answer = 100000
memory = 512
environment = {{TABLE = "orders"}}
"""
SPEAKS = """
import http.client, json, os, socket

host, port = os.environ["AWS_LAMBDA_RUNTIME_API"].split(":")
BASE = "/2018-06-01/runtime"
api = http.client.HTTPConnection(host, int(port))

def ask(method, path, body=None, headers={}):
    api.request(method, BASE + path, body, headers)
    answer = api.getresponse()
    return answer.status, dict(answer.headers), answer.read().decode()

def chunked(path, chunks, trailers, headers):
    '''As Go's net/http sends what it does not know the length of.'''
    with socket.create_connection((host, int(port))) as connection:
        head = [f"POST {BASE}{path} HTTP/1.1", f"Host: {host}:{port}", "User-Agent: aws-lambda-go/go1.22",
                "Transfer-Encoding: chunked", *(f"{name}: {value}" for name, value in headers.items())]
        text = "\\r\\n".join(head) + "\\r\\n\\r\\n"
        text += "".join(f"{len(chunk.encode()):x}\\r\\n{chunk}\\r\\n" for chunk in chunks) + "0\\r\\n"
        connection.sendall((text + "".join(f"{name}: {value}\\r\\n" for name, value in trailers.items()) + "\\r\\n").encode())
        return int(connection.recv(4096).split()[1])

def next_event():
    status, headers, event = ask("GET", "/invocation/next")
    return status, headers, event, "/invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
"""


def what_it_answers(folder: Path, script: str, times: int = 1) -> list[Any]:
    """What the program makes of an event, `times` times: its answers, or what they ended with."""
    (folder / "raw.py").write_text(SPEAKS + script)
    got: list[Any] = []

    async def work() -> None:
        async with running(folder, TOML) as functions:
            for _ in range(times):
                try:
                    got.append(await ask(functions, "raw"))
                except (FunctionFailed, FunctionUnavailable) as failed:
                    got.append(failed)

    run(work())
    return got


TELLS_HEADERS = """
while True:
    status, headers, event, path = next_event()
    ask("POST", path + "/response", json.dumps([status, headers, event]))
"""


def test_an_event_comes_with_the_headers_that_every_runtime_reads(tmp_path: Path) -> None:
    [(status, headers, event)] = what_it_answers(tmp_path, TELLS_HEADERS)
    assert status == 200
    assert json.loads(event) == EVENT
    assert headers["Content-Type"] == "application/json"
    identity = headers["Lambda-Runtime-Aws-Request-Id"]
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", identity)
    assert headers["Lambda-Runtime-Invoked-Function-Arn"] == arn_of("raw")
    trace = headers["Lambda-Runtime-Trace-Id"]
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Sampled=0", trace)


def test_the_deadline_is_a_whole_number_of_milliseconds_since_1970(tmp_path: Path) -> None:
    """Go reads it as an int64, Rust as a u64: neither takes a fraction."""
    begun = time.time()
    [(_, headers, _)] = what_it_answers(tmp_path, TELLS_HEADERS)
    deadline = headers["Lambda-Runtime-Deadline-Ms"]
    assert deadline.isdigit()
    assert begun + 5 <= int(deadline) / 1000 + 0.001
    assert int(deadline) / 1000 <= time.time() + 5


def test_there_is_no_mobile_client_behind_a_trigger(tmp_path: Path) -> None:
    """Go and Rust read both headers as JSON, and take their absence for none: an empty text would be no JSON."""
    [(_, headers, _)] = what_it_answers(tmp_path, TELLS_HEADERS)
    names = {name.lower() for name in headers}
    assert not names & {"lambda-runtime-client-context", "lambda-runtime-cognito-identity"}


def test_every_event_has_an_id_of_its_own(tmp_path: Path) -> None:
    answers = what_it_answers(tmp_path, TELLS_HEADERS, times=3)
    assert len({headers["Lambda-Runtime-Aws-Request-Id"] for _, headers, _ in answers}) == 3


def test_an_answer_and_an_error_are_accepted_with_202_and_a_status(tmp_path: Path) -> None:
    """Go fails at anything but 202."""
    heard = """
_, _, _, path = next_event()
first = ask("POST", path + "/response", "1")
_, _, _, path = next_event()
error = json.dumps({"errorMessage": "no", "errorType": "Odd"})
second = ask("POST", path + "/error", error, {"Lambda-Runtime-Function-Error-Type": "unhandled"})
_, _, _, path = next_event()
ask("POST", path + "/response", json.dumps([first, second]))
next_event()
"""
    one, threw, heard_by_it = what_it_answers(tmp_path, heard, times=3)
    assert one == 1
    assert isinstance(threw, FunctionFailed)
    assert (str(threw), threw.kind) == ("no", "Odd")
    for status, headers, body in heard_by_it:
        assert status == 202
        assert headers["Content-Type"] == "application/json"
        assert json.loads(body) == {"status": "OK"}


def test_what_is_wrong_is_told_with_the_status_of_the_documentation(tmp_path: Path) -> None:
    wrong = """
_, _, _, path = next_event()
heard = [
    ask("POST", "/invocation/00000000-0000-0000-0000-000000000000/response", "1"),
    ask("POST", "/invocation/00000000-0000-0000-0000-000000000000/error", "{}"),
    ask("GET", "/nothing"),
]
ask("POST", path + "/response", json.dumps(heard))
next_event()
"""
    [heard] = what_it_answers(tmp_path, wrong)
    assert [status for status, _, _ in heard] == [400, 400, 404]
    for _, _, body in heard:
        assert set(json.loads(body)) == {"errorMessage", "errorType"}


def test_a_second_answer_to_one_event_is_refused(tmp_path: Path) -> None:
    twice = """
_, _, _, path = next_event()
ask("POST", path + "/response", "1")
heard = ask("POST", path + "/response", "2")
_, _, _, path = next_event()
ask("POST", path + "/response", json.dumps(heard))
next_event()
"""
    first, (status, _, body) = what_it_answers(tmp_path, twice, times=2)
    assert first == 1
    assert (status, json.loads(body)["errorType"]) == (400, "InvalidRequestID")


def test_an_answer_that_is_too_long_is_refused_with_413(tmp_path: Path) -> None:
    long = """
_, _, _, path = next_event()
heard = ask("POST", path + "/response", json.dumps("x" * 100_000))
_, _, _, path = next_event()
ask("POST", path + "/response", json.dumps(heard))
next_event()
"""
    failed, (status, _, body) = what_it_answers(tmp_path, long, times=2)
    assert failed.kind == "Function.ResponseSizeTooLarge"
    assert (status, json.loads(body)["errorType"]) == (413, "RequestEntityTooLarge")


@pytest.mark.parametrize(
    "body", ["", '{"errorMessage": "no such table", "errorType": "Startup"}'], ids=["empty", "a document"]
)
def test_a_start_that_fails_is_accepted_and_told(tmp_path: Path, body: str) -> None:
    """Rust says nothing but that it failed: its body is empty."""
    fails = f"""
status, _, body = ask("POST", "/init/error", {body!r}, {{"Lambda-Runtime-Function-Error-Type": "unhandled"}})
print("HEARD", status, body, flush=True)
assert status == 202 and json.loads(body) == {{"status": "OK"}}
raise SystemExit(1)
"""
    [failed] = what_it_answers(tmp_path, fails)
    assert isinstance(failed, FunctionUnavailable)
    assert "it can't start" in str(failed)
    assert ("no such table" in str(failed)) == bool(body)


GO_TRAILERS = '{"Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body"}'


def test_an_answer_in_chunks_is_one_whole(tmp_path: Path) -> None:
    """As Go sends each: it announces trailers, and has none where nothing failed. As Rust streams."""
    sends = f"""
for headers in ({GO_TRAILERS}, {{"Lambda-Runtime-Function-Response-Mode": "streaming"}}):
    _, _, _, path = next_event()
    assert chunked(path + "/response", ['{{"a"', ': "ä"}}'], {{}}, headers) == 202
next_event()
"""
    assert what_it_answers(tmp_path, sends, times=2) == [{"a": "ä"}, {"a": "ä"}]


def test_an_answer_that_fails_on_its_way_is_a_failure(tmp_path: Path) -> None:
    """What came before is no answer, though it be JSON: the trailers say what happened."""
    sends = f"""
import base64
error = base64.b64encode(b'{{"errorMessage": "the table is away", "errorType": "Away"}}').decode()
trailers = {{"Lambda-Runtime-Function-Error-Type": "Away", "Lambda-Runtime-Function-Error-Body": error}}
_, _, _, path = next_event()
assert chunked(path + "/response", ["{{}}"], trailers, {GO_TRAILERS}) == 202
_, _, _, path = next_event()
assert chunked(path + "/response", ["{{}}"], {{**trailers, "Lambda-Runtime-Function-Error-Body": "?"}}, {GO_TRAILERS}) == 202
_, _, _, path = next_event()
ask("POST", path + "/response", "1")
next_event()
"""
    first, second, third = what_it_answers(tmp_path, sends, times=3)
    assert (str(first), first.kind) == ("the table is away", "Away")
    assert isinstance(second, FunctionFailed)
    assert second.kind == "Away"
    assert third == 1


def test_its_environment_is_that_of_a_custom_runtime(tmp_path: Path) -> None:
    tells = """
while True:
    _, _, _, path = next_event()
    ask("POST", path + "/response", json.dumps({**os.environ, "cwd": os.getcwd()}))
"""
    [variables] = what_it_answers(tmp_path, tells)
    assert variables["AWS_LAMBDA_FUNCTION_NAME"] == "raw"
    assert variables["AWS_LAMBDA_FUNCTION_VERSION"] == "$LATEST"
    assert variables["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "512", "Rust reads a number"
    assert variables["AWS_REGION"] == variables["AWS_DEFAULT_REGION"] == "us-east-1"
    assert variables["LAMBDA_TASK_ROOT"] == variables["cwd"] == str(tmp_path)
    assert re.fullmatch(r"127\.0\.0\.1:[0-9]+", variables["AWS_LAMBDA_RUNTIME_API"])
    assert variables["TZ"] == "UTC"
    assert variables["TABLE"] == "orders"
    for name in ("AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME"):
        assert variables[name], "Go and Rust read it"
    assert variables["_HANDLER"] == "raw.py", (
        "the last word of a command, as in AWS's emulator; Node's runtime wants one"
    )
    assert not [name for name in variables if name.startswith(("AWS_ACCESS", "AWS_SECRET", "AWS_SESSION"))]
