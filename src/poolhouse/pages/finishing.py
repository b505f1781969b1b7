"""The end of a sign-in at the pages: back to the application."""

from __future__ import annotations

import json
from dataclasses import replace

from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.http import Response
from poolhouse.pages.consent import ask_for_consent
from poolhouse.pages.flow import Flow, TooMuch
from poolhouse.pages.page import Visit, leave
from poolhouse.userpools.authorization_codes import finish_authorization
from poolhouse.userpools.sign_in.at_pages import Arrived, Waits
from poolhouse.userpools.software_tokens import associate_software_token

TOTP = "SOFTWARE_TOKEN_MFA"
CHOSEN = "chosen"
"""Which factor is being set up, in the flow's values."""


async def finish(visit: Visit, session: BrowserSession) -> Response:
    """Send a browser that is signed in back to the application, with its code or tokens; first to the page of consent,
    where the application needs one.

    Raises:
        AuthorizeError: what the application hears instead.
    """
    asking = await ask_for_consent(visit, session)
    if asking is not None:
        return asking
    return leave(await finish_authorization(visit.call, visit.app, visit.asked, session))


async def go_on_with(visit: Visit, outcome: Waits | Arrived, username: str) -> Response:
    """After a step: the next one's page, or the end."""
    if isinstance(outcome, Arrived):
        visit.sign_in(outcome.cookie)
        visit.forget()
        return await finish(visit, outcome.session)
    keep_waiting(visit, outcome, username)
    assert visit.flow is not None
    if json.loads(outcome.parameters.get("MFAS_CAN_SETUP", "[]")) == [TOTP]:
        return await begin_app(visit, visit.flow)
    return visit.to("/challenge")


async def begin_app(visit: Visit, flow: Flow) -> Response:
    """Make the seed of an authenticator app that is to be set up, and show it."""
    told = await associate_software_token(visit.call, {"Session": flow.session})
    assert "Session" in told, "who comes with a session goes on with one"
    assert "SecretCode" in told
    visit.keep(
        replace(flow, session=told["Session"], secret=told["SecretCode"], values={CHOSEN: TOTP}, errors={})
    )
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
    options = json.loads(parameters.get("CREDENTIAL_REQUEST_OPTIONS", "{}"))
    options.pop("allowCredentials", None)
    return {**parameters, "CREDENTIAL_REQUEST_OPTIONS": json.dumps(options, separators=(",", ":"))}
