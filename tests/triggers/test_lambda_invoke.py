"""Functions that AWS Lambda runs, or what speaks its Invoke."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.triggers.listening import Answer, Asked, listening
from tests.triggers.running import EVENT, POOL, arn_of, ask, run, running

from poolhouse.core.secret import Secret
from poolhouse.ports.functions import FunctionFailed, FunctionUnavailable
from poolhouse.ports.functions.port import FunctionUnreachable
from poolhouse.ports.functions.posting import Poster

KEYS: dict[str, Any] = {
    "lambda_access_key_id": "AKIAIOSFODNN7EXAMPLE",
    "lambda_secret_access_key": Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
}
ELSEWHERE = "arn:aws:lambda:eu-west-1:123456789012:function:orders"


def answered(asked: Asked) -> Answer:
    return 200, {"x-amz-executed-version": "$LATEST"}, json.dumps(json.loads(asked.body)).encode()


def signature_of(asked: Asked, url: str, region: str) -> str:
    """What botocore signs such a request with, at the time that it was."""
    at = datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    found = re.search(r"SignedHeaders=([^,]+)", asked.headers["authorization"])
    assert found is not None
    headers = {
        name: asked.headers[name] for name in found[1].split(";") if name not in ("host", "x-amz-date")
    }
    request = AWSRequest("POST", url + asked.path, headers=headers, data=asked.body)
    request.context["timestamp"] = at.strftime("%Y%m%dT%H%M%SZ")
    request.headers["X-Amz-Date"] = request.context["timestamp"]
    keys = Credentials(KEYS["lambda_access_key_id"], KEYS["lambda_secret_access_key"].reveal())
    signer = SigV4Auth(keys, "lambda", region)
    canonical = signer.canonical_request(request)
    return str(signer.signature(signer.string_to_sign(request, canonical), request))


def test_a_function_that_is_not_in_the_file_is_invoked_signed_by_its_arn(tmp_path: Path) -> None:
    with listening(answered) as aws:

        async def work() -> None:
            settings = {**KEYS, "lambda_endpoint_url": aws.url}
            async with running(tmp_path, "", settings=settings) as functions:
                answer = await functions.invoke(ELSEWHERE, json.dumps(EVENT).encode(), pool_id=POOL)
                assert json.loads(answer) == EVENT

        run(work())
    [asked] = aws.asked
    assert asked.path == (
        "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A123456789012%3Afunction%3Aorders/invocations"
    )
    assert asked.headers["x-amz-invocation-type"] == "RequestResponse"
    assert "/eu-west-1/lambda/aws4_request" in asked.headers["authorization"]
    assert asked.headers["authorization"].endswith(f"Signature={signature_of(asked, aws.url, 'eu-west-1')}")


@pytest.mark.parametrize(
    ("answer", "error", "message", "cause"),
    [
        (
            (
                200,
                {"x-amz-function-error": "Unhandled"},
                b'{"errorMessage": "not you", "errorType": "Error"}',
            ),
            FunctionFailed,
            "^not you$",
            None,
        ),
        (
            (200, {}, b'{"errorMessage": "not you", "errorType": "Error", "stackTrace": []}'),
            FunctionFailed,
            "^not you$",
            None,
        ),
        ((200, {"x-amz-function-error": "Unhandled"}, b"[]"), FunctionFailed, "^Unhandled$", None),
        (
            (403, {"x-amzn-errortype": "AccessDeniedException:http://internal/"}, b'{"Message": "no"}'),
            FunctionUnavailable,
            "^Lambda answered 403 AccessDeniedException$",
            "AccessDeniedException",
        ),
        (
            (404, {"x-amzn-errortype": "<b>"}, b""),
            FunctionUnavailable,
            "^Lambda answered 404$",
            "ServiceException",
        ),
        ((500, {}, b""), FunctionUnavailable, "^Lambda answered 500$", "ServiceException"),
        ((202, {}, b""), FunctionUnavailable, "^Lambda answered 202$", "ServiceException"),
    ],
    ids=["threw", "threw in the emulator", "threw garbage", "denied", "hostile name", "500", "asynchronous"],
)
def test_what_lambda_says(
    tmp_path: Path, answer: Answer, error: type[Exception], message: str, cause: str | None
) -> None:
    with listening(lambda asked: answer) as aws:

        async def work() -> None:
            async with running(tmp_path, f'[function.orders]\nlambda = "{aws.url}"\n') as functions:
                with pytest.raises(error, match=message) as raised:
                    await ask(functions, "orders")
                assert getattr(raised.value, "cause", None) == cause

        run(work())
    assert len(aws.asked) == 1  # whoever answers is not asked again


def test_the_runtime_interface_emulator_is_asked_by_the_one_name_it_knows_and_unsigned(
    tmp_path: Path,
) -> None:
    with listening(answered) as emulator:

        async def work() -> None:
            toml = f'[function.orders]\nlambda = "{emulator.url}"\nfunction = "function"\n'
            async with running(tmp_path, toml) as functions:
                assert await ask(functions, "orders") == EVENT

        run(work())
    assert emulator.asked[0].path == "/2015-03-31/functions/function/invocations"
    assert "authorization" not in emulator.asked[0].headers


def test_an_event_that_speaks_of_an_error_message_is_an_answer(tmp_path: Path) -> None:
    event = {**EVENT, "request": {"errorMessage": "said by somebody", "errorType": "Error"}}
    with listening(answered) as aws:

        async def work() -> None:
            async with running(tmp_path, f'[function.orders]\nlambda = "{aws.url}"\n') as functions:
                assert await ask(functions, "orders", event) == event

        run(work())


def test_a_temporary_key_sends_its_token(tmp_path: Path) -> None:
    with listening(answered) as aws:

        async def work() -> None:
            settings = {**KEYS, "lambda_endpoint_url": aws.url, "lambda_session_token": Secret("a token")}
            async with running(tmp_path, "", settings=settings) as functions:
                await ask(functions, "anything")

        run(work())
    assert aws.asked[0].headers["x-amz-security-token"] == "a token"
    assert "x-amz-security-token" in aws.asked[0].headers["authorization"]


def test_an_arn_can_not_choose_the_host(tmp_path: Path) -> None:
    async def work() -> None:
        async with running(tmp_path, "", settings=KEYS) as functions:
            for arn in (
                "arn:aws:lambda:evil.example/:123456789012:function:orders",
                "arn:aws:lambda:us-east-1@evil:123456789012:function:orders",
                "orders",
                arn_of("a\r\nx: y"),
            ):
                with pytest.raises(FunctionUnavailable, match="names no Lambda function"):
                    await functions.invoke(arn, b"{}", pool_id=POOL)

    run(work())


def test_an_arn_of_a_region_that_there_is_not_is_asked_of_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []

    async def look_up(poster: Poster) -> NoReturn:
        looked_up.append(poster._host)
        raise FunctionUnreachable("nobody is there")

    monkeypatch.setattr(Poster, "_connect", look_up)

    async def work() -> None:
        async with running(tmp_path, "", settings=KEYS) as functions:
            for place in ("aws:lambda:us-made-1", "aws-cn:lambda:eu-west-1", "aws-made:lambda:eu-west-1"):
                arn = ELSEWHERE.replace("aws:lambda:eu-west-1", place)
                with pytest.raises(FunctionUnavailable, match="is in no region of"):
                    await functions.invoke(arn, b"{}", pool_id=POOL)
            assert looked_up == []
            with pytest.raises(FunctionUnreachable):
                await functions.invoke(ELSEWHERE, b"{}", pool_id=POOL)
            assert set(looked_up) == {"lambda.eu-west-1.amazonaws.com"}

    run(work())
