"""People of an identity provider that npm's `samlify` is: it reads what we send by the schemas of OASIS, signs and
encrypts by libraries that we don't use, and is given faults one by one."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError
from cryptography.hazmat.primitives import serialization
from lxml import etree
from playwright.sync_api import Page as BrowserPage
from tests.browser.application import an_application
from tests.browser.fake_provider import LOOPBACK
from tests.browser.houses import CALLBACK, GOODBYE, SCOPES, House, a_house, answer_of
from tests.browser.pages import Page
from tests.browser.providers import add_provider, let_in
from tests.browser.saml_provider import NS, KeyPair, key_pair
from tests.browser.second_parties import Party, a_party
from tests.browser.test_oidc_federation import later
from tests.browser.test_saml_responses import WRAPPINGS, evil
from tests.conftest import a_server_on
from tests.harness import RunningServer
from tests.people.tokens import claims_of

NAME = "Samlify"
DETAILS = {"RequestSigningAlgorithm": "rsa-sha256", "IDPSignout": "true"}
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RSA_SHA512 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512"


@pytest.fixture(scope="module")
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("samlify")
    with a_server_on(
        "sqlite", folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@pytest.fixture(scope="module")
def party() -> Iterator[Party]:
    with a_party("saml-provider.mjs") as party:
        yield party


def pem(keys: KeyPair) -> dict[str, str]:
    private = keys.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    certificate = keys.certificate.public_bytes(serialization.Encoding.PEM)
    return {"private": private.decode(), "certificate": certificate.decode()}


@dataclass
class Guest:
    """A house with this provider, and a browser between the two."""

    house: House
    party: Party
    keys: KeyPair = field(default_factory=lambda: key_pair("samlify"))
    address: str = ""

    @property
    def home(self) -> str:
        return f"{self.house.server.settings.public_url}/domains/{self.house.domain}"

    def configure(self, encrypt_for: str | None = None, **options: Any) -> None:
        """Have the provider know the pool. What it is to sign and encrypt for comes from the pool itself."""
        certificate = self.house.cognito.get_signing_certificate(UserPoolId=self.house.pool_id)
        pool = {
            "entityId": f"urn:amazon:cognito:sp:{self.house.pool_id}",
            "address": self.home,
            "signingCertificate": certificate["Certificate"],
            "encryptionCertificate": encrypt_for,
        }
        if encrypt_for is not None:
            options["idp"] = {"isAssertionEncrypted": True, **options.get("idp", {})}
        keys = options.pop("keys", self.keys)
        self.address = self.party.order(configure={"keys": pem(keys), "pool": pool, **options})

    def befriend(self, **details: str) -> dict[str, Any]:
        """Have the pool know the provider, by what it publishes."""
        details = {"MetadataURL": f"{self.address}/metadata", **DETAILS, **details}
        mapping = {"email": "email", "given_name": "name"}
        made = add_provider(
            self.house.cognito, self.house.pool_id, NAME, "SAML", details, AttributeMapping=mapping
        )
        let_in(self.house, NAME, LogoutURLs=[GOODBYE])
        return made

    def fault(self, **fault: Any) -> None:
        self.party.order(fault=fault)

    def leave(self) -> str:
        answer = self.house.authorize(identity_provider=NAME)
        assert answer.status_code == 302, answer.text
        address: str = answer.headers["location"]
        assert address.startswith(f"{self.address}/sso?"), address
        return address

    def there(self, address: str, name: str = "ada") -> Page:
        """Sign in at the provider; the page that leads back."""
        with httpx.Client(timeout=20) as browser:
            page = Page(browser, browser.get(address))
            assert page.title == "Sign in elsewhere", page.text
            page = Page(browser, page.post(name=name))
        assert page.title == "Go back", page.text
        return page

    def back(self, page: Page, message: bytes | None = None) -> httpx.Response:
        """The provider's page makes the browser post, without a cookie of ours; and the browser comes once more."""
        fields = dict(page.form.fields)
        fields.pop("", None)
        if message is not None:
            fields["SAMLResponse"] = base64.b64encode(message).decode()
        with httpx.Client(timeout=20) as bare:
            answer = bare.post(page.form.action, data=fields)
        if answer.status_code == 303 and not answer.headers["location"].startswith(CALLBACK):
            address = urljoin(page.form.action, answer.headers["location"])
            if urlsplit(address).path.endswith("/saml2/idpresponse"):
                return self.house.browser.get(address.replace(self.home, self.house.address))
        return answer

    def goes(self) -> dict[str, str]:
        """The whole way; what the application is told."""
        self.house.browser.cookies.clear()
        return answer_of(self.back(self.there(self.leave())))

    def leads_nowhere(self, message: bytes | None = None, page: Page | None = None) -> str:
        """Nobody is signed in; why, in the words that the application hears."""
        if page is None:
            self.house.browser.cookies.clear()
            page = self.there(self.leave())
        answer = answer_of(self.back(page, message))
        assert (answer["error"], answer["state"]) == ("invalid_request", "a state"), answer
        assert "code" not in answer
        assert answer_of(self.house.authorize(prompt="none"))["error"] == "login_required"
        for name in ("ada", "admin@example.com"):
            with pytest.raises(ClientError, match="UserNotFoundException"):
                self.user(name)
        return answer["error_description"].removeprefix("Invalid SAML response received: ")

    def user(self, name: str) -> dict[str, str]:
        found = self.house.cognito.admin_get_user(UserPoolId=self.house.pool_id, Username=f"{NAME}_{name}")
        return {one["Name"]: one["Value"] for one in found["UserAttributes"]}


