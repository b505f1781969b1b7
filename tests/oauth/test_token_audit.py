"""`audit_tokens = "every"`: each request for a token stands in the audit before it is answered, on both engines."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from tests.conftest import Machine, a_machine, a_machine_client, a_server_on
from tests.harness import RunningServer
from tests.oauth.test_token import ask, basic, unverified
from tests.people.people import a_person, an_app, refusal, sign_in
from tests.triggers.risk import a_protected_pool
from tests.triggers.test_audit import audit_of, told

from poolhouse.core.errors import StoreUnavailable

MACHINES, REFRESHES = "ClientCredentialsGrant", "RefreshTokenGrant"
AT_ONCE, REQUESTS = 50, 1_000


@dataclass
class House:
    server: RunningServer
    cognito: Any
    machine: Machine
    sub: str
    client_id: str
    """A client of people, which does not rotate."""

    def events(self, *names: str) -> list[dict[str, Any]]:
        return audit_of(self.server, UserPoolId=self.machine.pool_id, EventNames=list(names))

    def ask(self, **form: str) -> Any:
        return ask(self.machine, basic(self.machine.client_id, self.machine.client_secret), **form)

    def refresh(self, token: str, **form: str) -> Any:
        form |= {"grant_type": "refresh_token", "client_id": self.client_id, "refresh_token": token}
        return ask(self.machine, None, **form)


def a_house(server: RunningServer) -> House:
    cognito = server.client()
    machine = a_machine(server, cognito)
    sub = a_person(cognito, machine.pool_id)
    client = an_app(cognito, machine.pool_id)
    return House(server, cognito, machine, sub, client["ClientId"])


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def telling(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("telling")
    with a_server_on(request.param, folder, request, audit_tokens="every", rate_per_person=0) as server:
        yield server


@pytest.fixture
def house(telling: RunningServer) -> House:
    return a_house(telling)


@pytest.fixture
def unasked(server: RunningServer) -> House:
    """Where the audit hears of changes alone, as by default."""
    return a_house(server)


def test_a_machines_token_is_told_with_its_id_and_scopes(house: House) -> None:
    answer = house.ask(scope="orders/read")
    token = answer.document["access_token"]
    [event] = house.events(MACHINES)
    assert "errorCode" not in event
    assert event["additionalEventData"] == {
        "userPoolId": house.machine.pool_id,
        "clientId": house.machine.client_id,
        "grantType": "client_credentials",
        "scopes": ["orders/read"],
        "jti": unverified(token)["jti"],
    }
    who = f"userpool/{house.machine.pool_id}/client/{house.machine.client_id}"
    assert event["userIdentity"]["arn"].endswith(who)
    assert event["sourceIPAddress"] == "127.0.0.1"
    assert event["requestID"] == answer.headers["x-amzn-requestid"]
    text = json.dumps(event)
    assert token not in text
    assert token.split(".")[2] not in text
    assert house.machine.client_secret not in text


def test_a_machines_token_by_the_api_is_told(house: House) -> None:
    client = a_machine_client(
        house.cognito, house.machine.pool_id, ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"]
    )
    named = {"ClientId": client["ClientId"], "Secret": client["ClientSecret"]}
    result = house.cognito.get_client_token(**named)["ClientAuthenticationResult"]
    refusal(house.cognito.get_client_token, **named, Scopes=["orders/all"])
    refusal(house.cognito.get_client_token, **named | {"Secret": "x" * 30})
    events = house.events("GetClientToken")
    assert [error for _, error in told(events)] == [
        None,
        "InvalidParameterException",
        "NotAuthorizedException",
    ]
    assert events[0]["additionalEventData"]["jti"] == unverified(result["AccessToken"])["jti"]
    assert {event["additionalEventData"]["clientId"] for event in events} == {client["ClientId"]}
    assert client["ClientSecret"] not in json.dumps(events)


def test_every_refresh_without_rotation_is_told_whichever_way_it_comes(house: House) -> None:
    token = sign_in(house.cognito, house.client_id)["RefreshToken"]
    by_flow = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    named = {"ClientId": house.client_id}
    answers = [
        house.cognito.initiate_auth(**named, **by_flow)["AuthenticationResult"],
        house.cognito.admin_initiate_auth(**named, **by_flow, UserPoolId=house.machine.pool_id)[
            "AuthenticationResult"
        ],
        house.cognito.get_tokens_from_refresh_token(**named, RefreshToken=token)["AuthenticationResult"],
        {"AccessToken": house.refresh(token).document["access_token"]},
    ]
    names = ["InitiateAuth", "AdminInitiateAuth", "GetTokensFromRefreshToken", REFRESHES]
    events = house.events(*names)[1:]  # the first is the sign-in
    assert told(events) == [(name, None) for name in names]
    for event, answer in zip(events, answers, strict=True):
        more = event["additionalEventData"]
        assert more["jti"] == unverified(answer["AccessToken"])["jti"]
        assert more["sub"] == house.sub
        assert more["scopes"] == ["aws.cognito.signin.user.admin"]
        assert more["clientId"] == house.client_id
        assert token not in json.dumps(event)
    is_person = [event["userIdentity"]["arn"].endswith(f"/user/{house.sub}") for event in events]
    assert is_person == [True, False, True, True], "what an administrator signed, they did"


@pytest.mark.parametrize("grace", [0, 60])
def test_a_refresh_with_rotation_is_told_once_each_time(house: House, grace: int) -> None:
    rotation = {"Feature": "ENABLED", "RetryGracePeriodSeconds": grace}
    flows = ["ALLOW_USER_PASSWORD_AUTH"]
    client = an_app(house.cognito, house.machine.pool_id, *flows, RefreshTokenRotation=rotation)
    named = {"ClientId": client["ClientId"]}
    token = sign_in(house.cognito, client["ClientId"])["RefreshToken"]
    house.cognito.get_tokens_from_refresh_token(**named, RefreshToken=token)
    for _ in range(2):
        if grace:
            house.cognito.get_tokens_from_refresh_token(**named, RefreshToken=token)
        else:
            refusal(house.cognito.get_tokens_from_refresh_token, **named, RefreshToken=token)
    again = None if grace else "RefreshTokenReuseException"
    assert [error for _, error in told(house.events("GetTokensFromRefreshToken"))] == [None, again, again]


def test_requests_that_are_refused_are_told_with_their_error_and_whose_they_are(house: House) -> None:
    machine = house.machine
    assert ask(machine, basic(machine.client_id, "wrong")).error == (400, "invalid_client")
    assert house.ask(scope="orders/write").error == (400, "invalid_scope")
    assert [error for _, error in told(house.events(MACHINES))] == ["invalid_client", "invalid_scope"]

    token = sign_in(house.cognito, house.client_id)["RefreshToken"]
    assert house.refresh(token, scope="openid").error == (400, "invalid_scope")
    assert house.refresh("none").error == (400, "invalid_grant")
    house.cognito.admin_disable_user(UserPoolId=machine.pool_id, Username="ada")
    assert house.refresh(token).error == (400, "invalid_grant")
    named = {"ClientId": house.client_id, "RefreshToken": token}
    assert refusal(house.cognito.get_tokens_from_refresh_token, **named)[0] == "NotAuthorizedException"
    events = house.events(REFRESHES, "GetTokensFromRefreshToken")
    errors = ["invalid_scope", "invalid_grant", "invalid_grant", "NotAuthorizedException"]
    assert [error for _, error in told(events)] == errors
    about = [event["additionalEventData"] for event in events]
    assert [more.get("sub") for more in about] == [house.sub, None, house.sub, house.sub]
    assert not any("jti" in more for more in about)
    assert {event["userIdentity"]["arn"] for event in events} == {"anonymous"}


def test_a_refresh_from_a_blocked_address_is_told_once(house: House) -> None:
    """Threat protection tells of it itself."""
    pool_id = a_protected_pool(house.cognito)
    a_person(house.cognito, pool_id)
    named = {"ClientId": an_app(house.cognito, pool_id)["ClientId"]}
    token = sign_in(house.cognito, named["ClientId"])["RefreshToken"]
    everywhere = {"BlockedIPRangeList": ["0.0.0.0/0", "::/0"]}
    house.cognito.set_risk_configuration(UserPoolId=pool_id, RiskExceptionConfiguration=everywhere)
    refusal(house.cognito.get_tokens_from_refresh_token, **named, RefreshToken=token)
    by_flow = {"AuthFlow": "REFRESH_TOKEN_AUTH", "AuthParameters": {"REFRESH_TOKEN": token}}
    refusal(house.cognito.initiate_auth, **named, **by_flow)
    names = ["GetTokensFromRefreshToken", "InitiateAuth"]
    events = audit_of(house.server, UserPoolId=pool_id, EventNames=names)[1:]  # the first is the sign-in
    assert told(events) == [(name, "NotAuthorizedException") for name in names]


def test_who_names_no_client_of_anybodys_is_not_told_of(house: House) -> None:
    before = len(audit_of(house.server))
    assert ask(house.machine, basic("nobody", "wrong")).error == (400, "invalid_client")
    assert ask(house.machine).error == (400, "invalid_request")
    assert len(audit_of(house.server)) == before


def test_by_default_nothing_is_told_of_what_changes_nothing(unasked: House) -> None:
    token = sign_in(unasked.cognito, unasked.client_id)["RefreshToken"]
    before = len(audit_of(unasked.server, UserPoolId=unasked.machine.pool_id))
    assert unasked.ask().status == unasked.refresh(token).status == 200
    assert unasked.ask(scope="orders/write").status == 400
    unasked.cognito.get_tokens_from_refresh_token(ClientId=unasked.client_id, RefreshToken=token)
    assert len(audit_of(unasked.server, UserPoolId=unasked.machine.pool_id)) == before


async def away(*_: Any, **__: Any) -> None:
    raise StoreUnavailable("a fault of the test")


def test_by_default_a_machines_token_needs_no_writing(
    unasked: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unasked.server.server.parts.store, "write", away)
    assert unasked.ask().status == 200


def test_without_its_record_nothing_is_given_nor_refused(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = sign_in(house.cognito, house.client_id)["RefreshToken"]
    monkeypatch.setattr(house.server.server.parts.store, "write", away)
    for answer in (house.ask(), house.refresh(token), house.ask(scope="orders/write"), house.refresh("none")):
        assert answer.error == (503, "temporarily_unavailable")
        assert "access_token" not in answer.document
    named = {"ClientId": house.client_id, "RefreshToken": token}
    refused = refusal(house.cognito.get_tokens_from_refresh_token, **named)
    assert refused[0] == "ServiceUnavailableException"


def test_an_answer_waits_for_the_commit(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write is held up: nothing comes; it is let go: the token comes, and its record is there."""
    store = house.server.server.parts.store
    real, asked, go = store.write, asyncio.Event(), asyncio.Event()

    async def held_up(*arguments: Any, **options: Any) -> Any:
        asked.set()
        await go.wait()
        return await real(*arguments, **options)

    monkeypatch.setattr(store, "write", held_up)
    with ThreadPoolExecutor(1) as thread:
        answer = thread.submit(house.ask)
        house.server.run(asked.wait())
        assert not answer.done()
        house.server.loop.call_soon_threadsafe(go.set)
        assert answer.result(20).status == 200
    assert len(house.events(MACHINES)) == 1


def test_a_thousand_requests_at_once_share_a_few_commits(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = house.server.server.parts.store
    real, commits = store.write, Counter[str]()

    async def counted(*arguments: Any, **options: Any) -> Any:
        commits["asked for"] += 1
        return await real(*arguments, **options)

    monkeypatch.setattr(store, "write", counted)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda _: house.ask(), range(REQUESTS)))
    given = [answer.document["access_token"] for answer in answers if answer.status == 200]
    kept = [event["additionalEventData"]["jti"] for event in house.events(MACHINES)]
    assert {unverified(token)["jti"] for token in given} <= set(kept)
    # On a busy machine the database may take too long for some, whose records it may keep still.
    assert len(given) <= len(kept) <= REQUESTS
    assert len(given) > REQUESTS / 2
    assert 0 < commits["asked for"] < REQUESTS / 4
