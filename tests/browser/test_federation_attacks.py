"""Attacks on sign-ins by identity providers: hostile answers of providers, and people who would be somebody else."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError
from joserfc import jws
from lxml import etree
from tests.browser.fake_provider import LOOPBACK, FakeProvider, a_fake_provider
from tests.browser.providers import OAUTH2, Traveller, a_traveller, add_provider, let_in
from tests.browser.saml_provider import NS, Provider, instant
from tests.browser.test_outbound_guard import a_web_server, get
from tests.conftest import a_server_on
from tests.harness import RunningServer

from poolhouse.core.reachable import may_reach
from poolhouse.core.saml_metadata import describe_metadata
from poolhouse.core.saml_responses import Expected, read_response
from poolhouse.core.saml_xml import SamlRefused
from poolhouse.core.users import storable_key
from poolhouse.ports.guarded import GuardedOutbound, OutboundRefused
from poolhouse.userpools.federation import arrive, people

NOW = datetime.now(UTC).replace(microsecond=0)
IDP = Provider(now=lambda: NOW)
EXPECTED = Expected(
    issuer=IDP.entity_id,
    certificates=(IDP.keys.base64,),
    audience=IDP.audience,
    acs=(IDP.acs,),
    in_response_to="_request",
    now=NOW,
)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("attacks")
    with a_server_on(
        request.param, folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with a_fake_provider() as provider:
        provider.sign = signed_as_it_is
        yield provider


@pytest.fixture
def traveller(server: RunningServer, fake: FakeProvider) -> Traveller:
    return a_traveller(server, fake, mapping={"email": "email", "name": "name"})


def signed_as_it_is(fake: FakeProvider, claims: dict[str, Any]) -> str:
    """Whatever JSON of Python's can say: NaN, numbers without end, half a surrogate pair."""
    return jws.serialize_compact({"alg": "RS256", "kid": "one"}, json.dumps(claims).encode(), fake.key)


def another(traveller: Traveller) -> Traveller:
    """In a new browser."""
    return Traveller(traveller.house)


# --- what a provider's token says ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
def test_a_moment_that_is_none_proves_nothing(traveller: Traveller, fake: FakeProvider, name: str) -> None:
    """NaN is after no moment, so a token that expires then would never do."""
    moments: list[object] = [10**400, float("nan"), float("inf"), float("-inf"), "soon", True]
    for moment in moments:
        fake.change = partial(with_claim, name, moment)
        assert another(traveller).sign_in(fake)["error_description"] == "Invalid ID token received"


def with_claim(name: str, value: object, claims: dict[str, Any]) -> dict[str, Any]:
    return {**claims, name: value}


def test_a_value_that_no_token_can_carry_lets_nobody_in(traveller: Traveller, fake: FakeProvider) -> None:
    for text in ("Ada \ud800", "Ada \x00"):
        fake.claims["name"] = text
        refused = another(traveller).sign_in(fake)
        assert refused["error_description"] == "name: the provider's value is no text."
    with pytest.raises(ClientError, match="UserNotFoundException"):
        traveller.user("Other_Ada-1")


def test_a_subject_that_is_no_name_is_nobodys(server: RunningServer, fake: FakeProvider) -> None:
    """Else all whom a broken provider calls `true` would be one person."""
    traveller = a_traveller(server, fake)
    house = traveller.house
    addresses = {
        name: f"{fake.issuer}/{path}"
        for name, path in (
            ("authorize_url", "authorize"),
            ("token_url", "token"),
            ("attributes_url", "userinfo"),
        )
    }
    details = {
        **OAUTH2,
        **addresses,
        "client_id": fake.details["client_id"],
        "client_secret": fake.details["client_secret"],
    }
    add_provider(house.cognito, house.pool_id, "Hub", "OIDC", details)
    let_in(house, "Hub")
    names: list[object] = [True, False, float("nan"), 1.5, {"a": 1}, ["1"], None, ""]
    for name in names:
        fake.user = {"id": name}
        refused = another(traveller).sign_in(fake, "Hub")
        assert refused["error_description"] == "The identity provider names no user"
    fake.user = {"id": 4711}
    assert "code" in another(traveller).sign_in(fake, "Hub")


