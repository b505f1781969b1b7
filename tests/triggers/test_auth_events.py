"""The history of what people do to get in: kept where threat protection watches, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.admin import admin_client
from tests.browser.fake_provider import LOOPBACK, a_fake_provider
from tests.browser.houses import a_house
from tests.browser.pages import visit
from tests.browser.providers import a_traveller
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in, the_code
from tests.people.tokens import claims_of

from poolhouse.core.auth_events import feedback_token, is_feedback_token
from poolhouse.core.user_agents import device_name
from poolhouse.userpools.event_history import KEY

WATCHED: dict[str, Any] = {"UserPoolTier": "PLUS", "UserPoolAddOns": {"AdvancedSecurityMode": "AUDIT"}}
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


def events_of(cognito: Any, pool_id: str, username: str = "ada", **options: Any) -> list[dict[str, Any]]:
    answer = cognito.admin_list_user_auth_events(UserPoolId=pool_id, Username=username, **options)
    events: list[dict[str, Any]] = answer["AuthEvents"]
    return events


@pytest.fixture
def pool_id(cognito: Any) -> str:
    return a_pool(cognito, **WATCHED)


def test_a_sign_in_is_an_event_whose_id_its_tokens_bear(cognito: Any, pool_id: str) -> None:
    app = an_app(cognito, pool_id)
    a_person(cognito, pool_id)
    tokens = sign_in(cognito, app["ClientId"])
    [event] = events_of(cognito, pool_id)
    assert event["EventId"] == claims_of(tokens["AccessToken"])["event_id"]
    assert event["EventType"] == "SignIn"
    assert event["EventResponse"] == "Pass"
    assert event["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Success"}]
    assert event["EventRisk"] == {"RiskDecision": "NoRisk", "CompromisedCredentialsDetected": False}
    assert event["EventContextData"]["IpAddress"] in ("127.0.0.1", "::1")

    assert "EventFeedback" not in event


def test_a_wrong_password_is_an_event_that_failed(cognito: Any, pool_id: str) -> None:
    app = an_app(cognito, pool_id)
    a_person(cognito, pool_id)
    refusal(sign_in, cognito, app["ClientId"], password="Wrong-Horse-9")
    [event] = events_of(cognito, pool_id)
    assert event["EventResponse"] == "Fail"
    assert event["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Failure"}]


def test_a_sign_in_with_a_second_factor_is_one_event_from_its_first_question_to_its_end(
    server: RunningServer, cognito: Any
) -> None:
    pool_id = a_pool(cognito, **WATCHED)
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="OPTIONAL", EmailMfaConfiguration={}
    )
    app = an_app(cognito, pool_id)
    address = f"{pool_id}@example.com"
    a_person(cognito, pool_id, email=address, email_verified="true")
    cognito.admin_set_user_mfa_preference(
        UserPoolId=pool_id, Username="ada", EmailMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    asked = cognito.initiate_auth(
        ClientId=app["ClientId"],
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    [begun] = events_of(cognito, pool_id)
    assert begun["EventResponse"] == "InProgress"

    def answer(code: str) -> Any:
        return cognito.respond_to_auth_challenge(
            ClientId=app["ClientId"],
            ChallengeName="EMAIL_OTP",
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", "EMAIL_OTP_CODE": code},
        )

    code = the_code(server, address)
    refusal(answer, "000000" if code != "000000" else "111111")
    [failed] = events_of(cognito, pool_id)
    assert failed["EventResponse"] == "Fail"
    tokens = answer(code)["AuthenticationResult"]
    [event] = events_of(cognito, pool_id)
    assert event["EventId"] == begun["EventId"] == claims_of(tokens["AccessToken"])["event_id"]
    assert event["EventResponse"] == "Pass"
    assert [(c["ChallengeName"], c["ChallengeResponse"]) for c in event["ChallengeResponses"]] == [
        ("Password", "Success"),
        ("Mfa", "Failure"),
        ("Mfa", "Success"),
    ]


def test_who_begins_sign_ins_on_and_on_fills_nobodys_history(
    server: RunningServer, cognito: Any, pool_id: str
) -> None:
    app = an_app(cognito, pool_id)
    a_person(cognito, pool_id)

    def recorded() -> int:
        read = server.server.parts.store.read
        return len(server.run(read(lambda tx: tx.audit.page("000000000000", pool_id=pool_id, size=100))))

    before = recorded()
    for _ in range(3):
        cognito.initiate_auth(
            ClientId=app["ClientId"],
            AuthFlow="USER_SRP_AUTH",
            AuthParameters={"USERNAME": "ada", "SRP_A": "f" * 64},
        )
    assert events_of(cognito, pool_id) == []
    assert recorded() == before


def test_nobody_learns_who_exists_by_what_a_persons_history_takes(cognito: Any, pool_id: str) -> None:
    client_id = an_app(cognito, pool_id, PreventUserExistenceErrors="ENABLED")["ClientId"]
    a_person(cognito, pool_id)
    answers = [refusal(sign_in, cognito, client_id, name, "Wrong-Horse-9") for name in ("ada", "nobody")]
    assert answers[0] == answers[1]
    assert [event["EventResponse"] for event in events_of(cognito, pool_id)] == ["Fail"]


def test_signing_in_at_the_pages_is_in_the_history_and_the_audit(server: RunningServer, cognito: Any) -> None:
    house = a_house(server)
    cognito.update_user_pool(UserPoolId=house.pool_id, **WATCHED)
    asking = f"{house.address}/oauth2/authorize?{urlencode(house.asking())}"
    visit(house.browser, asking).submit(username="ada", password="Wrong-Horse-9").post(
        username="ada", password=PASSWORD
    )
    events = events_of(cognito, house.pool_id)
    assert [(event["EventType"], event["EventResponse"]) for event in events] == [
        ("SignIn", "Pass"),
        ("SignIn", "Fail"),
    ]
    assert events[0]["ChallengeResponses"] == [{"ChallengeName": "Password", "ChallengeResponse": "Success"}]
    about = {"UserPoolId": house.pool_id, "Username": "ada"}
    told = admin_client(server).list_audit_events(**about)["AuditEvents"]
    # The code that the application gets, the browser's session, and what was tried in vain before.
    assert [event.get("ErrorCode") for event in told[:3]] == [None, None, "NotAuthorizedException"]


def test_who_arrives_from_a_provider_is_in_the_history(
    own_server: Callable[..., RunningServer],
) -> None:
    server = own_server(allowed_outgoing_networks=LOOPBACK)
    with a_fake_provider() as fake:
        traveller = a_traveller(server, fake)
        cognito, pool_id = traveller.house.cognito, traveller.house.pool_id
        cognito.update_user_pool(UserPoolId=pool_id, **WATCHED)
        traveller.sign_in(fake)
        [event] = events_of(cognito, pool_id, "Other_Ada-1")
        assert (event["EventType"], event["EventResponse"]) == ("SignIn", "Pass")
        sub, read = traveller.user("Other_Ada-1")["sub"], server.server.parts.store.read
        [kept] = server.run(read(lambda tx: tx.auth_events.page(pool_id, sub, size=2)))
        assert kept.provider == "Other"


def test_events_are_listed_newest_first_page_by_page(cognito: Any, pool_id: str) -> None:
    app = an_app(cognito, pool_id)
    a_person(cognito, pool_id)
    ids = [claims_of(sign_in(cognito, app["ClientId"])["AccessToken"])["event_id"] for _ in range(5)]
    pages = cognito.get_paginator("admin_list_user_auth_events").paginate(
        UserPoolId=pool_id, Username="ada", PaginationConfig={"PageSize": 2}
    )
    listed = [[event["EventId"] for event in page["AuthEvents"]] for page in pages]
    assert [len(page) for page in listed] == [2, 2, 1]
    assert [id for page in listed for id in page] == sorted(ids, reverse=True)
    assert len(events_of(cognito, pool_id, MaxResults=0)) == 5


def test_a_token_of_one_persons_list_opens_no_others(cognito: Any, pool_id: str) -> None:
    app = an_app(cognito, pool_id)
    for name in ("ada", "bob"):
        a_person(cognito, pool_id, name)
        for _ in range(2):
            sign_in(cognito, app["ClientId"], name)
    token = cognito.admin_list_user_auth_events(UserPoolId=pool_id, Username="ada", MaxResults=1)["NextToken"]
    code, _ = refusal(
        cognito.admin_list_user_auth_events, UserPoolId=pool_id, Username="bob", MaxResults=1, NextToken=token
    )
    assert code == "InvalidParameterException"


def test_without_threat_protection_there_is_no_history(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    app = an_app(cognito, pool_id)
    a_person(cognito, pool_id)
    sign_in(cognito, app["ClientId"])
    whom = {"UserPoolId": pool_id, "Username": "ada"}
    assert refusal(cognito.admin_list_user_auth_events, **whom)[0] == "UserPoolAddOnNotEnabledException"
    of = {"EventId": "a", "FeedbackValue": "Valid"}
    code, _ = refusal(cognito.admin_update_auth_event_feedback, **whom, **of)
    assert code == "UserPoolAddOnNotEnabledException"
    code, _ = refusal(cognito.update_auth_event_feedback, **whom, **of, FeedbackToken="a")
    assert code == "UserPoolAddOnNotEnabledException"
    cognito.update_user_pool(UserPoolId=pool_id, **WATCHED)
    assert events_of(cognito, pool_id) == [], "nothing was kept while nobody watched"


def test_whom_there_is_not_has_no_history(cognito: Any, pool_id: str) -> None:
    whom = {"UserPoolId": pool_id, "Username": "nobody"}
    assert refusal(cognito.admin_list_user_auth_events, **whom)[0] == "UserNotFoundException"


def test_a_deleted_persons_history_goes_with_them(server: RunningServer, cognito: Any, pool_id: str) -> None:
    app = an_app(cognito, pool_id)
    sub = a_person(cognito, pool_id)
    sign_in(cognito, app["ClientId"])
    cognito.admin_delete_user(UserPoolId=pool_id, Username="ada")
    left = server.run(server.server.parts.store.read(lambda tx: tx.auth_events.page(pool_id, sub, size=10)))
    assert left == []


def test_where_a_back_end_says_the_person_is_there_they_are(cognito: Any, pool_id: str) -> None:
    app = an_app(cognito, pool_id)
    a_person(cognito, pool_id)
    cognito.admin_initiate_auth(
        UserPoolId=pool_id,
        ClientId=app["ClientId"],
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        ContextData={
            "IpAddress": "192.0.2.7",
            "ServerName": "app.example.com",
            "ServerPath": "/sign-in",
            "HttpHeaders": [{"headerName": "User-Agent", "headerValue": CHROME}],
        },
    )
    [event] = events_of(cognito, pool_id)
    assert event["EventContextData"] == {"IpAddress": "192.0.2.7", "DeviceName": "Chrome 126, Windows 10"}


def test_an_administrator_says_whether_it_was_the_person(
    server: RunningServer, cognito: Any, pool_id: str
) -> None:
    app = an_app(cognito, pool_id)
    sub = a_person(cognito, pool_id)
    sign_in(cognito, app["ClientId"])
    [event] = events_of(cognito, pool_id)
    whom = {"UserPoolId": pool_id, "Username": "ada", "EventId": event["EventId"]}
    for value in ("Invalid", "Valid"):
        cognito.admin_update_auth_event_feedback(**whom, FeedbackValue=value)
        [said] = events_of(cognito, pool_id)
        assert (said["EventFeedback"]["FeedbackValue"], said["EventFeedback"]["Provider"]) == (value, "Admin")
    for unknown in ("nothing", "00000000-0000-7000-8000-000000000000"):
        code, _ = refusal(
            cognito.admin_update_auth_event_feedback, **{**whom, "EventId": unknown}, FeedbackValue="Valid"
        )
        assert code == "ResourceNotFoundException"
    about = {"UserPoolId": pool_id, "EventNames": ["AdminUpdateAuthEventFeedback"]}
    told = admin_client(server).list_audit_events(**about)["AuditEvents"]
    # Of whom the row is locked: two who say it at once, or a sign-in that ends meanwhile, follow one another.
    assert [event["UserSub"] for event in told] == [sub, sub]


def test_a_person_says_it_by_the_token_of_that_event_alone(
    server: RunningServer, cognito: Any, pool_id: str
) -> None:
    app = an_app(cognito, pool_id)
    subs = {name: a_person(cognito, pool_id, name) for name in ("ada", "bob")}
    sign_in(cognito, app["ClientId"])
    sign_in(cognito, app["ClientId"], "bob")
    [event] = events_of(cognito, pool_id)
    [bobs] = events_of(cognito, pool_id, "bob")
    key = server.server.parts.store.key_for(KEY)
    token = feedback_token(key, pool_id, subs["ada"], event["EventId"])
    whom = {"UserPoolId": pool_id, "Username": "ada", "EventId": event["EventId"], "FeedbackValue": "Invalid"}
    for wrong in (
        {"FeedbackToken": feedback_token(key, pool_id, subs["bob"], event["EventId"])},
        {"FeedbackToken": token, "Username": "bob", "EventId": bobs["EventId"]},
        {"FeedbackToken": token, "Username": "nobody"},
        {"FeedbackToken": "made-up"},
    ):
        code, _ = refusal(cognito.update_auth_event_feedback, **{**whom, **wrong})
        assert code == "NotAuthorizedException"
    assert "EventFeedback" not in events_of(cognito, pool_id)[0]
    cognito.update_auth_event_feedback(**whom, FeedbackToken=token)
    feedback = events_of(cognito, pool_id)[0]["EventFeedback"]
    assert (feedback["FeedbackValue"], feedback["Provider"]) == ("Invalid", "User")


def test_signing_up_is_under_way_until_it_is_confirmed(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito, **WATCHED, AutoVerifiedAttributes=["email"])
    client_id = an_app(cognito, pool_id)["ClientId"]
    address = f"{pool_id}@example.com"
    cognito.sign_up(
        ClientId=client_id,
        Username="ada",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": address}],
    )
    [event] = events_of(cognito, pool_id)
    assert (event["EventType"], event["EventResponse"]) == ("SignUp", "InProgress")
    cognito.resend_confirmation_code(ClientId=client_id, Username="ada")
    again = events_of(cognito, pool_id)[0]
    assert (again["EventType"], again["EventResponse"]) == ("ResendCode", "Pass")
    cognito.confirm_sign_up(ClientId=client_id, Username="ada", ConfirmationCode=the_code(server, address))
    done = next(e for e in events_of(cognito, pool_id) if e["EventType"] == "SignUp")
    assert (done["EventId"], done["EventResponse"]) == (event["EventId"], "Pass")


def test_a_forgotten_password_is_under_way_until_it_is_replaced(server: RunningServer, cognito: Any) -> None:
    pool_id = a_pool(cognito, **WATCHED)
    client_id = an_app(cognito, pool_id)["ClientId"]
    address = f"{pool_id}@example.com"
    a_person(cognito, pool_id, email=address, email_verified="true")
    cognito.forgot_password(ClientId=client_id, Username="ada")

    def now() -> list[tuple[str, str]]:
        return [(event["EventType"], event["EventResponse"]) for event in events_of(cognito, pool_id)]

    assert now() == [("ForgotPassword", "InProgress")]
    new = {"ClientId": client_id, "Username": "ada", "Password": "Correct-Horse-10"}
    code = the_code(server, address)
    refusal(cognito.confirm_forgot_password, **new, ConfirmationCode="0" * 6 if code != "0" * 6 else "1" * 6)
    assert now() == [("ForgotPassword", "Fail")]
    cognito.confirm_forgot_password(**new, ConfirmationCode=code)
    assert now() == [("ForgotPassword", "Pass")]


def test_a_changed_password_is_an_event_and_so_is_a_vain_try(cognito: Any, pool_id: str) -> None:
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id)
    token = sign_in(cognito, client_id)["AccessToken"]
    for previous in ("Wrong-Horse-9", PASSWORD):
        change = {"PreviousPassword": previous, "ProposedPassword": "Correct-Horse-10", "AccessToken": token}
        if previous == PASSWORD:
            cognito.change_password(**change)
        else:
            refusal(cognito.change_password, **change)
    changes = [e for e in events_of(cognito, pool_id) if e["EventType"] == "PasswordChange"]
    assert [event["EventResponse"] for event in changes] == ["Pass", "Fail"]


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        (CHROME, "Chrome 126, Windows 10"),
        (CHROME + " Edg/126.0.0.0", "Edge 126, Windows 10"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox 128, Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " Version/17.5 Mobile/15E148 Safari/604.1",
            "Safari 17, iOS 17",
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
            " Version/17.4 Safari/605.1.15",
            "Safari 17, Mac OS X 10",
        ),
        (
            "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko)"
            " Chrome/125.0.0.0 Mobile Safari/537.36",
            "Chrome 125, Android 14",
        ),
        ("aws-sdk-js/3.600", "Other, Other"),
        ("", "Other, Other"),
    ],
)
def test_a_device_is_called_by_its_browser_and_system(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name


@given(st.text(), st.text(), st.text())
def test_any_other_token_is_not_the_events(sub: str, event_id: str, presented: str) -> None:
    right = feedback_token(b"k" * 32, "pool", "sub", "event")
    assert is_feedback_token(b"k" * 32, "pool", "sub", "event", right)
    assert is_feedback_token(b"k" * 32, "pool", "sub", "event", presented) == (presented == right)
    if (
        (sub, event_id) != ("sub", "event")
        and "/" not in sub + event_id
        and sub.isascii()
        and event_id.isascii()
    ):
        assert not is_feedback_token(b"k" * 32, "pool", sub, event_id, right)
