"""A pool's functions about people of other providers: what is said of them, and whether somebody new may come."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import ANY

import pytest
from tests.browser.fake_provider import CLIENT_ID, CLIENT_SECRET, LOOPBACK, FakeProvider, a_fake_provider
from tests.browser.houses import a_house
from tests.browser.providers import OAUTH2, Traveller, a_traveller, add_provider, let_in
from tests.browser.test_saml_sign_in import a_guest
from tests.browser.test_social_federation import standing_in
from tests.conftest import a_server_on
from tests.harness import RunningServer
from tests.triggers.functions import Answer, Event, Function, a_function, golden, throwing

MAPPING = {"email": "email", "given_name": "first"}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("functions")
    with a_server_on(
        request.param, folder, request, allowed_outgoing_networks=LOOPBACK, rate_per_person=0
    ) as running:
        yield running


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with a_fake_provider() as provider:
        provider.claims |= {"first": "Ada", "groups": ["a b", "c"], "age": 36, "nothing": None}
        yield provider


def inbound(function: Function) -> dict[str, Any]:
    return {"InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": function.arn}}


def mapping(attributes: Any) -> Answer:
    return lambda event: {"userAttributesToMap": attributes}


def a_traveller_past(server: RunningServer, fake: FakeProvider, **functions: Function) -> Traveller:
    """With these functions; those of the house's own person are forgotten."""
    lambdas: dict[str, Any] = {}
    for name, function in functions.items():
        lambdas |= inbound(function) if name == "InboundFederation" else {name: function.arn}
    traveller = a_traveller(server, fake, mapping=MAPPING, LambdaConfig=lambdas)
    for function in functions.values():
        function.events.clear()
    return traveller


def once_more(traveller: Traveller) -> Traveller:
    return Traveller(traveller.house)


def names_in(traveller: Traveller) -> list[str]:
    users = traveller.house.cognito.list_users(UserPoolId=traveller.house.pool_id)["Users"]
    return sorted(user["Username"] for user in users)


def link(traveller: Traveller, to: str = "ada") -> None:
    traveller.house.cognito.admin_link_provider_for_user(
        UserPoolId=traveller.house.pool_id,
        DestinationUser={"ProviderName": "Cognito", "ProviderAttributeValue": to},
        SourceUser={
            "ProviderName": "Other",
            "ProviderAttributeName": "Cognito_Subject",
            "ProviderAttributeValue": "Ada-1",
        },
    )


# --- what is said of them ---------------------------------------------------------------------------------------


def test_the_event_of_an_openid_connect_provider(server: RunningServer, fake: FakeProvider) -> None:
    asked = a_function(server)
    fake.user = {"sub": "Ada-1", "team": "engines"}
    traveller = a_traveller_past(server, fake, InboundFederation=asked)
    traveller.sign_in(fake)
    golden(
        asked.event,
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": traveller.house.pool_id,
            "userName": "Ada-1",
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown",
                "clientId": traveller.house.client_id,
            },
            "triggerSource": "InboundFederation_ExternalProvider",
            "request": {
                "providerName": "Other",
                "providerType": "OIDC",
                "attributes": {
                    "tokenResponse": {
                        "access_token": "of-the-provider",
                        "id_token": ANY,
                        "token_type": "Bearer",
                    },
                    "idToken": {
                        "iss": fake.issuer,
                        "aud": CLIENT_ID,
                        "iat": ANY,
                        "exp": ANY,
                        "sub": "Ada-1",
                        "email": "ada@provider.example",
                        "first": "Ada",
                        "groups": "[a+b,c]",
                        "age": "36",
                        "nonce": ANY,
                    },
                    "userInfo": {"sub": "Ada-1", "team": "engines"},
                },
            },
            "response": {"userAttributesToMap": {}},
        },
    )
    assert CLIENT_SECRET not in json.dumps(asked.event)
    user = traveller.user("Other_Ada-1")
    assert (user["email"], user["given_name"]) == ("ada@provider.example", "Ada"), "nothing named: as it was"