def a_guest(server: RunningServer, party: Party, **options: Any) -> Guest:
    guest = Guest(a_house(server), party)
    details = options.pop("details", {})
    guest.configure(**options)
    guest.befriend(**details)
    return guest


@pytest.fixture
def guest(server: RunningServer, party: Party) -> Guest:
    return a_guest(server, party)


def message_of(page: Page) -> Any:
    return etree.fromstring(base64.b64decode(page.form.fields["SAMLResponse"]))


# --- as it comes --------------------------------------------------------------------------------------------------


def test_somebody_arrives_and_is_found_again(guest: Guest) -> None:
    tokens = guest.house.redeem(guest.goes()["code"]).json()
    user = guest.user("ada")
    assert claims_of(tokens["id_token"])["sub"] == user["sub"]
    assert (user["email"], user["given_name"]) == ("ada@provider.example", "ada")
    (identity,) = json.loads(user["identities"])
    assert (identity["issuer"], identity["userId"]) == (f"{guest.address}/metadata", "ada")
    again = guest.house.redeem(guest.goes()["code"]).json()
    assert claims_of(again["id_token"])["sub"] == user["sub"]


def test_it_reads_our_request_by_the_schema_and_our_signature(server: RunningServer, party: Party) -> None:
    guest = a_guest(server, party, bySchema=True)
    guest.party.order(give="seen")
    address = guest.leave()
    guest.there(address)
    seen = guest.party.order(give="seen")
    assert seen[0]["issuer"] == f"urn:amazon:cognito:sp:{guest.house.pool_id}"
    assert seen[0]["request"]["assertionConsumerServiceUrl"] == f"{guest.home}/saml2/idpresponse"
    changed = address.replace("RelayState=", "RelayState=x")
    assert "FAILED_MESSAGE_SIGNATURE" in httpx.get(changed, timeout=20).text


@pytest.mark.parametrize("sign_message", [False, True], ids=["assertion", "assertion and response"])
def test_signatures_of_the_assertion_and_of_the_response_are_read(
    server: RunningServer, party: Party, sign_message: bool
) -> None:
    guest = a_guest(server, party, sp={"wantMessageSigned": sign_message})
    page = guest.there(guest.leave())
    assert len(message_of(page).findall(".//ds:Signature", NS)) == 1 + sign_message
    assert "code" in answer_of(guest.back(page))


