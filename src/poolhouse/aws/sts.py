"""STS GetCallerIdentity: what tools ask before anything else ("aws sts get-caller-identity", Terraform).

The query protocol, on the same address: told from JSON by its form-encoded body, or, presigned, by its
query. It needs no permission. Answers and errors are XML.

Source: AWS STS API reference, GetCallerIdentity and "Common error types".
"""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qsl
from xml.etree.ElementTree import Element, SubElement, tostring

from poolhouse.aws.answers import CORS
from poolhouse.aws.authentication import authenticate
from poolhouse.core.errors import (
    CognitoError,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    StoreUnavailable,
    UnrecognizedClientException,
)
from poolhouse.http import FORM, Request, Response
from poolhouse.operation import Parts

VERSION = "2011-06-15"
NAMESPACE = f"https://sts.amazonaws.com/doc/{VERSION}/"
SKEW = timedelta(minutes=15)
"""STS's own window."""
MAX_FIELDS = 100

_ERRORS: dict[type[CognitoError], tuple[str, int]] = {
    MissingAuthenticationTokenException: ("MissingAuthenticationToken", 403),
    IncompleteSignatureException: ("IncompleteSignature", 400),
    InvalidSignatureException: ("SignatureDoesNotMatch", 403),
    UnrecognizedClientException: ("InvalidClientTokenId", 403),
}
"""The query services' names of what the JSON services call otherwise."""


def is_addressed(request: Request) -> bool:
    """Whether a request speaks the query protocol."""
    if request.count(b"x-amz-target"):
        return False
    if request.method == "GET":
        return "Action=" in request.query
    return request.method == "POST" and (request.media_type == FORM or "Action=" in request.query)


async def handle(parts: Parts, request: Request) -> Response:
    response = await _answered(parts, request)
    response.headers += [(b"content-type", b"text/xml"), *CORS]
    response.labels = (("service", "sts"), ("operation", "GetCallerIdentity"), *response.labels)
    return response


async def _answered(parts: Parts, request: Request) -> Response:
    fields = _fields(request)
    action, version = fields.get("Action", ""), fields.get("Version", "")
    if action != "GetCallerIdentity" or version != VERSION:
        shown = action if action.isascii() and action.isalnum() and len(action) <= 64 else "…"
        return _error(
            request, "InvalidAction", f"Could not find operation {shown} for version {VERSION}", 400
        )
    try:
        who = await authenticate(parts, request, "sts", SKEW)
    except StoreUnavailable as error:
        return _error(request, "ServiceUnavailable", "Service is unavailable. Try again.", 503, str(error))
    except CognitoError as error:
        code, status = _ERRORS[type(error)]
        return _error(request, code, error.message, status, error.detail)
    return _identity(request, who.caller.arn, who.account_id, who.caller.access_key_id, who.caller.is_root)


def _fields(request: Request) -> dict[str, str]:
    """The form's fields, or the query's. An operation has but two; a form that is none has no Action."""
    text = request.query if "Action=" in request.query else request.body.decode("latin-1")
    try:
        return dict(parse_qsl(text, max_num_fields=MAX_FIELDS))
    except ValueError:
        return {}


def _identity(
    request: Request, arn: str, account_id: str, access_key_id: str | None, is_root: bool
) -> Response:
    answer = Element("GetCallerIdentityResponse", xmlns=NAMESPACE)
    result = SubElement(answer, "GetCallerIdentityResult")
    SubElement(result, "Arn").text = arn
    SubElement(result, "UserId").text = account_id if is_root else access_key_id
    SubElement(result, "Account").text = account_id
    metadata = SubElement(answer, "ResponseMetadata")
    SubElement(metadata, "RequestId").text = request.id
    return Response(200, tostring(answer))


def _error(request: Request, code: str, message: str, status: int, detail: str = "") -> Response:
    answer = Element("ErrorResponse", xmlns=NAMESPACE)
    error = SubElement(answer, "Error")
    SubElement(error, "Type").text = "Receiver" if status >= 500 else "Sender"
    SubElement(error, "Code").text = code
    SubElement(error, "Message").text = message
    SubElement(answer, "RequestId").text = request.id
    return Response(status, tostring(answer), reason=detail, labels=(("error", code),))
