"""SMS leave by a signed webhook, or by SNS's Publish."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import messages_of
from tests.people.sending import send, the_pool, waiting

from poolhouse.core.errors import CodeDeliveryFailureException
from poolhouse.core.messages import Purpose
from poolhouse.core.secret import Secret
from poolhouse.ports.standard_webhooks import signing_key

OwnServer = Callable[..., RunningServer]
NUMBER = "+15555550123"


class Receiver:
    """Somebody's HTTP service; answers as it is told."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 200
        self.answer = b"{}"
        self.location: str | None = None
        self.url = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    told = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            told.requests.append((self.path, headers, body))
            self.send_response(told.status)
            if told.location is not None:
                self.send_header("Location", told.location)
            self.send_header("Content-Length", str(len(told.answer)))
            self.end_headers()
            try:
                self.wfile.write(told.answer)
            except OSError:
                pass  # it has read as much as it wanted

        def log_message(self, *about: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as service:
        thread = threading.Thread(target=service.serve_forever, args=(0.02,))
        thread.start()
        told.url = f"http://127.0.0.1:{service.server_port}"
        yield told
        service.shutdown()
        thread.join()


def an_sms(server: RunningServer, pool: Any, **options: Any) -> None:
    send(server, pool, NUMBER, medium="SMS", **options)


def by_webhook(receiver: Receiver, secret: str = "whsec_" + "c2VjcmV0IG9mIGEgdGVzdA==") -> dict[str, Any]:
    return {"sms_webhook_url": receiver.url + "/send?to=me", "sms_webhook_secret": Secret(secret)}


def by_sns(receiver: Receiver, **more: Any) -> dict[str, Any]:
    return {
        "sns_access_key_id": "AKIAIOSFODNN7EXAMPLE",
        "sns_secret_access_key": Secret("sns-secret"),
        "sns_endpoint_url": receiver.url,
        "sns_region": "eu-west-1",
        **more,
    }


class TestTheWebhook:
    def test_is_given_the_text_signed_with_its_secret(
        self, own_server: OwnServer, receiver: Receiver
    ) -> None:
        server = own_server(**by_webhook(receiver))
        pool = the_pool(server, a_pool(server.client()))
        an_sms(server, pool, purpose=Purpose.MFA, client_id="abc")
        ((path, headers, body),) = receiver.requests
        assert path == "/send?to=me"
        document = json.loads(body)
        assert document["type"] == "sms.send"
        assert document["data"] == {
            "message_id": headers["webhook-id"],
            "destination": NUMBER,
            "text": "Your authentication code is 123456",
            "purpose": "MFA",
            "user_pool_id": pool.id,
            "client_id": "abc",
        }
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(b"secret of a test", signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        assert abs(int(headers["webhook-timestamp"]) - server.clock.now().timestamp()) < 60
        assert waiting(server) == 0
        assert messages_of(server, NUMBER) == []

    @pytest.mark.parametrize("status", [400, 410, 422])
    def test_can_refuse_for_good(self, own_server: OwnServer, receiver: Receiver, status: int) -> None:
        server = own_server(**by_webhook(receiver))
        pool = the_pool(server, a_pool(server.client()))
        receiver.status = status
        with pytest.raises(CodeDeliveryFailureException):
            an_sms(server, pool)
        assert waiting(server) == 0

    def test_is_tried_again_with_the_same_id_after_any_other_answer(
        self, own_server: OwnServer, receiver: Receiver
    ) -> None:
        server = own_server(**by_webhook(receiver))
        pool = the_pool(server, a_pool(server.client()))
        receiver.status = 500
        an_sms(server, pool)
        for status in (401, 429, 503, 204):
            receiver.status = status
            assert waiting(server) == 1
            server.clock.advance(hours=1)
            assert server.run(server.server.postman.deliver_due()) == 1
        assert waiting(server) == 0
        assert len({headers["webhook-id"] for _, headers, _ in receiver.requests}) == 1
        assert len({headers["webhook-signature"] for _, headers, _ in receiver.requests}) == 5

    def test_is_followed_nowhere_else(self, own_server: OwnServer, receiver: Receiver) -> None:
        server = own_server(**by_webhook(receiver))
        pool = the_pool(server, a_pool(server.client()))
        receiver.status, receiver.location = 307, receiver.url + "/elsewhere"
        an_sms(server, pool)
        assert [path for path, _, _ in receiver.requests] == ["/send?to=me"]
        assert waiting(server) == 1

    def test_may_answer_at_length_without_being_read(self, own_server: OwnServer, receiver: Receiver) -> None:
        server = own_server(**by_webhook(receiver))
        pool = the_pool(server, a_pool(server.client()))
        receiver.answer = b"x" * 20_000_000
        an_sms(server, pool)
        assert waiting(server) == 0

    def test_takes_a_secret_of_any_form(self) -> None:
        assert signing_key(Secret("whsec_c2VjcmV0")) == b"secret"
        assert signing_key(Secret("whsec_no base64")) == b"whsec_no base64"
        assert signing_key(Secret("plain")) == b"plain"


class TestSns:
    def test_publishes_a_signed_transactional_message(
        self, own_server: OwnServer, receiver: Receiver
    ) -> None:
        server = own_server(**by_sns(receiver, sms_sender_id="Orders"))
        pool = the_pool(server, a_pool(server.client()))
        an_sms(server, pool)
        ((path, headers, body),) = receiver.requests
        assert path == "/"
        form = {name: value for name, (value,) in parse_qs(body.decode()).items()}
        assert form == {
            "Action": "Publish",
            "Version": "2010-03-31",
            "PhoneNumber": NUMBER,
            "Message": "Your confirmation code is 123456",
            "MessageAttributes.entry.1.Name": "AWS.SNS.SMS.SMSType",
            "MessageAttributes.entry.1.Value.DataType": "String",
            "MessageAttributes.entry.1.Value.StringValue": "Transactional",
            "MessageAttributes.entry.2.Name": "AWS.SNS.SMS.SenderID",
            "MessageAttributes.entry.2.Value.DataType": "String",
            "MessageAttributes.entry.2.Value.StringValue": "Orders",
        }
        assert headers["authorization"] == signature_of(receiver.url, headers, body, "eu-west-1")
        assert waiting(server) == 0

    def test_speaks_to_the_region_of_the_pool(self, own_server: OwnServer, receiver: Receiver) -> None:
        server = own_server(**by_sns(receiver))
        sms = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "SnsRegion": "ap-south-1"}
        pool = the_pool(server, a_pool(server.client(), SmsConfiguration=sms))
        an_sms(server, pool)
        assert "/ap-south-1/sns/aws4_request" in receiver.requests[0][1]["authorization"]

    @pytest.mark.parametrize("region", ["evil.test/x?", "evil.test#", "a@evil.test:1", "EU-WEST-1\n"])
    def test_goes_to_no_host_that_a_pool_makes_up(
        self, own_server: OwnServer, receiver: Receiver, region: str
    ) -> None:
        server = own_server(**by_sns(receiver))
        sms = {"SnsCallerArn": "arn:aws:iam::123456789012:role/sms", "SnsRegion": region}
        pool = the_pool(server, a_pool(server.client(), SmsConfiguration=sms))
        with pytest.raises(CodeDeliveryFailureException):
            an_sms(server, pool)
        assert receiver.requests == []

    def test_a_number_that_is_none_is_told(self, own_server: OwnServer, receiver: Receiver) -> None:
        server = own_server(**by_sns(receiver))
        pool = the_pool(server, a_pool(server.client()))
        receiver.status = 400
        receiver.answer = b"<ErrorResponse><Error><Code>InvalidParameter</Code></Error></ErrorResponse>"
        with pytest.raises(CodeDeliveryFailureException):
            an_sms(server, pool)
        assert waiting(server) == 0

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (400, "Throttling"),
            (403, "InvalidClientTokenId"),
            (403, "AuthorizationError"),
            (500, ""),
            (302, ""),
        ],
    )
    def test_what_may_be_mended_waits(
        self, own_server: OwnServer, receiver: Receiver, status: int, code: str
    ) -> None:
        server = own_server(**by_sns(receiver))
        pool = the_pool(server, a_pool(server.client()))
        receiver.status = status
        receiver.answer = f"<ErrorResponse><Error><Code>{code}</Code></Error></ErrorResponse>".encode()
        an_sms(server, pool)
        assert waiting(server) == 1


def signature_of(url: str, headers: dict[str, str], body: bytes, region: str) -> str:
    """The Authorization header as botocore makes it for the same request at the same time."""
    request = AWSRequest("POST", url + "/", headers={"content-type": headers["content-type"]}, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    request.headers["X-Amz-Date"] = headers["x-amz-date"]
    signer = SigV4Auth(Credentials("AKIAIOSFODNN7EXAMPLE", "sns-secret"), "sns", region)
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signed = signer.signed_headers(signer.headers_to_sign(request))
    return (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={signed}, Signature={signature}"
    )
