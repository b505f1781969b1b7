"""Social providers, whose addresses are fixed, and providers that speak OAuth 2.0 alone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey
from tests.browser.fake_provider import CLIENT_ID, CLIENT_SECRET, LOOPBACK, FakeProvider, a_fake_provider
from tests.browser.houses import a_house, answer_of
from tests.browser.providers import GOOGLE, Traveller, add_provider, let_in
from tests.conftest import a_server_on
from tests.harness import RunningServer

from poolhouse.core.provider_claims import apple_name, flattened, people_value

KEY = ec.generate_private_key(ec.SECP256R1())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
APPLE = {
    "client_id": CLIENT_ID,
    "team_id": "TEAM",
    "key_id": "KEY",
    "private_key": PEM,
    "authorize_scopes": "email name",
}


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("social")
    with a_server_on(
        "sqlite", folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with a_fake_provider() as provider:
        yield provider


def a_social_traveller(server: RunningServer, type: str, details: dict[str, str], **more: Any) -> Traveller:
    house = a_house(server)
    add_provider(house.cognito, house.pool_id, type, type, details, **more)
    let_in(house, type)
    return Traveller(house)


@contextmanager
def standing_in(server: RunningServer, fake: FakeProvider, *hosts: str) -> Iterator[None]:
    """What the server asks these hosts reaches the fake one, as `/{host}{path}`."""
    outbound = server.server.parts.ports.outbound
    get, post = type(outbound).get, type(outbound).post

    def near(url: str) -> str:
        parts = urlsplit(url)
        if parts.hostname not in hosts:
            return url
        return f"{fake.issuer}/{parts.hostname}{parts.path}?{parts.query}"

    async def near_get(self: Any, url: str, *rest: Any, **options: Any) -> Any:
        return await get(self, near(url), *rest, **options)

    async def near_post(self: Any, url: str, *rest: Any, **options: Any) -> Any:
        return await post(self, near(url), *rest, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(outbound), "get", near_get)
        patch.setattr(type(outbound), "post", near_post)
        yield


def sent_to(traveller: Traveller, provider: str, **changes: str) -> tuple[str, dict[str, str]]:
    address = traveller.leave(provider, **changes)
    head, _, query = address.partition("?")
    return head, dict(parse_qsl(query, strict_parsing=True))


@pytest.mark.parametrize(
    ("type", "details", "address", "scope"),
    [
        ("Google", GOOGLE, "https://accounts.google.com/o/oauth2/v2/auth", "openid email profile"),
        (
            "Facebook",
            {"client_id": "f", "client_secret": "s", "authorize_scopes": "public_profile, email"},
            "https://www.facebook.com/v17.0/dialog/oauth",
            "public_profile, email",
        ),
        (
            "LoginWithAmazon",
            {"client_id": "a", "client_secret": "s", "authorize_scopes": "profile postal_code"},
            "https://www.amazon.com/ap/oa",
            "profile postal_code",
        ),
        ("SignInWithApple", APPLE, "https://appleid.apple.com/auth/authorize", "email name"),
    ],
)
def test_where_a_social_provider_is(
    server: RunningServer, type: str, details: dict[str, str], address: str, scope: str
) -> None:
    traveller = a_social_traveller(server, type, details)
    head, asked = sent_to(traveller, type, login_hint="ada@example.com", prompt="select_account")
    assert head == address
    assert asked["scope"] == scope
    assert asked["client_id"] == details["client_id"]
    assert asked["redirect_uri"] == f"{traveller.home}/oauth2/idpresponse"
    assert asked["prompt"] == "select_account"
    assert ("login_hint" in asked) == (type == "Google")
    assert asked.get("response_mode") == ("form_post" if type == "SignInWithApple" else None)


def test_google_signs_people_in(server: RunningServer, fake: FakeProvider) -> None:
    traveller = a_social_traveller(
        server,
        "Google",
        {**GOOGLE, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        AttributeMapping={"email": "email", "email_verified": "email_verified"},
    )
    fake.claims = {"sub": "1023", "email": "ada@gmail.example", "email_verified": True}
    fake.change = lambda claims: {**claims, "iss": "https://accounts.google.com"}
    fake.paths = {
        "/www.googleapis.com/oauth2/v4/token": "/token",
        "/www.googleapis.com/oauth2/v3/certs": "/jwks",
    }
    with standing_in(server, fake, "www.googleapis.com"):
        assert "code" in traveller.sign_in(fake, "Google")
    user = traveller.user("Google_1023")
    assert (user["email"], user["email_verified"]) == ("ada@gmail.example", "true")


def test_facebook_is_asked_by_get_and_for_the_mapped_fields(
    server: RunningServer, fake: FakeProvider
) -> None:
    traveller = a_social_traveller(
        server,
        "Facebook",
        {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, "authorize_scopes": "public_profile, email"},
        AttributeMapping={"email": "email", "name": "name"},
    )
    fake.user = {"id": "77", "name": "Ada", "email": "ada@fb.example"}
    graph = "/graph.facebook.com/v17.0"
    fake.paths = {f"{graph}/oauth/access_token": "/token", f"{graph}/me": "/userinfo"}
    with standing_in(server, fake, "graph.facebook.com"):
        assert "code" in traveller.sign_in(fake, "Facebook")
    assert fake.seen[-1] == ("/userinfo", {"fields": "email,id,name"})
    assert traveller.user("Facebook_77")["name"] == "Ada"


def test_apple_posts_and_gets_a_secret_that_a_key_signed(server: RunningServer, fake: FakeProvider) -> None:
    traveller = a_social_traveller(
        server, "SignInWithApple", APPLE, AttributeMapping={"email": "email", "name": "name"}
    )
    fake.claims = {"sub": "000.apple", "email": "ada@privaterelay.example", "email_verified": "true"}
    fake.change = lambda claims: {**claims, "iss": "https://appleid.apple.com"}
    fake.check_secret = False
    fake.paths = {
        "/appleid.apple.com/auth/token": "/token",
        "/appleid.apple.com/auth/keys": "/jwks",
    }
    with standing_in(server, fake, "appleid.apple.com"):
        back = urlsplit(fake.answer_to(traveller.leave("SignInWithApple")))
        form = dict(parse_qsl(back.query)) | {"user": '{"name":{"firstName":"Ada","lastName":"L"}}'}
        # As browsers do: with another site's post goes no cookie.
        posted = traveller.browser.post(
            f"{traveller.home}/oauth2/idpresponse", data=form, headers={"cookie": ""}
        )
        assert posted.status_code == 303
        location = posted.headers["location"]
        assert "code" in answer_of(traveller.browser.get(f"{server.settings.public_url}{location}"))
    secret = next(parameters["client_secret"] for path, parameters in fake.seen if path == "/token")
    token = jwt.decode(secret, ECKey.import_key(PEM), algorithms=["ES256"])
    assert token.header == {"typ": "JWT", "alg": "ES256", "kid": "KEY"}
    assert (token.claims["iss"], token.claims["sub"]) == ("TEAM", CLIENT_ID)
    assert token.claims["aud"] == "https://appleid.apple.com"
    assert token.claims["exp"] <= time.time() + 15_777_000
    user = traveller.user("SignInWithApple_000.apple")
    assert (user["name"], user["email"]) == ("Ada L", "ada@privaterelay.example")


def test_a_provider_of_oauth2_alone(server: RunningServer, fake: FakeProvider) -> None:
    house = a_house(server)
    details = {
        "poolhouse_type": "oauth2",
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
        "authorize_scopes": "read:user",
        "authorize_url": f"{fake.issuer}/authorize",
        "token_url": f"{fake.issuer}/token",
        "attributes_url": f"{fake.issuer}/userinfo",
        "poolhouse_subject": "data.id",
    }
    add_provider(
        house.cognito, house.pool_id, "Hub", "OIDC", details, AttributeMapping={"name": "data.login"}
    )
    let_in(house, "Hub")
    traveller = Traveller(house)
    fake.user = {"data": {"id": 4711, "login": "ada"}}
    _, asked = sent_to(traveller, "Hub")
    assert "nonce" not in asked
    assert asked["code_challenge_method"] == "S256"
    assert "code" in traveller.sign_in(fake, "Hub")
    assert traveller.user("Hub_4711")["name"] == "ada"
    fake.user = {"data": {"login": "nobody"}}
    refused = Traveller(house).sign_in(fake, "Hub")
    assert refused["error_description"] == "The identity provider names no user"


def test_a_post_that_is_no_form_leads_to_the_error_page(server: RunningServer) -> None:
    traveller = Traveller(a_house(server))
    answer = traveller.browser.post(f"{traveller.home}/oauth2/idpresponse", json={"state": "x"})
    assert "/error?" in answer.headers["location"]


@pytest.mark.parametrize(
    "text", [None, "", "x", "[]", "{}", '{"name":1}', '{"name":{"firstName":[]}}', "[" * 9_999]
)
def test_a_name_of_apple_that_is_none_is_left_out(text: str | None) -> None:
    assert apple_name(text) == {}


def test_fields_of_google_and_of_objects() -> None:
    assert people_value([{"value": "+1 2", "canonicalForm": "+12"}]) == "+12"
    assert people_value([{"date": {"year": 1815, "month": 12, "day": 10}}]) == "1815-12-10"
    for nothing in (None, [], [1], {}, [{"date": {"month": 1}}]):
        assert people_value(nothing) is None
    assert flattened({"a": {"b": {"c": 1}}})["a.b.c"] == 1
