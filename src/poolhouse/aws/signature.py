"""What a request says of its own signature: read here, believed by nobody until `sigv4.verify`.

Two forms: the Authorization header, and the presigned query.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

from poolhouse.core.errors import (
    CognitoError,
    IncompleteSignatureException,
    InvalidSignatureException,
    MissingAuthenticationTokenException,
    UnrecognizedClientException,
)
from poolhouse.http import Request

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
TIMESTAMP = "%Y%m%dT%H%M%SZ"
MAX_EXPIRES = 604_800
"""Seconds that a presigned request may live: a week."""

_ONCE = (b"authorization", b"x-amz-date", b"date", b"host", b"x-amz-content-sha256", b"x-amz-security-token")
"""Headers of which a second one could show the verifier and the handler different values."""

_BASIC_FORM = re.compile(r"[0-9]{8}T[0-9]{6}Z")
_SIGNED_HEADERS = re.compile(
    r"[!#-:<-@^-~]+(;[!#-:<-@^-~]+)*"
)  # field names (RFC 9110 §5.1), none in capitals
_HEX_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature as it was presented."""

    access_key_id: str
    scope_date: str
    region: str
    service: str
    signed_headers: tuple[str, ...]
    value: str
    signed_at: datetime
    date_header: str
    """Where the time comes from: the header that must be signed, "" in the presigned form."""
    lifetime: int | None = None
    """Seconds, of the presigned form alone."""

    @property
    def scope(self) -> str:
        return f"{self.scope_date}/{self.region}/{self.service}/{TERMINATOR}"

    @property
    def timestamp(self) -> str:
        return self.signed_at.strftime(TIMESTAMP)


def is_signed(request: Request) -> bool:
    """Whether the request claims a signature, of whatever kind."""
    return request.count(b"authorization") > 0 or "X-Amz-Signature=" in request.query


def read_signature(request: Request) -> Signature:
    """The signature that a request presents.

    Raises:
        MissingAuthenticationTokenException: none.
        IncompleteSignatureException: a part of it is missing or malformed; both forms at once.
        InvalidSignatureException: the scope is none that could be right.
        UnrecognizedClientException: it comes with a session token, and no such key was ever given out.
    """
    if not is_signed(request):
        raise MissingAuthenticationTokenException
    repeated = [name for name in _ONCE if request.count(name) > 1]
    if repeated:
        raise IncompleteSignatureException(f"The header '{repeated[0].decode()}' is there more than once.")
    presigned = "X-Amz-Signature=" in request.query
    authorization = request.header(b"authorization")
    if authorization is not None and presigned:
        raise IncompleteSignatureException(
            "The request is signed both in the Authorization header and in its query."
        )
    if authorization is not None:
        return _of_header(request, authorization)
    return _of_query(request)


def _of_header(request: Request, authorization: str) -> Signature:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        # The value is not repeated: it may be a bearer token or a password.
        raise IncompleteSignatureException(
            f"The Authorization header is not signed with '{ALGORITHM}'.", detail="another algorithm"
        )
    parts = _parameters(rest)
    missing = "".join(
        f"Authorization header requires '{name}' parameter. "
        for name in ("Credential", "Signature", "SignedHeaders")
        if not parts.get(name)
    )
    date_header = "x-amz-date" if request.count(b"x-amz-date") else "date" if request.count(b"date") else ""
    if not date_header:
        missing += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
    if missing:
        raise IncompleteSignatureException(missing.rstrip())
    if request.count(b"x-amz-security-token"):
        raise UnrecognizedClientException(detail="a session token, of which none exist")
    stated = request.header(date_header.encode()) or ""
    signed_at = _of_basic_form(stated) if date_header == "x-amz-date" else _of_http_date(stated)
    return _signature(
        parts["Credential"], parts["SignedHeaders"], parts["Signature"], signed_at, date_header, None
    )