def test_the_subject_of_openid_connect_is_not_chosen(traveller: Traveller, fake: FakeProvider) -> None:
    house = traveller.house
    for extension in ({"poolhouse_subject": "email"}, {"poolhouse_preset": "github"}):
        with pytest.raises(ClientError, match="poolhouse_type is required"):
            add_provider(house.cognito, house.pool_id, "Third", "OIDC", {**fake.details, **extension})


# --- who is who ----------------------------------------------------------------------------------------------------


def test_a_key_that_looks_like_a_digest_is_nobody_elses() -> None:
    long = "x" * 300
    digest = storable_key(long)
    assert storable_key(digest) != digest
    assert storable_key("Ada-1") == "Ada-1"


def test_a_link_that_is_made_during_a_first_sign_in_is_heeded(
    traveller: Traveller, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is made beside whom the link names."""
    house = traveller.house
    house.cognito.admin_link_provider_for_user(
        UserPoolId=house.pool_id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "ada"},
        SourceUser={
            "ProviderName": "Other",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "Ada-1",
        },
    )
    find, looks = people.find, []

    def too_early(*arguments: Any) -> Any:
        looks.append(arguments)
        return None if len(looks) == 1 else find(*arguments)

    monkeypatch.setattr(people, "find", too_early)
    code = traveller.sign_in(fake)["code"]
    assert traveller.tokens(code)["id_token"]["sub"] == house.sub
    with pytest.raises(ClientError, match="UserNotFoundException"):
        traveller.user("Other_Ada-1")


@pytest.mark.parametrize("is_linked", [True, False])
def test_who_is_stopped_while_they_arrive_does_not_arrive(
    traveller: Traveller, fake: FakeProvider, monkeypatch: pytest.MonkeyPatch, is_linked: bool
) -> None:
    """Between their profile and their session an administrator undoes the link, or stops the profile."""
    house = traveller.house
    subject = {
        "ProviderName": "Other",
        "ProviderAttributeName": "Cognito_Subject",
        "ProviderAttributeValue": "Ada-1",
    }
    if is_linked:
        house.cognito.admin_link_provider_for_user(
            UserPoolId=house.pool_id,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "ada"},
            SourceUser=subject,
        )
    begin = arrive.begin_browser_session

    async def too_late(*arguments: Any, **options: Any) -> Any:
        stop = partial(house.cognito.admin_disable_provider_for_user, UserPoolId=house.pool_id, User=subject)
        await asyncio.to_thread(stop)
        return await begin(*arguments, **options)

    monkeypatch.setattr(arrive, "begin_browser_session", too_late)
    assert traveller.sign_in(fake)["error_description"] == "User is disabled."
    assert "login" in traveller.authorize().headers["location"]


def test_two_providers_of_nearly_one_name_are_two(server: RunningServer, fake: FakeProvider) -> None:
    """In a pool that does not heed case their people have one name: the second is refused, and is not the first."""
    traveller = a_traveller(server, fake, UsernameConfiguration={"CaseSensitive": False})
    house = traveller.house
    add_provider(house.cognito, house.pool_id, "other", "OIDC", fake.details)
    let_in(house, "Other", "other")
    assert "code" in traveller.sign_in(fake)
    refused = another(traveller).sign_in(fake, "other")
    assert refused["error_description"] == "Username already exists"
    fake.claims["sub"] = "ADA-1"
    assert another(traveller).sign_in(fake)["error_description"] == "Username already exists"


def test_nobody_takes_an_external_person_over_by_the_api(traveller: Traveller, fake: FakeProvider) -> None:
    assert "code" in traveller.sign_in(fake)
    house, name = traveller.house, "Other_Ada-1"
    attempts: list[Callable[[], object]] = [
        lambda: house.cognito.sign_up(ClientId=house.client_id, Username=name, Password="Passw0rd!of-mine"),
        lambda: house.cognito.forgot_password(ClientId=house.client_id, Username=name),
        lambda: house.cognito.resend_confirmation_code(ClientId=house.client_id, Username=name),
        lambda: house.cognito.admin_reset_user_password(UserPoolId=house.pool_id, Username=name),
        lambda: house.cognito.admin_confirm_sign_up(UserPoolId=house.pool_id, Username=name),
        lambda: house.cognito.admin_create_user(
            UserPoolId=house.pool_id, Username=name, MessageAction="RESEND"
        ),
    ]
    for attempt in attempts:
        with pytest.raises(ClientError):
            attempt()
    assert traveller.user(name)["status"] == "EXTERNAL_PROVIDER"


@pytest.mark.parametrize("parameter", ["identity_provider", "idp_identifier"])
def test_a_name_that_no_database_takes_is_no_provider(traveller: Traveller, parameter: str) -> None:
    answer = traveller.authorize(**{parameter: "Other\x00"})
    assert answer.status_code == 302
    assert "error=invalid_request" in answer.headers["location"]


# --- SAML ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_time_beyond_the_calendar_is_a_refusal_and_no_failure(text: str) -> None:
    response = IDP.response(IDP.sign(IDP.assertion()))
    response.set("IssueInstant", text)
    with pytest.raises(SamlRefused, match="IssueInstant is no time"):
        read_response(tostring(response), EXPECTED)


def test_an_assertion_without_an_end_is_taken_and_remembered() -> None:
    """Some providers say "never" as the last day of the calendar."""
    assertion = IDP.assertion()
    for element in assertion.iterfind(".//*[@NotOnOrAfter]"):
        element.set("NotOnOrAfter", "9999-12-31T23:59:59Z")
    assertion.find("saml:Conditions", NS).set("NotBefore", "0001-01-01T00:00:00Z")
    found = read_response(tostring(IDP.response(IDP.sign(assertion))), EXPECTED)
    assert found.valid_until.year == 9999


def test_an_assertion_is_remembered_until_its_last_confirmation_ends() -> None:
    """Else it could come again by the second when the first is over and its id forgotten."""
    assertion = IDP.assertion()
    first = assertion.find("saml:Subject/saml:SubjectConfirmation", NS)
    later = deepcopy(first)
    later[0].set("NotOnOrAfter", instant(NOW + timedelta(minutes=30)))
    first.addnext(later)
    found = read_response(tostring(IDP.response(IDP.sign(assertion))), EXPECTED)
    assert found.valid_until >= NOW + timedelta(minutes=30)


def test_metadata_with_half_an_address_are_refused() -> None:
    metadata = replace(IDP, address="https://[idp.example.com").metadata()
    with pytest.raises(SamlRefused, match="has no web address"):
        describe_metadata(metadata, NOW)


def test_a_certificate_of_an_unknown_version_is_refused() -> None:
    content = base64.b64decode(IDP.keys.base64)
    at = content.index(b"\xa0\x03\x02\x01\x02")
    broken = content[: at + 4] + b"\x1e" + content[at + 5 :]
    with pytest.raises(SamlRefused, match="can't be read"):
        describe_metadata(IDP.metadata(base64.b64encode(broken).decode()), NOW)


# --- what the server asks by itself --------------------------------------------------------------------------------


@pytest.mark.parametrize("target", ["http://[::1", "http://[x]/", "//[", "http://a:99999/"])
def test_a_redirect_to_half_an_address_is_refused(target: str) -> None:
    with a_web_server({"/": (302, {"location": target}, b"")}) as (port, _), pytest.raises(OutboundRefused):
        get(GuardedOutbound(["127.0.0.1/32"]), f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "address", ["fec0::1", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "5f00::1", "3fff::1"]
)
def test_what_no_registry_calls_public_is_not_reached(address: str) -> None:
    assert not may_reach(address, ())


def tostring(element: Any) -> bytes:
    content: bytes = etree.tostring(element)
    return content