def test_the_event_of_a_saml_provider(server: RunningServer) -> None:
    asked = a_function(server, mapping({"email": "other@example.com"}))
    guest = a_guest(server, LambdaConfig=inbound(asked))
    guest.tokens()
    golden(
        asked.event["request"],
        {"providerName": "Okta", "providerType": "SAML", "attributes": {"samlResponse": ANY}},
    )
    said = asked.event["request"]["attributes"]["samlResponse"]
    assert said
    assert all(isinstance(value, str) for value in said.values())
    users = guest.house.cognito.list_users(UserPoolId=guest.house.pool_id, Filter='username ^= "Okta_"')
    kept = {a["Name"]: a["Value"] for a in users["Users"][0]["Attributes"]}
    assert kept["email"] == "other@example.com"
    assert "given_name" not in kept


def test_the_event_of_a_provider_that_speaks_oauth_2_alone(server: RunningServer, fake: FakeProvider) -> None:
    asked = a_function(server)
    house = a_house(server, LambdaConfig=inbound(asked))
    details = {**OAUTH2, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
    add_provider(house.cognito, house.pool_id, "Hub", "OIDC", details, AttributeMapping={"name": "login"})
    let_in(house, "Hub")
    fake.paths = {"/hub.example/token": "/token", "/hub.example/user": "/userinfo"}
    fake.user = {"id": 42, "login": "ada", "plan": {"name": "free"}}
    traveller = Traveller(house)
    with standing_in(server, fake, "hub.example"):
        traveller.sign_in(fake, "Hub")
    assert asked.event["userName"] == "42"
    assert asked.event["request"]["attributes"] == {
        "tokenResponse": {"access_token": "of-the-provider", "token_type": "Bearer", "id_token": ANY},
        "idToken": {},
        "userInfo": {"id": "42", "login": "ada", "plan": '{"name":"free"}', "plan.name": "free"},
    }


def test_what_the_function_names_is_all_that_is_mapped(server: RunningServer, fake: FakeProvider) -> None:
    asked = a_function(server, mapping({"first": "Augusta", "unknown": "x", "email": None}))
    traveller = a_traveller_past(server, fake, InboundFederation=asked)
    traveller.sign_in(fake)
    user = traveller.user("Other_Ada-1")
    assert user["given_name"] == "Augusta"
    assert "email" not in user, "what the function leaves out is not the provider's word any more"

    asked.answer = mapping({"first": ["Augusta", "Ada King"], "email": "ada@engines.example"})
    once_more(traveller).sign_in(fake)
    user = traveller.user("Other_Ada-1")
    assert user["given_name"] == "[Augusta,Ada+King]"
    assert user["email"] == "ada@engines.example"
    assert len(asked.events) == 2, "at each sign-in"


def test_no_function_changes_who_somebody_is(server: RunningServer, fake: FakeProvider) -> None:
    asked = a_function(server, mapping({"sub": "Eve-6", "username": "Eve-6", "acr": "high"}))
    traveller = a_traveller_past(server, fake, InboundFederation=asked)
    traveller.sign_in(fake)
    assert names_in(traveller) == ["Other_Ada-1", "ada"]


BAD_ANSWERS = [
    (throwing("Not you"), "InboundFederation failed with error Not you."),
    (mapping(["email"]), "Unrecognizable lambda output"),
    (mapping("email"), "Unrecognizable lambda output"),
    (mapping({"email": "no address"}), "Invalid email address format."),
    (mapping({"first": "x" * 2_049}), "given_name: the provider's value is longer than 2048 characters."),
    (mapping({"first": "\ud800"}), "Unrecognizable lambda output"),
    (mapping({"first": "\0"}), "given_name: the provider's value is no text."),
    (lambda event: b"{}", "Unrecognizable lambda output"),
]


@pytest.mark.parametrize(("answer", "text"), BAD_ANSWERS)
def test_a_refusal_or_a_bad_answer_lets_nobody_in(
    server: RunningServer, fake: FakeProvider, answer: Answer, text: str
) -> None:
    asked = a_function(server, answer)
    traveller = a_traveller_past(server, fake, InboundFederation=asked)
    told = traveller.sign_in(fake)
    assert told["error"] == "invalid_request"
    assert told["error_description"].startswith(text)
    assert names_in(traveller) == ["ada"]


def test_what_is_no_text_is_kept_from_the_function(server: RunningServer, fake: FakeProvider) -> None:
    """Half a surrogate pair, which JSON can name, and no event can carry."""
    asked = a_function(server)
    odd = {"odd": "\ud800", "list": ["\ud800", "a"], "deep": {"\ud800": 1}, "\ud800": "name"}
    fake.user = {"sub": "Ada-1", "team": "engines", **odd}
    traveller = a_traveller_past(server, fake, InboundFederation=asked)
    assert "code" in traveller.sign_in(fake)
    told = asked.event["request"]["attributes"]["userInfo"]
    assert told == {"sub": "Ada-1", "team": "engines"}


@pytest.mark.parametrize("value", ["\ud800", ["\ud800", "a"], ["a", "\0"], {"\ud800": 1}])
def test_what_is_no_text_is_mapped_to_nothing(server: RunningServer, fake: FakeProvider, value: Any) -> None:
    fake.user = {"sub": "Ada-1", "nick": value}
    traveller = a_traveller(server, fake, mapping={"nickname": "nick"})
    told = traveller.sign_in(fake)
    assert told["error_description"] == "nickname: the provider's value is no text."
    assert names_in(traveller) == ["ada"]


def test_the_tokens_of_a_provider_are_in_no_log(
    server: RunningServer, fake: FakeProvider, capfd: pytest.CaptureFixture[str]
) -> None:
    asked = a_function(server, throwing("Not you"))
    traveller = a_traveller_past(server, fake, InboundFederation=asked)
    traveller.sign_in(fake)
    token = asked.event["request"]["attributes"]["tokenResponse"]["id_token"]
    captured = capfd.readouterr()
    assert "of-the-provider" not in captured.out + captured.err
    assert token not in captured.out + captured.err


# --- whether somebody new may come ------------------------------------------------------------------------------


def test_the_events_of_a_first_sign_in(server: RunningServer, fake: FakeProvider) -> None:
    guard = a_function(
        server, lambda event: dict.fromkeys(("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone"), True)
    )
    told = a_function(server)
    others = a_function(server)
    traveller = a_traveller_past(
        server,
        fake,
        PreSignUp=guard,
        PostConfirmation=told,
        PreAuthentication=others,
        PostAuthentication=others,
    )
    traveller.sign_in(fake)
    context = {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": traveller.house.client_id}
    golden(
        guard.event,
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": traveller.house.pool_id,
            "userName": "Other_Ada-1",
            "callerContext": context,
            "triggerSource": "PreSignUp_ExternalProvider",
            "request": {
                "userAttributes": {
                    "email": "ada@provider.example",
                    "given_name": "Ada",
                    "email_verified": "false",
                    "cognito:email_alias": "",
                    "cognito:phone_number_alias": "",
                },
                "validationData": {},
            },
            "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
        },
    )
    user = traveller.user("Other_Ada-1")
    assert user["status"] == "EXTERNAL_PROVIDER", "what it grants is for the pool's own people"
    assert user["email_verified"] == "false"
    golden(
        told.event,
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": traveller.house.pool_id,
            "userName": "Other_Ada-1",
            "callerContext": context,
            "triggerSource": "PostConfirmation_ConfirmSignUp",
            "request": {
                "userAttributes": {
                    "sub": user["sub"],
                    "cognito:user_status": "EXTERNAL_PROVIDER",
                    "email": "ada@provider.example",
                    "given_name": "Ada",
                    "email_verified": "false",
                    "identities": user["identities"],
                }
            },
            "response": {},
        },
    )
    assert not others.events

    once_more(traveller).sign_in(fake)
    assert len(guard.events) == len(told.events) == 1, "once, for somebody new"
    assert others.sources == ["PreAuthentication_Authentication", "PostAuthentication_Authentication"]


