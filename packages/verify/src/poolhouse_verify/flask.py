"""Flask: a decorator for views, `def` or `async def`. The verified token is `current_token()`.

@app.post("/transactions")
@require_token(verifier, scopes=["transactions/post"])
def post_transaction(): ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection
from typing import Any, ParamSpec

from flask import Response, current_app, g, jsonify, request

from poolhouse_verify.bearer import bearer_token, refusal
from poolhouse_verify.errors import TokenError
from poolhouse_verify.rules import scope_set
from poolhouse_verify.verified import VerifiedToken
from poolhouse_verify.verifier import TokenVerifier

P = ParamSpec("P")


def require_token(
    verifier: TokenVerifier, *, scopes: str | Collection[str] = ()
) -> Callable[[Callable[P, Any]], Callable[P, Any]]:
    """Let only requests with a good bearer token through to a view.

    Others get 401, 403 or 503 as JSON, with the challenge of RFC 6750.
    """
    required = scope_set(scopes)

    def decorate(view: Callable[P, Any]) -> Callable[P, Any]:
        @functools.wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                g.poolhouse_token = verifier.verify(_token_of_request(), scopes=required)
            except TokenError as error:
                return _answer(error)
            return current_app.ensure_sync(view)(*args, **kwargs)

        return guarded

    return decorate


def current_token() -> VerifiedToken:
    """The token of the request that is served. Raises LookupError in a view that requires none."""
    token = g.get("poolhouse_token")
    if not isinstance(token, VerifiedToken):
        raise LookupError("This view has no @require_token.")
    return token


def _token_of_request() -> str:
    # WSGI servers join repeated headers with commas, which no token has: they end as malformed.
    return bearer_token(request.headers.getlist("Authorization"))


def _answer(error: TokenError) -> Response:
    refused = refusal(error)
    response = jsonify(refused.body)
    response.status_code = refused.status
    response.headers.update(refused.headers)
    return response
