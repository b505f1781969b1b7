"""Starlette: a decorator for endpoints. The verified token is at `request.state.token`.

@require_token(verifier, scopes=["transactions/post"])
async def post_transaction(request): ...
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response

from poolhouse_verify.bearer import bearer_token, refusal
from poolhouse_verify.errors import TokenError
from poolhouse_verify.rules import scope_set
from poolhouse_verify.verified import VerifiedToken
from poolhouse_verify.verifier import TokenVerifier

Endpoint = Callable[[Request], Any]


def require_token(
    verifier: TokenVerifier, *, scopes: str | Collection[str] = ()
) -> Callable[[Endpoint], Callable[[Request], Awaitable[Response]]]:
    """Let only requests with a good bearer token through to an endpoint, `def` or `async def`.

    Others get 401, 403 or 503 as JSON, with the challenge of RFC 6750.
    """
    required = scope_set(scopes)

    def decorate(endpoint: Endpoint) -> Callable[[Request], Awaitable[Response]]:
        is_async = inspect.iscoroutinefunction(endpoint)

        @functools.wraps(endpoint)
        async def guarded(request: Request) -> Response:
            try:
                request.state.token = await verify_request(request, verifier, required)
            except TokenError as error:
                refused = refusal(error)
                return JSONResponse(refused.body, refused.status, refused.headers)
            response: Response = (
                await endpoint(request) if is_async else await run_in_threadpool(endpoint, request)
            )
            return response

        return guarded

    return decorate


async def verify_request(
    connection: HTTPConnection, verifier: TokenVerifier, scopes: Collection[str] = ()
) -> VerifiedToken:
    """The verified token of a request or WebSocket. Raises TokenError."""
    return await verifier.averify(bearer_token(connection.headers.getlist("Authorization")), scopes=scopes)
