"""What is said of a sign-in afterwards, and what follows from it."""

from __future__ import annotations

from typing import Any

from tests.triggers.risk import ABROAD, HOME, a_protected_pool, come, events_of, risk_of
from tests.triggers.test_adaptive import known_at_home, set_takeover

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
