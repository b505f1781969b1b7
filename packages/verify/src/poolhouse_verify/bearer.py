"""Bearer tokens in HTTP (RFC 6750): found in a request, and refused in an answer. Each framework renders these."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from poolhouse_verify.errors import (
    KeysUnavailable,
    MalformedToken,
    MissingScope,
    MissingToken,
    TokenError,
)

_RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP answer: `error` and `description` are RFC 6750 §3's, and quote nothing of the token."""

    status: int
    headers: dict[str, str]
    error: str
    description: str

    @property
    def body(self) -> dict[str, str]:
        return {"error": self.error, "error_description": self.description}


def bearer_token(authorization: Sequence[str]) -> str:
    """The token of a request, given the values of all its Authorization headers.

    Raises:
        MissingToken: none, or credentials of another scheme.
        MalformedToken: more than one.
    """
    if not authorization:
        raise MissingToken
    if len(authorization) > 1:
        # Two readers might each take another one.
        raise MalformedToken("The request has more than one Authorization header.")
    scheme, _, token = authorization[0].strip(" ").partition(" ")
    if scheme.lower() != "bearer":
        raise MissingToken("The Authorization header is of another scheme than Bearer.")
    return token.strip(" ")  # the verifier says whether it is one


def refusal(error: TokenError) -> Refusal:
    """RFC 6750 §3.1: 401 for a bad token, 403 for too little scope; 503 where nobody could say."""
    if isinstance(error, KeysUnavailable):
        return Refusal(503, {"Retry-After": str(_RETRY_AFTER_S)}, "temporarily_unavailable", error.summary)
    if isinstance(error, MissingToken):
        # §3: without credentials no error code, or clients would think that theirs were bad.
        return Refusal(401, {"WWW-Authenticate": "Bearer"}, "missing_token", error.summary)
    if isinstance(error, MissingScope):
        scope = f', scope="{" ".join(sorted(error.required))}"'
        return _challenge(403, "insufficient_scope", error.summary, scope)
    return _challenge(401, "invalid_token", error.summary)


def _challenge(status: int, error: str, description: str, more: str = "") -> Refusal:
    value = f'Bearer error="{error}", error_description="{description}"{more}'
    return Refusal(status, {"WWW-Authenticate": value}, error, description)
