"""Signing in by a SAML provider, through a browser, at a running server."""

from __future__ import annotations

import base64
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from lxml import etree
from tests.browser.houses import CALLBACK, House, a_house, answer_of
from tests.browser.saml_provider import NS, Provider, key_pair
from tests.harness import RunningServer
from tests.people.people import refusal
from tests.people.tokens import claims_of

NAME = "Okta"


@dataclass
class Guest:
    """A house with a SAML provider, and what a person does between the two."""

    house: House
    idp: Provider

    def provider(self) -> dict[str, Any]:
        answer = self.house.cognito.describe_identity_provider(
            UserPoolId=self.house.pool_id, ProviderName=NAME
        )
        found: dict[str, Any] = answer["IdentityProvider"]
        return found

    def begin(self, **changes: str | None) -> tuple[str, str, dict[str, list[str]]]:
        """Ask to sign in: (the request's id, RelayState, everything in the address)."""
        self.house.browser.cookies.clear()
        answer = self.house.authorize(**{"identity_provider": NAME, **changes})
        location = answer.headers["location"]
        assert location.startswith(f"{self.idp.address}/sso?"), location
        sent = parse_qs(urlsplit(location).query, strict_parsing=True)
        return request_of(sent).get("ID"), sent["RelayState"][0], sent

    def post(
        self, message: bytes, relay_state: str | None, path: str = "/saml2/idpresponse"
    ) -> httpx.Response:
        """The provider's page makes the browser post: another site's post has no cookie of ours with it."""
        form = {"SAMLResponse": base64.b64encode(message).decode()}
        if relay_state is not None:
            form["RelayState"] = relay_state
        with httpx.Client(timeout=20) as bare:
            answer = bare.post(f"{self.house.address}{path}", data=form)
        for cookie in answer.cookies.jar:
            self.house.browser.cookies.jar.set_cookie(cookie)
        return answer

    def come_back(self, posted: httpx.Response) -> httpx.Response:
        assert posted.status_code == 303, posted.text
        return self.house.browser.get(f"{self.house.server.base_url}{posted.headers['location']}")

    def sign_in(self, **options: Any) -> dict[str, str]:
        """The whole way; what the application is sent."""
        id, state, _ = self.begin()
        return answer_of(self.come_back(self.post(self.idp.answer(id, **options), state)))

    def tokens(self, **options: Any) -> dict[str, Any]:
        answer = self.sign_in(**options)
        assert "code" in answer, answer
        found: dict[str, Any] = self.house.redeem(answer["code"]).json()
        return found


def request_of(sent: dict[str, list[str]]) -> Any:
    return etree.fromstring(zlib.decompress(base64.b64decode(sent["SAMLRequest"][0]), -15))


def a_guest(server: RunningServer, details: dict[str, str] | None = None, **options: Any) -> Guest:
    client, address = options.pop("client", {}), options.pop("address", "https://idp.example.com")
    mapping = options.pop("mapping", {"email": "email", "given_name": "name"})
    house = a_house(server, **options)
    idp = Provider(
        entity_id=f"https://idp.example.com/{house.domain}",
        address=address,
        audience=f"urn:amazon:cognito:sp:{house.pool_id}",
        acs=f"{server.settings.public_url}/domains/{house.domain}/saml2/idpresponse",
        now=server.clock.now,
    )
    house.cognito.create_identity_provider(
        UserPoolId=house.pool_id,
        ProviderName=NAME,
        ProviderType="SAML",
        ProviderDetails={"MetadataFile": idp.metadata(), **(details or {})},
        AttributeMapping=mapping,
    )
    allow(house, **client)
    return Guest(house, idp)


