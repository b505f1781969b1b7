"""How the endpoints of a domain answer: JSON that nobody may keep, and errors in Cognito's form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import orjson

from poolhouse.core.errors import OAuthError
from poolhouse.http import Response

CORS = (b"access-control-allow-origin", b"*")
NOT_KEPT: tuple[tuple[bytes, bytes], ...] = (
    (b"content-type", b"application/json;charset=UTF-8"),
    (b"cache-control", b"no-cache, no-store, max-age=0, must-revalidate"),
    (b"pragma", b"no-cache"),
    (b"expires", b"0"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"x-xss-protection", b"1; mode=block"),
    CORS,
)
"""Cognito's own headers of the token endpoint; RFC 6749 §5.1 asks for the second and third."""

REDIRECT_SAFE = "".join(chr(code) for code in range(0x21, 0x7F))
STATUS = {"temporarily_unavailable": 503, "slow_down": 429, "server_error": 500}
"""All others are 400, `invalid_client` too: Cognito's page says so, where RFC 6749 §5.2 has 401."""


def json_answer(document: Mapping[str, Any], status: int = 200) -> Response:
    return Response(status, orjson.dumps(document), list(NOT_KEPT))


def error_answer(error: OAuthError) -> Response:
    document = {"error": error.error}
    if error.description is not None:
        document["error_description"] = error.description
    answer = json_answer(document, STATUS.get(error.error, 400))
    answer.reason = error.detail
    answer.labels = (("error", error.error),)
    return answer


def redirect(address: str, status: int = 302) -> Response:
    """Send a browser on. Neither it nor anybody between keeps the answer, or tells the next where it was.

    A registered address may have letters of any script: in the header they stand as RFC 3987 §3.1 maps them.
    """
    location = quote(address, safe=REDIRECT_SAFE).encode("ascii")
    headers = [(b"location", location), *(header for header in NOT_KEPT if header not in (NOT_KEPT[0], CORS))]
    return Response(status, b"", [*headers, (b"referrer-policy", b"no-referrer")])
