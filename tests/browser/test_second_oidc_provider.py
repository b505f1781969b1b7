"""People of node's `oidc-provider`: a provider that others wrote, as it comes, and with each fault it can be given."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError
from playwright.sync_api import Page as BrowserPage
from tests.browser.application import an_application
from tests.browser.fake_provider import LOOPBACK
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page
from tests.browser.providers import Traveller, add_provider, let_in
from tests.browser.second_parties import Party, a_party
from tests.browser.test_oidc_federation import later
from tests.conftest import a_server_on
from tests.harness import RunningServer

NAME = "Second"
SECRET = "forty characters that the two of them keep"
MAPPING = {"email": "email", "email_verified": "email_verified"}


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("second")
    with a_server_on(
        "sqlite", folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@pytest.fixture(scope="module")
def party() -> Iterator[Party]:
    with a_party("oidc-provider.mjs") as party:
        yield party


@dataclass
class Journey(Traveller):
    """A browser that goes from an application by this server to the second party, signs in there, and comes back."""

    house: House
    party: Party
    issuer: str = ""
    client: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        Traveller.__init__(self, self.house)

    def configure(self, client: dict[str, Any] | None = None, **options: Any) -> None:
        """Have the provider know this pool as a client, with settings of its own."""
        self.client |= {
            "client_id": "pool",
            "client_secret": SECRET,
            "redirect_uris": [f"{self.home}/oauth2/idpresponse"],
            "token_endpoint_auth_method": "client_secret_post",
            **(client or {}),
        }
        others = options.pop("others", [])
        self.issuer = self.party.order(configure={"clients": [self.client, *others], **options}, change={})

    def befriend(self, name: str = NAME, details: dict[str, str] | None = None, **more: Any) -> None:
        """Have the pool know the provider, by its discovery."""
        given = {
            "client_id": "pool",
            "client_secret": SECRET,
            "authorize_scopes": "openid email",
            "oidc_issuer": self.issuer,
            "attributes_request_method": "GET",
            **(details or {}),
        }
        add_provider(
            self.house.cognito, self.house.pool_id, name, "OIDC", given, AttributeMapping=MAPPING, **more
        )

    def change(self, path: str, **change: Any) -> None:
        """What becomes of the provider's answers at a path."""
        self.party.order(change={path: change})

    def there(self, address: str, name: str = "ada", go: str = "in", acr: str = "") -> str:
        """Sign in at the provider, to which `address` leads; where that sends the browser."""
        answer = self.browser.get(address)
        while answer.status_code in (302, 303):
            address = urljoin(str(answer.url), answer.headers["location"])
            if not address.startswith(self.issuer):
                return address
            answer = self.browser.get(address)
        page = Page(self.browser, answer)
        assert page.title == "Sign in elsewhere", answer.text
        answer = page.post(name=name, go=go, acr=acr)
        while True:
            address = urljoin(str(answer.url), answer.headers["location"])
            if not address.startswith(self.issuer):
                return address
            answer = self.browser.get(address)

    def back(self, address: str) -> dict[str, str]:
        """What the application is told when the browser comes back with this."""
        assert address.startswith(f"{self.home}/oauth2/idpresponse?"), address
        return answer_of(self.browser.get(address))

    def goes(self, **asked: Any) -> dict[str, str]:
        """The whole way; what the application is told."""
        return self.back(self.there(self.leave(NAME), **asked))

    def leads_nowhere(self, **asked: Any) -> str:
        """Nobody is signed in; why, in the words that the application hears."""
        answer = self.goes(**asked)
        assert (answer["error"], answer["state"]) == ("invalid_request", "a state")
        assert "code" not in answer
        assert answer_of(self.authorize(prompt="none"))["error"] == "login_required"
        with pytest.raises(ClientError, match="UserNotFoundException"):
            self.user(f"{NAME}_ada")
        return answer["error_description"]


def a_journey(
    server: RunningServer, party: Party, client: dict[str, Any] | None = None, **options: Any
) -> Journey:
    journey = Journey(a_house(server), party)
    details, more = options.pop("details", {}), options.pop("provider", {})
    journey.configure(client, **options)
    journey.befriend(details=details, **more)
    let_in(journey.house, NAME)
    return journey


@pytest.fixture
def journey(server: RunningServer, party: Party) -> Journey:
    return a_journey(server, party)


# --- as it comes --------------------------------------------------------------------------------------------------