def allow(house: House, *providers: str, **changes: Any) -> None:
    """The client may use these providers."""
    kept = {
        name: house.client[name]
        for name in (
            "AllowedOAuthFlowsUserPoolClient",
            "AllowedOAuthFlows",
            "AllowedOAuthScopes",
            "CallbackURLs",
            "LogoutURLs",
            "ExplicitAuthFlows",
        )
    }
    house.client = house.cognito.update_user_pool_client(
        **{
            "UserPoolId": house.pool_id,
            "ClientId": house.client_id,
            **kept,
            "SupportedIdentityProviders": list(providers) or ["COGNITO", NAME],
            **changes,
        }
    )["UserPoolClient"]


@pytest.fixture
def guest(server: RunningServer) -> Guest:
    return a_guest(server)


# --- the way in ---------------------------------------------------------------------------------------------------


def test_somebody_comes_in_by_saml_and_is_a_person_of_the_pool(guest: Guest) -> None:
    tokens = guest.tokens(subject="Bob@Example.com", attributes={"email": "bob@example.com", "name": "Bob"})
    claims = claims_of(tokens["id_token"])
    house = guest.house
    assert claims["cognito:username"] == f"{NAME}_Bob@Example.com"
    assert claims["email"] == "bob@example.com"
    user = house.cognito.admin_get_user(UserPoolId=house.pool_id, Username=claims["cognito:username"])
    assert user["UserStatus"] == "EXTERNAL_PROVIDER"
    (identity,) = claims["identities"]
    assert identity["userId"] == "Bob@Example.com"
    assert identity["providerName"] == NAME
    assert identity["providerType"] == "SAML"
    assert identity["issuer"] == guest.idp.entity_id
    assert claims["cognito:groups"] == [f"{house.pool_id}_{NAME}"]


def test_the_same_subject_is_the_same_person(guest: Guest) -> None:
    first = claims_of(guest.tokens()["access_token"])["sub"]
    again = claims_of(guest.tokens(attributes={"email": "new@example.com"})["access_token"])["sub"]
    other = claims_of(guest.tokens(subject="eve@example.com")["access_token"])["sub"]
    assert first == again != other


def test_the_request_says_who_asks_and_where_to_answer(guest: Guest) -> None:
    _, _, sent = guest.begin()
    request = request_of(sent)
    assert request.findtext("saml:Issuer", None, NS) == guest.idp.audience
    assert request.get("AssertionConsumerServiceURL") == guest.idp.acs
    assert request.get("ForceAuthn") is None
    assert "Signature" not in sent
    assert request_of(guest.begin(prompt="login")[2]).get("ForceAuthn") == "true"


def test_a_request_is_signed_by_the_pools_certificate_where_that_is_set(server: RunningServer) -> None:
    guest = a_guest(server, {"RequestSigningAlgorithm": "rsa-sha256"})
    house = guest.house
    location = house.authorize(identity_provider=NAME).headers["location"]
    text = house.cognito.get_signing_certificate(UserPoolId=house.pool_id)["Certificate"]
    key: Any = x509.load_der_x509_certificate(base64.b64decode(text)).public_key()
    signed, _, _ = urlsplit(location).query.partition("&Signature=")
    signature = parse_qs(urlsplit(location).query)["Signature"][0]
    key.verify(base64.b64decode(signature), signed.encode(), PKCS1v15(), SHA256())


def test_many_values_and_large_answers_arrive(server: RunningServer) -> None:
    schema = [{"Name": "roles", "AttributeDataType": "String", "Mutable": True}]
    guest = a_guest(
        server,
        Schema=schema,
        mapping={"email": "email", "custom:roles": "role"},
        client={"WriteAttributes": ["email", "custom:roles"]},
    )
    many = {"email": "bob@example.com", "role": ["a b", "c,d"], "unused": ["x" * 100] * 1_500}
    name = claims_of(guest.tokens(attributes=many)["id_token"])["cognito:username"]
    user = guest.house.cognito.admin_get_user(UserPoolId=guest.house.pool_id, Username=name)
    found = {one["Name"]: one["Value"] for one in user["UserAttributes"]}
    assert found["custom:roles"] == "[a+b,c%2Cd]"


# --- what the browser brings -----------------------------------------------------------------------------------------


