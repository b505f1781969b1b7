"""What is said of a sign-in afterwards, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.harness import MovableClock, RunningServer
from tests.triggers.risk import ABROAD, HOME, a_protected_pool, come, events_of, risk_of
from tests.triggers.test_adaptive import known_at_home, set_takeover

from poolhouse.core.auth_events import feedback_token
from poolhouse.userpools.event_history import KEY

NEXT_DOOR = "198.51.100.77"
"""In the network of `ABROAD`."""


def say(cognito: Any, pool_id: str, value: str) -> None:
    """Of the newest event."""
    event = events_of(cognito, pool_id)[0]["EventId"]
    cognito.admin_update_auth_event_feedback(
        UserPoolId=pool_id, Username="ada", EventId=event, FeedbackValue=value
    )


def test_a_sign_in_that_was_another_has_made_no_network_known(cognito: Any) -> None:
    place = known_at_home(cognito, a_protected_pool(cognito))
    come(cognito, *place, address=ABROAD)  # a low risk, which is known from then on
    say(cognito, place[0], "Invalid")
    come(cognito, *place, address=NEXT_DOOR)
    assert risk_of(cognito, place[0]) == ("AccountTakeover", "Low", "Pass")
    come(cognito, *place, address=HOME)
    assert risk_of(cognito, place[0]) == ("NoRisk", None, "Pass")


def test_a_sign_in_that_came_to_nothing_takes_nothing_away(cognito: Any) -> None:
    place = known_at_home(cognito, a_protected_pool(cognito))
    come(cognito, *place, address=ABROAD)
    set_takeover(cognito, place[0], "BLOCK")
    code = None
    try:
        come(cognito, *place, address=NEXT_DOOR, agent="Another/1.0")
    except cognito.exceptions.NotAuthorizedException as blocked:
        code = blocked.response["Error"]["Message"]
    assert code == "Unable to login because of security reasons."
    say(cognito, place[0], "Invalid")
    come(cognito, *place, address=ABROAD)
    assert risk_of(cognito, place[0]) == ("NoRisk", None, "Pass")


def test_a_person_has_thirty_days_to_say_it_and_an_administrator_any_time(
    own_server: Callable[..., RunningServer],
) -> None:
    clock = MovableClock()
    server = own_server(clock=clock, clock_skew=timedelta(days=40))
    cognito = server.client("cognito-idp")
    pool_id, client_id = known_at_home(cognito, a_protected_pool(cognito))
    come(cognito, pool_id, client_id, address=ABROAD)
    event = events_of(cognito, pool_id)[0]["EventId"]
    sub = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")["UserAttributes"][0]["Value"]
    token = feedback_token(server.server.parts.store.key_for(KEY), pool_id, sub, event)
    whom = {"UserPoolId": pool_id, "Username": "ada", "EventId": event}
    clock.advance(days=29, hours=23)
    cognito.update_auth_event_feedback(**whom, FeedbackToken=token, FeedbackValue="Invalid")
    clock.advance(hours=1)
    with pytest.raises(cognito.exceptions.NotAuthorizedException, match="Invalid feedback token"):
        cognito.update_auth_event_feedback(**whom, FeedbackToken=token, FeedbackValue="Valid")
    assert events_of(cognito, pool_id)[0]["EventFeedback"]["FeedbackValue"] == "Invalid"
    say(cognito, pool_id, "Valid")
    assert events_of(cognito, pool_id)[0]["EventFeedback"]["FeedbackValue"] == "Valid"