def test_somebody_arrives_and_is_found_again(journey: Journey) -> None:
    tokens = journey.tokens(journey.goes()["code"])
    user = journey.user(f"{NAME}_ada")
    assert tokens["id_token"]["sub"] == user["sub"]
    assert (user["email"], user["email_verified"]) == ("ada@provider.example", "true")
    assert json.loads(user["identities"])[0]["userId"] == "ada"
    # The provider knows the browser now, and asks nothing: not even a page is seen.
    again = Journey(journey.house, journey.party, journey.issuer)
    for cookie in journey.browser.cookies.jar:
        if cookie.domain == "127.0.0.1":
            again.browser.cookies.jar.set_cookie(cookie)
    back = again.browser.get(again.leave(NAME)).headers["location"]
    assert again.tokens(again.back(back)["code"])["id_token"]["sub"] == user["sub"]


def test_a_real_browser_goes_there_and_back(server: RunningServer, party: Party, page: BrowserPage) -> None:
    with an_application() as application:
        house = a_house(server, client={"CallbackURLs": [application.callback]})
        journey = Journey(house, party)
        journey.configure()
        journey.befriend()
        let_in(house, NAME, CallbackURLs=[application.callback])
        asked = house.asking(redirect_uri=application.callback, scope="openid")
        page.goto(f"{journey.home}/oauth2/authorize?{urlencode(asked)}")
        page.get_by_role("button", name=NAME).or_(page.get_by_role("link", name=NAME)).click()
        page.wait_for_url(f"{journey.issuer}/**")
        page.locator("input[name=name]").fill("ada")
        page.get_by_text("Sign in", exact=True).click()
        page.wait_for_url(f"{application.callback}**")
        (answer,) = application.answers()
        redeemed = house.redeem(answer["code"], redirect_uri=application.callback)
        assert redeemed.status_code == 200, redeemed.text


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA", "Ed25519", "HS256"])
def test_it_signs_by_each_algorithm_that_it_announces(
    server: RunningServer, party: Party, algorithm: str
) -> None:
    journey = a_journey(server, party, {"id_token_signed_response_alg": algorithm})
    assert "code" in journey.goes()


def test_claims_are_found_in_the_id_token_as_well_as_in_user_info(
    server: RunningServer, party: Party
) -> None:
    journey = a_journey(server, party, settings={"conformIdTokenClaims": False})
    journey.goes()
    assert journey.user(f"{NAME}_ada")["email"] == "ada@provider.example"


def test_a_level_of_the_provider_is_asked_for_and_told(server: RunningServer, party: Party) -> None:
    journey = a_journey(server, party, provider={"AcrMapping": {"Level1": "low", "Level3": "high"}})
    address = journey.leave(NAME, acr_values="urn:cognito:loa:3", max_age="60")
    asked = dict(parse_qsl(urlsplit(address).query))
    assert (asked["acr_values"], asked["max_age"]) == ("high", "60")
    tokens = journey.tokens(journey.back(journey.there(address, acr="high"))["code"])
    assert tokens["id_token"]["acr"] == "urn:cognito:loa:3"


def test_its_pairwise_subjects_are_one_person_each_time(server: RunningServer, party: Party) -> None:
    journey = a_journey(server, party, {"subject_type": "pairwise"}, settings={"subjectTypes": ["pairwise"]})
    first = journey.tokens(journey.goes()["code"])["id_token"]
    other = Journey(journey.house, party, journey.issuer)
    assert other.tokens(other.goes()["code"])["id_token"]["sub"] == first["sub"]
    assert first["cognito:username"] != f"{NAME}_ada"


# --- what it refuses ----------------------------------------------------------------------------------------------


def test_whoever_turns_away_there_is_not_signed_in(journey: Journey) -> None:
    assert journey.leads_nowhere(go="away") == "Ada went away error=access_denied"


def test_a_client_that_it_wants_to_prove_itself_in_another_way_is_refused(
    server: RunningServer, party: Party
) -> None:
    journey = a_journey(server, party, {"token_endpoint_auth_method": "client_secret_jwt"})
    assert journey.leads_nowhere() == f"{NAME} Error - 401 error getting token"


def test_a_wrong_secret_is_refused(server: RunningServer, party: Party) -> None:
    journey = a_journey(server, party, details={"client_secret": "another"})
    assert journey.leads_nowhere() == f"{NAME} Error - 401 error getting token"


def test_requests_that_it_wants_pushed_are_refused(server: RunningServer, party: Party) -> None:
    pushed = {"pushedAuthorizationRequests": {"enabled": True, "requirePushedAuthorizationRequests": True}}
    journey = a_journey(server, party, settings={"features": pushed})
    back = journey.there(journey.leave(NAME))
    assert journey.back(back)["error_description"].endswith("error=invalid_request")


