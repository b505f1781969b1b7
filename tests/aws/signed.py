"""Requests signed by botocore's own signers, as the server would receive them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from poolhouse.aws.sigv4 import read_signature, verify
from poolhouse.core.secret import Secret
from poolhouse.http import Request

NOW = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC)
KEY_ID = "AKIAABCDEFGHIJKLMNOP"
SECRET = Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
TARGET = "AWSCognitoIdentityProviderService.ListUserPools"
JSON = "application/x-amz-json-1.1"


def signed_request(
    *,
    method: str = "POST",
    url: str = "http://localhost:9229/",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"{}",
    key_id: str = KEY_ID,
    secret: Secret = SECRET,
    token: str | None = None,
    region: str = "eu-west-3",
    service: str = "cognito-idp",
    at: datetime = NOW,
    expires: int | None = None,
    payload_signing: bool = True,
) -> Request:
    """With `expires`, in the presigned form."""
    if headers is None:
        headers = {"X-Amz-Target": TARGET, "Content-Type": JSON}
    unsigned = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    unsigned.context["payload_signing_enabled"] = payload_signing
    credentials = Credentials(key_id, secret.reveal(), token)
    signer = (
        SigV4Auth(credentials, service, region)
        if expires is None
        else SigV4QueryAuth(credentials, service, region, expires)
    )
    # botocore has no other place to put a clock in.
    with patch("botocore.auth.get_current_datetime", lambda: at.replace(tzinfo=None)):
        signer.add_auth(unsigned)
    return received(method, unsigned.url, dict(unsigned.headers.items()), body)


def received(method: str, url: str, headers: Mapping[str, Any], body: bytes = b"") -> Request:
    """What the edge makes of such a request."""
    parts = urlsplit(url)
    default = {"http": ":80", "https": ":443"}[parts.scheme]
    host = parts.netloc.removesuffix(default)
    lines = [(b"host", host.encode())] if "host" not in {name.lower() for name in headers} else []
    lines += [
        (name.lower().encode(), (value if isinstance(value, bytes) else str(value).encode()).strip())
        for name, value in headers.items()
    ]
    return Request(
        method, parts.path or "/", parts.query, lines, body, "request-id", "127.0.0.1", parts.scheme
    )


def later(**span: float) -> datetime:
    return NOW + timedelta(**span)


SKEW = timedelta(minutes=5)


def check(
    request: Request,
    *,
    now: datetime = NOW,
    service: str = "cognito-idp",
    secret: Secret = SECRET,
    public_hosts: tuple[str, ...] = (),
) -> None:
    """What the server does with a signature, once it has looked up the key."""
    signature = read_signature(request)
    verify(signature, request, secret, service=service, now=now, skew=SKEW, public_hosts=public_hosts)


def with_header(request: Request, name: str, value: str | None) -> Request:
    """The request with one header set to another value, or taken away."""
    rest = [header for header in request.headers if header[0] != name.encode()]
    return replace(request, headers=rest if value is None else [*rest, (name.encode(), value.encode())])