def test_nobody_new_comes_whom_the_function_refuses(server: RunningServer, fake: FakeProvider) -> None:
    guard = a_function(server)
    traveller = a_traveller_past(server, fake, PreSignUp=guard)
    guard.answer = throwing("Not from here")
    told = traveller.sign_in(fake)
    assert told["error"] == "invalid_request"
    assert told["error_description"] == "PreSignUp failed with error Not from here."
    assert told["state"] == "a state"
    assert names_in(traveller) == ["ada"]
    groups = traveller.house.cognito.list_groups(UserPoolId=traveller.house.pool_id)["Groups"]
    assert groups == []


def test_a_function_links_who_comes_and_throws(server: RunningServer, fake: FakeProvider) -> None:
    """What people do with Cognito: the second try then is the linked person's."""
    guard = a_function(server)
    traveller = a_traveller_past(server, fake, PreSignUp=guard)

    def link_and_throw(event: Event) -> None:
        link(traveller)
        throwing("LINKED, sign in again")(event)

    guard.answer = link_and_throw
    told = traveller.sign_in(fake)
    assert told["error_description"] == "PreSignUp failed with error LINKED, sign in again."
    assert names_in(traveller) == ["ada"]
    again = once_more(traveller)
    tokens = again.tokens(again.sign_in(fake)["code"])
    assert tokens["id_token"]["sub"] == traveller.house.sub
    assert len(guard.events) == 1


