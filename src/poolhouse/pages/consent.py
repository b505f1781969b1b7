"""`/consent`: whether an application that registered itself may have what it asks for."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.errors import AccessDenied
from poolhouse.core.loopback import is_near
from poolhouse.http import Response
from poolhouse.pages.flow import Flow
from poolhouse.pages.names import called
from poolhouse.pages.page import Visit, leave, render
from poolhouse.pages.texts import N_
from poolhouse.userpools.authorization_codes import finish_authorization
from poolhouse.userpools.browser_sessions import find_browser_session
from poolhouse.userpools.consents import give_consent, needs_consent, scope_descriptions
from poolhouse.userpools.sign_in import at_pages
from poolhouse.userpools.step_up import may_go_on
from poolhouse.userpools.user_tokens import issuer_of

PATH = "/consent"
ARRIVED = "arrived"
"""Under this name the flow keeps which session has just begun for which request."""
JUST_ARRIVED = timedelta(minutes=5)
MEANINGS = {
    "openid": N_("Know who you are"),
    "profile": N_("See your profile"),
    "email": N_("See your email address"),
    "phone": N_("See your phone number"),
    "aws.cognito.signin.user.admin": N_("See and change your account, its password and its factors"),
}


async def ask_for_consent(visit: Visit, session: BrowserSession) -> Response | None:
    """After a sign-in: to the page, where there is something to ask; else None."""
    if not await needs_consent(visit.call, visit.app, visit.asked, session):
        return None
    visit.keep(Flow(values={ARRIVED: _arrival(visit, session)}))
    return visit.to(PATH)


async def consent(visit: Visit) -> Response:
    """Ask, and go back to the application with what was said.

    Raises:
        AuthorizeError: the person said no.
    """
    session = await find_browser_session(visit.call, visit.app, visit.session_cookie)
    if session is None or not await _serves(visit, session):
        return visit.to("/login")
    if not await needs_consent(visit.call, visit.app, visit.asked, session):
        return await _finish(visit, session)
    # Another person may have signed in since the page was shown: what they never saw they did not allow.
    if visit.is_post and visit.form.get("shown_to") == session.id:
        if visit.form.get("answer") == "allow":
            await give_consent(visit.call, visit.app, visit.asked, session)
            return await _finish(visit, session)
        if visit.form.get("answer") == "deny":
            visit.forget()
            raise visit.asked.refusal(issuer_of(visit.call, visit.app), AccessDenied("The user said no."))
    user = await at_pages.person_signed_in(visit.call, visit.app, session.sub)
    return await show(visit, session.id, "" if user is None else called(user))


async def _serves(visit: Visit, session: BrowserSession) -> bool:
    flow = visit.flow or Flow()
    if flow.values.get(ARRIVED) == _arrival(visit, session):
        return True
    # Back from a provider there is no flow to say so: the session says for which request the person was there.
    if (
        session.details.get("request") == visit.asked.digest
        and visit.call.now - session.auth_time <= JUST_ARRIVED
    ):
        return True
    return await may_go_on(visit.call, visit.app, visit.asked, session)


def _arrival(visit: Visit, session: BrowserSession) -> str:
    """This session, for this request and no other: the next may want another sign-in."""
    return f"{session.id} {visit.asked.digest}"


async def _finish(visit: Visit, session: BrowserSession) -> Response:
    visit.forget()
    return leave(await finish_authorization(visit.call, visit.app, visit.asked, session))


async def show(visit: Visit, session_id: str, person: str) -> Response:
    """The page; `person` is what the one who is asked is called."""
    descriptions = await scope_descriptions(visit.call, visit.app)
    registration = visit.app.client.registration
    said = {} if registration is None else registration.metadata
    target = urlsplit(visit.asked.redirect_uri)
    return render(
        visit,
        "consent.html",
        name=said.get("client_name") or visit.app.client.name,
        homepage=said.get("client_uri"),
        policy=said.get("policy_uri"),
        person=person,
        session_id=session_id,
        meanings=[
            (_meaning(visit, scope), "") if scope in MEANINGS else (descriptions.get(scope) or scope, scope)
            for scope in visit.asked.scopes
        ],
        host=target.hostname or f"{target.scheme}:",
        is_near=is_near(target.hostname or "") or target.scheme not in ("http", "https"),
    )


def _meaning(visit: Visit, scope: str) -> str:
    return str(visit.texts(MEANINGS[scope]))