def test_a_signature_of_the_response_alone_is_read(server: RunningServer, party: Party) -> None:
    guest = a_guest(server, party, sp={"wantAssertionsSigned": False, "wantMessageSigned": True})
    page = guest.there(guest.leave())
    assert message_of(page).find("saml:Assertion/ds:Signature", NS) is None
    assert "code" in answer_of(guest.back(page))


def test_a_signature_by_sha_512_is_read(server: RunningServer, party: Party) -> None:
    guest = a_guest(server, party, idp={"requestSignatureAlgorithm": RSA_SHA512})
    assert "code" in guest.goes()


@pytest.mark.parametrize(
    "signs_last", [False, True], ids=["signed, then encrypted", "encrypted, then signed"]
)
def test_what_it_encrypts_is_opened(server: RunningServer, party: Party, signs_last: bool) -> None:
    guest = Guest(a_house(server), party)
    guest.configure()
    made = guest.befriend(EncryptedResponses="true")
    assert guest.leads_nowhere() == "the assertion is not encrypted"
    certificate = made["ProviderDetails"].get("ActiveEncryptionCertificate") or active_certificate(guest)
    guest.configure(certificate, encryptThenSign=signs_last, sp={"wantMessageSigned": signs_last})
    page = guest.there(guest.leave())
    assert b"ada@provider" not in etree.tostring(message_of(page))
    assert "code" in answer_of(guest.back(page))
    assert guest.user("ada")["email"] == "ada@provider.example"


def active_certificate(guest: Guest) -> str:
    answer = guest.house.cognito.describe_identity_provider(UserPoolId=guest.house.pool_id, ProviderName=NAME)
    certificate: str = answer["IdentityProvider"]["ProviderDetails"]["ActiveEncryptionCertificate"]
    return certificate


def test_what_it_encrypts_for_somebody_else_is_not_opened(server: RunningServer, party: Party) -> None:
    guest = Guest(a_house(server), party)
    guest.configure(key_pair("somebody else's").base64)
    guest.befriend(EncryptedResponses="true")
    assert "encrypted" in guest.leads_nowhere()
    other = a_guest(server, party)
    other.configure(key_pair("somebody else's").base64)
    assert other.leads_nowhere() == "the assertion is encrypted, which this provider is not set up for"


def test_a_real_browser_goes_there_and_back(server: RunningServer, party: Party, page: BrowserPage) -> None:
    with an_application() as application:
        guest = a_guest(server, party)
        goodbye = f"{application.address}/goodbye"
        let_in(guest.house, NAME, CallbackURLs=[application.callback], LogoutURLs=[goodbye])
        asked = guest.house.asking(redirect_uri=application.callback, identity_provider=NAME)
        page.goto(f"{guest.home}/oauth2/authorize?{urlencode(asked)}")
        page.locator("input[name=name]").fill("ada")
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("button", name="Go back").click()
        page.wait_for_url(f"{application.callback}**")
        (answer,) = application.answers()
        assert "code" in answer
        leaving = {"client_id": guest.house.client_id, "logout_uri": goodbye}
        page.goto(f"{guest.home}/logout?{urlencode(leaving)}")
        page.get_by_role("button", name="Go back").click()
        page.wait_for_url(f"{goodbye}**")


# --- the provider begins, and ends ----------------------------------------------------------------------------------


def test_it_may_begin_where_it_is_allowed_to(server: RunningServer, party: Party) -> None:
    guest = a_guest(server, party, details={"IDPInit": "true"})
    let_in(guest.house, SupportedIdentityProviders=[NAME])
    asked = {
        "identity_provider": NAME,
        "client_id": guest.house.client_id,
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": SCOPES[0],
    }
    form = {"SAMLResponse": party.order(give={"unasked": "ada"}), "RelayState": urlencode(asked)}
    answer = answer_of(httpx.post(f"{guest.house.address}/saml2/idpresponse", data=form))
    redeemed = guest.house.token(grant_type="authorization_code", code=answer["code"], redirect_uri=CALLBACK)
    assert claims_of(redeemed.json()["id_token"])["cognito:username"] == f"{NAME}_ada"
    again = answer_of(httpx.post(f"{guest.house.address}/saml2/idpresponse", data=form))
    assert again["error_description"].endswith("the assertion was used before")


