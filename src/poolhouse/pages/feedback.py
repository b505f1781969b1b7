"""`/feedback`: the person says whether a sign-in that they were mailed about was theirs.

A link says nothing by itself: programs that read mail before people do open every link in it.
"""

from __future__ import annotations

from poolhouse.core.errors import CognitoError, NotAuthorizedException, TooManyRequestsException
from poolhouse.http import Response
from poolhouse.pages import refusals
from poolhouse.pages.confirm import BAD_LINK
from poolhouse.pages.flow import Flow
from poolhouse.pages.names import fault_of
from poolhouse.pages.page import Visit, render
from poolhouse.pages.sign_up import as_operation
from poolhouse.pages.starting import sign_in_at
from poolhouse.pages.texts import N_
from poolhouse.userpools.event_history import update_auth_event_feedback

KNOWN = N_("Thank you. We will know this device and place again.")
NOT_KNOWN = N_("Thank you for telling us. Change your password now, so that nobody else can use it.")
LONGEST_TOKEN = 128


async def feedback(visit: Visit) -> Response:
    """With the client, the name, the event, the token and what is said in its address."""
    name, token = visit.parameters.get("user_name", ""), visit.parameters.get("token", "")
    event_id, is_valid = visit.parameters.get("event_id", ""), visit.parameters.get("value") == "valid"
    if fault_of(name) is not None or len(token) > LONGEST_TOKEN:
        name = ""  # of nobody
    if not visit.is_post:
        return render(
            visit,
            "feedback.html",
            name=name,
            has_token=bool(name and token),
            is_valid=is_valid,
            sign_in=sign_in_at(visit, visit.app.client.settings.get("DefaultRedirectURI")),
        )
    flow = visit.flow or Flow()
    try:
        if not name or not token:
            raise NotAuthorizedException(detail="no link of a mail")
        if not visit.parts.limits.allows_person(visit.app.pool.id, name):
            raise TooManyRequestsException
        await update_auth_event_feedback(
            as_operation(visit, "UpdateAuthEventFeedback", name),
            {
                "UserPoolId": visit.app.pool.id,
                "Username": name,
                "EventId": event_id,
                "FeedbackToken": token,
                "FeedbackValue": "Valid" if is_valid else "Invalid",
            },
        )
    except CognitoError as error:
        is_too_often = isinstance(error, TooManyRequestsException)
        visit.keep(flow.refusing(form=refusals.TOO_MANY if is_too_often else BAD_LINK))
        response = visit.to("/feedback")
        response.reason = error.reason
        return response
    visit.keep(flow.saying(KNOWN if is_valid else NOT_KNOWN))
    return visit.to("/feedback", token="")
