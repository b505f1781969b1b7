"""The envelope of AWS JSON 1.1: answers, errors, and the headers that browsers need.

The request id and the length are added at the edge, to these as to all answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from poolhouse.core.errors import (
    AccessDeniedException,
    CognitoError,
    InternalErrorException,
    RequestEntityTooLargeException,
    SerializationException,
    ServiceUnavailableException,
)
from poolhouse.http import Request, Response

CONTENT_TYPE = (b"content-type", b"application/x-amz-json-1.1")
CORS = (
    (b"access-control-allow-origin", b"*"),
    # Date: the SDKs correct their clocks by it. ErrorType: amazon-cognito-identity-js reads it.
    (b"access-control-expose-headers", b"x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"),
)

_STATUS = {ServiceUnavailableException: 503, RequestEntityTooLargeException: 413, InternalErrorException: 500}
_CAPITAL_MESSAGE = (AccessDeniedException, SerializationException)
"""What AWS's framework raises, not the service: it writes `Message`. Clients read either."""

_MAX_MESSAGE_HEADER = 1024
"""Bytes. A longer one may not pass a proxy, and the body has it too."""


def answer(document: Mapping[str, Any] | None) -> Response:
    """A success: the document, or an empty body where the operation has no output."""
    body = b"" if document is None else orjson.dumps(document)
    return Response(200, body, [CONTENT_TYPE, *CORS])


def error_answer(error: CognitoError, *, is_fault: bool = False) -> Response:
    """An error in its envelope; the type in the body and in a header, since clients look for either."""
    document = {"__type": error.code}
    if error.message:
        document["Message" if isinstance(error, _CAPITAL_MESSAGE) else "message"] = error.message
    headers = [CONTENT_TYPE, *CORS, (b"x-amzn-errortype", f"{error.code}:".encode())]
    message = error.message
    # A line break would end the header and begin the caller's own.
    if message and len(message) <= _MAX_MESSAGE_HEADER and message.isascii() and message.isprintable():
        headers.append((b"x-amzn-errormessage", message.encode()))
    status = _STATUS.get(type(error), 500 if is_fault else 400)
    return Response(
        status, orjson.dumps(document), headers, reason=error.detail, labels=(("error", error.code),)
    )


def preflight(request: Request) -> Response:
    """What a browser asks before a call (Fetch standard, "CORS-preflight fetch"). Every header may be sent:
    echoed, since `*` does not cover `authorization`."""
    headers = [
        *CORS,
        (b"access-control-allow-methods", b"POST, GET, OPTIONS"),
        (b"access-control-max-age", b"172800"),
        (b"vary", b"Access-Control-Request-Headers"),
    ]
    asked = request.header(b"access-control-request-headers")
    if asked and len(asked) <= _MAX_MESSAGE_HEADER and asked.isascii() and asked.isprintable():
        headers.append((b"access-control-allow-headers", asked.encode()))
    return Response(200, headers=headers, labels=(("operation", "preflight"),))


def not_understood() -> Response:
    """A method or path that no operation has."""
    body = b'{"code":"BadRequest","message":"The server did not understand the operation that was requested.","type":"client"}'
    return Response(404, body, [CONTENT_TYPE, *CORS])


def unavailable(detail: str = "") -> Response:
    return error_answer(ServiceUnavailableException(detail=detail))
