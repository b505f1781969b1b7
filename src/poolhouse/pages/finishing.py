"""The end of a sign-in at the pages: back to the application."""

from __future__ import annotations

from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.http import Response
from poolhouse.pages.flow import Flow, TooMuch
from poolhouse.pages.page import Visit, leave
from poolhouse.userpools.authorization_codes import finish_authorization
from poolhouse.userpools.sign_in.at_pages import Arrived, Waits


async def finish(visit: Visit, session: BrowserSession) -> Response:
    """Send a browser that is signed in back to the application, with its code or tokens.

    Raises:
        AuthorizeError: what the application hears instead.
    """
    return leave(await finish_authorization(visit.call, visit.app, visit.asked, session))


async def go_on_with(visit: Visit, outcome: Waits | Arrived, username: str) -> Response:
    """After a step: the next one's page, or the end."""
    if isinstance(outcome, Arrived):
        visit.sign_in(outcome.cookie)
        visit.forget()
        return await finish(visit, outcome.session)
    keep_waiting(visit, outcome, username)
    return visit.to("/challenge")


def keep_waiting(visit: Visit, waits: Waits, username: str) -> None:
    """Keep what the sign-in waits for."""
    parameters = {name: value for name, value in waits.parameters.items() if name in SHOWN}
    flow = Flow(username, waits.session, waits.challenge, parameters, waits.available)
    try:
        visit.keep(flow)
    except TooMuch:
        # The passkeys of somebody who has many: without the list the browser offers those that it can find itself.
        visit.keep(Flow(username, waits.session, waits.challenge, _shortened(parameters), waits.available))


SHOWN = frozenset(
    {
        "CODE_DELIVERY_DELIVERY_MEDIUM",
        "CODE_DELIVERY_DESTINATION",
        "FRIENDLY_DEVICE_NAME",
        "MFAS_CAN_CHOOSE",
        "MFAS_CAN_SETUP",
        "requiredAttributes",
        "CREDENTIAL_REQUEST_OPTIONS",
    }
)
"""What a page shows of ChallengeParameters, or gives to its script."""


def _shortened(parameters: dict[str, str]) -> dict[str, str]:
    import json

    options = json.loads(parameters.get("CREDENTIAL_REQUEST_OPTIONS", "{}"))
    options.pop("allowCredentials", None)
    return {**parameters, "CREDENTIAL_REQUEST_OPTIONS": json.dumps(options, separators=(",", ":"))}
