"""The verifier: a text that claims to be a token goes in, a `VerifiedToken` comes out, or a `TokenError`."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any, TypedDict, Unpack

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from poolhouse_verify.addresses import jwks_address, refuse_unsafe_address
from poolhouse_verify.checks import (
    AFTER_THE_SIGNATURE,
    check_issuer,
    check_scopes,
    check_times,
    token_scopes,
)
from poolhouse_verify.cognito import cognito_issuer
from poolhouse_verify.compact import ParsedToken, parse, refuse_foreign_header
from poolhouse_verify.errors import BadSignature, UnknownKey
from poolhouse_verify.keys import KeySource
from poolhouse_verify.remote_keys import RemoteKeys
from poolhouse_verify.rules import DEFAULT_LEEWAY, TokenUse, make_rules, scope_set
from poolhouse_verify.verified import VerifiedToken

MAX_KID_LENGTH = 256

_PADDING = PKCS1v15()
_HASH = SHA256()


class VerifierOptions(TypedDict, total=False):
    """The keyword arguments of `TokenVerifier`."""

    client_ids: str | Collection[str] | None
    scopes: str | Collection[str]
    token_use: TokenUse
    audience: str | Collection[str] | None
    leeway: timedelta
    jwks_uri: str | None
    allow_http: bool
    keys: KeySource | None
    clock: Callable[[], float]


class TokenVerifier:
    """Checks tokens of one issuer. Make one and keep it: it holds the issuer's keys. Safe for threads and tasks.

    Args:
        issuer: what `iss` must be, exactly: `https://id.example.com/eu-west-1_Ab12Cd34E`. Keys come from
            `{issuer}/.well-known/jwks.json`.
        client_ids: the clients whose tokens are accepted; None for every client of the issuer. Needed for ID tokens.
        scopes: all of these must be in an access token.
        token_use: `access` (a permission to call) or `id` (who signed in).
        audience: this service's own names, one of which must be in an access token's `aud`. With None, tokens
            that are bound to some service (an `aud` that is not just their own client) are refused.
        leeway: how far clocks may differ: 0 to 60 seconds.
        jwks_uri: where the keys are, if not at the issuer's usual place.
        allow_http: fetch keys over plain http also from other hosts than this one.
        keys: another source of keys: `StaticKeys`, or `RemoteKeys` with settings of its own.
        clock: seconds since 1970.

    Raises:
        ValueError: arguments that can't be meant so.
    """

    def __init__(
        self,
        issuer: str,
        *,
        client_ids: str | Collection[str] | None = None,
        scopes: str | Collection[str] = (),
        token_use: TokenUse = "access",  # noqa: S107  # a kind, not a secret
        audience: str | Collection[str] | None = None,
        leeway: timedelta = DEFAULT_LEEWAY,
        jwks_uri: str | None = None,
        allow_http: bool = False,
        keys: KeySource | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._rules = make_rules(
            issuer,
            client_ids=client_ids,
            scopes=scopes,
            token_use=token_use,
            audience=audience,
            leeway=leeway,
        )
        if keys is None:
            if jwks_uri is None:
                refuse_unsafe_address(issuer, allow_http=allow_http)
            keys = RemoteKeys(jwks_uri or jwks_address(issuer), allow_http=allow_http)
        elif jwks_uri is not None:
            raise ValueError("Keys come either from jwks_uri or from keys.")
        self.keys: KeySource = keys
        self._clock = clock

    @classmethod
    def for_cognito(cls, pool_id: str, **options: Unpack[VerifierOptions]) -> TokenVerifier:
        """A verifier for a user pool of Amazon Cognito, by the pool's id. The options are the constructor's."""
        return cls(cognito_issuer(pool_id), **options)

    @property
    def issuer(self) -> str:
        return self._rules.issuer

    def __repr__(self) -> str:
        return f"TokenVerifier({self.issuer!r}, token_use={self._rules.token_use!r})"

    def verify(self, token: str, *, scopes: str | Collection[str] = ()) -> VerifiedToken:
        """The token's claims, once every check has passed. `scopes` are required beside the verifier's own.

        Raises:
            TokenError: a subclass for each cause.
        """
        parsed, kid = self._screen(token)
        return self._accept(parsed, self.keys.find(kid), scopes)

    async def averify(self, token: str, *, scopes: str | Collection[str] = ()) -> VerifiedToken:
        """The same for asyncio: while keys are fetched, the event loop goes on."""
        parsed, kid = self._screen(token)
        return self._accept(parsed, await self.keys.afind(kid), scopes)

    def _screen(self, token: str) -> tuple[ParsedToken, str]:
        """Refuse whatever needs no key to be refused."""
        parsed = parse(token)
        refuse_foreign_header(parsed)
        check_issuer(parsed, self._rules)
        check_times(parsed, self._rules, self._clock())
        return parsed, key_id(parsed)

    def _accept(self, parsed: ParsedToken, key: RSAPublicKey, scopes: str | Collection[str]) -> VerifiedToken:
        check_signature(parsed, key)
        for check in AFTER_THE_SIGNATURE:
            check(parsed, self._rules)
        held = token_scopes(parsed.claims)
        check_scopes(held, self._rules.scopes | scope_set(scopes) if scopes else self._rules.scopes)
        return VerifiedToken(parsed.claims, held)


def key_id(token: ParsedToken) -> str:
    """The `kid` to look up. Raises UnknownKey where there is none that any issuer would write."""
    kid: Any = token.kid
    if not isinstance(kid, str) or not 0 < len(kid) <= MAX_KID_LENGTH:
        raise UnknownKey("The header names no key (kid).")
    return kid


def check_signature(token: ParsedToken, key: RSAPublicKey) -> None:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518 §3.3): chosen here, not by the token. Raises BadSignature."""
    try:
        key.verify(token.signature, token.signing_input, _PADDING, _HASH)
    except InvalidSignature:
        raise BadSignature("The signature is not by the issuer's key, or the token was changed.") from None
