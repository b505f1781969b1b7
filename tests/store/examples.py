"""Values to store, each with what a test does not care about filled in."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

from poolhouse.core.access_keys import AccessKey
from poolhouse.core.audit import AuditRecord
from poolhouse.core.clients import ClientSecret, UserPoolClient
from poolhouse.core.domains import Domain, DomainKind
from poolhouse.core.groups import Group
from poolhouse.core.keys import KeyUse, SigningKey, generate_signing_key
from poolhouse.core.pools import UserPool
from poolhouse.core.resource_servers import ResourceServer, Scope
from poolhouse.core.secret import Secret

NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
ACCOUNT = "000000000000"
REGION = "us-east-1"
POOL = "us-east-1_aaaaaaaaa"

ONE_KEY = generate_signing_key(POOL, KeyUse.ACCESS, NOW, NOW)
"""Making one takes long, so the tests share it."""


def a_pool(pool_id: str = POOL, **changes: Any) -> UserPool:
    values: dict[str, Any] = {"name": "a pool", "settings": {}, "attributes": ()}
    values |= {"account_id": ACCOUNT, "region": REGION, "created_at": NOW, "modified_at": NOW}
    return UserPool(id=pool_id, **(values | changes))


def a_client(client_id: str = "client1", pool_id: str = POOL, **settings: Any) -> UserPoolClient:
    return UserPoolClient(client_id, pool_id, "a client", NOW, NOW, settings)  # type: ignore[arg-type]


def a_secret(
    value: str = "secret", number: int = 1, client_id: str = "client1", pool_id: str = POOL
) -> ClientSecret:
    at = NOW + timedelta(seconds=number)
    return ClientSecret(f"{client_id}--{number}", pool_id, client_id, Secret(value), at)


def a_resource_server(identifier: str = "api", pool_id: str = POOL, *scopes: str) -> ResourceServer:
    return ResourceServer(pool_id, identifier, "an API", tuple(Scope(name, f"may {name}") for name in scopes))


def a_domain(name: str = "example", pool_id: str = POOL, kind: DomainKind = DomainKind.PREFIX) -> Domain:
    return Domain(name, pool_id, kind)


def a_group(name: str = "admins", pool_id: str = POOL) -> Group:
    return Group(pool_id, name, NOW, NOW, precedence=1)


def a_signing_key(kid: str = "kid1", pool_id: str = POOL, **changes: Any) -> SigningKey:
    values: dict[str, Any] = {"use": KeyUse.ACCESS, "private": ONE_KEY.private, "n": ONE_KEY.n}
    values |= {"created_at": NOW, "signs_from": NOW}
    return SigningKey(kid=kid, pool_id=pool_id, **(values | changes))


def an_access_key(key_id: str = "AKIA1", secret: str = "secret") -> AccessKey:
    policy = {"Version": "2012-10-17", "Statement": []}
    return AccessKey(key_id, ACCOUNT, "ana", Secret(secret), (policy,), True, NOW)


def an_audit_record(record_id: str = "1", **changes: Any) -> AuditRecord:
    values: dict[str, Any] = {"account_id": ACCOUNT, "region": REGION, "event_source": "poolhouse"}
    values |= {"event_name": "CreateUserPool", "actor": "ana", "source_ip_address": "127.0.0.1"}
    values |= {"request_id": "r", "pool_id": POOL, "request_parameters": {"PoolName": "a pool"}}
    return AuditRecord(id=record_id, at=NOW, **(values | changes))


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
