"""What refusals tell, and what they do not; and who may ask from a browser."""

from __future__ import annotations

import statistics
import time
from typing import Any

import jwt
import pytest
from tests.conftest import a_machine, a_machine_client
from tests.fuzz.house import House
from tests.fuzz.wire import FORM, JSON, PREFIXES, Reply, Wire, signed

ORIGINS = [
    "null", "https://app.example.com", "https://localhost.evil.example.com", "http://localhost:9229", "https://evil.example.com\t", "*", "file://",
]  # fmt: skip


def shape_of(reply: Reply) -> tuple[int, bytes, list[tuple[str, str]]]:
    hidden = {"date", "x-amzn-requestid"}
    return reply.status, reply.body, [pair for pair in reply.headers.items() if pair[0].lower() not in hidden]


def test_an_unknown_client_and_a_wrong_secret_are_answered_alike(house: House) -> None:
    m = house.machine
    public = house.call("CreateUserPoolClient", {"UserPoolId": m.pool_id, "ClientName": "a"})
    public_id = public.document["UserPoolClient"]["ClientId"]
    wrong = house.token(secret="x" * 51)
    assert (wrong.status, wrong.document) == (400, {"error": "invalid_client"})
    for other in (
        house.token("a" * 26, "x" * 51),
        house.token(public_id, "x" * 51),
        house.token("a", "b"),
        house.token("a.b-c"),
    ):
        assert shape_of(other) == shape_of(wrong)


def test_an_unknown_client_and_a_wrong_secret_take_as_long(house: House) -> None:
    """Far within what a network hides: the medians of samples taken in turn differ by less than half."""
    samples: dict[str, list[float]] = {house.machine.client_id: [], "a" * 26: []}
    for _ in range(300):
        for client_id, taken in samples.items():
            started = time.perf_counter()
            assert house.token(client_id, "x" * 51).error == "invalid_client"
            taken.append(time.perf_counter() - started)
    known, unknown = (statistics.median(taken[20:]) for taken in samples.values())
    assert abs(known - unknown) < max(known, unknown) / 2


@pytest.mark.parametrize("origin", ORIGINS)
def test_no_origin_is_reflected_and_no_credentials_allowed(house: House, origin: str) -> None:
    pool, domain = house.machine.pool_id, house.machine.domain
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    for method, path in (
        *(
            ("OPTIONS", path)
            for path in ("/", f"/domains/{domain}/oauth2/token", f"/{pool}/.well-known/jwks.json")
        ),
        *(("POST", path) for path in ("/", f"/domains/{domain}/oauth2/token")),
        *(
            ("GET", path)
            for path in (f"/{pool}/.well-known/jwks.json", f"/{pool}/.well-known/openid-configuration")
        ),
    ):
        reply = house.wire.send(method, path, headers)
        assert reply.headers.get_all("Access-Control-Allow-Origin") == ["*"], (method, path)
        assert reply.headers["Access-Control-Allow-Credentials"] is None


def test_no_web_page_administers_where_everybody_may(own_server: Any) -> None:
    server = own_server(anonymous_admin=True)
    wire = Wire(server)
    headers = {"Content-Type": JSON, "X-Amz-Target": f"{PREFIXES['cognito-idp']}.ListUserPools"}
    body = b'{"MaxResults":1}'
    assert wire.send("POST", "/", headers, body).status == 200
    for origin in ("https://evil.example.com", "null", server.base_url):
        reply = wire.send("POST", "/", {**headers, "Origin": origin}, body)
        assert reply.error == "MissingAuthenticationTokenException"
    reply = wire.send("POST", "/", {**signed(server, "cognito-idp", headers, body), "Origin": "null"}, body)
    assert reply.status == 200
    wire.close()


def test_a_header_that_is_there_twice_is_not_two_things(house: House) -> None:
    """AP: whoever verifies and whoever acts must read the same; so what decides may be there once."""
    body = b"{}"
    target = f"{PREFIXES['cognito-idp']}.ListUserPools"
    headers = signed(house.server, "cognito-idp", {"Content-Type": JSON, "X-Amz-Target": target}, body)
    before = house.database.rows()
    for name, value in (
        ("X-Amz-Target", f"{PREFIXES['cognito-idp']}.CreateUserPool"),
        ("X-Amz-Target", target),
        ("Authorization", headers["Authorization"]),
        ("Authorization", "Basic YTpi"),
        ("X-Amz-Date", headers["X-Amz-Date"]),
        ("X-Amz-Content-SHA256", "UNSIGNED-PAYLOAD"),
        ("Content-Type", JSON),
        ("X-Amz-Security-Token", "a"),
        ("x-amz-anything", "a"),
    ):
        for added in ([*headers.items(), (name, value)], [(name, value), *headers.items()]):
            reply = house.wire.send("POST", "/", added, body)
            assert reply.status == 400, (name, reply.body)
            assert reply.error != "InvalidParameterException"  # the operation was not reached
    assert house.database.rows() == before


