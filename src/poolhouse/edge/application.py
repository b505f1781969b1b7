"""The ASGI application: one request in, one answer out, and a line in the log."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from poolhouse.aws import answers
from poolhouse.aws.face import AwsFace, max_body
from poolhouse.core.errors import (
    CognitoError,
    InternalErrorException,
    OAuthError,
    RequestEntityTooLargeException,
    ServerError,
    ServiceUnavailableException,
    SlowDown,
    TemporarilyUnavailable,
    TooManyRequestsException,
)
from poolhouse.core.ids import Random, new_jti
from poolhouse.edge.addresses import SERVER_PATHS, Address, Addresses, Kind
from poolhouse.edge.client_address import ClientAddress
from poolhouse.edge.health import Health
from poolhouse.edge.inbox_page import InboxPage
from poolhouse.edge.recorder import Recorder
from poolhouse.http import Request, Response
from poolhouse.oauth.answers import error_answer, json_answer
from poolhouse.oauth.face import OAuthFace, not_found
from poolhouse.operation import Parts
from poolhouse.pages import face as pages
from poolhouse.pages.face import PagesFace
from poolhouse.ports import patience

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

MAX_FORM = 64 * 1024
"""Bytes of a form, which is all that the other faces read."""
MAX_SAML = 512 * 1024
"""Bytes of a form with a SAML message: an assertion may list hundreds of groups, and be encrypted."""

PROTOCOLS = ("/oauth2/", "/.well-known/", "/saml2/")
"""Below a domain: what is for applications and identity providers. All else is a page."""

FACES = {kind: kind.name.lower() for kind in Kind}
"""What the log and the metrics call what was asked."""

log = logging.getLogger("poolhouse")


class Gone(Exception):
    """The caller hung up before the request was whole."""


class TooLarge(Exception):
    pass


class Application:
    """What the public listener serves."""

    def __init__(self, parts: Parts, addresses: Addresses, health: Health, recorder: Recorder) -> None:
        self._parts = parts
        self._addresses = addresses
        self._aws = AwsFace(parts)
        self._oauth = OAuthFace(parts)
        self._pages = PagesFace(parts)
        self._health = health
        self._inbox = InboxPage(parts)
        self._recorder = recorder
        self._client_address = ClientAddress(parts.settings.trusted_proxies)
        self._deadline = parts.settings.request_deadline.total_seconds()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        patience.begin(self._deadline)
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        peer, scheme = self._client_address.of(scope, headers)
        host, length = _host_and_length(headers)
        request = Request(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query=scope["query_string"].decode("latin-1"),
            headers=headers,
            body=b"",
            id=new_jti(self._parts.random),
            peer=peer,
            scheme=scheme,
        )
        address = self._addresses.resolve(host, request.path)
        kind, request.base = address.kind, address.base
        try:
            limit = max_body(request) if kind is Kind.AWS else _max_form(address)
            if length != 0 or request.method not in ("GET", "HEAD"):
                request.body = await _body(receive, length, limit)
            response = await self._answer(request, address)
        except Gone:
            return
        except TooLarge:
            response = _too_large(request, address)
        except TimeoutError:
            log.error("a request took longer than its deadline", extra={"request_id": request.id})
            response = _refuse(request, address, ServiceUnavailableException(), TemporarilyUnavailable())
        except Exception:
            # The one place that catches everything: the caller gets an id, the log the reason.
            log.exception("a request failed", extra={"request_id": request.id})
            response = _refuse(request, address, InternalErrorException(), ServerError())
        await _send(send, request, response)
        self._recorder.record(FACES[kind], request, response, time.perf_counter() - started)

    async def _answer(self, request: Request, address: Address) -> Response:
        kind, name, path = address.kind, address.name, address.path
        if kind is not Kind.SERVER and not self._parts.limits.allows_address(request.peer):
            return _refuse(request, address, TooManyRequestsException(), SlowDown())
        match kind:
            case Kind.DOMAIN:
                if _is_page(address):
                    return await self._pages.answer(request, name, path)
                return await self._oauth.of_domain(request, name, path)
            case Kind.POOL:
                return await self._oauth.of_pool(request, name, path)
            case Kind.AWS:
                async with asyncio.timeout(self._deadline):
                    return await self._aws.handle(request)
            case Kind.SERVER:
                return await self._health.answer(request)
            case Kind.INBOX:
                return await self._inbox.answer(request)
            case Kind.NOTHING:
                return not_found()


class AdminApplication:
    """What the operator's own listener serves: the figures, and the details of readiness."""

    def __init__(self, health: Health, random: Random) -> None:
        self._health = health
        self._random = random

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(
            method=scope["method"],
            path=scope["raw_path"].decode("latin-1"),
            query="",
            headers=scope["headers"],
            body=b"",
            id=new_jti(self._random),
            peer="",
            is_admin=True,
        )
        known = request.path in SERVER_PATHS
        await _send(send, request, await self._health.answer(request) if known else not_found())


def _max_form(address: Address) -> int:
    return MAX_SAML if address.kind is Kind.DOMAIN and address.path.startswith("/saml2/") else MAX_FORM


def _host_and_length(headers: list[tuple[bytes, bytes]]) -> tuple[str, int]:
    host, length = "", 0
    for name, value in headers:
        if name == b"host":
            host = value.decode("latin-1")
        elif name == b"content-length":
            length = int(value)
    return host, length


async def _send(send: Send, request: Request, response: Response) -> None:
    response.headers.append((b"x-amzn-requestid", request.id.encode()))
    if response.status != 304:
        response.headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": response.headers})
    await send({"type": "http.response.body", "body": response.body})


async def _body(receive: Receive, length: int, limit: int) -> bytes:
    if length > limit:
        raise TooLarge
    parts: list[bytes] = []
    size = 0
    is_more = True
    while is_more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        parts.append(message["body"])
        size += len(message["body"])
        if size > limit:
            raise TooLarge
        is_more = message["more_body"]
    return b"".join(parts)  # of one part, as nearly always, that part itself


def _is_page(address: Address) -> bool:
    return address.kind is Kind.DOMAIN and not address.path.startswith(PROTOCOLS)


def _refuse(request: Request, address: Address, aws: CognitoError, oauth: OAuthError) -> Response:
    """The same refusal in the words of the face that was asked."""
    if address.kind is Kind.AWS:
        return answers.error_answer(aws)
    answer = error_answer(oauth)
    return pages.refusal(request, answer.status) if _is_page(address) else answer


def _too_large(request: Request, address: Address) -> Response:
    if address.kind is Kind.AWS:
        answer = answers.error_answer(RequestEntityTooLargeException())
    elif _is_page(address):
        answer = pages.refusal(request, 413)
    else:
        answer = json_answer({"error": "invalid_request", "error_description": "request too large"}, 413)
    answer.headers.append((b"connection", b"close"))  # the rest of the body is not read
    return answer