def test_an_address_that_it_does_not_know_gets_nothing(server: RunningServer, party: Party) -> None:
    journey = a_journey(server, party, {"redirect_uris": ["https://elsewhere.example/"]})
    answer = journey.browser.get(journey.leave(NAME))
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_a_code_of_it_is_good_once(journey: Journey) -> None:
    first = journey.there(journey.leave(NAME))
    assert "code" in journey.back(first)
    # The same answer once more; and its code, in an answer to another sign-in.
    assert "/error?" in journey.browser.get(first).headers["location"]
    told = dict(parse_qsl(urlsplit(first).query))
    other = Journey(journey.house, journey.party, journey.issuer)
    state = dict(parse_qsl(urlsplit(other.leave(NAME)).query))["state"]
    refused = other.back(f"{journey.home}/oauth2/idpresponse?{urlencode({**told, 'state': state})}")
    assert refused["error_description"] == f"{NAME} Error - 400 error getting token"


def test_a_code_that_was_stolen_is_worth_nothing_in_another_sign_in(journey: Journey) -> None:
    """Code injection (RFC 9700 §4.5): the provider wants the verifier of the sign-in that the code is of."""
    stolen = dict(parse_qsl(urlsplit(journey.there(journey.leave(NAME))).query))
    thief = Journey(journey.house, journey.party, journey.issuer)
    state = dict(parse_qsl(urlsplit(thief.leave(NAME)).query))["state"]
    query = urlencode({**stolen, "state": state})
    refused = thief.back(f"{thief.home}/oauth2/idpresponse?{query}")
    assert refused["error_description"] == f"{NAME} Error - 400 error getting token"


# --- its faults ---------------------------------------------------------------------------------------------------