def _parameters(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = part.strip().partition("=")
        if not equals:
            raise IncompleteSignatureException(
                "The Authorization header has a part that is not a valid key=value pair (missing equal-sign)."
            )
        if name in parts:
            raise IncompleteSignatureException(f"Authorization header has '{_short(name)}' more than once.")
        parts[name] = value
    return parts


def _of_query(request: Request) -> Signature:
    try:
        pairs = parse_qsl(request.query, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise IncompleteSignatureException("The query is not UTF-8.") from error
    parts = dict(pairs)
    if len([name for name, _ in pairs if name.startswith("X-Amz-")]) > len(_amz(parts)):
        raise IncompleteSignatureException("A parameter of the signature is there more than once.")
    wanted = ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature")
    missing = "".join(
        f"AWS query-string parameters must include 'X-Amz-{name}'. "
        for name in wanted
        if not parts.get(f"X-Amz-{name}")
    )
    if missing:
        raise IncompleteSignatureException(missing.rstrip())
    if parts["X-Amz-Algorithm"] != ALGORITHM:
        raise IncompleteSignatureException(f"The query is not signed with '{ALGORITHM}'.")
    if "X-Amz-Security-Token" in parts or request.count(b"x-amz-security-token"):
        raise UnrecognizedClientException(detail="a session token, of which none exist")
    lifetime = parts["X-Amz-Expires"]
    if not re.fullmatch("[0-9]{1,6}", lifetime) or not 1 <= int(lifetime) <= MAX_EXPIRES:
        raise IncompleteSignatureException(f"X-Amz-Expires must be between 1 and {MAX_EXPIRES} seconds.")
    return _signature(
        parts["X-Amz-Credential"],
        parts["X-Amz-SignedHeaders"],
        parts["X-Amz-Signature"],
        _of_basic_form(parts["X-Amz-Date"]),
        "",
        int(lifetime),
    )


def _amz(parts: Mapping[str, str]) -> list[str]:
    return [name for name in parts if name.startswith("X-Amz-")]


def _signature(
    credential: str,
    signed_headers: str,
    value: str,
    signed_at: datetime,
    date_header: str,
    lifetime: int | None,
) -> Signature:
    elements = credential.split("/")
    if len(elements) != 5:
        raise IncompleteSignatureException(
            "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term."
        )
    access_key_id, scope_date, region, service, terminator = elements
    if terminator != TERMINATOR:
        raise InvalidSignatureException(
            f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{_short(terminator)}'."
        )
    stamp = signed_at.strftime(TIMESTAMP)
    if scope_date != stamp[:8]:
        raise InvalidSignatureException(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP:"
            f" '{_short(scope_date)}' != '{stamp[:8]}', from '{stamp}'."
        )
    names = tuple(signed_headers.split(";"))
    # In order and each once, as every signer writes them: so no name can be hidden behind another.
    if not _SIGNED_HEADERS.fullmatch(signed_headers) or list(names) != sorted(set(names)):
        raise InvalidSignatureException(detail="SignedHeaders are not lower-case names in order")
    if not _HEX_SHA256.fullmatch(value):
        raise InvalidSignatureException(detail="the signature is not 64 hexadecimal digits")
    return Signature(
        access_key_id, scope_date, region, service, names, value, signed_at, date_header, lifetime
    )


def _of_basic_form(text: str) -> datetime:
    if _BASIC_FORM.fullmatch(text):
        try:
            return datetime.strptime(text, TIMESTAMP).replace(tzinfo=UTC)
        except ValueError:
            pass
    raise _no_date(text)


def _of_http_date(text: str) -> datetime:
    """RFC 9110 §5.6.7."""
    try:
        moment = parsedate_to_datetime(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise _no_date(text) from error


def _no_date(text: str) -> CognitoError:
    return IncompleteSignatureException(f"Date must be in ISO-8601 'basic format'. Got '{_short(text)}'.")


def _short(text: str) -> str:
    """What a message repeats of a caller's text."""
    return text if len(text) <= 64 and text.isprintable() else "…"
