"""A house of its own for each engine, and how many requests are tried: few in `make test`, many in `make fuzz`."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings
from tests.conftest import a_server_on
from tests.fuzz.house import House, a_house
from tests.fuzz.people import hash_quickly

SCALE = int(os.environ.get("POOLHOUSE_FUZZ", "1"))
"""How many times as many examples as in a short run."""


def examples(number: int) -> settings:
    """A short run repeats itself, so that a failure is of the change that is tested; a long one looks further."""
    return settings(
        max_examples=number * SCALE,
        deadline=None,
        derandomize=SCALE == 1,
        database=None,
        suppress_health_check=[*HealthCheck],
    )


@pytest.fixture(scope="package", params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    limits = {
        "rate_per_person": 0,
        "max_user_pools": 100_000,
        "max_resource_servers": 100_000,
        "max_custom_domains": 100_000,
    }
    folder = tmp_path_factory.mktemp("house")
    with a_server_on(request.param, folder, request, **limits) as server:
        hash_quickly(server)
        with a_house(server) as house:
            yield house