def refused(answer: dict[str, str]) -> str:
    assert answer["error"] == "invalid_request", answer
    assert answer["state"] == "a state"
    return answer["error_description"]


def fails(response: httpx.Response) -> bool:
    """Whether nobody is sent anywhere but to our own page."""
    return "/error?error=" in response.headers.get("location", "")


def test_an_answer_counts_once(guest: Guest) -> None:
    id, state, _ = guest.begin()
    message = guest.idp.answer(id)
    posted = guest.post(message, state)
    assert "code" in answer_of(guest.come_back(posted))
    assert fails(guest.post(message, state))
    assert fails(guest.come_back(posted))


def test_an_assertion_counts_once_even_for_another_request_of_its_id(guest: Guest) -> None:
    id, state, _ = guest.begin()
    message = guest.idp.answer(id)
    with ThreadPoolExecutor(6) as threads:
        posts = list(threads.map(lambda _: guest.post(message, state), range(6)))
    kept = [post for post in posts if "ticket=" in post.headers["location"]]
    assert len(kept) == 1


def test_another_browser_can_not_finish(guest: Guest) -> None:
    """Login CSRF: an attacker's own answer, brought by somebody else's browser."""
    id, state, _ = guest.begin()
    posted = guest.post(guest.idp.answer(id), state)
    guest.house.browser.cookies.clear()
    assert fails(guest.come_back(posted))


def test_an_answer_to_one_request_does_not_fit_another(guest: Guest) -> None:
    id, _, _ = guest.begin()
    _, state, _ = guest.begin()
    description = refused(answer_of(guest.post(guest.idp.answer(id), state)))
    assert description == "Invalid SAML response received: InResponseTo is not our request"


def test_faults_of_the_answer_are_told_to_the_application(guest: Guest) -> None:
    stranger = Provider(
        guest.idp.entity_id, guest.idp.address, guest.idp.audience, guest.idp.acs, key_pair("stranger")
    )
    for message, reason in (
        (lambda id: guest.idp.answer(id, signed="nothing"), "it is not signed"),
        (stranger.answer, "the signature is not valid"),
        (lambda id: b"<a/>", "the message is no Response"),
    ):
        id, state, _ = guest.begin()
        answer = answer_of(guest.post(message(id), state))
        assert refused(answer) == f"Invalid SAML response received: {reason}"


def test_what_is_no_answer_leads_to_our_own_page(guest: Guest) -> None:
    address = f"{guest.house.address}/saml2/idpresponse"
    id, state, _ = guest.begin()
    message = base64.b64encode(guest.idp.answer(id)).decode()
    for form in (
        {},
        {"SAMLResponse": message},
        {"SAMLResponse": message, "RelayState": "AYAB" + "A" * 64},
        {"SAMLResponse": message, "RelayState": "https://evil.example/"},
        {"SAMLResponse": message, "RelayState": "\x00\r\nx: y"},
        {"SAMLResponse": message, "RelayState": "client_id=x&redirect_uri=https://evil.example/"},
    ):
        assert fails(httpx.post(address, data=form))
    twice = urlencode([("SAMLResponse", "a"), ("SAMLResponse", "b"), ("RelayState", state)])
    form_type = {"content-type": "application/x-www-form-urlencoded"}
    assert fails(httpx.post(address, content=twice, headers=form_type))
    assert fails(httpx.post(address, json={}))
    assert fails(httpx.get(address))
    assert fails(httpx.get(f"{address}?ticket={state}"))
    assert httpx.put(address).status_code == 405
    assert httpx.post(address, data={"SAMLResponse": "A" * 600_000}).status_code == 413


def test_a_provider_that_is_removed_stops_at_once(guest: Guest) -> None:
    house = guest.house
    id, state, _ = guest.begin()
    posted = guest.post(guest.idp.answer(id), state)
    allow(house, "COGNITO")
    assert fails(guest.come_back(posted)) or "error" in answer_of(guest.come_back(posted))


