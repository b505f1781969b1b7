"""Form-encoded bodies and Basic credentials, strictly."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote_plus

from poolhouse.core.errors import InvalidClient, InvalidRequest
from poolhouse.http import FORM, Request

MAX_PARAMETERS = 64


def parse_form(request: Request) -> dict[str, str]:
    """The parameters of a form-encoded body. One sent without a value counts as left out (RFC 6749 §3.2).

    Raises:
        InvalidRequest: another content type, a parameter there twice, or text that is not UTF-8.
    """
    if request.media_type != FORM:
        raise InvalidRequest(detail="content type")
    try:
        text = request.body.decode("ascii")
    except UnicodeDecodeError:
        raise InvalidRequest(detail="form is not ASCII") from None
    parameters: dict[str, str] = {}
    pairs = text.split("&") if text else []
    if len(pairs) > MAX_PARAMETERS:
        raise InvalidRequest(detail="too many parameters")
    for pair in pairs:
        name, _, value = pair.partition("=")
        name = form_decode(name)
        # Scopes are few and come again and again, with the "/" of each encoded.
        value = _decode_scope(value) if name == "scope" and len(value) < 512 else form_decode(value)
        if name in parameters:
            raise InvalidRequest(detail="a parameter is there twice")
        parameters[name] = value
    return {name: value for name, value in parameters.items() if value and name}


def form_decode(text: str) -> str:
    """`application/x-www-form-urlencoded` text, decoded.

    Raises:
        InvalidRequest: it is not UTF-8, or holds control characters.
    """
    if "%" not in text and "+" not in text:
        decoded = text
    else:
        try:
            decoded = unquote_plus(text, encoding="utf-8", errors="strict")
        except UnicodeDecodeError:
            raise InvalidRequest(detail="form is not UTF-8") from None
    if not decoded.isprintable():
        raise InvalidRequest(detail="control characters in the form")
    return decoded


_decode_scope = lru_cache(maxsize=1_024)(form_decode)


@dataclass(frozen=True, slots=True)
class BasicCredentials:
    client_id: str
    client_secret: str
    raw_secret: str
    """The secret as it stood, for the many clients that do not form-encode it: a secret may hold a `+`."""


def parse_basic(authorization: str) -> BasicCredentials:
    """`Basic base64(form-encode(id) ":" form-encode(secret))` (RFC 6749 §2.3.1, RFC 7617).

    Raises:
        InvalidClient: another scheme, or nothing of that form.
    """
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient(detail="scheme is not Basic")
    encoded = encoded.strip(" ")
    try:
        if len(encoded) % 4:
            raise ValueError("padding")  # too much of it passes even the strict mode
        text = binascii.a2b_base64(encoded, strict_mode=True).decode("utf-8")
    except ValueError:
        raise InvalidClient(detail="Basic credentials are no base64 of UTF-8") from None
    client_id, colon, secret = text.partition(":")
    if not colon:
        raise InvalidClient(detail="Basic credentials have no colon")
    try:
        return BasicCredentials(form_decode(client_id), form_decode(secret), secret)
    except InvalidRequest as wrong:
        raise InvalidClient(detail=wrong.detail) from None
