"""People who sign in by an OpenID Connect provider: one that does well, and one that is wrong in one way."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError
from joserfc.jwk import RSAKey
from tests.browser.fake_provider import (
    CLIENT_ID,
    LOOPBACK,
    FakeProvider,
    a_fake_provider,
    signed,
    unsigned,
    with_another_key,
    with_client_secret,
    with_public_key_as_secret,
)
from tests.browser.houses import answer_of
from tests.browser.providers import Traveller, a_traveller, add_provider, let_in
from tests.conftest import a_server_on
from tests.harness import RunningServer


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("federation")
    with a_server_on(
        "sqlite", folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@contextmanager
def later(server: RunningServer, **by: float) -> Iterator[None]:
    """For a while it is later, at a server that other tests share."""
    server.clock.advance(**by)
    try:
        yield
    finally:
        server.clock.advance(**{unit: -number for unit, number in by.items()})


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with a_fake_provider() as provider:
        yield provider


@pytest.fixture
def traveller(server: RunningServer, fake: FakeProvider) -> Traveller:
    return a_traveller(server, fake)


def test_somebody_new_arrives_and_is_found_again(traveller: Traveller, fake: FakeProvider) -> None:
    answer = traveller.sign_in(fake, nonce="of the application")
    assert answer["state"] == "a state"
    tokens = traveller.tokens(answer["code"])

    user = traveller.user("Other_Ada-1")
    assert user["status"] == "EXTERNAL_PROVIDER"
    assert user["email"] == "ada@provider.example"
    assert user["email_verified"] == "false"
    (identity,) = json.loads(user["identities"])
    assert identity["userId"] == "Ada-1"
    assert (identity["providerName"], identity["providerType"]) == ("Other", "OIDC")
    assert identity["primary"] is True
    assert tokens["id_token"]["sub"] == tokens["access_token"]["sub"] == user["sub"]
    assert tokens["id_token"]["nonce"] == "of the application"
    assert tokens["id_token"]["cognito:username"] == "Other_Ada-1"
    assert tokens["id_token"]["amr"] == ["fed"]
    assert tokens["id_token"]["identities"][0]["userId"] == "Ada-1"
    assert tokens["access_token"]["cognito:groups"] == [f"{traveller.house.pool_id}_Other"]

    fake.claims["email"] = "new@provider.example"
    again = Traveller(traveller.house)
    tokens = again.tokens(again.sign_in(fake)["code"])
    assert tokens["id_token"]["sub"] == user["sub"]
    assert traveller.user("Other_Ada-1")["email"] == "new@provider.example"


def test_what_is_asked_of_the_provider(traveller: Traveller, fake: FakeProvider) -> None:
    asked = dict(
        parse_qsl(
            urlsplit(traveller.leave(login_hint="ada@example.com", prompt="login select_account")).query,
            strict_parsing=True,
        )
    )
    assert asked["redirect_uri"] == f"{traveller.home}/oauth2/idpresponse"
    assert asked["client_id"] == CLIENT_ID
    assert asked["scope"] == "openid email"
    assert asked["login_hint"] == "ada@example.com"
    assert asked["prompt"] == "login select_account"
    assert asked["code_challenge_method"] == "S256"
    assert len(asked["nonce"]) >= 32
    fake.answer_to(f"x?{urlencode(asked)}")


def test_a_provider_is_found_by_its_identifier(traveller: Traveller, fake: FakeProvider) -> None:
    house = traveller.house
    house.cognito.update_identity_provider(
        UserPoolId=house.pool_id, ProviderName="Other", IdpIdentifiers=["provider.example"]
    )
    back = traveller.authorize(idp_identifier="provider.example")
    assert back.headers["location"].startswith(f"{fake.issuer}/authorize?")
    assert answer_of(traveller.authorize(idp_identifier="nobody.example"))["error"] == "invalid_request"


def test_the_browser_is_signed_in_for_the_next_application(traveller: Traveller, fake: FakeProvider) -> None:
    traveller.sign_in(fake)
    assert "code" in answer_of(traveller.authorize())
    assert "code" in answer_of(traveller.authorize(prompt="none", identity_provider="Other"))


def _later(**by: int) -> Any:
    return lambda claims: {**claims, **{name: claims["iat"] + seconds for name, seconds in by.items()}}


FAULTS = {
    "another nonce": lambda claims: {**claims, "nonce": "x" * 43},
    "no nonce": lambda claims: {name: v for name, v in claims.items() if name != "nonce"},
    "another audience": lambda claims: {**claims, "aud": "somebody else"},
    "more audiences and no azp": lambda claims: {**claims, "aud": [CLIENT_ID, "somebody else"]},
    "another azp": lambda claims: {**claims, "azp": "somebody else"},
    "another issuer": lambda claims: {**claims, "iss": claims["iss"] + "/"},
    "expired": _later(exp=-3600),
    "of tomorrow": _later(iat=86_400),
    "not valid yet": _later(nbf=3600),
    "no subject": lambda claims: {**claims, "sub": ""},
    "a subject that is a number": lambda claims: {**claims, "sub": 7},
    "of another access token": lambda claims: {**claims, "at_hash": "AAAAAAAAAAAAAAAAAAAAAA"},
    "an expiry that is a text": lambda claims: {**claims, "exp": "never"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_id_token_that_proves_nothing_signs_nobody_in(
    traveller: Traveller, fake: FakeProvider, fault: str
) -> None:
    fake.change = FAULTS[fault]
    _signs_nobody_in(traveller, fake)


@pytest.mark.parametrize(
    "sign",
    [unsigned, with_public_key_as_secret, with_client_secret, with_another_key],
    ids=lambda f: f.__name__,
)
def test_a_signature_counts_only_by_a_key_and_algorithm_of_the_provider(
    traveller: Traveller, fake: FakeProvider, sign: Any
) -> None:
    fake.sign = sign
    _signs_nobody_in(traveller, fake)


def _signs_nobody_in(traveller: Traveller, fake: FakeProvider) -> None:
    answer = traveller.sign_in(fake)
    assert answer["error"] == "invalid_request"
    assert "code" not in answer
    assert answer["state"] == "a state"
    assert answer_of(traveller.authorize(prompt="none"))["error"] == "login_required"
    with pytest.raises(ClientError, match="UserNotFoundException"):
        traveller.user("Other_Ada-1")


def test_a_provider_that_announces_hmac_signs_with_the_clients_secret(
    server: RunningServer, fake: FakeProvider
) -> None:
    fake.discovery = {"id_token_signing_alg_values_supported": ["HS256"]}
    fake.sign = with_client_secret
    assert "code" in a_traveller(server, fake).sign_in(fake)


def test_new_keys_are_fetched_when_they_are_met_and_at_most_once_a_minute(
    server: RunningServer, traveller: Traveller, fake: FakeProvider
) -> None:
    traveller.sign_in(fake)
    fake.key = RSAKey.generate_key(2048, {"kid": "two"})
    assert Traveller(traveller.house).sign_in(fake)["error"] == "invalid_request"
    with later(server, seconds=61):
        assert "code" in Traveller(traveller.house).sign_in(fake)
    assert [path for path, _ in fake.seen].count("/jwks") == 2


def test_user_info_of_somebody_else_is_not_believed(traveller: Traveller, fake: FakeProvider) -> None:
    fake.user = {"sub": "Eve", "email": "eve@provider.example"}
    assert traveller.sign_in(fake)["error_description"] == "Bad userInfo response: another user"


def test_what_the_id_token_says_counts_more_than_user_info(traveller: Traveller, fake: FakeProvider) -> None:
    fake.user = {"sub": "Ada-1", "email": "other@provider.example"}
    traveller.sign_in(fake)
    assert traveller.user("Other_Ada-1")["email"] == "ada@provider.example"


def test_a_state_is_good_once(traveller: Traveller, fake: FakeProvider) -> None:
    address = traveller.leave()
    first = fake.answer_to(address)
    assert "code" in answer_of(traveller.browser.get(first))
    again = traveller.browser.get(fake.answer_to(address))
    assert urlsplit(again.headers["location"]).path.endswith("/error")


def test_a_state_is_good_for_five_minutes(
    server: RunningServer, traveller: Traveller, fake: FakeProvider
) -> None:
    address = traveller.leave()
    with later(server, minutes=5, seconds=1):
        assert "/error?" in traveller.browser.get(fake.answer_to(address)).headers["location"]


def test_an_answer_counts_only_in_the_browser_that_was_sent(traveller: Traveller, fake: FakeProvider) -> None:
    # Login CSRF: somebody's answer, carried to another's browser.
    back = fake.answer_to(traveller.leave())
    with httpx.Client() as other:
        refused = other.get(back)
        assert "/error?" in refused.headers["location"]
        assert "cognito=" not in str(refused.headers)
    victim = Traveller(traveller.house)
    victim.leave()  # it has a cookie of its own, for another sign-in
    assert "/error?" in victim.browser.get(back).headers["location"]
    assert "code" in answer_of(traveller.browser.get(back))  # and nothing was used up


def test_several_sign_ins_can_be_under_way_in_one_browser(traveller: Traveller, fake: FakeProvider) -> None:
    first, second = traveller.leave(), traveller.leave()
    for address in (first, second):
        assert "code" in answer_of(traveller.browser.get(fake.answer_to(address)))


def test_no_state_no_code_and_nonsense_lead_to_the_error_page(traveller: Traveller) -> None:
    for query in ("", "state=x&code=y", "state=AYABxx", "code=a&code=b&state=c"):
        answer = traveller.browser.get(f"{traveller.home}/oauth2/idpresponse?{query}")
        assert answer.status_code == 302
        assert "/error?error=invalid_request" in answer.headers["location"]


def test_the_session_of_a_password_sign_in_is_no_state(traveller: Traveller) -> None:
    house = traveller.house
    house.cognito.update_user_pool_client(
        UserPoolId=house.pool_id, ClientId=house.client_id, ExplicitAuthFlows=["ALLOW_USER_AUTH"]
    )
    begun = house.cognito.initiate_auth(
        ClientId=house.client_id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    query = urlencode({"state": begun["Session"], "code": "x"})
    answer = traveller.browser.get(f"{traveller.home}/oauth2/idpresponse?{query}")
    assert "/error?" in answer.headers["location"]


def test_a_state_is_no_session_of_a_sign_in(traveller: Traveller) -> None:
    state = dict(parse_qsl(urlsplit(traveller.leave()).query))["state"]
    with pytest.raises(ClientError, match="NotAuthorizedException"):
        traveller.house.cognito.respond_to_auth_challenge(
            ClientId=traveller.house.client_id,
            ChallengeName="PASSWORD",
            Session=state,
            ChallengeResponses={"USERNAME": "ada", "PASSWORD": "x"},
        )


def test_a_refusal_of_the_provider_reaches_the_application(traveller: Traveller, fake: FakeProvider) -> None:
    back = fake.answer_to(traveller.leave(), error="access_denied", error_description='no "way" é')
    answer = answer_of(traveller.browser.get(back))
    assert answer["error"] == "invalid_request"
    assert answer["error_description"] == "no ?way? ? error=access_denied"


def test_an_answer_of_another_issuer_is_a_mix_up(server: RunningServer, fake: FakeProvider) -> None:
    fake.discovery = {"authorization_response_iss_parameter_supported": True}
    traveller = a_traveller(server, fake)
    for changes in ({}, {"iss": "https://other.example"}):
        answer = answer_of(traveller.browser.get(fake.answer_to(traveller.leave(), **changes)))
        assert answer["error"] == "invalid_request"
    good = fake.answer_to(traveller.leave(), iss=fake.issuer)
    assert "code" in answer_of(traveller.browser.get(good))


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((503, b"{}"), "Other Error - 503 error getting token"),
        ((400, b'{"error":"invalid_grant"}'), "Other Error - 400 error getting token"),
        ((200, b"no JSON"), "Bad token response: no JSON object"),
        ((200, b"[]"), "Bad token response: no JSON object"),
        ((200, b"[" * 100_000), "Bad token response: no JSON object"),
        ((200, b'{"token_type":"Bearer"}'), "Bad token response: no access_token"),
        (
            (200, b'{"access_token":"x","token_type":"mac"}'),
            "Bad token response: another token_type than Bearer",
        ),
        ((200, b'{"access_token":"x"}'), "Bad token response: no id_token"),
        ((200, b" " * 50_000_000), "Other Error - error getting token"),
    ],
    ids=["503", "400", "text", "list", "deep", "no token", "another type", "no ID token", "fifty megabytes"],
)
def test_a_bad_token_answer_is_told_to_the_application(
    traveller: Traveller, fake: FakeProvider, answer: tuple[int, bytes], said: str
) -> None:
    fake.token_answer = answer
    assert traveller.sign_in(fake)["error_description"] == said


def test_a_slow_provider_costs_no_more_than_its_time(
    traveller: Traveller, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolhouse.ports.guarded.WITHIN", 0.3)
    fake.delays["/token"] = 30
    started = time.monotonic()
    assert traveller.sign_in(fake)["error_description"] == "Timeout occurred in calling IdP token endpoint"
    fake.delays = {"/jwks": 30}
    assert traveller.sign_in(fake)["error_description"] == "Timeout in calling jwks uri"
    assert time.monotonic() - started < 8


def test_a_provider_of_another_client_or_none_is_refused(traveller: Traveller, fake: FakeProvider) -> None:
    house = traveller.house
    address = traveller.leave()
    let_in(house)
    assert answer_of(traveller.authorize(identity_provider="Other"))["error"] == "invalid_request"
    # Taken away while somebody was there:
    assert "/error?" in traveller.browser.get(fake.answer_to(address)).headers["location"]
    let_in(house, "Other")
    house.cognito.delete_identity_provider(UserPoolId=house.pool_id, ProviderName="Other")
    assert answer_of(traveller.authorize(identity_provider="Other"))["error"] == "invalid_request"


def test_a_disabled_person_does_not_arrive(traveller: Traveller, fake: FakeProvider) -> None:
    house = traveller.house
    traveller.sign_in(fake)
    house.cognito.admin_disable_user(UserPoolId=house.pool_id, Username="Other_Ada-1")
    answer = Traveller(house).sign_in(fake)
    assert (answer["error"], answer["error_description"]) == ("invalid_request", "User is disabled.")


def test_the_levels_of_the_provider_become_the_pools(server: RunningServer, fake: FakeProvider) -> None:
    traveller = a_traveller(server, fake, provider={"AcrMapping": {"Level1": "low", "Level3": "high"}})
    fake.claims |= {"acr": "high", "auth_time": int(time.time() + 10_000)}
    address = traveller.leave(acr_values="urn:cognito:loa:3", max_age="60")
    asked = dict(parse_qsl(urlsplit(address).query))
    assert (asked["acr_values"], asked["max_age"]) == ("high", "60")
    tokens = traveller.tokens(answer_of(traveller.browser.get(fake.answer_to(address)))["code"])
    assert tokens["id_token"]["acr"] == "urn:cognito:loa:3"
    fake.claims |= {"auth_time": 1}
    stale = fake.answer_to(traveller.leave(max_age="0", prompt="login"))
    assert answer_of(traveller.browser.get(stale))["error"] == "invalid_request"


def test_another_poolhouse_is_a_provider(server: RunningServer, own_server: Any, fake: FakeProvider) -> None:
    from tests.browser.houses import a_house, an_application

    there = a_house(own_server())
    house = a_house(server)
    here = Traveller(house)
    client = an_application(
        there.cognito,
        there.pool_id,
        CallbackURLs=[f"{here.home}/oauth2/idpresponse"],
        GenerateSecret=True,
    )
    details = {
        "client_id": client["ClientId"],
        "client_secret": client["ClientSecret"],
        "authorize_scopes": "openid email",
        "oidc_issuer": there.issuer,
        "attributes_request_method": "GET",
    }
    mapping = {"email": "email", "email_verified": "email_verified"}
    add_provider(house.cognito, house.pool_id, "There", "OIDC", details, AttributeMapping=mapping)
    let_in(house, "There")

    address = here.leave("There")
    there.client = client
    there.sign_in()
    at_provider = there.browser.get(address.replace("localhost", "127.0.0.1", 1))
    tokens = here.tokens(answer_of(here.browser.get(at_provider.headers["location"]))["code"])
    user = here.user(f"There_{there.sub}")
    assert tokens["id_token"]["sub"] == user["sub"]
    assert (user["email"], user["email_verified"]) == ("ada@example.com", "true")


def test_a_discovery_of_another_issuer_makes_no_provider(server: RunningServer, fake: FakeProvider) -> None:
    fake.discovery = {"issuer": "https://other.example"}
    with pytest.raises(ClientError, match="of another issuer"):
        a_traveller(server, fake)
    fake.discovery = {"token_endpoint": "javascript:alert(1)"}
    with pytest.raises(ClientError, match="not a web address"):
        a_traveller(server, fake)


def test_a_key_that_says_itself_what_it_is_for_is_taken_at_its_word(fake: FakeProvider) -> None:
    from poolhouse.core.oidc_tokens import is_meant

    key = fake.key.as_dict(private=False)
    assert is_meant(key, "RS256", "one")
    for changed in ({"use": "enc"}, {"alg": "RS512"}, {"kty": "EC"}, {"kid": "two"}, {"n": "AQAB"}):
        assert not is_meant({**key, **changed}, "RS256", "one")
    assert signed({}, fake.key)