def test_an_answer_at_another_pools_domain_is_nobodys(server: RunningServer, guest: Guest) -> None:
    other = a_guest(server)
    id, state, _ = guest.begin()
    assert fails(other.post(guest.idp.answer(id), state))


def test_an_encrypted_answer_is_opened_and_a_plain_one_refused(server: RunningServer) -> None:
    guest = a_guest(server, {"EncryptedResponses": "true"})
    certificate = guest.provider()["ProviderDetails"]["ActiveEncryptionCertificate"]
    claims = claims_of(guest.tokens(encrypt_for=certificate)["id_token"])
    assert claims["email"] == "bob@example.com"
    id, state, _ = guest.begin()
    assert refused(answer_of(guest.post(guest.idp.answer(id), state))).endswith("is not encrypted")


def test_a_sign_in_is_over_after_five_minutes(own_server: Any) -> None:
    guest = a_guest(own_server())
    id, state, _ = guest.begin()
    guest.house.server.clock.advance(minutes=6)
    assert fails(guest.post(guest.idp.answer(id), state))


# --- the provider begins ----------------------------------------------------------------------------------------------


def unasked(guest: Guest, **changes: str) -> str:
    return urlencode(
        {
            "identity_provider": NAME,
            "client_id": guest.house.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": "openid email",
            **changes,
        }
    )


def test_a_provider_may_begin_where_it_is_allowed_to(server: RunningServer) -> None:
    guest = a_guest(server, {"IDPInit": "true"})
    allow(guest.house, NAME)
    message = guest.idp.answer(None)
    answer = answer_of(guest.post(message, unasked(guest)))
    tokens = guest.house.token(grant_type="authorization_code", code=answer["code"], redirect_uri=CALLBACK)
    assert claims_of(tokens.json()["id_token"])["email"] == "bob@example.com"
    again = answer_of(guest.post(message, unasked(guest)))
    assert again["error_description"].endswith("the assertion was used before")
    assert fails(guest.post(guest.idp.answer(None), unasked(guest, redirect_uri="https://evil.example/")))
    asked_for = answer_of(guest.post(guest.idp.answer("_x"), unasked(guest)))
    assert asked_for["error_description"].endswith("InResponseTo is there")


def test_a_provider_may_not_begin_elsewhere(server: RunningServer, guest: Guest) -> None:
    allow(guest.house, NAME)
    assert "error" in answer_of(guest.post(guest.idp.answer(None), unasked(guest)))
    mixed = a_guest(server, {"IDPInit": "true"})  # its client has the pool itself too
    assert "error" in answer_of(mixed.post(mixed.idp.answer(None), unasked(mixed)))


# --- metadata ------------------------------------------------------------------------------------------------------


def test_metadata_that_can_not_be_used_make_no_provider(guest: Guest) -> None:
    def create(**details: str) -> tuple[str, str]:
        return refusal(
            guest.house.cognito.create_identity_provider,
            UserPoolId=guest.house.pool_id,
            ProviderName="Other",
            ProviderType="SAML",
            ProviderDetails=details,
        )

    for details in (
        {},
        {"MetadataFile": "<a/>"},
        {"MetadataFile": guest.idp.metadata(), "MetadataURL": "https://idp.example.com"},
        {"MetadataFile": guest.idp.metadata(), "IDPInit": "perhaps"},
        {"MetadataFile": guest.idp.metadata(), "RequestSigningAlgorithm": "rsa-sha1"},
        {"MetadataFile": guest.idp.metadata(), "client_id": "x"},
        {"MetadataURL": "file:///etc/passwd"},
        {"MetadataURL": "http://169.254.169.254/metadata"},
    ):
        assert create(**details)[0] == "InvalidParameterException", details


def test_a_provider_shows_its_addresses(guest: Guest) -> None:
    details = guest.provider()["ProviderDetails"]
    assert details["SSORedirectBindingURI"] == "https://idp.example.com/sso"
    assert details["SLORedirectBindingURI"] == "https://idp.example.com/slo"
    assert details["MetadataFile"] == guest.idp.metadata()
