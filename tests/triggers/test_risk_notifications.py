"""What people are told of risky sign-ins, and what they say to it."""

from __future__ import annotations

import html
import re
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.browser.houses import House, a_house
from tests.browser.pages import visit
from tests.browser.test_hostile_forms import TYPED, is_ours
from tests.harness import RunningServer
from tests.people.people import PASSWORD, messages_of, refusal, wait_for_message
from tests.triggers.risk import (
    ABROAD,
    FIREFOX,
    HOME,
    come,
    events_of,
    protected,
    risk_of,
    takeover,
)

from poolhouse.core.auth_events import AuthEvent, Origin
from poolhouse.core.risk_notices import Notice, compose_notice
from poolhouse.core.risk_settings import RiskSettings
from poolhouse.operation import SystemClock

FLOWS = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def a_notified_house(server: RunningServer, action: str, **notify: Any) -> tuple[House, str]:
    """One where ada has signed in at home; and her address."""
    house = a_house(server, **protected())
    cognito, email = house.cognito, f"{house.pool_id}@example.com"
    cognito.admin_update_user_attributes(
        UserPoolId=house.pool_id,
        Username="ada",
        UserAttributes=[{"Name": "email", "Value": email}, {"Name": "email_verified", "Value": "true"}],
    )
    answer = cognito.describe_user_pool_client(UserPoolId=house.pool_id, ClientId=house.client_id)
    settings = answer["UserPoolClient"]
    for name in ("CreationDate", "LastModifiedDate", "ClientSecret", "ClientType"):
        settings.pop(name, None)
    cognito.update_user_pool_client(**{**settings, "ExplicitAuthFlows": FLOWS})
    come(cognito, house.pool_id, house.client_id)
    configuration = takeover(action, notify=True)
    if notify:
        source = "arn:aws:ses:eu-central-1:000000000000:identity/watch@example.com"
        configuration["NotifyConfiguration"] = {"SourceArn": source, **notify}
    cognito.set_risk_configuration(UserPoolId=house.pool_id, AccountTakeoverRiskConfiguration=configuration)
    return house, email


def come_from_abroad(house: House) -> Any:
    return come(house.cognito, house.pool_id, house.client_id, address=ABROAD, agent=FIREFOX)


def links_of(house: House, message: dict[str, Any]) -> tuple[str, str]:
    """Where one says that it was them, and that it was not; at the address of the test's server."""
    text = html.unescape(message["Body"])
    found = {
        value: address
        for address, value in re.findall(r"(http[^\s<\"]*?value=(valid|invalid)[^\s<\"]*)", text)
    }
    base = house.server.settings.public_url
    return tuple(found[value].replace(base, house.server.base_url) for value in ("valid", "invalid"))  # type: ignore[return-value]


def test_a_blocked_sign_in_is_told_in_cognitos_words_where_there_are_no_others(server: RunningServer) -> None:
    house, email = a_notified_house(server, "BLOCK")
    refusal(come_from_abroad, house)
    message = wait_for_message(server, email)
    assert message["Subject"] == "Blocked sign-in attempt"
    assert message["Purpose"] == "ACCOUNT_TAKEOVER"
    assert "We blocked an unrecognized sign-in to your account" in message["Body"]
    assert "Firefox 128, Linux" in message["Body"]
    assert ABROAD in message["Body"]
    assert "Code" not in message


def test_the_owners_templates_are_filled_in(server: RunningServer) -> None:
    template = {
        "Subject": "Hello {username}, {city}{country}from {ip-address}",
        "HtmlBody": "<p>{device-name} {login-time} {event-id} {feedback-token} {unknown}</p>",
    }
    house, email = a_notified_house(server, "NO_ACTION", NoActionEmail=template)
    come_from_abroad(house)
    message = wait_for_message(server, email)
    event = events_of(house.cognito, house.pool_id)[0]
    assert message["Subject"] == f"Hello ada, from {ABROAD}"
    found = re.fullmatch(
        r"<p>Firefox 128, Linux \w+day, \w+ \d\d, \d{4} \d\d:\d\d [AP]M UTC (\S+) (\S+) \{unknown\}</p>",
        message["Body"],
    )
    assert found is not None
    assert found[1] == event["EventId"]
    house.cognito.update_auth_event_feedback(
        UserPoolId=house.pool_id,
        Username="ada",
        EventId=found[1],
        FeedbackToken=found[2],
        FeedbackValue="Valid",
    )


def test_a_factor_that_is_asked_for_is_told(server: RunningServer) -> None:
    house, email = a_notified_house(
        server, "MFA_REQUIRED", MfaEmail={"Subject": "Asked", "TextBody": "1 < 2 & {username}"}
    )
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id, MfaConfiguration="OPTIONAL", EmailMfaConfiguration={}
    )
    assert come_from_abroad(house)["ChallengeName"] == "EMAIL_OTP"
    wait_for_message(server, email, 2)
    [notice] = [message for message in messages_of(server, email) if message["Purpose"] == "ACCOUNT_TAKEOVER"]
    assert (notice["Subject"], notice["Body"]) == ("Asked", "1 &lt; 2 &amp; ada")


def test_a_link_says_nothing_before_the_person_does_and_then_makes_the_place_known(
    server: RunningServer,
) -> None:
    house, email = a_notified_house(server, "NO_ACTION")
    come_from_abroad(house)
    valid, _ = links_of(house, wait_for_message(server, email))
    assert house.browser.head(valid).status_code == 200
    page = visit(house.browser, valid)
    assert "Was this you?" in page.text
    assert "EventFeedback" not in events_of(house.cognito, house.pool_id)[0]
    page = page.submit()
    assert "We will know this device and place again." in page.text
    assert "token=&" in f"{page.response.url}&", "the token is out of the address"
    assert events_of(house.cognito, house.pool_id)[0]["EventFeedback"]["FeedbackValue"] == "Valid"
    come_from_abroad(house)
    assert risk_of(house.cognito, house.pool_id) == ("NoRisk", None, "Pass")


