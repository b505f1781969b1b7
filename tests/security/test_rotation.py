"""Signing keys are exchanged while tokens are issued and verified: not one verification fails."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import jwt
import pytest
from tests.conftest import a_machine
from tests.fuzz.house import House, a_house
from tests.fuzz.wire import Wire


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_no_verification_fails_while_keys_are_rotated_under_load(own_server: Any, engine: str) -> None:
    """Each verifier keeps the key set as long as it may, and fetches it only for a key that it does not know."""
    server = own_server(engine, clock_skew=timedelta(days=30))
    with a_house(server) as house:
        stop = threading.Event()
        verified: list[str] = []
        failures: list[str] = []

        def verify() -> None:
            wire = Wire(server)
            worker = House(server, house.cognito, wire, house.database)
            worker.machine = house.machine
            keys: dict[str, Any] = {}
            while not stop.is_set():
                token = worker.token().document["access_token"]
                kid = jwt.get_unverified_header(token)["kid"]
                if kid not in keys:
                    reply = wire.send("GET", f"/{house.machine.pool_id}/.well-known/jwks.json")
                    keys = {key["kid"]: jwt.PyJWK(key) for key in reply.document["keys"]}
                try:
                    jwt.decode(
                        token,
                        keys[kid],
                        algorithms=["RS256"],
                        options={"verify_exp": False, "verify_iat": False},
                    )
                except (jwt.PyJWTError, KeyError) as failure:
                    failures.append(repr(failure))
                verified.append(kid)
            wire.close()

        workers = [threading.Thread(target=verify) for _ in range(3)]
        for worker in workers:
            worker.start()
        pool = {"UserPoolId": house.machine.pool_id}
        for lead in (600, 0, 600, 0, 60):
            assert house.call("RotateSigningKey", {**pool, "LeadSeconds": lead}).status == 200
            server.clock.advance(seconds=lead + 1)
            seen = len(verified)
            while len(verified) < seen + 20 and not failures:
                stop.wait(0.01)
        stop.set()
        for worker in workers:
            worker.join(30)
    assert failures == []
    assert len(set(verified)) >= 4


def test_a_key_whose_turn_was_taken_by_a_younger_one_never_signs(own_server: Any) -> None:
    """A rotation for next month, then one at once because a key leaked: next month nothing happens."""
    server = own_server(clock_skew=timedelta(days=300))
    with a_house(server) as house:
        pool = {"UserPoolId": house.machine.pool_id}
        rotate = {**pool, "Use": "ACCESS"}
        pending = house.call("RotateSigningKey", {**rotate, "LeadSeconds": 2_592_000}).document["SigningKeys"]
        (superseded,) = [key["KeyId"] for key in pending if key["Status"] == "PENDING"]
        house.call("RotateSigningKey", {**rotate, "LeadSeconds": 0})
        server.clock.advance(seconds=1)
        signing = jwt.get_unverified_header(house.token().document["access_token"])["kid"]
        listed = house.call("ListSigningKeys", pool).document["SigningKeys"]
        assert {key["KeyId"]: key["Status"] for key in listed}[superseded] == "WITHDRAWN"
        for days in (29, 1, 1, 1, 30):
            server.clock.advance(days=days)
            house.server.run(house.server.sweep())
            token = house.token().document["access_token"]
            published = house.wire.send("GET", f"/{pool['UserPoolId']}/.well-known/jwks.json").document[
                "keys"
            ]
            assert jwt.get_unverified_header(token)["kid"] == signing
            assert signing in {key["kid"] for key in published}
            assert superseded not in {key["kid"] for key in published}


def test_a_pool_does_not_gather_keys_without_bound(own_server: Any) -> None:
    server = own_server()
    with a_house(server) as house:
        request = {"UserPoolId": house.machine.pool_id, "Use": "ACCESS"}
        for lead in range(25, 0, -1):  # each takes the turn of the one before
            reply = house.call("RotateSigningKey", {**request, "LeadSeconds": lead * 1_000})
            if reply.status != 200:
                break
        assert reply.error == "LimitExceededException"
        assert house.token().status == 200
        assert a_machine(server, house.cognito)
