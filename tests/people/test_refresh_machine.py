"""Refreshing with rotation, walked at random, beside an oracle of a few lines written from the reference:

rotation on: each use gives a new refresh token, whose end is the first one's; the old one dies at once, or after
RetryGracePeriodSeconds; its use after that is reuse, and ends all that came of the sign-in
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.conftest import a_pool
from tests.harness import RunningServer, running_server
from tests.people.people import a_person, an_app
from tests.people.tokens import a_call

from poolhouse.core.errors import CognitoError
from poolhouse.userpools.person import authenticate_person
from poolhouse.userpools.refresh import get_tokens_from_refresh_token
from poolhouse.userpools.sign_out import admin_user_global_sign_out, revoke_token
from poolhouse.userpools.user_tokens import issue_user_tokens

LIFETIME = timedelta(hours=1)
STEPS = st.sampled_from([0.0, 0.5, 1, 9.5, 10, 10.5, 59, 60, 61, 900])
"""Seconds: on both sides of every border."""


@dataclass
class SignIn:
    """What the oracle knows of one sign-in."""

    sub: str
    began: datetime
    tokens: list[str]
    """Its refresh tokens, the first one first."""
    exchanged: dict[str, datetime] = field(default_factory=dict)
    access: list[tuple[str, datetime]] = field(default_factory=list)
    """Access tokens, and when each ends."""
    ended: bool = False

    def expects(self, token: str, now: datetime, grace: timedelta) -> str:
        if now >= self.began + LIFETIME:
            return "Refresh Token has expired"
        if token == self.tokens[-1]:
            return "Refresh Token has been revoked" if self.ended else "another"
        in_grace = now < self.exchanged[token] + grace
        return "the last" if in_grace and not self.ended else "reuse"


class RefreshRotation(RuleBasedStateMachine):
    server: RunningServer
    pool_id: str
    subs: tuple[str, str]
    clients: Mapping[int, str]
    """By RetryGracePeriodSeconds."""

    def __init__(self) -> None:
        super().__init__()
        self.now = self.server.clock.now()
        self.sign_ins: list[SignIn] = []
        self.client_id = ""
        self.grace = timedelta()

    @initialize(grace=st.sampled_from([0, 10, 60]))
    def choose(self, grace: int) -> None:
        self.client_id = self.clients[grace]
        self.grace = timedelta(seconds=grace)

    def call(self, operation: Any, request: dict[str, Any]) -> Any:
        """What an operation answers at the machine's own time; the text of its error."""
        call = replace(a_call(self.server, operation.__name__), now=self.now)
        try:
            return self.server.run(operation(call, request))
        except CognitoError as error:
            return error.message

    @rule(who=st.integers(0, 1))
    def sign_in(self, who: int) -> None:
        sub = self.subs[who]

        async def issued() -> Any:
            app = await self.server.server.parts.cache.get("app", self.client_id)
            return await issue_user_tokens(replace(a_call(self.server), now=self.now), app, sub)

        result = self.server.run(issued())
        self.sign_ins.append(SignIn(sub, self.now, [result["RefreshToken"]]))
        self.keep_access(self.sign_ins[-1], result)

    @precondition(lambda self: self.sign_ins)
    @rule(which=st.integers(0, 99), age=st.sampled_from([0, 0, 0, 1, 1, 2, 5]))
    def refresh(self, which: int, age: int) -> None:
        one = self.sign_ins[which % len(self.sign_ins)]
        token = one.tokens[-1 - min(age, len(one.tokens) - 1)]
        expected = one.expects(token, self.now, self.grace)
        answer = self.call(get_tokens_from_refresh_token, {"ClientId": self.client_id, "RefreshToken": token})
        if expected == "another":
            given = answer["AuthenticationResult"]["RefreshToken"]
            assert all(given not in other.tokens for other in self.sign_ins)
            one.exchanged[token] = self.now
            one.tokens.append(given)
        elif expected == "the last":
            assert answer["AuthenticationResult"]["RefreshToken"] == one.tokens[-1]
        elif expected == "reuse":
            assert answer == "Refresh token has been invalidated"
            one.ended = True
        else:
            assert answer == expected
        if isinstance(answer, dict):
            self.keep_access(one, answer["AuthenticationResult"])

    @precondition(lambda self: self.sign_ins)
    @rule(which=st.integers(0, 99), age=st.integers(0, 3))
    def revoke(self, which: int, age: int) -> None:
        one = self.sign_ins[which % len(self.sign_ins)]
        token = one.tokens[-1 - min(age, len(one.tokens) - 1)]
        assert self.call(revoke_token, {"ClientId": self.client_id, "Token": token}) == {}
        one.ended = True

    @precondition(lambda self: self.sign_ins)
    @rule(who=st.integers(0, 1))
    def sign_out(self, who: int) -> None:
        name = ("ada", "bob")[who]
        request = {"UserPoolId": self.pool_id, "Username": name}
        assert self.call(admin_user_global_sign_out, request) == {}
        for one in self.sign_ins:
            one.ended |= one.sub == self.subs[who]

    @rule(seconds=STEPS)
    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    @precondition(lambda self: self.sign_ins)
    @invariant()
    def an_access_token_is_as_good_as_its_sign_in(self) -> None:
        for one in self.sign_ins[-3:]:
            token, end = one.access[-1]
            known = self.call(_whoami, {"token": token})
            if self.now >= end:
                assert known == "Access Token has expired"
            elif one.ended:
                assert known == "Access Token has been revoked"
            else:
                assert known == one.sub

    def keep_access(self, one: SignIn, result: Any) -> None:
        end = self.now.replace(microsecond=0) + timedelta(seconds=result["ExpiresIn"])
        one.access.append((result["AccessToken"], end))


def a_client(cognito: Any, pool_id: str, grace: int) -> str:
    client_id: str = an_app(
        cognito,
        pool_id,
        "ALLOW_USER_PASSWORD_AUTH",
        RefreshTokenRotation={"Feature": "ENABLED", "RetryGracePeriodSeconds": grace},
        RefreshTokenValidity=60,
        TokenValidityUnits={"RefreshToken": "minutes"},
    )["ClientId"]
    return client_id


async def _whoami(call: Any, request: dict[str, Any]) -> str:
    return (await authenticate_person(call, request["token"])).user.sub


def test_rotation_is_as_the_oracle_says() -> None:
    with (
        tempfile.TemporaryDirectory(prefix="rotation") as folder,
        running_server(Path(folder), max_user_pools=100_000) as server,
    ):
        cognito = server.client()
        pool_id = a_pool(cognito)
        RefreshRotation.server, RefreshRotation.pool_id = server, pool_id
        RefreshRotation.subs = (a_person(cognito, pool_id, "ada"), a_person(cognito, pool_id, "bob"))
        RefreshRotation.clients = {grace: a_client(cognito, pool_id, grace) for grace in (0, 10, 60)}
        case = RefreshRotation.TestCase()
        case.settings = settings(
            max_examples=30,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        )
        case.runTest()
