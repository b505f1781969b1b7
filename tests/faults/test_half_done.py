"""Each call of the store, or of what hashes and signs, fails once, at every step of every way in: what was refused left
nothing behind, nothing is half-done, and the person can go on, or start again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from tests.conftest import a_pool
from tests.faults.ways_in import WAYS, Faults, Person, Way, World, done
from tests.fuzz.people import MFA, hash_quickly
from tests.fuzz.rows import Database
from tests.fuzz.wire import Wire

FOR_NOW = {"ServiceUnavailableException", "TooManyRequestsException"}
"""What says that it may go better later."""


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, own_server: Any) -> Iterator[World]:
    server = own_server(request.param, rate_per_person=0, clock_skew=timedelta(days=365))
    hash_quickly(server)
    cognito = server.client()
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "WEB_AUTHN"]}}
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"], Policies=policies)
    cognito.set_user_pool_mfa_config(UserPoolId=pool_id, **MFA)
    client = cognito.create_user_pool_client(
        UserPoolId=pool_id,
        ClientName="web",
        ExplicitAuthFlows=["ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH"],
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": 60},
        AuthSessionValidity=15,
        AccessTokenValidity=24,
    )["UserPoolClient"]["ClientId"]
    database = Database(server)
    wire = Wire(server)
    yield World(server, Faults(server), wire, database, pool_id, client, cognito)
    wire.close()
    database.close()


@pytest.mark.parametrize("way", WAYS)
def test_whatever_fails_on_the_way_nothing_is_half_done(world: World, way: str) -> None:
    fired = 0
    for number, step in enumerate(WAYS[way].steps):
        for answer_is_lost in (False, True):
            for n in range(1, 60):
                if not fails_once(world, WAYS[way], number, n, answer_is_lost):
                    break
                fired += 1
            else:
                raise AssertionError(f"{step.__name__} asks without end")
    assert fired > 5


def fails_once(world: World, way: Way, number: int, n: int, answer_is_lost: bool) -> bool:
    """Somebody walks the way, and at one step the nth call fails; False if the step makes fewer calls."""
    faults, person = world.faults, Person(world)
    way.prepare(person)
    for step in way.steps[:number]:
        done(step(person))
    step = way.steps[number]
    before = world.database.rows()
    faults.plan(n, answer_is_lost=answer_is_lost)
    reply = step(person)
    if not faults.fired:
        assert reply.status == 200, (step.__name__, reply.body)
        return False
    where = (step.__name__, n, faults.fired, answer_is_lost, reply.body)
    assert reply.error in {"", *FOR_NOW}, where
    if reply.error and not faults.writes:
        assert world.database.rows() == before, where
    for left in way.steps[number:]:
        if left is not step or reply.error:
            reply = left(person)
            if reply.error:
                assert reply.error not in FOR_NOW, (where, reply.body)
                way.again(person)
                break
    who = person.ask("GetUser", person.me)
    assert who.status == 200, (where, who.body)
    return True
