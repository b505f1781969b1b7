"""What administrators read of what a person did to get in, and what is said of it afterwards."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

from poolhouse.core.auth_events import (
    EVENT_ID,
    AuthEvent,
    Feedback,
    GivenFeedback,
    are_recorded,
    feedback_token,
    is_feedback_token,
)
from poolhouse.core.documents import epoch
from poolhouse.core.errors import (
    NotAuthorizedException,
    ResourceNotFoundException,
    UserNotFoundException,
    UserPoolAddOnNotEnabledException,
)
from poolhouse.core.paging import open_page, seal_page
from poolhouse.core.pools import UserPool
from poolhouse.core.risk import places_of, places_to_distrust, places_to_forget
from poolhouse.core.users import User
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import (
    AdminListUserAuthEventsRequest,
    AdminListUserAuthEventsResponse,
    AdminUpdateAuthEventFeedbackRequest,
    AdminUpdateAuthEventFeedbackResponse,
    AuthEventType,
    EventRiskType,
    UpdateAuthEventFeedbackRequest,
    UpdateAuthEventFeedbackResponse,
)
from poolhouse.store import Transaction
from poolhouse.userpools.auth_events import tell
from poolhouse.userpools.paging import DEFAULT_PAGE

KEY = "auth event feedback"
NOT_ENABLED = "User pool add-ons are not enabled for this user pool."
INVALID_TOKEN = "Invalid feedback token."
FEEDBACK_WITHIN = timedelta(days=30)
"""From the event on, for who has the token of its notification: an old mailbox must not make a place known."""


async def admin_list_user_auth_events(
    call: Call, request: AdminListUserAuthEventsRequest
) -> AdminListUserAuthEventsResponse:
    """What a person did to get in, newest first.

    Raises:
        ResourceNotFoundException, UserNotFoundException: no such pool, no such person.
        UserPoolAddOnNotEnabledException: threat protection neither watches nor acts in this pool.
        InvalidParameterException: the token is not one of this list's.

    Source: Cognito API reference, AdminListUserAuthEvents.
    """
    limit = request.get("MaxResults") or DEFAULT_PAGE

    def read(tx: Transaction) -> tuple[User, list[AuthEvent]]:
        user = _meant(tx, call, request["UserPoolId"], request["Username"])
        before = ""
        if "NextToken" in request:
            before = open_page(call.store.page_key, _context(call, user), request["NextToken"])
        return user, list(tx.auth_events.page(user.pool_id, user.sub, before=before, size=limit + 1))

    user, events = await call.store.read(read)
    answer: AdminListUserAuthEventsResponse = {"AuthEvents": [describe(event) for event in events[:limit]]}
    if len(events) > limit:
        answer["NextToken"] = seal_page(call.store.page_key, _context(call, user), events[limit - 1].id)
    return answer


async def admin_update_auth_event_feedback(
    call: Call, request: AdminUpdateAuthEventFeedbackRequest
) -> AdminUpdateAuthEventFeedbackResponse:
    """Say whether an event was the person's own doing. Who says it later is believed. By what was theirs the person
    is known again; from where it was not they are never taken for themselves.

    Raises:
        ResourceNotFoundException, UserNotFoundException: no such pool, person or event.
        UserPoolAddOnNotEnabledException: threat protection neither watches nor acts in this pool.

    Source: Cognito API reference, AdminUpdateAuthEventFeedback.
    """
    pool_id = request["UserPoolId"]

    def update(tx: Transaction) -> None:
        user = _meant(tx, call, pool_id, request["Username"])
        pool = tx.pools.get(call.account_id, call.region, pool_id)
        _say(tx, call, pool, user, request["EventId"], request["FeedbackValue"], "Admin")

    await call.write(update, pool_id=pool_id)
    return {}


async def update_auth_event_feedback(
    call: Call, request: UpdateAuthEventFeedbackRequest
) -> UpdateAuthEventFeedbackResponse:
    """The same, by who has the token of a notification. It proves all that there is to prove: without the right one
    nobody learns whether there is such a person, or such an event.

    Raises:
        ResourceNotFoundException: no such pool.
        UserPoolAddOnNotEnabledException: threat protection neither watches nor acts in this pool.
        NotAuthorizedException: the token is not this event's, or is too old.

    Source: Cognito API reference, UpdateAuthEventFeedback.
    """
    pool_id, event_id = request["UserPoolId"], request["EventId"]

    def update(tx: Transaction) -> None:
        pool = _watched(tx, call, pool_id)
        user = tx.users.find(pool, request["Username"])
        sub = "" if user is None else user.sub
        key = call.store.key_for(KEY)
        is_right = is_feedback_token(key, pool_id, sub, event_id, request["FeedbackToken"])
        if user is None or not is_right:
            raise NotAuthorizedException(INVALID_TOKEN)
        _say(tx, call, pool, user, event_id, request["FeedbackValue"], "User", within=FEEDBACK_WITHIN)

    await call.write(update, pool_id=pool_id)
    return {}


def token_for_feedback(call: Call, event: AuthEvent) -> str:
    """For the links of a notification."""
    return feedback_token(call.store.key_for(KEY), event.pool_id, event.sub, event.id)


def describe(event: AuthEvent) -> AuthEventType:
    risk: EventRiskType = {
        "RiskDecision": event.risk.decision,
        "CompromisedCredentialsDetected": event.risk.compromised,
    }
    if event.risk.level is not None:
        risk["RiskLevel"] = event.risk.level
    answer: AuthEventType = {
        "EventId": event.id,
        "EventType": event.kind,
        "CreationDate": epoch(event.created_at),
        "EventResponse": event.outcome,
        "EventRisk": risk,
        "ChallengeResponses": [
            {"ChallengeName": name, "ChallengeResponse": response} for name, response in event.challenges
        ],
        # Where on earth an address is, nobody here knows.
        "EventContextData": {"IpAddress": event.origin.address, "DeviceName": event.origin.device},
    }
    if event.feedback is not None:
        answer["EventFeedback"] = {
            "FeedbackValue": event.feedback.value,
            "Provider": event.feedback.provider,
            "FeedbackDate": epoch(event.feedback.at),
        }
    return answer


def _watched(tx: Transaction, call: Call, pool_id: str) -> UserPool:
    pool = tx.pools.get(call.account_id, call.region, pool_id)
    if not are_recorded(pool):
        raise UserPoolAddOnNotEnabledException(NOT_ENABLED)
    return pool


def _meant(tx: Transaction, call: Call, pool_id: str, name: str) -> User:
    pool = _watched(tx, call, pool_id)
    user = tx.users.find(pool, name)
    if user is None:
        raise UserNotFoundException
    return user


def _say(
    tx: Transaction,
    call: Call,
    pool: UserPool,
    user: User,
    event_id: str,
    value: str,
    provider: str,
    *,
    within: timedelta | None = None,
) -> None:
    # Or a sign-in that ends meanwhile, and what is said of it, would each undo the other.
    tx.users.lock(pool.id, user.sub)
    is_id = EVENT_ID.fullmatch(event_id) is not None
    event = tx.auth_events.find(pool.id, user.sub, event_id) if is_id else None
    if event is None:
        raise ResourceNotFoundException(f"Auth event {event_id} does not exist.")
    if within is not None and event.created_at + within <= call.now:
        raise NotAuthorizedException(INVALID_TOKEN, detail="the token of an old event")
    said = replace(event, feedback=GivenFeedback(cast(Feedback, value), provider, call.now))
    tx.auth_events.replace(said)
    is_valid = value == "Valid"
    places = places_of(event.origin) if is_valid else places_to_distrust(event.origin)
    if not is_valid:
        tx.known_places.forget(pool.id, user.sub, places_to_forget(event))
    tx.known_places.judge(pool.id, user.sub, places, is_valid, call.now)
    tell(tx, call, pool, said)


def _context(call: Call, user: User) -> str:
    return "|".join((call.account_id, call.region, call.operation, user.pool_id, user.sub))
