"""The ASGI application: one request in, one answer out, and a line in the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from poolhouse.aws.face import AwsFace, render_internal_error
from poolhouse.core.errors import InternalErrorException, StoreUnavailable
from poolhouse.core.ids import new_jti
from poolhouse.edge.addresses import Addresses, Kind
from poolhouse.edge.client_address import ClientAddress
from poolhouse.edge.health import Health
from poolhouse.edge.log import AccessLog
from poolhouse.edge.metrics import Metrics
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import json_answer
from poolhouse.oauth.face import OAuthFace, not_found
from poolhouse.operation import Parts

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_FORM = 64 * 1024
MAX_AWS_BODY = 1024 * 1024
"""Bytes. Cognito's own limit is not documented; every request of these operations fits in it many times."""

log = logging.getLogger("poolhouse")


class Gone(Exception):
    """The caller hung up before the request was whole."""


class TooLarge(Exception):
    pass


class Application:
    def __init__(
        self, parts: Parts, addresses: Addresses, health: Health, access_log: AccessLog, metrics: Metrics
    ) -> None:
        self._parts = parts
        self._addresses = addresses
        self._aws = AwsFace(parts)
        self._oauth = OAuthFace(parts)
        self._health = health
        self._access_log = access_log
        self._metrics = metrics
        self._client_address = ClientAddress(parts.settings.trusted_proxies)
        self._deadline = parts.settings.request_deadline.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        request_id = new_jti(self._parts.random)
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        host = ""
        length = 0
        for name, value in headers:
            if name == b"host":
                host = value.decode("latin-1")
            elif name == b"content-length":
                length = int(value)
        path = scope["raw_path"].decode("latin-1")
        address = self._addresses.resolve(host, path)
        face = address.kind.name.lower()
        peer, scheme = self._client_address.of(scope, headers)
        limit = MAX_AWS_BODY if address.kind is Kind.AWS else MAX_FORM
        try:
            body = b"" if length == 0 and scope["method"] in ("GET", "HEAD") else await _body(receive, length, limit)
            request = Request(
                scope["method"],
                path,
                scope["query_string"].decode("latin-1"),
                headers,
                body,
                request_id,
                peer,
                scheme,
            )
            response = await self._answer(request, address.kind, address.name, address.path)
        except Gone:
            return
        except TooLarge:
            response = _too_large(address.kind)
        except Exception:
            # The one place that catches everything: the caller gets an id, the log the reason.
            log.exception("request failed", extra={"request_id": request_id})
            response = _internal_error(address.kind, request_id)
        response.headers.append((b"x-amzn-requestid", request_id.encode()))
        response.headers.append((b"content-length", str(len(response.body)).encode()))
        await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
        await send({"type": "http.response.body", "body": response.body})
        seconds = time.perf_counter() - started
        self._metrics.observe(face, response, seconds)
        self._access_log.write(request_id, scope["method"], face, response, seconds, peer)

    async def _answer(self, request: Request, kind: Kind, name: str, path: str) -> Response:
        if kind is not Kind.SERVER and not self._parts.limits.allows_address(request.peer):
            return _slow_down(kind)
        match kind:
            case Kind.DOMAIN:
                return await self._oauth.of_domain(request, name, path)
            case Kind.POOL:
                return await self._oauth.of_pool(request, name, path)
            case Kind.AWS:
                async with asyncio.timeout(self._deadline):
                    return await self._aws.handle(request)
            case Kind.SERVER:
                return await self._health.answer(request)
            case Kind.NOTHING | Kind.UNKNOWN_HOST:
                return not_found()


async def _body(receive: Receive, length: int, limit: int) -> bytes:
    if length > limit:
        raise TooLarge
    message = await receive()
    if message["type"] == "http.disconnect":
        raise Gone
    body: bytes = message["body"]
    if not message["more_body"]:
        if len(body) > limit:
            raise TooLarge
        return body
    parts = [body]
    size = len(body)
    while message["more_body"]:
        if size > limit:
            raise TooLarge
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message["body"])
        size += len(message["body"])
    if size > limit:
        raise TooLarge
    return b"".join(parts)


def _too_large(kind: Kind) -> Response:
    if kind is Kind.AWS:
        answer = AwsFace.too_large()
    else:
        answer = json_answer({"error": "invalid_request", "error_description": "request too large"}, 413)
    answer.headers.append((b"connection", b"close"))  # the rest of the body is not read
    return answer