def test_a_token_request_with_a_header_twice_is_refused(house: House) -> None:
    path = f"/domains/{house.machine.domain}/oauth2/token"
    from tests.oauth.test_token import basic

    good = basic(house.machine.client_id, house.machine.client_secret)["Authorization"]
    form = ("Content-Type", FORM)
    body = b"grant_type=client_credentials"
    assert house.wire.send("POST", path, [form, ("Authorization", good)], body).status == 200
    for headers in (
        [form, ("Authorization", good), ("Authorization", good)],
        [form, ("Authorization", "Basic YTpi"), ("Authorization", good)],
        [form, ("Content-Type", "application/json"), ("Authorization", good)],
    ):
        assert house.wire.send("POST", path, headers, body).error == "invalid_request"


def test_a_client_has_one_rate_for_both_ways_to_a_token(own_server: Any) -> None:
    server = own_server(token_rate_per_client=2.0)
    machine = a_machine(server, server.client())
    client = a_machine_client(
        server.client(), machine.pool_id, ExplicitAuthFlows=["ALLOW_CLIENT_TOKEN_AUTH"],
        AllowedOAuthFlowsUserPoolClient=False, AllowedOAuthFlows=[],
    )  # fmt: skip
    wire = Wire(server)
    asked = {"ClientId": client["ClientId"], "Secret": client["ClientSecret"]}
    replies = [wire.aws("cognito-idp", "GetClientToken", asked, is_signed=False) for _ in range(10)]
    assert replies[0].status == 200
    assert replies[-1].error == "TooManyRequestsException"
    wire.close()


def test_names_that_callers_choose_make_no_series(house: House) -> None:
    def series() -> int:
        return len(house.wire.send("GET", "/metrics").body.splitlines())

    def knock(name: str) -> None:
        house.wire.send(
            "POST", "/", {"Content-Type": JSON, "X-Amz-Target": f"{PREFIXES['cognito-idp']}.{name}"}, b"{}"
        )
        house.wire.send("GET", f"/{name}", {"Host": f"{name}.example.com"})
        house.wire.send("BREW", f"/domains/{name}/oauth2/token")
        house.token(name)

    knock("first")
    series()  # a figure of its own, once it was asked for
    before = series()
    for number in range(100):
        knock(f"name{number}")
    assert series() == before


def test_names_that_callers_choose_are_not_kept_at_any_length(house: House) -> None:
    cache = house.server.server.parts.cache
    for number in range(20):
        name = f"{number}" + "a" * 20_000
        assert house.token(name).error == "invalid_client"
        assert (
            house.wire.send("POST", f"/domains/{name}/oauth2/token", {"Content-Type": FORM}, b"a=b").status
            == 404
        )
        assert house.wire.send("GET", "/", {"Host": f"{name}.example.com"}).status == 404
    kept = [key for _, key in cache._nothing]
    assert all(len(key) < 300 for key in kept)


def test_a_pool_of_the_longest_id_publishes_its_keys(house: House) -> None:
    for rest in ("a" * 45, "a_b_" + "c" * 41, "-" * 20 + "_" + "b" * 24):
        pool_id = f"us-east-1_{rest}"
        assert len(pool_id) == 55
        request = {"PoolName": "a", "UserPoolTags": {"poolhouse:pool-id": pool_id}}
        assert house.call("CreateUserPool", request).status == 200
        assert house.wire.send("GET", f"/{pool_id}/.well-known/jwks.json").status == 200
        assert house.call("DeleteUserPool", {"UserPoolId": pool_id}).status == 200


def test_a_token_says_nothing_that_its_client_chose_but_the_audience(house: House) -> None:
    claims = jwt.decode(house.token().document["access_token"], options={"verify_signature": False})
    assert claims["iss"] == f"{house.server.settings.public_url}/{house.machine.pool_id}"
    assert claims["sub"] == claims["client_id"] == house.machine.client_id
