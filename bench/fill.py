"""A database with many pools and clients, written through the store in one transaction a pool.

Through the API it would take an hour. Every pool has an access-token key of its own, as in life: a thousand
private keys do not fit in the CPU's caches, and that is part of what is measured. Its ID-token key signs
nothing here, so all pools have one in turn, each under its own name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from bench.contestants import REGION
from bench.driver import SCOPE, Client
from poolhouse.config import Settings
from poolhouse.core import client_settings, pool_settings
from poolhouse.core.attributes import schema_of
from poolhouse.core.clients import ClientSecret, UserPoolClient
from poolhouse.core.domains import Domain, DomainKind
from poolhouse.core.ids import new_client_id, new_client_secret, new_pool_id
from poolhouse.core.keys import KeyUse, SigningKey, generate_signing_key
from poolhouse.core.pools import UserPool
from poolhouse.core.resource_servers import ResourceServer, Scope
from poolhouse.core.secret import Secret
from poolhouse.operation import SystemRandom
from poolhouse.store import Transaction, open_store

ACCOUNT_ID = "000000000000"
RANDOM = SystemRandom()
NOW = datetime.now(UTC) - timedelta(minutes=1)


def fill(data_dir: Path, pools: int, clients_per_pool: int) -> list[Client]:
    """Fill a new database; the clients that were made."""
    made: list[Client] = []
    settings = Settings(data_dir=data_dir)
    store = open_store(settings)
    try:
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            id_key = _new_key(KeyUse.ID)
            keys = threads.map(_new_key, [KeyUse.ACCESS] * pools)
            for number, access_key in enumerate(keys):
                one = _Pool(number, access_key, id_key)
                clients = list(one.clients(clients_per_pool))
                store.write_now(partial(one.write, clients=clients))
                made += [
                    Client(client.id, secret.value.reveal(), f"/domains/{one.domain.name}/oauth2/token")
                    for client, secret in clients
                ]
    finally:
        store.close()
    return made


class _Pool:
    """A pool as CreateUserPool makes it, with a resource server and a domain."""

    def __init__(self, number: int, access_key: SigningKey, id_key: SigningKey) -> None:
        self.pool = UserPool(
            id=new_pool_id(RANDOM, REGION),
            account_id=ACCOUNT_ID,
            region=REGION,
            name=f"bench-{number}",
            created_at=NOW,
            modified_at=NOW,
            settings=pool_settings.new_settings({}),
            attributes=schema_of(()),
        )
        pool_id = self.pool.id
        self.keys = (
            replace(access_key, pool_id=pool_id),
            replace(id_key, pool_id=pool_id, kid=f"{id_key.kid}-{number}"),
        )
        self.server = ResourceServer(pool_id, "transactions", "transactions", (Scope("post", "post_tx"),))
        self.domain = Domain(f"bench-{number}", pool_id, DomainKind.PREFIX)

    def clients(self, count: int) -> Iterator[tuple[UserPoolClient, ClientSecret]]:
        request = {
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": [SCOPE],
            "AllowedOAuthFlowsUserPoolClient": True,
        }
        for number in range(count):
            client = UserPoolClient(
                id=new_client_id(RANDOM),
                pool_id=self.pool.id,
                name=f"bench-{number}",
                created_at=NOW,
                modified_at=NOW,
                settings=client_settings.new_settings(request),
            )
            yield (
                client,
                ClientSecret(
                    id=f"{client.id}--{int(NOW.timestamp())}",
                    pool_id=self.pool.id,
                    client_id=client.id,
                    value=Secret(new_client_secret(RANDOM)),
                    created_at=NOW,
                ),
            )

    def write(self, tx: Transaction, clients: list[tuple[UserPoolClient, ClientSecret]]) -> None:
        tx.pools.add(self.pool)
        for key in self.keys:
            tx.signing_keys.add(key)
        tx.resource_servers.add(self.server)
        tx.domains.add(self.domain)
        for client, secret in clients:
            tx.clients.add(client)
            tx.client_secrets.add(secret)


def _new_key(use: KeyUse) -> SigningKey:
    return generate_signing_key("", use, NOW, NOW)
