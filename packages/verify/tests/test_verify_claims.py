"""What a genuine token must say to be accepted, and what the verified token then offers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

import poolhouse_verify as pv


def test_a_machine_token_is_verified_and_read(issuer, clock):
    text = issuer.access_token(client_id="abc", scopes=["transactions/post", "transactions/get"])

    token = issuer.verifier(client_ids=["abc"], scopes=["transactions/post"], clock=clock).verify(text)

    assert token.subject == token.client_id == token["client_id"] == "abc"
    assert token.scopes == {"transactions/post", "transactions/get"}
    assert token.token_use == "access"
    assert token.issuer == issuer.issuer
    assert token.username is None
    assert token.groups == frozenset()
    assert token.issued_at == datetime.fromtimestamp(clock.now, UTC)
    assert token.expires_at - token.issued_at == timedelta(hours=1)
    assert dict(token)["version"] == 2
    assert len(token) == len(list(token))
    assert token["jti"] not in repr(token)


def test_verifying_on_an_event_loop_gives_the_same(issuer, clock):
    text = issuer.access_token(scopes=["a"])
    verifier = issuer.verifier(scopes=["a"], clock=clock)

    assert dict(asyncio.run(verifier.averify(text))) == dict(verifier.verify(text))
    with pytest.raises(pv.MissingScope):
        asyncio.run(verifier.averify(text, scopes=["b"]))


def test_a_users_token_names_user_and_groups(issuer, clock):
    claims = {"sub": "u-1", "username": "ana", "cognito:groups": ["admins", "staff"]}
    token = issuer.verifier(clock=clock).verify(issuer.access_token(claims=claims))
    assert (token.subject, token.username, token.groups) == ("u-1", "ana", {"admins", "staff"})


def test_an_id_token_is_for_its_client(issuer, clock):
    verifier = issuer.verifier(token_use="id", client_ids="web", clock=clock)
    token = verifier.verify(issuer.id_token(client_id="web", subject="u-1"))
    assert (token.client_id, token.subject, token.username) == ("web", "u-1", "u-1")
    with pytest.raises(pv.WrongClient):
        verifier.verify(issuer.id_token(client_id="other"))


@pytest.mark.parametrize("leeway", [0, 10, 60])
def test_a_token_ends_at_exp_and_not_a_moment_later(issuer, clock, leeway):
    verifier = issuer.verifier(leeway=timedelta(seconds=leeway), clock=clock)
    text = issuer.access_token(lifetime=timedelta(hours=1))

    clock.advance(3600 + leeway - 0.001)
    verifier.verify(text)
    clock.advance(0.001)
    with pytest.raises(pv.ExpiredToken):
        verifier.verify(text)


@pytest.mark.parametrize("name", ["nbf", "iat"])
@pytest.mark.parametrize("leeway", [0, 10, 60])
def test_a_token_from_the_future_waits(issuer, clock, name, leeway):
    verifier = issuer.verifier(leeway=timedelta(seconds=leeway), clock=clock)
    text = issuer.access_token(claims={name: clock.now + 100})

    clock.advance(100 - leeway - 0.001)
    with pytest.raises(pv.NotYetValid, match=name):
        verifier.verify(text)
    clock.advance(0.001)
    verifier.verify(text)


@pytest.mark.parametrize(
    ("claims", "error"),
    [
        ({"iss": "https://issuer.example/eu-west-1_Test00000/"}, pv.WrongIssuer),
        ({"iss": "https://issuer.example/eu-west-1_test00000"}, pv.WrongIssuer),
        ({"iss": None}, pv.WrongIssuer),
        ({"iss": ["https://issuer.example/eu-west-1_Test00000"]}, pv.WrongIssuer),
        ({"token_use": "id"}, pv.WrongTokenUse),
        ({"token_use": None}, pv.WrongTokenUse),
        ({"token_use": "Access"}, pv.WrongTokenUse),
        ({"client_id": "other"}, pv.WrongClient),
        ({"client_id": ["test-client"]}, pv.MalformedToken),
        ({"client_id": ""}, pv.MalformedToken),
        ({"sub": 5}, pv.MalformedToken),
        ({"scope": ["needed"]}, pv.MalformedToken),
        ({"scope": "needed-not"}, pv.MissingScope),
        ({"scope": ""}, pv.MissingScope),
        ({"scope": "NEEDED"}, pv.MissingScope),
        ({"aud": 5}, pv.MalformedToken),
        ({"aud": [["x"]]}, pv.MalformedToken),
        ({"exp": None}, pv.MalformedToken),
        ({"exp": "1900000000"}, pv.MalformedToken),
        ({"exp": True}, pv.MalformedToken),
        ({"exp": 10**400}, pv.MalformedToken),
        ({"exp": 1e300}, pv.MalformedToken),
        ({"exp": -1}, pv.MalformedToken),
        ({"exp": 253_402_300_800}, pv.MalformedToken),
        ({"nbf": "0"}, pv.MalformedToken),
        ({"iat": None}, pv.MalformedToken),
    ],
)
def test_a_genuine_token_that_says_the_wrong_thing_is_refused(issuer, clock, claims, error):
    verifier = issuer.verifier(client_ids=["test-client"], scopes=["needed"], clock=clock)
    verifier.verify(issuer.access_token(scopes=["needed"]))
    with pytest.raises(error) as caught:
        verifier.verify(issuer.access_token(scopes=["needed"], claims=claims))
    assert type(caught.value) is error


def test_a_token_without_an_end_is_refused(issuer, clock):
    claims = {"iss": issuer.issuer, "token_use": "access", "sub": "a", "client_id": "a"}
    with pytest.raises(pv.MalformedToken, match="exp is missing"):
        issuer.verifier(clock=clock).verify(issuer.sign(claims))


def test_access_and_id_tokens_never_stand_in_for_each_other(issuer, clock):
    access, identity = issuer.access_token(client_id="web"), issuer.id_token(client_id="web")
    with pytest.raises(pv.WrongTokenUse):
        issuer.verifier(clock=clock).verify(identity)
    with pytest.raises(pv.WrongTokenUse):
        issuer.verifier(token_use="id", client_ids="web", clock=clock).verify(access)


@pytest.mark.parametrize(
    ("typ", "accepted"),
    [
        ("JWT", True),
        ("jwt", True),
        ("at+jwt", True),
        ("application/at+jwt", True),
        ("logout+jwt", False),
        ("dpop+jwt", False),
        ("", False),
        (5, False),
    ],
)
def test_a_token_typed_as_something_else_is_no_access_token(issuer, clock, typ, accepted):
    claims = dict(issuer.verifier(clock=clock).verify(issuer.access_token()))
    text = issuer.sign(claims, {"typ": typ})
    if accepted:
        issuer.verifier(clock=clock).verify(text)
    else:
        with pytest.raises(pv.WrongTokenUse, match="typ"):
            issuer.verifier(clock=clock).verify(text)


def test_an_access_token_typed_so_is_no_id_token(issuer, clock):
    verifier = issuer.verifier(token_use="id", client_ids="test-client", clock=clock)
    claims = dict(verifier.verify(issuer.id_token()))
    with pytest.raises(pv.WrongTokenUse, match="typ"):
        verifier.verify(issuer.sign(claims, {"typ": "at+jwt"}))


@pytest.mark.parametrize(
    ("audience", "aud", "accepted"),
    [
        (None, "https://orders.example", False),
        (None, ["test-client", "https://orders.example"], False),
        (None, "test-client", True),
        (None, ["test-client"], True),
        ("https://orders.example", "https://orders.example", True),
        ("https://orders.example", ["https://bills.example", "https://orders.example"], True),
        (["https://a.example", "https://b.example"], "https://b.example", True),
        ("https://orders.example", "https://orders.example/", False),
        ("https://orders.example", "test-client", False),
        ("https://orders.example", [], False),
    ],
)
def test_a_token_bound_to_a_service_is_for_that_service_alone(issuer, clock, audience, aud, accepted):
    verifier = issuer.verifier(audience=audience, clock=clock)
    text = issuer.access_token(claims={"aud": aud})
    if accepted:
        verifier.verify(text)
    else:
        with pytest.raises(pv.WrongAudience):
            verifier.verify(text)


def test_a_token_without_audience_is_refused_where_one_is_required(issuer, clock):
    with pytest.raises(pv.WrongAudience):
        issuer.verifier(audience="https://orders.example", clock=clock).verify(issuer.access_token())


def test_scopes_of_one_call_are_required_beside_the_verifiers_own(issuer, clock):
    verifier = issuer.verifier(scopes="a/1", clock=clock)
    text = issuer.access_token(scopes=["a/1", "a/2"])
    verifier.verify(text, scopes=["a/2"])
    with pytest.raises(pv.MissingScope) as caught:
        verifier.verify(text, scopes=["a/3"])
    assert caught.value.required == {"a/1", "a/3"}
    with pytest.raises(pv.MissingScope):
        verifier.verify(issuer.access_token(scopes=["a/2"]), scopes=["a/2"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"client_ids": []}, "client_ids is empty"),
        ({"audience": []}, "audience is empty"),
        ({"token_use": "refresh"}, "token_use"),
        ({"token_use": "id"}, "client_ids"),
        ({"token_use": "id", "client_ids": "a", "scopes": "b"}, "no scopes"),
        ({"token_use": "id", "client_ids": "a", "audience": "b"}, "audience"),
        ({"leeway": timedelta(seconds=61)}, "leeway"),
        ({"leeway": timedelta(seconds=-1)}, "leeway"),
        ({"scopes": ['a"b']}, "not a scope"),
        ({"scopes": ["a b"]}, "not a scope"),
        ({"jwks_uri": "https://issuer.example/keys"}, "either"),
    ],
)
def test_a_verifier_that_cannot_be_meant_so_is_refused_when_made(issuer, options, words):
    with pytest.raises(ValueError, match=words):
        issuer.verifier(**options)


@pytest.mark.parametrize(
    "address",
    [
        "http://issuer.example/pool",
        "http://10.0.0.1/pool",
        "http://localhost.evil.example/pool",
        "ftp://issuer.example/pool",
        "file:///etc/passwd",
        "issuer.example",
        "https://",
        "https://user@issuer.example/pool",
        "https://issuer.example/pool#x",
        "https://issuer.example/po ol",
        "https://issuer.example:99999/pool",
        "",
    ],
)
def test_an_issuer_whose_keys_could_be_replaced_on_the_way_is_refused(address):
    with pytest.raises(ValueError, match=r"."):
        pv.TokenVerifier(address)


@pytest.mark.parametrize(
    "address",
    ["http://localhost:9229/p", "http://127.0.0.2/p", "http://[::1]:1/p", "http://pool.localhost/p"],
)
def test_plain_http_is_good_enough_on_this_machine(address):
    assert pv.TokenVerifier(address).keys.uri == address + "/.well-known/jwks.json"


def test_plain_http_elsewhere_must_be_allowed():
    assert pv.TokenVerifier("http://poolhouse:9229/p", allow_http=True).issuer == "http://poolhouse:9229/p"


def test_a_cognito_pool_is_named_by_its_id():
    verifier = pv.TokenVerifier.for_cognito("eu-west-1_Ab12Cd34E", client_ids=["a"], scopes=["b/c"])
    assert verifier.issuer == "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab12Cd34E"
    assert verifier.keys.uri == verifier.issuer + "/.well-known/jwks.json"
    assert "amazonaws.com.cn/" in pv.cognito_issuer("cn-north-1_Ab12Cd34E")
    assert "us-gov-west-1.amazonaws.com/" in pv.cognito_issuer("us-gov-west-1_Ab12Cd34E")


@pytest.mark.parametrize(
    "pool_id", ["", "eu-west-1", "evil.example/eu-west-1_A", "eu-west-1_A/b", "eu-west-1_A\n", "_A"]
)
def test_what_is_no_pool_id_gives_no_issuer(pool_id):
    with pytest.raises(ValueError, match="user pool"):
        pv.cognito_issuer(pool_id)