WRONG = {
    "another nonce": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "another audience": {"aud": "somebody else"},
    "more audiences": {"aud": ["pool", "somebody else"]},
    "another issuer": {"iss": "https://provider.example"},
    "no subject": {"sub": None},
    "no expiry": {"exp": None},
    "of the year 2100": {"iat": 4_102_444_800, "exp": 4_102_448_400},
    "not valid yet": {"nbf": 4_102_444_800},
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_id_token_signs_nobody_in_though_its_signature_is_right(journey: Journey, fault: str) -> None:
    journey.change("/token", claims=WRONG[fault])
    assert journey.leads_nowhere() == "Invalid ID token received"
    journey.party.order(change={})
    assert "code" in journey.goes()  # and it was this fault alone


def test_a_header_may_say_more_than_is_known(journey: Journey) -> None:
    """RFC 7515 §4: such members are ignored. A certificate chain is long."""
    journey.change("/token", claims={}, header={"x5c": ["A" * 2_000] * 3, "colour": "blue"})
    assert "code" in journey.goes()


def test_an_id_token_that_is_over_signs_nobody_in(server: RunningServer, party: Party) -> None:
    journey = a_journey(server, party, lifetimes={"IdToken": 1})
    back = journey.there(journey.leave(NAME))
    with later(server, minutes=3):
        assert journey.back(back)["error_description"] == "Invalid ID token received"


def test_an_id_token_of_another_sign_in_signs_nobody_in(journey: Journey) -> None:
    """Replayed: it is good in each respect but one, the nonce of the sign-in."""
    replayed = id_token_of(journey, {"nonce": "of another sign-in"}, journey.client)
    journey.change("/token", body={"id_token": replayed})
    assert journey.leads_nowhere() == "Invalid ID token received"


def test_an_id_token_that_it_gave_to_another_client_signs_nobody_in(
    server: RunningServer, party: Party
) -> None:
    """With the very nonce of this sign-in, as a client that is evil can have it."""
    evil = {
        "client_id": "evil",
        "client_secret": SECRET,
        "redirect_uris": ["https://evil.example/"],
        "token_endpoint_auth_method": "client_secret_post",
    }
    journey = a_journey(server, party, others=[evil])
    address = journey.leave(NAME)
    nonce = dict(parse_qsl(urlsplit(address).query))["nonce"]
    journey.change("/token", body={"id_token": id_token_of(journey, {"nonce": nonce}, evil)})
    assert journey.back(journey.there(address))["error_description"] == "Invalid ID token received"


def id_token_of(journey: Journey, asked: dict[str, str], client: dict[str, Any]) -> str:
    """What the provider gives to one of its clients for Ada."""
    query = {
        "client_id": client["client_id"],
        "redirect_uri": client["redirect_uris"][0],
        "response_type": "code",
        "scope": "openid",
        "code_challenge": journey.house.challenge,
        "code_challenge_method": "S256",
        **asked,
    }
    other = Journey(journey.house, journey.party, journey.issuer)
    back = other.there(f"{journey.issuer}/auth?{urlencode(query)}")
    answer = httpx.post(
        f"{journey.issuer}/token",
        data={
            "grant_type": "authorization_code",
            "code": dict(parse_qsl(urlsplit(back).query))["code"],
            "redirect_uri": client["redirect_uris"][0],
            "code_verifier": journey.house.verifier,
            "client_id": client["client_id"],
            "client_secret": SECRET,
        },
    )
    token: str = answer.json()["id_token"]
    return token


def test_an_access_token_that_is_another_than_the_id_tokens_is_not_used(journey: Journey) -> None:
    journey.change("/token", claims={"at_hash": "A" * 22})
    assert journey.leads_nowhere() == "Invalid ID token received"
    assert "/me" not in journey.party.order(what="seen")[-2:]


def test_an_encrypted_id_token_is_refused(server: RunningServer, party: Party) -> None:
    client = {"id_token_encrypted_response_alg": "dir", "id_token_encrypted_response_enc": "A256GCM"}
    settings = {
        "features": {"encryption": {"enabled": True}},
        "enabledJWA": {"idTokenEncryptionAlgValues": ["dir"], "idTokenEncryptionEncValues": ["A256GCM"]},
    }
    journey = a_journey(server, party, client, settings=settings)
    assert journey.leads_nowhere() == "Invalid ID token received"


def test_user_info_as_a_token_is_refused(server: RunningServer, party: Party) -> None:
    settings = {"features": {"jwtUserinfo": {"enabled": True}}}
    journey = a_journey(server, party, {"userinfo_signed_response_alg": "RS256"}, settings=settings)
    assert journey.leads_nowhere() == f"{NAME} Error - 200 error getting user"


def test_user_info_of_somebody_else_is_not_believed(journey: Journey) -> None:
    journey.change("/me", body={"sub": "eve"})
    assert journey.leads_nowhere() == "Bad userInfo response: another user"


def test_an_access_token_that_it_does_not_know_any_more_gets_no_user_info(journey: Journey) -> None:
    journey.change("/token", forget=True)
    assert journey.leads_nowhere() == f"{NAME} Error - 401 error getting user"


def test_keys_that_it_changed_are_fetched_again(server: RunningServer) -> None:
    with a_party("oidc-provider.mjs") as party:
        journey = a_journey(server, party)
        assert "code" in journey.goes()
        journey.configure(newKeys=True)
        late = Journey(journey.house, party, journey.issuer)
        assert late.goes()["error_description"] == "Invalid ID token received"  # at most once a minute
        with later(server, seconds=61):
            assert "code" in Journey(journey.house, party, journey.issuer).goes()


@pytest.mark.parametrize(
    ("path", "said"),
    [("/token", "error getting token"), ("/me", "error getting user"), ("/jwks", "error getting keys")],
)
def test_fifty_megabytes_are_not_read(server: RunningServer, path: str, said: str) -> None:
    with a_party("oidc-provider.mjs") as party:  # whose keys are not known yet
        journey = a_journey(server, party)
        journey.change(path, filler=50_000_000)
        assert journey.leads_nowhere() == f"{NAME} Error - {said}"


@pytest.mark.parametrize("path", ["/token", "/me"])
def test_an_answer_of_503_is_told(journey: Journey, path: str) -> None:
    journey.change(path, status=503)
    assert f"{NAME} Error - 503 error getting" in journey.leads_nowhere()


def test_another_providers_answer_is_a_mix_up(journey: Journey) -> None:
    """RFC 9207: the browser is sent to one, and an answer of another comes back with the right state."""
    with a_party("oidc-provider.mjs") as other:
        elsewhere = Journey(journey.house, other)
        elsewhere.configure()
        address = journey.leave(NAME)
        elsewhere.browser = journey.browser
        back = elsewhere.there(address.replace(journey.issuer, elsewhere.issuer))
        refused = journey.back(back)
        assert refused["error_description"] == "Bad id provider response: another issuer"
        # Nor without saying who it is: the provider announced that it says so.
        told = dict(parse_qsl(urlsplit(journey.there(journey.leave(NAME))).query))
        del told["iss"]
        refused = journey.back(f"{journey.home}/oauth2/idpresponse?{urlencode(told)}")
        assert refused["error_description"] == "Bad id provider response: no issuer"


def test_a_provider_under_another_name_than_its_own_makes_none(journey: Journey) -> None:
    other_name = journey.issuer.replace("127.0.0.1", "localhost")
    with pytest.raises(ClientError, match="of another issuer"):
        journey.befriend("Alias", {"oidc_issuer": other_name})


def test_a_provider_that_sleeps_costs_no_more_than_its_time(
    journey: Journey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolhouse.ports.guarded.WITHIN", 0.5)
    back = journey.there(journey.leave(NAME))
    with journey.party.asleep():
        assert journey.back(back)["error_description"] == "Timeout occurred in calling IdP token endpoint"


def test_a_provider_that_has_died_is_told_of_and_makes_none(server: RunningServer) -> None:
    with a_party("oidc-provider.mjs") as party:
        journey = a_journey(server, party)
        back = journey.there(journey.leave(NAME))
        party.end()
        assert journey.back(back)["error_description"] == f"{NAME} Error - error getting token"
        with pytest.raises(ClientError, match="InvalidParameterException"):
            journey.befriend("Dead")
