"""`poolhouse functions`, and the functions file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.triggers.running import settings_for
from tests.triggers.samples import check_shape

from poolhouse.cli import main
from poolhouse.config import ConfigurationError
from poolhouse.core.trigger_samples import SAMPLES, sample, trigger_of
from poolhouse.core.triggers import Trigger
from poolhouse.ports.functions.configuration import read_functions

HELLO = """
[function.hello]
handler = "hello.handler"
pools = ["us-east-1_OnlyThis"]

[function.hook]
url = "https://hooks.example.com/cognito"
secret = "a secret of the tests"
"""
CODE = """
def handler(event, context):
    print("asked for", event["triggerSource"])
    if event["triggerSource"] == "PreSignUp_AdminCreateUser":
        raise ValueError("no such company")
    event["response"]["autoConfirmUser"] = True
    return event
"""


@pytest.fixture
def file(tmp_path: Path) -> str:
    settings_for(tmp_path, HELLO)
    (tmp_path / "hello.py").write_text(CODE)
    return str(tmp_path / "functions.toml")


def called(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(["functions", *arguments])
    shown = capsys.readouterr()
    return code, shown.out, shown.err


def test_the_functions_are_listed_without_their_secrets(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = called(capsys, "list", "--functions-file", file)
    assert code == 0
    assert "hello.handler" in out
    assert "https://hooks.example.com/cognito" in out
    assert "arn:aws:lambda:us-east-1:000000000000:function:hook" in out
    code, as_json, _ = called(capsys, "list", "--json", "--functions-file", file)
    assert [function["Name"] for function in json.loads(as_json)["Functions"]] == ["hello", "hook"]
    assert "a secret" not in out + as_json


def test_a_function_is_asked_with_a_sample_and_its_answer_shown(
    file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = called(
        capsys, "invoke", "hello", "--event", "PreSignUp_SignUp", "--functions-file", file
    )
    assert code == 0, err
    assert json.loads(out)["response"]["autoConfirmUser"] is True
    assert "hello took" in err


def test_what_it_throws_is_shown_with_the_time(file: str, capsys: pytest.CaptureFixture[str]) -> None:
    source = "PreSignUp_AdminCreateUser"
    code, out, _ = called(
        capsys, "invoke", "hello", "--event", source, "--json", "--times", "3", "--functions-file", file
    )
    assert code == 1
    answer = json.loads(out)
    assert (answer["ErrorMessage"], answer["ErrorType"]) == ("no such company", "ValueError")
    assert len(answer["Milliseconds"]) == 3


def test_an_event_of_a_file_is_asked(file: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "event.json").write_text(json.dumps({"triggerSource": "mine", "response": {}}))
    arguments = ("invoke", "hello", "--event-file", str(tmp_path / "event.json"), "--functions-file", file)
    code, out, _ = called(capsys, *arguments)
    assert code == 0
    assert json.loads(out) == {"triggerSource": "mine", "response": {"autoConfirmUser": True}}
    (tmp_path / "event.json").write_text("no event")
    code, _, err = called(capsys, *arguments)
    assert code == 1
    assert "is no event" in err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("invoke", "other", "--event", "PreSignUp_SignUp"), "no function other; there are: hello, hook"),
        (("invoke", "hello", "--event", "PreSignUp"), "no source PreSignUp"),
    ],
)
def test_what_there_is_not_is_said(
    file: str, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], says: str
) -> None:
    code, _, err = called(capsys, *arguments, "--functions-file", file)
    assert code == 1
    assert says in err


def test_a_handler_without_a_server_is_told_what_to_do(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_LAMBDA_RUNTIME_API", raising=False)
    code, _, err = called(capsys, "run", "hello.handler")
    assert code == 1
    assert "functions file" in err


def test_there_is_a_sample_of_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = called(capsys, "events")
    assert code == 0
    assert out.split() == sorted(SAMPLES)
    assert {trigger_of(source) for source in SAMPLES} == set(Trigger)
    for source in SAMPLES:
        check_shape(sample(source))
    for version in "123":
        check_shape(sample("TokenGeneration_HostedAuth", version=version))
    code, out, _ = called(capsys, "events", "TokenGeneration_ClientCredentials")
    assert json.loads(out)["userName"] == "ClientCredentials"


WRONG: list[tuple[str, str]] = [
    ("function = 3", "function must be tables"),
    ("[functions.x]\nhandler = 'a.b'", "unknown key 'functions'"),
    ("isolation = 'perhaps'", "isolation: must be one of possible, required, off"),
    ("[function.'a b']\nhandler = 'a.b'", "its name 1 to 64 letters"),
    ("[function.x]", "needs one of command, handler, url, lambda"),
    ("[function.x]\nhandler = 'a.b'\nurl = 'https://x.example'", "needs one of"),
    ("[function.x]\nhandler = 'handler'", "handler: must be module.function"),
    ("[function.x]\nhandler = 'a.b'\ntimeout = '6s'", "timeout: must be 5s at most"),
    ("[function.x]\nhandler = 'a.b'\ncolour = 'red'", "'colour' is no key of a function by handler"),
    ("[function.x]\nurl = 'https://x.example'", "needs a secret"),
    ("[function.x]\nurl = 'https://x.example'\nsecret = 's'\nconcurrency = 2", "'concurrency' is no key"),
    ("[function.x]\nurl = 'http://x.example'\nsecret = 's'", "plain HTTP to another machine"),
    ("[function.x]\nlambda = 'http://x.example'", "plain HTTP to another machine"),
    ("[function.x]\nhandler = 'a.b'\nfolder = 'nowhere'", "is no folder"),
    ("[function.x]\nhandler = 'a.b'\narn = 'x'", "arn: must be the ARN of a Lambda function"),
    ("[function.x]\nhandler = 'a.b'\nread = ['relative']", "read: must be a list of absolute paths"),
    ("[function.x]\nhandler = 'a.b'\nenvironment = {A = 3}", "environment: must be a table of texts"),
    ("[function.x]\nhandler = 'a.b'\nenvironment = {'A=B' = 'c'}", "is no variable's name"),
    ("[function.x]\nurl = 'https://x.example'\nsecret_file = '/nowhere'", "secret_file: can't be read"),
    ("not toml", "is not TOML"),
    (
        "[function.x]\nhandler = 'a.b'\n[function.y]\nhandler = 'a.b'\n"
        "arn = 'arn:aws:lambda:us-east-1:000000000000:function:x'",
        "is the ARN of more than one function",
    ),
]


@pytest.mark.parametrize(("toml", "says"), WRONG, ids=[says[:30] for _, says in WRONG])
def test_what_the_functions_file_can_not_say(tmp_path: Path, toml: str, says: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_functions(settings_for(tmp_path, toml))
    assert says in "\n".join(refused.value.problems)


def test_a_file_with_secrets_that_everybody_can_read_is_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "[function.x]\nhandler = 'a.b'\nenvironment = {KEY = 'secret'}")
    assert read_functions(settings).functions[0].environment == {"KEY": "secret"}
    (tmp_path / "functions.toml").chmod(0o644)
    with pytest.raises(ConfigurationError) as refused:
        read_functions(settings)
    assert "chmod o-r" in str(refused.value)
    assert "'secret'" not in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    settings = settings_for(tmp_path, "")
    (tmp_path / "functions.toml").unlink()
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_functions(settings)


def test_all_that_a_function_may_say(tmp_path: Path) -> None:
    toml = """
isolation = "required"
calls_per_pool = 7
[function.all]
command = "node --enable-source-maps index.mjs"
arn = "arn:aws:lambda:eu-west-1:123456789012:function:all:live"
pools = ["us-east-1_abc"]
waiting = 5
timeout = "750ms"
max_answer = 4096
environment = {TABLE = "orders"}
read = ["/opt/orders"]
write = ["/srv/orders"]
concurrency = 9
memory = 512
watch = true
"""
    file = read_functions(settings_for(tmp_path, toml))
    assert (file.isolation, file.calls_per_pool, file.runs_processes) == ("required", 7, True)
    [function] = file.functions
    expected: dict[str, Any] = {
        "command": ("node", "--enable-source-maps", "index.mjs"),
        "arn": "arn:aws:lambda:eu-west-1:123456789012:function:all:live",
        "pools": ("us-east-1_abc",),
        "waiting": 5,
        "timeout": 0.75,
        "max_answer": 4096,
        "read": ("/opt/orders",),
        "write": ("/srv/orders",),
        "concurrency": 9,
        "memory": 512 * 1024 * 1024,
        "watch": True,
        "folder": tmp_path,
    }
    assert {name: getattr(function, name) for name in expected} == expected
