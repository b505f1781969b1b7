"""A key management service outside: how it is asked, and answers that are none."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from poolhouse.config import ConfigurationError
from poolhouse.config.load import load
from poolhouse.core.encryption_message import DataKey
from poolhouse.core.secret import Secret
from poolhouse.ports import kms
from poolhouse.ports.functions.configured import IN_BACKGROUND
from poolhouse.ports.kms import KmsUnavailable, RemoteKms
from poolhouse.ports.outbound import Answer
from poolhouse.ports.signing import AwsKeys
from poolhouse.postman import ATTEMPT

KEY_ARN = "arn:aws:kms:eu-west-3:123456789012:key/11111111-1111-4111-8111-111111111111"
CONTEXT = {"userpool-id": "us-east-1_a"}
PLAIN = bytes(range(32))


def whole(**changed: Any) -> bytes:
    answer = {
        "KeyId": KEY_ARN,
        "Plaintext": base64.b64encode(PLAIN).decode(),
        "CiphertextBlob": base64.b64encode(b"encrypted").decode(),
    }
    return json.dumps(
        {name: value for name, value in (answer | changed).items() if value is not None}
    ).encode()


class Outside:
    """Answers every request with `status` and `body`, and keeps it."""

    def __init__(self) -> None:
        self.status, self.body = 200, whole()
        self.headers: dict[str, str] = {}
        self.silent: threading.Event | None = None
        """While it is not set, nothing is answered."""
        self.requests: list[tuple[dict[str, str], bytes]] = []
        outside = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                outside.requests.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if outside.silent is not None:
                    outside.silent.wait(10)
                self.send_response(outside.status)
                for name, value in outside.headers.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(outside.body)))
                self.end_headers()
                self.wfile.write(outside.body)

            def log_message(self, *_: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def outside() -> Iterator[Outside]:
    outside = Outside()
    yield outside
    outside.server.shutdown()
    outside.server.server_close()


def ask(url: str, key_arn: str = KEY_ARN, token: str | None = None) -> DataKey:
    async def work() -> DataKey:
        keys = AwsKeys("AKIAEXAMPLEEXAMPLE12", Secret("secret"), None if token is None else Secret(token))
        remote = RemoteKms(keys, url)
        try:
            return await remote.generate_data_key(key_arn, CONTEXT)
        finally:
            await remote.aclose()

    return asyncio.run(work())


@pytest.mark.parametrize("token", [None, "a-token"])
def test_it_is_asked_for_a_data_key_signed_for_the_region_of_the_key(
    outside: Outside, token: str | None
) -> None:
    key = ask(outside.url, token=token)
    assert (key.plain, key.encrypted, key.key_arn) == (PLAIN, b"encrypted", KEY_ARN)
    headers, body = outside.requests[0]
    assert json.loads(body) == {"KeyId": KEY_ARN, "NumberOfBytes": 32, "EncryptionContext": CONTEXT}
    assert headers["x-amz-target"] == "TrentService.GenerateDataKey"
    assert headers["content-type"] == "application/x-amz-json-1.1"
    assert "/eu-west-3/kms/aws4_request" in headers["authorization"]
    assert headers.get("x-amz-security-token") == token
    signed = {name: headers[name] for name in ("x-amz-target", "content-type", "x-amz-date")}
    request = AWSRequest("POST", f"{outside.url}/", headers=signed, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(Credentials("AKIAEXAMPLEEXAMPLE12", "secret", token), "kms", "eu-west-3")
    if token is not None:
        request.headers["X-Amz-Security-Token"] = token
    canonical = auth.canonical_request(request)
    signature = auth.signature(auth.string_to_sign(request, canonical), request)
    assert headers["authorization"].endswith(signature)


@pytest.mark.parametrize(
    ("status", "body", "says"),
    [
        (400, b'{"__type": "AccessDeniedException"}', "KMS answered 400 AccessDeniedException"),
        (400, b'{"__type": "com.amazonaws.kms#NotFoundException"}', "KMS answered 400 NotFoundException"),
        (400, b'{"__type": "a secret in words"}', "KMS answered 400 "),
        (500, b"[]", "KMS answered 500 "),
        (503, b"", "KMS answered 503 "),
        (302, b"", "KMS answered 302 "),
        (200, b"", "an answer that is none"),
        (200, b"[]", "an answer that is none"),
        (200, whole(Plaintext=None), "an answer that is none"),
        (200, whole(Plaintext="no base64"), "an answer that is none"),
        (200, whole(Plaintext=7), "an answer that is none"),
        (200, whole(CiphertextBlob=[1]), "an answer that is none"),
        (200, whole(Plaintext="AAAA"), "no data key"),
        (200, whole(CiphertextBlob=""), "no data key"),
        (200, whole(CiphertextBlob="A" * 8196), "no data key"),
        (200, whole(KeyId="somebody's"), "no data key"),
        (200, whole(KeyId=7), "no data key"),
        (200, b"x" * 100_000, "an answer that is none"),
    ],
)
def test_an_answer_that_is_none_makes_no_message(
    outside: Outside, status: int, body: bytes, says: str
) -> None:
    outside.status, outside.body = status, body
    with pytest.raises(KmsUnavailable, match=says) as refused:
        ask(outside.url)
    assert "secret" not in str(refused.value)


def test_an_answer_is_never_unpacked(outside: Outside) -> None:
    """A few bytes may unpack to gigabytes."""
    outside.headers = {"content-encoding": "gzip"}
    outside.body = gzip.compress(whole())
    with pytest.raises(KmsUnavailable, match="an answer that is none"):
        ask(outside.url)
    assert outside.requests[0][0]["accept-encoding"] == "identity"


def test_no_redirect_is_followed(outside: Outside) -> None:
    outside.status, outside.headers = 307, {"location": f"{outside.url}/elsewhere"}
    with pytest.raises(KmsUnavailable, match="KMS answered 307"):
        ask(outside.url)
    assert len(outside.requests) == 1


def test_one_that_is_slow_leaves_the_function_its_time(
    outside: Outside, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kms.WITHIN + IN_BACKGROUND < ATTEMPT
    monkeypatch.setattr(kms, "WITHIN", 0.2)
    outside.silent = threading.Event()
    try:
        with pytest.raises(KmsUnavailable, match="no answer within"):
            ask(outside.url)
    finally:
        outside.silent.set()


def test_one_that_is_not_there_is_said_so() -> None:
    with pytest.raises(KmsUnavailable, match="KMS: "):
        ask("http://127.0.0.1:1")


@pytest.mark.parametrize(
    "key_arn",
    [
        "alias/poolhouse",
        "arn:aws:kms:evil.example.com/:123456789012:key/1",
        "arn:aws:kms:us-east-1@evil.example.com:123456789012:key/1",
        "arn:aws:s3:us-east-1:123456789012:key/1",
        "arn:aws:kms:us-east-1:123456789012:key/1\n",
    ],
)
def test_an_owner_of_a_pool_makes_no_other_host_of_amazon_s(outside: Outside, key_arn: str) -> None:
    with pytest.raises(KmsUnavailable, match="names no key of KMS"):
        ask(outside.url, key_arn)
    assert not outside.requests


def test_a_key_is_in_no_repr() -> None:
    assert "\\x01" not in repr(DataKey(PLAIN, b"encrypted", KEY_ARN))
    assert "Plaintext" not in repr(Answer(200, whole()))


@pytest.mark.parametrize(
    ("flags", "says"),
    [
        ({"POOLHOUSE_KMS_ACCESS_KEY_ID": "AKIAEXAMPLEEXAMPLE12"}, "go together"),
        ({"POOLHOUSE_KMS_SECRET_ACCESS_KEY": "x"}, "go together"),
        (
            {"POOLHOUSE_KMS_ENDPOINT_URL": "https://kms.example.com"},
            "kms_endpoint_url needs kms_access_key_id",
        ),
        ({"POOLHOUSE_KMS_SESSION_TOKEN": "x"}, "kms_session_token needs kms_access_key_id"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(flags: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        load({}, flags)
