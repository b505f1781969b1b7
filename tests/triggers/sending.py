"""Functions of the tests that send messages by themselves, and what opens their codes: AWS's own Encryption SDK."""

from __future__ import annotations

import base64
import html
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from tests.fuzz.wire import Wire
from tests.harness import RunningServer
from tests.people.signing_up import SMS, a_sign_up_app, an_email
from tests.triggers.functions import Event, Function, a_function

from poolhouse.core.kms import BuiltInKey
from poolhouse.core.messages import Purpose
from poolhouse.core.outgoing import Outgoing
from poolhouse.store.repositories.outbox import Outbox

PASSES = 15
"""Seconds in which an event comes, on a machine that is busy with other tests."""


def key_of(server: RunningServer) -> BuiltInKey:
    return BuiltInKey(server.region, server.settings.account_id)


def a_notice(server: RunningServer, pool_id: str, **told: Any) -> Outgoing:
    """Of a risky sign-in. `details` of a message is what threat protection has to tell."""
    now = server.clock.now()
    return Outgoing(
        id=Outbox.new_id(now),
        pool_id=pool_id,
        medium="EMAIL",
        purpose=Purpose.ACCOUNT_TAKEOVER,
        created_at=now,
        expires_at=now + timedelta(hours=1),
        destination=an_email(),
        subject="A sign-in",
        body="We saw a sign-in.",
        code="",
        username="ada",
        **told,
    )


def senders(asked: Function, key_arn: str, *media: str) -> dict[str, Any]:
    """A LambdaConfig with one function for the media that are named: `Email`, `SMS`."""
    sender = {"LambdaVersion": "V1_0", "LambdaArn": asked.arn}
    return {**{f"Custom{medium}Sender": sender for medium in media}, "KMSKeyID": key_arn}


def a_sent_app(
    server: RunningServer,
    cognito: Any,
    *flows: str,
    answer: Any = lambda event: None,
    media: tuple[str, ...] = ("Email", "SMS"),
    key_arn: str | None = None,
    functions: dict[str, str] | None = None,
    **pool: Any,
) -> tuple[Function, str, str]:
    """A function that sends a pool's messages, the pool, and a client."""
    asked = a_function(server, answer)
    config = senders(asked, key_arn or key_of(server).arn, *media)
    options = {"SmsConfiguration": SMS, "LambdaConfig": {**config, **(functions or {})}, **pool}
    return asked, *a_sign_up_app(cognito, *flows, **options)


def wait_for_event(asked: Function, count: int = 1) -> Event:
    """The newest event, as soon as there are `count`: nobody waits for a sender, so neither does the answer."""
    give_up = time.monotonic() + PASSES
    while len(asked.events) < count:
        assert time.monotonic() < give_up, f"{len(asked.events)} events, not {count}"
        time.sleep(0.01)
    assert len(asked.events) == count, asked.sources
    return asked.events[-1]


@contextmanager
def environment_of_a_function(server: RunningServer, key_arn: str | None = None) -> Iterator[None]:
    """What a function is given that may decrypt with one key, by default the server's own here, and nothing else."""
    policy = {"Effect": "Allow", "Action": "kms:Decrypt", "Resource": key_arn or key_of(server).arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [policy]})
    wire = Wire(server)
    made = wire.aws("poolhouse", "CreateAccessKey", {"UserName": "sender", "Policy": document})
    wire.close()
    key = made.document["AccessKey"]
    given = {
        "AWS_ENDPOINT_URL_KMS": server.base_url,
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        "AWS_REGION": server.region,
    }
    with patch.dict(os.environ, given):
        yield


_providers: dict[str, Any] = {}


def opened(
    server: RunningServer, event: Event, *, key_arn: str | None = None, is_escaped: bool = False
) -> str:
    """The code of an event, by the Encryption SDK for Python as it is, asking the server's KMS."""
    import aws_encryption_sdk
    from aws_encryption_sdk.identifiers import CommitmentPolicy

    if server.base_url not in _providers:
        with environment_of_a_function(server, key_arn):
            provider = aws_encryption_sdk.StrictAwsKmsMasterKeyProvider(
                key_ids=[key_arn or key_of(server).arn]
            )
        _providers[server.base_url] = provider
    client = aws_encryption_sdk.EncryptionSDKClient(
        commitment_policy=CommitmentPolicy.REQUIRE_ENCRYPT_REQUIRE_DECRYPT
    )
    message = base64.b64decode(event["request"]["code"], validate=True)
    plain, header = client.decrypt(source=message, key_provider=_providers[server.base_url])
    assert header.encryption_context == {"userpool-id": event["userPoolId"]}
    return plain.decode() if is_escaped else html.unescape(plain.decode())
