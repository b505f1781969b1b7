"""Stores to test with: every test that asks for `store` or `a_store` runs on both engines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from tests.engines import PostgresServer, new_postgres_database
from tests.store.statements import OPENED

from poolhouse.core.secret import Secret
from poolhouse.store import Store, open_store

Result = TypeVar("Result")

Opener = Callable[..., Store]

MASTER_KEY = Secret("5c" * 32)


@dataclass(frozen=True)
class StoreSettings:
    data_dir: Path
    database_url: Secret | None = None
    master_keys: tuple[Secret, ...] = (MASTER_KEY,)
    database_pool_size: int = 8


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def settings(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> StoreSettings:
    """Settings that name a new database of the engine."""
    if engine == "sqlite":
        return StoreSettings(tmp_path / "data")
    return StoreSettings(tmp_path, Secret(new_postgres_database(request.getfixturevalue("postgres_server"))))


@pytest.fixture
def postgres_settings(postgres_server: PostgresServer, tmp_path: Path) -> StoreSettings:
    return StoreSettings(tmp_path, Secret(new_postgres_database(postgres_server)))


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> StoreSettings:
    return StoreSettings(tmp_path / "data")


@pytest.fixture
def a_store() -> Iterator[Opener]:
    """Opens stores and closes them after the test."""
    opened: list[Store] = []

    def open_one(settings: StoreSettings, **options: Any) -> Store:
        url = settings.database_url
        OPENED.add(str(settings.data_dir if url is None else sa.make_url(url.reveal()).database))
        opened.append(open_store(settings, **options))
        return opened[-1]

    yield open_one
    OPENED.clear()
    for store in opened:
        store.close()


@pytest.fixture
def store(settings: StoreSettings, a_store: Opener) -> Store:
    return a_store(settings)


@pytest.fixture
def run() -> Callable[[Coroutine[Any, Any, Result]], Result]:
    """Runs a coroutine on a loop of its own."""
    return asyncio.run
