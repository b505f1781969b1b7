"""The AWS face with operations that remember their calls: for what happens before an operation and after."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from tests.aws.signed import KEY_ID, NOW, SECRET, received, signed_request

from poolhouse.aws.face import AwsFace
from poolhouse.aws.resources import everything, named_by_arn, user_pool
from poolhouse.aws.targets import Target
from poolhouse.config import Settings
from poolhouse.core.access_keys import AccessKey
from poolhouse.core.audit import AuditRecord
from poolhouse.core.secret import Secret
from poolhouse.http import Request, Response
from poolhouse.operation import Call, Parts, SystemRandom

ROOT_ID = "AKIAROOTROOTROOTROOT"
ROOT_SECRET = Secret("the-secret-of-the-root")


@dataclass
class Stand:
    """What a test has in its hands."""

    settings: Settings = field(
        default_factory=lambda: Settings(root_access_key_id=ROOT_ID, root_secret_access_key=ROOT_SECRET)
    )
    now: datetime = NOW
    keys: dict[str, AccessKey] = field(default_factory=dict)
    clients: dict[str, Any] = field(default_factory=dict)
    pools: dict[str, Any] = field(default_factory=dict)
    outcome: Callable[[], Any] = dict
    calls: list[tuple[Call, Any]] = field(default_factory=list)
    lookups: list[tuple[str, str]] = field(default_factory=list)
    audit: list[AuditRecord] = field(default_factory=list)

    async def get(self, kind: str, key: str) -> Any:
        self.lookups.append((kind, key))
        return {"access_key": self.keys, "client": self.clients}[kind].get(key)

    async def look_up(self, fn: Callable[[Any], Any]) -> Any:
        return fn(SimpleNamespace(pools=SimpleNamespace(find=self.pools.get)))

    async def write(self, fn: Callable[[Any], Any]) -> Any:
        return fn(SimpleNamespace(audit=SimpleNamespace(add=self.audit.append)))

    async def operation(self, call: Call, request: Any) -> Mapping[str, Any] | None:
        self.calls.append((call, request))
        outcome = self.outcome()
        return cast("Mapping[str, Any] | None", outcome)

    def ask(self, request: Request) -> Response:
        parts = SimpleNamespace(
            settings=self.settings,
            clock=SimpleNamespace(now=lambda: self.now),
            cache=SimpleNamespace(get=self.get),
            store=SimpleNamespace(look_up=self.look_up, write=self.write),
            random=SystemRandom(),
            token_records=None,
        )
        targets = {
            "cognito-idp": {
                "ListUserPools": Target(self.operation, everything),
                "CreateUserPool": Target(self.operation, everything),
                "DescribeUserPool": Target(self.operation, user_pool),
                "DeleteUserPool": Target(self.operation, user_pool),
                "TagResource": Target(self.operation, named_by_arn),
                "UntagResource": Target(self.operation, named_by_arn),
                "GetClientToken": Target(self.operation, everything),
            },
            "cognito-identity": {},
            "poolhouse": {},
        }
        answering: Awaitable[Response] = AwsFace(cast("Parts", parts), targets).handle(request)

        async def wait() -> Response:
            return await answering

        return asyncio.run(wait())

    def has_key(self, *policies: Mapping[str, Any], is_active: bool = True) -> None:
        """From now on there is an access key, KEY_ID, with these policies."""
        self.keys[KEY_ID] = AccessKey(KEY_ID, "000000000000", "ci", SECRET, policies, is_active, NOW)


def call(operation: str, document: Any = None, *, service: str = "cognito-idp", **signing: Any) -> Request:
    """A call by the root, or with `key_id` and `secret` by another."""
    signing = {"key_id": ROOT_ID, "secret": ROOT_SECRET, **signing}
    return signed_request(
        headers=headers(operation, service),
        body=json.dumps(document or {}).encode(),
        service=service,
        **signing,
    )


def unsigned_call(operation: str, document: Any = None, *, service: str = "cognito-idp") -> Request:
    return received(
        "POST", "http://localhost:9229/", headers(operation, service), json.dumps(document or {}).encode()
    )


def headers(operation: str, service: str = "cognito-idp") -> dict[str, str]:
    prefix = {
        "cognito-idp": "AWSCognitoIdentityProviderService",
        "cognito-identity": "AWSCognitoIdentityService",
        "poolhouse": "Poolhouse_20261101",
    }[service]
    return {"X-Amz-Target": f"{prefix}.{operation}", "Content-Type": "application/x-amz-json-1.1"}


def error(response: Response) -> tuple[int, str, str]:
    """Status, type and message of an error; the headers say the same."""
    document = json.loads(response.body)
    sent = dict(response.headers)
    assert sent[b"x-amzn-errortype"] == f"{document['__type']}:".encode()
    assert sent[b"content-type"] == b"application/x-amz-json-1.1"
    assert sent[b"access-control-allow-origin"] == b"*"
    assert ("error", document["__type"]) in response.labels
    message = document.get("message", document.get("Message", ""))
    if message.isascii() and message and len(message) <= 1024:
        assert sent[b"x-amzn-errormessage"] == message.encode()
    return response.status, document["__type"], message