def test_a_link_that_says_it_was_another_makes_the_place_a_high_risk(server: RunningServer) -> None:
    house, email = a_notified_house(server, "NO_ACTION")
    come_from_abroad(house)
    _, invalid = links_of(house, wait_for_message(server, email))
    assert "Change your password now" in visit(house.browser, invalid).submit().text
    feedback = events_of(house.cognito, house.pool_id)[0]["EventFeedback"]
    assert (feedback["FeedbackValue"], feedback["Provider"]) == ("Invalid", "User")
    come_from_abroad(house)
    assert risk_of(house.cognito, house.pool_id) == ("AccountTakeover", "High", "Pass")


@pytest.mark.parametrize(
    ("part", "other"),
    [("token=", "token=x"), ("user_name=ada", "user_name=nobody"), ("event_id=0", "event_id=1")],
)
def test_a_link_that_was_changed_says_nothing(server: RunningServer, part: str, other: str) -> None:
    house, email = a_notified_house(server, "NO_ACTION")
    come_from_abroad(house)
    valid, _ = links_of(house, wait_for_message(server, email))
    assert part in valid
    page = visit(house.browser, valid.replace(part, other)).submit()
    assert "This link is not right" in page.text
    assert "EventFeedback" not in events_of(house.cognito, house.pool_id)[0]


def test_who_has_no_verified_address_hears_nothing_and_nobody_too_often(server: RunningServer) -> None:
    house, email = a_notified_house(server, "NO_ACTION")
    for _ in range(7):
        come_from_abroad(house)
    wait_for_message(server, email, 5)
    assert len(messages_of(server, email)) == 5
    other = f"other-{email}"
    house.cognito.admin_update_user_attributes(
        UserPoolId=house.pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": other}]
    )
    come_from_abroad(house)
    assert messages_of(server, other) == []


def test_a_page_says_that_an_unusual_sign_in_is_not_allowed(server: RunningServer) -> None:
    house, _ = a_notified_house(server, "BLOCK")
    page = visit(house.browser, f"{house.address}/oauth2/authorize?{urlencode(house.asking())}")
    page = page.submit(username="ada", password=PASSWORD)
    assert "This sign-in looks unusual, so it is not allowed." in page.text
    assert risk_of(house.cognito, house.pool_id) == ("Block", "Medium", "Fail")


def test_nothing_is_told_where_nothing_is_unusual(server: RunningServer) -> None:
    house, email = a_notified_house(server, "NO_ACTION")
    come(house.cognito, house.pool_id, house.client_id, address=HOME)
    assert messages_of(server, email) == []


@pytest.mark.parametrize("typed", TYPED, ids=range(len(TYPED)))
def test_any_link_is_answered(server: RunningServer, typed: str) -> None:
    if len(typed) > 10_000:
        pytest.skip("longer than any address that the server reads")
    house = a_house(server, **protected())
    good = {"client_id": house.client_id, "user_name": "ada", "event_id": "1", "token": "t", "value": "valid"}
    for name in ("user_name", "event_id", "token", "value"):
        house.browser.cookies.clear()
        query = urlencode({**good, name: typed}, errors="surrogatepass")
        page = visit(house.browser, f"{house.address}/feedback?{query}")
        is_ours(page)
        if page.forms:
            is_ours(page.submit())


def an_event(name: str, agent: str, at: datetime) -> AuthEvent:
    return AuthEvent(
        pool_id="p",
        sub="s",
        id="i",
        kind="SignIn",
        created_at=at,
        outcome="Fail",
        client_id="c",
        username=name,
        request_id="r",
        origin=Origin("<b>", agent),
    )


def test_a_function_is_told_as_cognito_tells_it() -> None:
    """The time as in events that Cognito sent: text for people."""
    event = an_event("ada", FIREFOX, datetime(2021, 3, 19, 15, 25, 59, tzinfo=timezone(timedelta(hours=1))))
    assert Notice("BlockEmail", event, "t", "v", "i").details == {
        "EVENT_ID": "i",
        "USER_NAME": "ada",
        "IP_ADDRESS": "<b>",
        "ACCOUNT_TAKE_OVER_ACTION": "BLOCK",
        "ONE_CLICK_LINK_VALID": "v",
        "ONE_CLICK_LINK_INVALID": "i",
        "LOGIN_TIME": "Friday, March 19, 2021 02:25 PM UTC",
        "FEEDBACK_TOKEN": "t",
        "CITY": "",
        "COUNTRY": "",
        "DEVICE_NAME": "Firefox 128, Linux",
    }


@given(st.text(), st.text())
def test_what_is_put_into_a_message_is_text(name: str, agent: str) -> None:
    event = an_event(name, agent, SystemClock().now())
    settings = RiskSettings(
        takeover={
            "Actions": {},
            "NotifyConfiguration": {
                "SourceArn": "",
                "BlockEmail": {
                    "Subject": "{username}",
                    "HtmlBody": "[{username}|{ip-address}|{device-name}]",
                },
            },
        }
    )
    message = compose_notice(settings, Notice("BlockEmail", event, "t", "v", "i"))
    assert "\n" not in message.subject
    assert "\r" not in message.subject
    body = message.body
    assert "<" not in body
    assert html.unescape(body).startswith(f"[{html.unescape(html.escape(name))}")
