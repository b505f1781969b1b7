"""A signed token as it is written: `header.claims.signature` (RFC 7515 §7.1). Reading it proves nothing yet."""

from __future__ import annotations

from typing import Any, NamedTuple

from poolhouse_verify.encoding import decode_base64url, decode_object
from poolhouse_verify.errors import MalformedToken, UnsupportedHeader, WrongAlgorithm, quoted

MAX_TOKEN_LENGTH = 16 * 1024  # more than any HTTP server takes in a header
ALGORITHM = "RS256"

# RFC 7515 §4.1.11: an extension that is not understood must be refused, and none is. `b64` (RFC 7797) and `zip`
# (RFC 7516) change what the bytes mean, so they are refused even where `crit` does not name them.
_REFUSED_PARAMETERS = ("crit", "b64", "zip")


class ParsedToken(NamedTuple):
    """The parts of a token, none of them trusted."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signing_input: bytes
    signature: bytes

    @property
    def kid(self) -> object:
        return self.header.get("kid")


def parse(token: str) -> ParsedToken:
    """Take a token apart.

    Raises:
        MalformedToken: anything but three parts of canonical base64url, the first two JSON objects.
    """
    header, claims, signature = split(token)
    return ParsedToken(
        read_object("header", header),
        read_object("claims", claims),
        header + b"." + claims,
        _decode("signature", signature),
    )


def split(token: str) -> tuple[bytes, bytes, bytes]:
    """The three parts, still encoded."""
    if not isinstance(token, str):
        raise MalformedToken("The token is not text.")
    if len(token) > MAX_TOKEN_LENGTH:
        raise MalformedToken(f"The token is longer than {MAX_TOKEN_LENGTH} characters.")
    if not token.isascii():
        raise MalformedToken("The token has characters that are not ASCII.")
    parts = token.encode("ascii").split(b".")
    if len(parts) == 5:
        raise MalformedToken(
            "The token has 5 parts, so it is encrypted (JWE), as refresh tokens are: only its issuer can read it."
        )
    if len(parts) != 3:
        raise MalformedToken(f"A signed token has 3 parts between dots, this text has {len(parts)}.")
    return parts[0], parts[1], parts[2]


def read_object(name: str, part: bytes) -> dict[str, Any]:
    """The JSON object in one encoded part."""
    data = _decode(name, part)
    try:
        return decode_object(data)
    except ValueError as error:
        raise MalformedToken(f"The token's {name} {error}.") from error


def refuse_foreign_header(token: ParsedToken) -> None:
    """The algorithm is ours to choose, not the token's (RFC 8725 §3.1).

    `jwk`, `jku`, `x5u`, `x5c` may stand in the header: nothing ever reads them.

    Raises:
        WrongAlgorithm: `alg` is not exactly `RS256`.
        UnsupportedHeader: `crit`, `b64` or `zip` is there.
    """
    algorithm = token.header.get("alg")
    if algorithm != ALGORITHM:
        raise WrongAlgorithm(f"The header's alg is {quoted(algorithm)}, only {ALGORITHM} is accepted.")
    for name in _REFUSED_PARAMETERS:
        if name in token.header:
            raise UnsupportedHeader(f"The header has {name}, which is not supported.")


def _decode(name: str, part: bytes) -> bytes:
    try:
        return decode_base64url(part)
    except ValueError as error:
        raise MalformedToken(f"The token's {name} {error}.") from error
