"""A house on each engine, and keys that may do what a test says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from tests.conftest import a_server_on
from tests.fuzz.house import House, a_house

LIMITS = {"rate_per_person": 0, "max_user_pools": 100_000, "max_custom_domains": 100_000}


class Key(NamedTuple):
    key_id: str
    secret: str

    @property
    def signing(self) -> dict[str, str]:
        return self._asdict()


def allow(actions: Any, resources: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resources, **more}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def a_key(
    house: House, *statements: dict[str, Any], made_by: Key | None = None, name: str = "somebody"
) -> Key:
    how = made_by.signing if made_by else {}
    reply = house.call("CreateAccessKey", {"UserName": name, "Policy": policy(*statements)}, **how)
    assert reply.status == 200, reply.body
    made = reply.document["AccessKey"]
    return Key(made["AccessKeyId"], made["SecretAccessKey"])


@pytest.fixture(scope="package", params=["sqlite", "postgres"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with a_server_on(request.param, folder, request, **LIMITS) as server, a_house(server) as house:
        yield house


@pytest.fixture(scope="package")
def neighbour(house: House) -> Iterator[House]:
    """Another pool of the same server, with the same names inside."""
    with a_house(house.server) as other:
        yield other
