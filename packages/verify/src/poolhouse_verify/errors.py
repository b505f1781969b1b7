"""Why a token was refused: one class a cause, each with a `code` that programs may rely on.

`summary` is fixed text, fit for an answer to anyone. The message (`str(error)`) says exactly what is wrong and
may quote the token's own words, shortened and escaped: for your log, not for the caller.
"""

from __future__ import annotations

_LONGEST_QUOTE = 80


class TokenError(Exception):
    """The token must not be accepted. All refusals are subclasses of this one."""

    code = "invalid"
    summary = "The token is not valid."

    def __init__(self, message: str | None = None) -> None:
        super().__init__(type(self).summary if message is None else message)


class MissingToken(TokenError):
    """The request carries no bearer token at all."""

    code = "missing_token"
    summary = "A bearer token is needed."


class MalformedToken(TokenError):
    """Not a signed JWT in compact serialization, or a claim of it has the wrong type."""

    code = "malformed"
    summary = "The token is malformed."


class UnsupportedHeader(TokenError):
    """The header asks for processing that nobody agreed on (`crit`, `b64`, `zip`)."""

    code = "unsupported_header"
    summary = "The token's header is not supported."


class WrongAlgorithm(TokenError):
    """Not signed with RS256, the only algorithm that is accepted."""

    code = "wrong_algorithm"
    summary = "The token is not signed with RS256."


class UnknownKey(TokenError):
    """The issuer publishes no key of this `kid`."""

    code = "unknown_key"
    summary = "The token's signing key is not known."


class BadSignature(TokenError):
    """The signature does not fit the token."""

    code = "bad_signature"
    summary = "The token's signature is not valid."


class WrongIssuer(TokenError):
    """`iss` is not the expected issuer, character for character."""

    code = "wrong_issuer"
    summary = "The token is from another issuer."


class ExpiredToken(TokenError):
    """`exp` has passed."""

    code = "expired"
    summary = "The token has expired."


class NotYetValid(TokenError):
    """`nbf` or `iat` lies in the future: usually one of the two clocks is wrong."""

    code = "not_yet_valid"
    summary = "The token is not valid yet."


class WrongTokenUse(TokenError):
    """An ID token where an access token is expected, the other way round, or a JWT of another kind."""

    code = "wrong_token_use"
    summary = "The token is of another kind."


class WrongClient(TokenError):
    """Issued to a client that is not among the allowed ones."""

    code = "wrong_client"
    summary = "The token was issued to another client."


class WrongAudience(TokenError):
    """`aud` names another service, or nobody where somebody must be named."""

    code = "wrong_audience"
    summary = "The token is meant for another service."


class MissingScope(TokenError):
    """Genuine, but without a scope that is needed here. `required` is all that is needed."""

    code = "missing_scope"
    summary = "The token lacks a scope that is needed here."

    def __init__(self, message: str | None = None, *, required: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.required = required


class KeysUnavailable(TokenError):
    """Nothing can be said about the token: the issuer's keys could not be had. Answer 503, not 401."""

    code = "keys_unavailable"
    summary = "The issuer's keys cannot be reached."


def quoted(value: object) -> str:
    """A value out of an untrusted token for an error message: escaped, and not longer than a line."""
    text = ascii(value)
    return text if len(text) <= _LONGEST_QUOTE else text[:_LONGEST_QUOTE] + "…"
