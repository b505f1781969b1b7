"""Fixtures that read like sentences. They go through the public API, so they test it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from tests.engines import new_postgres_database, postgres_server
from tests.harness import RunningServer, running_server

__all__ = ["postgres_server"]

MASTER_KEY = "00" * 32

# The same examples each time: a run says something about the change before it. `make fuzz` looks further.
hypothesis_settings.register_profile("repeatable", derandomize=True)
hypothesis_settings.load_profile("repeatable")


@contextmanager
def a_server_on(
    engine: str, folder: Path, request: pytest.FixtureRequest, **settings: Any
) -> Iterator[RunningServer]:
    from poolhouse.core.secret import Secret
    from poolhouse.store.migrations import migrate

    if engine == "postgres":
        url = new_postgres_database(request.getfixturevalue("postgres_server"))
        migrate(url)
        settings |= {"database_url": Secret(url), "master_keys": (Secret(MASTER_KEY),)}
    with running_server(folder, **settings) as server:
        server.engine = engine
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A server that all tests of the session share, once on each engine; each test has its own pool."""
    with a_server_on(
        request.param,
        tmp_path_factory.mktemp("data"),
        request,
        max_user_pools=100_000,
        max_custom_domains=100_000,
        rate_per_person=0,  # fifty at once are to meet what they test, and not the rate
        registration_rate_per_address=0,
    ) as server:
        yield server


@pytest.fixture
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """A server of the test's own: for a clock that moves, a limit that is small, an engine of choice."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(engine: str = "sqlite", **settings: Any) -> RunningServer:
            folder = settings.pop("data_dir", tmp_path / "data")
            return stack.enter_context(a_server_on(engine, folder, request, **settings))

        yield start


@pytest.fixture
def cognito(server: RunningServer) -> Any:
    return server.client("cognito-idp")


@dataclass
class Machine:
    """A pool with a resource server, a domain, and a client that may ask for `orders/read`."""

    pool_id: str
    client_id: str
    client_secret: str
    domain: str
    domain_url: str
    issuer: str
    scope: str


_numbers = iter(range(1_000_000))


def a_pool(cognito: Any, **options: Any) -> str:
    answer = cognito.create_user_pool(**{"PoolName": "orders", **options})
    pool_id: str = answer["UserPool"]["Id"]
    return pool_id


def a_machine_client(
    cognito: Any, pool_id: str, scopes: list[str] | None = None, **options: Any
) -> dict[str, Any]:
    answer = cognito.create_user_pool_client(
        **{
            "UserPoolId": pool_id,
            "ClientName": "billing",
            "GenerateSecret": True,
            "AllowedOAuthFlows": ["client_credentials"],
            "AllowedOAuthScopes": scopes or ["orders/read"],
            "AllowedOAuthFlowsUserPoolClient": True,
            **options,
        }
    )
    client: dict[str, Any] = answer["UserPoolClient"]
    return client


def a_machine(server: RunningServer, cognito: Any, **pool_options: Any) -> Machine:
    pool_id = a_pool(cognito, **pool_options)
    cognito.create_resource_server(
        UserPoolId=pool_id,
        Identifier="orders",
        Name="Orders",
        Scopes=[
            {"ScopeName": "read", "ScopeDescription": "read orders"},
            {"ScopeName": "write", "ScopeDescription": "write orders"},
        ],
    )
    domain = f"orders-{id(server)}-{next(_numbers)}"
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=domain)
    client = a_machine_client(cognito, pool_id)
    return Machine(
        pool_id=pool_id,
        client_id=client["ClientId"],
        client_secret=client["ClientSecret"],
        domain=domain,
        domain_url=f"{server.base_url}/domains/{domain}",
        issuer=f"{server.settings.public_url}/{pool_id}",
        scope="orders/read",
    )


@pytest.fixture
def machine(server: RunningServer, cognito: Any) -> Machine:
    return a_machine(server, cognito)