def test_a_function_links_who_comes_and_they_are_let_in_as_whom_they_were_linked_to(
    server: RunningServer, fake: FakeProvider
) -> None:
    guard, told, others = a_function(server), a_function(server), a_function(server)
    traveller = a_traveller_past(
        server, fake, PreSignUp=guard, PostConfirmation=told, PreAuthentication=others
    )
    guard.answer = lambda event: link(traveller)
    tokens = traveller.tokens(traveller.sign_in(fake)["code"])
    assert tokens["id_token"]["sub"] == traveller.house.sub
    assert names_in(traveller) == ["ada"]
    assert not told.events, "nobody was confirmed"
    assert others.event["userName"] == "ada", "they sign in, so whoever guards that is asked"


def test_who_was_linked_meanwhile_passes_the_guard_of_sign_ins_too(
    server: RunningServer, fake: FakeProvider
) -> None:
    guard = a_function(server)
    traveller = a_traveller_past(
        server, fake, PreSignUp=guard, PreAuthentication=a_function(server, throwing("Closed"))
    )
    guard.answer = lambda event: link(traveller)
    told = traveller.sign_in(fake)
    assert told["error_description"] == "PreAuthentication failed with error Closed."


def test_a_failure_after_somebody_new_came_leaves_them(server: RunningServer, fake: FakeProvider) -> None:
    told = a_function(server, throwing("Full"))
    traveller = a_traveller_past(server, fake, PostConfirmation=told)
    heard = traveller.sign_in(fake)
    assert heard["error_description"] == "PostConfirmation failed with error Full."
    assert names_in(traveller) == ["Other_Ada-1", "ada"]
    assert "/login?" in traveller.authorize().headers["location"], "the browser is not signed in"
    assert "code" in once_more(traveller).sign_in(fake)
    assert len(told.events) == 1


def test_what_does_not_fit_the_pool_is_refused_before_anybody_is_asked(
    server: RunningServer, fake: FakeProvider
) -> None:
    guard = a_function(server)
    traveller = a_traveller_past(server, fake, PreSignUp=guard)
    fake.claims["email"] = "no address"
    assert "error" in traveller.sign_in(fake)
    assert not guard.events


def test_the_guard_hears_what_the_first_function_made_of_it(
    server: RunningServer, fake: FakeProvider
) -> None:
    guard = a_function(server)
    changing = a_function(server, mapping({"first": "Augusta"}))
    traveller = a_traveller_past(server, fake, PreSignUp=guard, InboundFederation=changing)
    traveller.sign_in(fake)
    told = guard.event["request"]["userAttributes"]
    assert told == {"given_name": "Augusta", "cognito:email_alias": "", "cognito:phone_number_alias": ""}


def test_somebody_who_comes_five_times_at_once_is_made_and_told_of_once(
    server: RunningServer, fake: FakeProvider
) -> None:
    guard, told = a_function(server), a_function(server)
    traveller = a_traveller_past(server, fake, PreSignUp=guard, PostConfirmation=told)
    together = threading.Barrier(5, timeout=20)

    def meet(event: Event) -> None:
        together.wait()

    guard.answer = meet
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda _: once_more(traveller).sign_in(fake), range(5)))
    assert all("code" in answer for answer in answers), answers
    assert names_in(traveller) == ["Other_Ada-1", "ada"]
    assert len(told.events) == 1
