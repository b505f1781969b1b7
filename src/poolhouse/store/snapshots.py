"""What the cache holds, read from the database: one loader per kind."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from typing import TypeVar

from poolhouse.core.access_keys import AccessKey
from poolhouse.core.client_metadata import is_on
from poolhouse.core.domains import Domain
from poolhouse.core.keys import KeyUse, SigningKey, in_turn, load_private_key
from poolhouse.core.scopes import DCR_SCOPE
from poolhouse.core.snapshots import AppSnapshot, ClientSnapshot, PoolSnapshot, PublishedKey, SignerKey
from poolhouse.core.triggers import machine_function_of
from poolhouse.core.user_attributes import client_readable
from poolhouse.store.transaction import Transaction

Value = TypeVar("Value", bound=Hashable)
Snapshot = AppSnapshot | ClientSnapshot | PoolSnapshot | Domain | AccessKey
KnownPool = Callable[[str], "PoolSnapshot | None"]
"""The pool's snapshot, where the cache has it."""

MAX_SHARED = 10_000
_shared: dict[Hashable, Hashable] = {}
_NO_FLOWS: frozenset[str] = frozenset()


def load(tx: Transaction, kind: str, key: str, known_pool: KnownPool) -> Snapshot | None:
    """The value of `kind` and `key` as the database has it now; None where there is none."""
    match kind:
        case "client":
            return load_client(tx, key, known_pool)
        case "app":
            return load_app(tx, key, known_pool)
        case "pool":
            return load_pool(tx, key)
        case "domain":
            return tx.domains.find(key)
        case "access_key":
            return tx.access_keys.find(key)
        case _:
            raise KeyError(kind)


def load_client(tx: Transaction, client_id: str, known_pool: KnownPool) -> ClientSnapshot | None:
    client = tx.clients.find(client_id)
    if client is None:
        return None
    pool = known_pool(client.pool_id) or load_pool(tx, client.pool_id)
    if pool is None:
        return None
    return ClientSnapshot(
        id=client.id,
        pool=pool,
        secrets=tuple(secret.value for secret in tx.client_secrets.of(client.id)),
        oauth_flows=_share(client.oauth_flows) if client.may_use_oauth else _NO_FLOWS,
        auth_flows=_share(client.auth_flows),
        scopes=_share(client.oauth_scopes),
        access_token_lifetime=int(client.access_token_lifetime.total_seconds()),
        audience=client.extensions.audience,
        claims=client.extensions.claims or None,
    )


def load_app(tx: Transaction, client_id: str, known_pool: KnownPool) -> AppSnapshot | None:
    client = tx.clients.find(client_id)
    if client is None:
        return None
    user_pool = tx.pools.find(client.pool_id)
    pool = known_pool(client.pool_id) or load_pool(tx, client.pool_id)
    if user_pool is None or pool is None:
        return None
    return AppSnapshot(
        client=client,
        user_pool=user_pool,
        secrets=tuple(secret.value for secret in tx.client_secrets.of(client.id)),
        pool=pool,
        readable=_share(client_readable(user_pool, client)),
    )


def load_pool(tx: Transaction, pool_id: str) -> PoolSnapshot | None:
    pool = tx.pools.find(pool_id)
    if pool is None:
        return None
    keys = tx.signing_keys.of(pool_id)
    return PoolSnapshot(
        id=pool.id,
        account_id=pool.account_id,
        region=pool.region,
        issuer=pool.extensions.issuer,
        access_keys=_signers(keys, KeyUse.ACCESS),
        id_keys=_signers(keys, KeyUse.ID),
        # Withdrawn ones too: a key is published until its time, which the snapshot outlives.
        published_keys=tuple(
            PublishedKey(key.jwk(), None if key.withdrawn_at is None else key.withdrawn_at.timestamp())
            for key in sorted(keys, key=lambda key: (key.use, key.created_at, key.kid))
        ),
        scopes=frozenset(name for server in tx.resource_servers.of(pool_id) for name in server.scope_names)
        | ({DCR_SCOPE} if is_on(pool.settings.get("DcrConfiguration")) else frozenset()),
        domains=tuple((domain.kind.value, domain.name) for domain in tx.domains.of(pool_id)),
        machine_function=machine_function_of(pool.settings),
    )


def _signers(keys: Iterable[SigningKey], use: KeyUse) -> tuple[SignerKey, ...]:
    return tuple(
        SignerKey(key.kid, load_private_key(key.private), key.signs_from.timestamp())
        for key in in_turn(keys, use)
    )


def _share(value: Value) -> Value:
    """The one of all equal values: a hundred thousand clients have few different lists of scopes."""
    if len(_shared) >= MAX_SHARED:
        _shared.clear()
    return _shared.setdefault(value, value)  # type: ignore[return-value]  # an equal value of the same type
