"""What the token path needs of a client and its pool: small, frozen, and ready to use.

A hundred thousand of these are held in memory, so they keep no documents, share what is the same, and have slots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from poolhouse.core.clients import UserPoolClient
from poolhouse.core.pools import UserPool
from poolhouse.core.risk_settings import DEFAULT, RiskSettings
from poolhouse.core.scopes import DCR_SCOPE
from poolhouse.core.secret import Secret


@dataclass(frozen=True, slots=True)
class SignerKey:
    """A loaded key and when its turn begins (seconds since 1970)."""

    kid: str
    private: RSAPrivateKey
    signs_from: float


@dataclass(frozen=True, slots=True)
class PublishedKey:
    jwk: Mapping[str, str]
    withdrawn_at: float | None


@dataclass(frozen=True, slots=True)
class PoolSnapshot:
    id: str
    account_id: str
    region: str
    issuer: str | None
    """The issuer set for this pool; None for the server's own form."""
    access_keys: tuple[SignerKey, ...]
    """Keys that sign access tokens, the next to sign last."""
    id_keys: tuple[SignerKey, ...]
    """Keys that sign ID tokens, likewise."""
    published_keys: tuple[PublishedKey, ...]
    scopes: frozenset[str]
    """Every `identifier/name` that a resource server of the pool declares now, and the one that registers clients,
    while any may be registered."""
    domains: tuple[tuple[str, str], ...] = ()
    """(kind, name) of the pool's domains."""
    machine_function: str | None = None
    """The ARN of the function that shapes machines' tokens."""

    @property
    def arn(self) -> str:
        return f"arn:aws:cognito-idp:{self.region}:{self.account_id}:userpool/{self.id}"

    def has_domain(self, name: str) -> bool:
        for _, domain in self.domains:  # noqa: SIM110  # two at most; a generator would cost more than the loop
            if domain == name:
                return True
        return False

    @property
    def registers_clients(self) -> bool:
        """Whether applications may register themselves."""
        return DCR_SCOPE in self.scopes

    def access_key(self, now: float) -> SignerKey:
        """The key whose turn it is to sign access tokens."""
        return _in_turn(self.access_keys, now)

    def id_key(self, now: float) -> SignerKey:
        return _in_turn(self.id_keys, now)


def _in_turn(keys: tuple[SignerKey, ...], now: float) -> SignerKey:
    """The last one whose time has come."""
    current = keys[0]
    for key in keys[1:]:
        if key.signs_from > now:
            break
        current = key
    return current


@dataclass(frozen=True, slots=True)
class ClientSnapshot:
    id: str
    pool: PoolSnapshot
    secrets: tuple[Secret, ...]
    """None, one or two, all valid."""
    oauth_flows: frozenset[str]
    """Empty where AllowedOAuthFlowsUserPoolClient is off."""
    auth_flows: frozenset[str]
    scopes: tuple[str, ...]
    """AllowedOAuthScopes, in the order in which the client lists them."""
    access_token_lifetime: int
    """Seconds."""
    audience: str | None = None
    claims: Mapping[str, Any] | None = None
    """What its tokens say beside what the server says of them; None for nothing."""


@dataclass(frozen=True, slots=True)
class AppSnapshot:
    """What a person's sign-in needs: an app client and its pool, whole."""

    client: UserPoolClient
    user_pool: UserPool
    secrets: tuple[Secret, ...]
    """None, one or two, all valid."""
    pool: PoolSnapshot
    """The pool's keys and issuer."""
    readable: frozenset[str]
    """The attributes that the client's tokens and answers may show."""

    @property
    def risk(self) -> RiskSettings:
        """What is done about risk here."""
        return self.client.risk or self.user_pool.risk or DEFAULT