def test_who_signs_out_here_is_signed_out_there(server: RunningServer, party: Party) -> None:
    guest = a_guest(server, party, bySchema=True)
    assert "code" in guest.goes()
    guest.party.order(give="seen")
    query = {"client_id": guest.house.client_id, "logout_uri": GOODBYE}
    asked = guest.house.browser.get(f"{guest.house.address}/logout?{urlencode(query)}")
    with httpx.Client(timeout=20) as browser:
        page = Page(browser, browser.get(asked.headers["location"]))
    (seen,) = guest.party.order(give="seen")  # it was valid by the schema, and so was its signature
    assert (seen["nameID"], seen["sessionIndex"]) == ("ada", "session-of-ada")
    answer = httpx.post(page.form.action, data={n: v for n, v in page.form.fields.items() if n})
    assert (answer.status_code, answer.headers["location"]) == (303, GOODBYE)


def test_who_signs_out_there_is_signed_out_here_and_it_understands_our_answer(
    server: RunningServer, party: Party
) -> None:
    guest = a_guest(server, party, bySchema=True)
    assert "code" in guest.goes()
    assert "code" in answer_of(guest.house.authorize(prompt="none"))
    form = {"SAMLRequest": guest.party.order(give={"goodbye": "ada"}), "RelayState": "theirs"}
    answer = httpx.post(f"{guest.house.address}/saml2/logout", data=form)
    guest.party.order(give="seen")
    understood = httpx.get(answer.headers["location"], timeout=20)
    assert "Signed out elsewhere" in understood.text
    assert answer_of(guest.house.authorize(prompt="none"))["error"] == "login_required"


# --- its faults -----------------------------------------------------------------------------------------------------


