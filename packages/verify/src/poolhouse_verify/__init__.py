"""Check tokens from Poolhouse or Amazon Cognito in the service that is called.

    verifier = TokenVerifier("https://id.example.com/eu-west-1_Ab12Cd34E", scopes=["transactions/post"])
    token = verifier.verify(text)           # or: await verifier.averify(text)

How a token passes through: `encoding` (base64url and JSON, read strictly) -> `compact` (the three parts) ->
`checks` (what it says of itself: issuer, times) -> `keys` (the issuer's key of this `kid`; `remote_keys` fetches
and caches them) -> the signature -> `checks` (use, client, audience, scopes) -> `verified.VerifiedToken`.
Nothing in a token chooses an algorithm, a key's kind or an address (RFC 8725).
"""

from poolhouse_verify.cognito import cognito_issuer
from poolhouse_verify.errors import (
    BadSignature,
    ExpiredToken,
    KeysUnavailable,
    MalformedToken,
    MissingScope,
    MissingToken,
    NotYetValid,
    TokenError,
    UnknownKey,
    UnsupportedHeader,
    WrongAlgorithm,
    WrongAudience,
    WrongClient,
    WrongIssuer,
    WrongTokenUse,
)
from poolhouse_verify.fetched import Fetched
from poolhouse_verify.keys import KeySource, StaticKeys
from poolhouse_verify.remote_keys import RemoteKeys
from poolhouse_verify.verified import VerifiedToken
from poolhouse_verify.verifier import TokenVerifier

__all__ = [
    "BadSignature",
    "ExpiredToken",
    "Fetched",
    "KeySource",
    "KeysUnavailable",
    "MalformedToken",
    "MissingScope",
    "MissingToken",
    "NotYetValid",
    "RemoteKeys",
    "StaticKeys",
    "TokenError",
    "TokenVerifier",
    "UnknownKey",
    "UnsupportedHeader",
    "VerifiedToken",
    "WrongAlgorithm",
    "WrongAudience",
    "WrongClient",
    "WrongIssuer",
    "WrongTokenUse",
    "cognito_issuer",
]
