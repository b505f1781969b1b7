"""Who of a provider is who of the pool: by links, by attributes' mapping, and never by an e-mail address."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import unescape
from urllib.parse import urlencode, urljoin

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from tests.browser.fake_provider import LOOPBACK, FakeProvider, a_fake_provider
from tests.browser.houses import answer_of
from tests.browser.providers import Traveller, a_traveller, add_provider, let_in
from tests.conftest import a_server_on
from tests.harness import RunningServer

from poolhouse.core.attribute_mapping import as_text, claims_of


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("linking")
    with a_server_on(
        request.param, folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with a_fake_provider() as provider:
        yield provider


@pytest.fixture
def traveller(server: RunningServer, fake: FakeProvider) -> Traveller:
    return a_traveller(server, fake)


def link(traveller: Traveller, value: str, name: str = "Cognito_Subject", to: str = "ada") -> None:
    traveller.house.cognito.admin_link_provider_for_user(
        UserPoolId=traveller.house.pool_id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": to},
        SourceUser={
            "ProviderName": "Other",
            "ProviderAttributeName": name,
            "ProviderAttributeValue": value,
        },
    )


def stop(traveller: Traveller, provider: str, value: str, name: str = "Cognito_Subject") -> None:
    traveller.house.cognito.admin_disable_provider_for_user(
        UserPoolId=traveller.house.pool_id,
        User={
            "ProviderName": provider,
            "ProviderAttributeName": name,
            "ProviderAttributeValue": value,
        },
    )


def sub_of(traveller: Traveller, fake: FakeProvider) -> str:
    """Who somebody is that signs in by the provider in a new browser."""
    somebody = Traveller(traveller.house)
    sub: str = somebody.tokens(somebody.sign_in(fake)["code"])["id_token"]["sub"]
    return sub


def test_an_email_address_links_nobody_whoever_verified_it(server: RunningServer, fake: FakeProvider) -> None:
    fake.claims |= {"email": "ada@example.com", "email_verified": True}
    mapping = {"email": "email", "email_verified": "email_verified"}
    for options in ({"AliasAttributes": ["email"]}, {}):
        traveller = a_traveller(server, fake, mapping=mapping, **options)
        assert sub_of(traveller, fake) != traveller.house.sub
        assert traveller.user("Other_Ada-1")["email_verified"] == "true"
        # And the name stays theirs whose it was.
        assert traveller.user("ada")["email_verified"] == "true"
    alias = a_traveller(server, fake, mapping=mapping, AliasAttributes=["email"])
    sub_of(alias, fake)
    assert alias.user("ada@example.com")["name_of"] == "ada"


def test_a_linked_person_arrives_as_who_they_are_here(traveller: Traveller, fake: FakeProvider) -> None:
    link(traveller, "Ada-1")
    assert sub_of(traveller, fake) == traveller.house.sub
    user = traveller.user("ada")
    (identity,) = json.loads(user["identities"])
    assert (identity["userId"], identity["primary"]) == ("Ada-1", False)
    assert user["email"] == "ada@provider.example"  # the mapping is written to who is linked too
    groups = traveller.house.cognito.admin_list_groups_for_user(
        UserPoolId=traveller.house.pool_id, Username="ada"
    )
    assert groups["Groups"] == []
    with pytest.raises(ClientError, match="UserNotFoundException"):
        traveller.user("Other_Ada-1")


@pytest.mark.parametrize("name", ["email", "mail"])
def test_a_link_by_an_attribute(server: RunningServer, fake: FakeProvider, name: str) -> None:
    fake.claims["mail"] = "ada@work.example"
    traveller = a_traveller(server, fake, mapping={"email": "mail"})
    link(traveller, "ada@work.example", name)
    assert sub_of(traveller, fake) == traveller.house.sub


def test_a_link_that_is_undone_makes_somebody_new(traveller: Traveller, fake: FakeProvider) -> None:
    link(traveller, "Ada-1")
    stop(traveller, "Other", "Ada-1")
    assert "identities" not in traveller.user("ada")
    assert sub_of(traveller, fake) != traveller.house.sub


def test_a_profile_of_a_provider_is_stopped(traveller: Traveller, fake: FakeProvider) -> None:
    traveller.sign_in(fake)
    stop(traveller, "Other", "Ada-1")
    answer = Traveller(traveller.house).sign_in(fake)
    assert (answer["error"], answer["error_description"]) == ("invalid_request", "User is disabled.")
    with pytest.raises(ClientError, match="UserNotFoundException"):
        stop(traveller, "Other", "nobody")


def test_a_person_of_the_pool_keeps_only_their_providers(traveller: Traveller, fake: FakeProvider) -> None:
    link(traveller, "Ada-1")
    stop(traveller, "Cognito", "ada")
    assert traveller.user("ada")["status"] == "EXTERNAL_PROVIDER"
    assert sub_of(traveller, fake) == traveller.house.sub


def test_links_that_can_not_be(traveller: Traveller, fake: FakeProvider) -> None:
    house = traveller.house
    link(traveller, "Ada-1")
    with pytest.raises(ClientError, match="already linked to DestinationUser"):
        link(traveller, "Ada-1")
    house.cognito.admin_create_user(UserPoolId=house.pool_id, Username="bob", MessageAction="SUPPRESS")
    with pytest.raises(ClientError, match="AliasExistsException"):
        link(traveller, "Ada-1", to="bob")
    with pytest.raises(ClientError, match="UserNotFoundException"):
        link(traveller, "x", to="nobody")
    with pytest.raises(ClientError, match="Invalid ProviderAttributeName"):
        link(traveller, "x", "family")
    fake.claims["sub"] = "Eve"
    sub_of(traveller, fake)
    with pytest.raises(ClientError, match="Merging is not currently supported"):
        link(traveller, "Eve")
    for number in range(4):
        link(traveller, f"more-{number}")
    with pytest.raises(ClientError, match="LimitExceededException"):
        link(traveller, "one too many")


def test_people_of_a_social_provider_are_linked_by_their_subject_alone(traveller: Traveller) -> None:
    house = traveller.house
    add_provider(
        house.cognito,
        house.pool_id,
        "Google",
        "Google",
        {"client_id": "g", "client_secret": "s", "authorize_scopes": "openid email"},
        AttributeMapping={"email": "email"},
    )
    with pytest.raises(ClientError, match="InvalidParameterException"):
        house.cognito.admin_link_provider_for_user(
            UserPoolId=house.pool_id,
            DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": "ada"},
            SourceUser={
                "ProviderName": "Google",
                "ProviderAttributeName": "email",
                "ProviderAttributeValue": "ada@example.com",
            },
        )


# --- what a sign-in writes --------------------------------------------------------------------------------------


def test_a_claim_that_vanished_leaves_the_old_value(server: RunningServer, fake: FakeProvider) -> None:
    fake.claims |= {"name": "Ada", "groups": ["a b", "c"], "age": 36}
    traveller = a_traveller(
        server,
        fake,
        mapping={"name": "name", "nickname": "groups", "zoneinfo": "age", "custom:token": "access_token"},
        Schema=[{"Name": "token", "AttributeDataType": "String", "Mutable": True}],
    )
    let_in(traveller.house, "Other", WriteAttributes=["name", "nickname", "zoneinfo", "custom:token"])
    traveller.sign_in(fake)
    user = traveller.user("Other_Ada-1")
    assert (user["name"], user["nickname"], user["zoneinfo"]) == ("Ada", "[a+b,c]", "36")
    assert user["custom:token"] == "of-the-provider"
    del fake.claims["name"]
    Traveller(traveller.house).sign_in(fake)
    assert traveller.user("Other_Ada-1")["name"] == "Ada"


def test_what_the_client_may_not_write_is_skipped(server: RunningServer, fake: FakeProvider) -> None:
    fake.claims |= {"name": "Ada", "email_verified": True}
    traveller = a_traveller(
        server, fake, mapping={"name": "name", "email": "email", "email_verified": "email_verified"}
    )
    let_in(traveller.house, "Other", WriteAttributes=["name"])
    traveller.sign_in(fake)
    user = traveller.user("Other_Ada-1")
    assert user["name"] == "Ada"
    assert "email" not in user
    assert "email_verified" not in user


def test_a_required_attribute_that_is_not_there_lets_nobody_in(
    server: RunningServer, fake: FakeProvider
) -> None:
    traveller = a_traveller(
        server,
        fake,
        Schema=[{"Name": "name", "Required": True}],
        attributes={"name": "Ada", "email": "ada@example.com"},
    )
    answer = traveller.sign_in(fake)
    assert answer["error"] == "invalid_request"
    assert "name: The attribute is required" in answer["error_description"]


def test_an_immutable_attribute_may_be_set_once_and_not_change(
    server: RunningServer, fake: FakeProvider
) -> None:
    fake.claims["staff"] = "17"
    traveller = a_traveller(
        server,
        fake,
        mapping={"custom:staff": "staff"},
        Schema=[{"Name": "staff", "AttributeDataType": "String", "Mutable": False}],
    )
    let_in(traveller.house, "Other", WriteAttributes=["custom:staff"])
    assert "code" in traveller.sign_in(fake)
    assert "code" in Traveller(traveller.house).sign_in(fake)
    fake.claims["staff"] = "18"
    assert Traveller(traveller.house).sign_in(fake)["error"] == "invalid_request"


def test_a_value_that_is_too_long_lets_nobody_in(traveller: Traveller, fake: FakeProvider) -> None:
    fake.claims["email"] = "a" * 2_049
    assert traveller.sign_in(fake)["error"] == "invalid_request"


def test_case_of_a_subject(server: RunningServer, fake: FakeProvider) -> None:
    folding = a_traveller(server, fake, UsernameConfiguration={"CaseSensitive": False})
    folding.sign_in(fake)
    assert folding.user("OTHER_ada-1")["name_of"] == "other_ada-1"
    fake.claims["sub"] = "ADA-1"  # somebody else, whose name would be the same here
    assert Traveller(folding.house).sign_in(fake)["error"] == "invalid_request"
    heeding = a_traveller(server, fake, UsernameConfiguration={"CaseSensitive": True})
    heeding.sign_in(fake)
    fake.claims["sub"] = "ada-1"
    Traveller(heeding.house).sign_in(fake)
    assert heeding.user("Other_ADA-1")["sub"] != heeding.user("Other_ada-1")["sub"]


@pytest.mark.parametrize("subject", ["x" * 1_025, "x" * 200, "a\x00b", "\ud800"])
def test_a_subject_that_is_no_name_lets_nobody_in(
    traveller: Traveller, fake: FakeProvider, subject: str
) -> None:
    fake.claims["sub"] = subject
    assert traveller.sign_in(fake)["error"] == "invalid_request"


def test_people_of_a_provider_have_no_way_in_by_the_api(traveller: Traveller, fake: FakeProvider) -> None:
    traveller.sign_in(fake)
    house = traveller.house
    for flow, parameters in (
        ("USER_PASSWORD_AUTH", {"USERNAME": "Other_Ada-1", "PASSWORD": "Password-1"}),
        ("USER_PASSWORD_AUTH", {"USERNAME": "Other_Ada-1", "PASSWORD": ""}),
    ):
        with pytest.raises(ClientError):
            house.cognito.initiate_auth(ClientId=house.client_id, AuthFlow=flow, AuthParameters=parameters)


@given(st.lists(st.text(), min_size=2, max_size=5))
def test_several_values_stay_apart(values: list[str]) -> None:
    text = as_text([value.encode("utf-8", "replace").decode() for value in values])
    assert text.startswith("[")
    assert text.endswith("]")
    assert text.count(",") == len(values) - 1


def test_claims_become_texts() -> None:
    document = {"a": True, "b": 1, "c": None, "d": {"e": "é"}, "f": ["x", "y"], "g": [1]}
    assert claims_of(document) == {"a": "true", "b": "1", "d": '{"e":"é"}', "f": ("x", "y"), "g": "[1]"}


def test_a_provider_of_the_same_name_finds_its_people_again(traveller: Traveller, fake: FakeProvider) -> None:
    sub = sub_of(traveller, fake)
    house = traveller.house
    house.cognito.delete_identity_provider(UserPoolId=house.pool_id, ProviderName="Other")
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        link(traveller, "x")
    add_provider(house.cognito, house.pool_id, "Other", "OIDC", fake.details)
    assert sub_of(traveller, fake) == sub


def test_of_two_first_sign_ins_at_once_one_person_is_made(traveller: Traveller, fake: FakeProvider) -> None:
    travellers = [Traveller(traveller.house) for _ in range(6)]
    answers = [fake.answer_to(one.leave()) for one in travellers]
    with ThreadPoolExecutor(len(travellers)) as threads:
        back = list(
            threads.map(lambda pair: pair[0].browser.get(pair[1]), zip(travellers, answers, strict=True))
        )
    assert [answer_of(one).get("error_description") for one in back] == [None] * len(back)
    subs = {traveller.tokens(answer_of(one)["code"])["id_token"]["sub"] for one in back}
    assert len(subs) == 1


def test_the_sign_in_page_leads_to_the_provider(traveller: Traveller, fake: FakeProvider) -> None:
    page = traveller.browser.get(f"{traveller.home}/login?{urlencode(traveller.house.asking())}").text
    link = next(href for href in re.findall(r'href="([^"]+)"', page) if "identity_provider=Other" in href)
    there = traveller.browser.get(urljoin(f"{traveller.home}/login", unescape(link)))
    assert there.headers["location"].startswith(f"{fake.issuer}/authorize?")
