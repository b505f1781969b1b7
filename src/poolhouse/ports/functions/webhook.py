"""A function behind a web address: the event is posted to it, signed as Standard Webhooks says.

It answers 200 with the event, its `response` filled in, or 204 for the event as it was. To throw, it answers 422
with `{"errorMessage": "…"}`.

Source: Standard Webhooks, version 1 (https://www.standardwebhooks.com).
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from urllib.parse import urlsplit

import orjson

from poolhouse.core.secret import Secret
from poolhouse.ports.functions.port import FunctionFailed, FunctionUnavailable
from poolhouse.ports.functions.posting import Poster
from poolhouse.ports.standard_webhooks import signed_headers, signing_key

THREW = 422
NO_CONTENT = 204


class Webhook:
    def __init__(self, url: str, secret: Secret, now: Callable[[], datetime], max_answer: int) -> None:
        parts = urlsplit(url)
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._poster = Poster(url, max_answer)
        self._key = signing_key(secret)
        self._now = now

    def start(self) -> None:
        pass

    async def ask(self, arn: str, event: bytes, seconds: float) -> bytes:
        headers = signed_headers(self._key, f"evt_{secrets.token_hex(12)}", self._now(), event)
        answer = await self._poster.post(self._target, event, headers | {"poolhouse-function-arn": arn})
        if answer.status == THREW:
            raise function_error(answer.body)
        if answer.status == NO_CONTENT:
            return event
        if answer.status != 200:
            raise FunctionUnavailable(f"the webhook answered {answer.status}")
        return answer.body

    async def aclose(self) -> None:
        await self._poster.aclose()


def function_error(body: bytes, kind: str = "") -> FunctionFailed:
    """What a runtime says of a function that threw: `{"errorMessage": …, "errorType": …}`."""
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        return FunctionFailed("Unhandled", kind)
    # Python and Node say null where an exception has no text.
    message, named = document.get("errorMessage"), document.get("errorType")
    return FunctionFailed(
        message if isinstance(message, str) else "null", named if isinstance(named, str) else kind
    )