def at(minutes: int) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "another audience": ({"Audience": "urn:somebody:else"}, "Audience is not our entity id"),
    "another recipient": (
        {"SubjectRecipient": "https://elsewhere.example/"},
        "Recipient is not our address for answers",
    ),
    "another destination": (
        {"Destination": "https://elsewhere.example/"},
        "Destination is not our address for answers",
    ),
    "another issuer": ({"Issuer": "https://elsewhere.example/"}, "Issuer is not the provider's entity id"),
    "another request": ({"InResponseTo": "_another"}, "InResponseTo is not our request"),
    "no request": ({"InResponseTo": None}, "InResponseTo is not our request"),
    "over": ({"ConditionsNotOnOrAfter": at(-60)}, "NotOnOrAfter is past"),
    "over, as its subject": ({"SubjectConfirmationDataNotOnOrAfter": at(-60)}, "NotOnOrAfter is past"),
    "not yet": ({"ConditionsNotBefore": at(60)}, "NotBefore is in the future"),
    "of tomorrow": ({"IssueInstant": at(24 * 60)}, "IssueInstant is in the future"),
    "nobody": ({"NameID": ""}, "NameID is empty or too long"),
    "a refusal": (
        {"StatusCode": "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"},
        "the status is not Success but AuthnFailed",
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_response_signs_nobody_in_though_its_signature_is_right(guest: Guest, fault: str) -> None:
    tags, said = WRONG[fault]
    guest.fault(tags=tags)
    assert guest.leads_nowhere() == said
    guest.fault()
    assert "code" in guest.goes()  # and it was this fault alone


def test_a_response_counts_once(guest: Guest) -> None:
    page = guest.there(guest.leave())
    assert "code" in answer_of(guest.back(page))
    assert "/error?" in guest.back(page).headers["location"]
    # Nor as the answer to another sign-in: it says which one it is of.
    guest.house.browser.cookies.clear()
    other = guest.there(guest.leave())
    replayed = answer_of(guest.back(other, etree.tostring(message_of(page))))
    assert replayed["error_description"].endswith("InResponseTo is not our request")


def test_a_signature_by_another_key_is_not_believed(guest: Guest) -> None:
    guest.configure(keys=key_pair("stranger"))
    assert "signature" in guest.leads_nowhere()


def test_a_signature_by_sha_1_is_not_believed(server: RunningServer, party: Party) -> None:
    guest = a_guest(server, party, idp={"requestSignatureAlgorithm": RSA_SHA1})
    assert guest.leads_nowhere()


def test_a_response_without_its_signature_is_not_believed(guest: Guest) -> None:
    page = guest.there(guest.leave())
    message = message_of(page)
    signature = message.find(".//ds:Signature", NS)
    signature.getparent().remove(signature)
    assert guest.leads_nowhere(etree.tostring(message), page)


def test_a_response_that_was_changed_on_its_way_is_not_believed(guest: Guest) -> None:
    page = guest.there(guest.leave())
    message = message_of(page)
    message.find(".//saml:NameID", NS).text = "admin@example.com"
    assert guest.leads_nowhere(etree.tostring(message), page) == "the signature is not valid"


def test_a_comment_in_a_name_makes_nobody_else(guest: Guest) -> None:
    """`ada<!-- -->.evil` is not ada: canonical XML drops comments, so the signature stays valid."""
    page = guest.there(guest.leave(), "ada.evil")
    message = etree.tostring(message_of(page)).replace(b">ada.evil<", b">ada<!-- -->.evil<", 1)
    guest.back(page, message)
    with pytest.raises(ClientError, match="UserNotFoundException"):
        guest.user("ada")


@pytest.mark.parametrize("same_id", [True, False], ids=["same id", "another id"])
@pytest.mark.parametrize("wrap", WRAPPINGS, ids=lambda wrap: wrap.__name__)
def test_a_wrapped_signature_signs_nobody_in(guest: Guest, wrap: Any, same_id: bool) -> None:
    page = guest.there(guest.leave())
    message = message_of(page)
    signed = message.find("saml:Assertion", NS)
    wrap(message, signed, evil(deepcopy(signed), same_id=same_id))
    assert guest.leads_nowhere(etree.tostring(message), page)


# --- what it publishes ----------------------------------------------------------------------------------------------


def test_keys_that_it_changed_are_read_again(server: RunningServer) -> None:
    with a_party("saml-provider.mjs") as party:
        guest = a_guest(server, party)
        assert "code" in guest.goes()
        guest.configure(keys=key_pair("exchanged"))
        assert guest.goes()["error"] == "invalid_request"
        with later(server, hours=6, minutes=1):
            soon = at(6 * 60 + 5)  # its clock is the machine's
            guest.fault(tags={"ConditionsNotOnOrAfter": soon, "SubjectConfirmationDataNotOnOrAfter": soon})
            assert "code" in guest.goes()


@pytest.mark.parametrize("fault", [{"status": 503}, {"filler": 50_000_000}], ids=str)
def test_metadata_that_can_not_be_had_make_no_provider(
    server: RunningServer, party: Party, fault: dict[str, int]
) -> None:
    guest = Guest(a_house(server), party)
    guest.configure()
    guest.fault(**fault)
    with pytest.raises(ClientError, match="InvalidParameterException"):
        guest.befriend()
    guest.fault()
    guest.befriend()


def test_a_provider_that_sleeps_makes_no_provider(
    server: RunningServer, party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("poolhouse.ports.guarded.WITHIN", 0.5)
    guest = Guest(a_house(server), party)
    guest.configure()
    with party.asleep(), pytest.raises(ClientError, match="InvalidParameterException"):
        guest.befriend()


def test_a_provider_that_has_died_makes_none_and_ends_no_other(server: RunningServer) -> None:
    with a_party("saml-provider.mjs") as party:
        guest = a_guest(server, party)
        page = guest.there(guest.leave())
        party.end()
        with later(server, minutes=2):
            assert "code" in answer_of(guest.back(page))  # its metadata are known
        other = Guest(a_house(server), party, address=guest.address)
        with pytest.raises(ClientError, match="InvalidParameterException"):
            other.befriend()
