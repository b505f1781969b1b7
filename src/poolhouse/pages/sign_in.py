"""`/login`: with name and password, or with the name first where the pool lets people choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from poolhouse.core.assurance import asked_levels
from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.clients import THIS_POOL
from poolhouse.core.errors import (
    CognitoError,
    PasswordResetRequiredException,
    UserNotConfirmedException,
)
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import alias_attributes, username_attributes
from poolhouse.http import Response
from poolhouse.pages import refusals
from poolhouse.pages.finishing import finish, go_on_with
from poolhouse.pages.flow import Flow
from poolhouse.pages.names import NO_EMAIL, called, fault_of, field_of, shown
from poolhouse.pages.page import Visit, render
from poolhouse.pages.texts import N_
from poolhouse.userpools.browser_sessions import find_browser_session
from poolhouse.userpools.federation.domain_search import companies_of, domain_of, find_domains
from poolhouse.userpools.sign_in import at_pages
from poolhouse.userpools.sign_up import may_sign_up
from poolhouse.userpools.step_up import may_go_on

SOCIAL = {
    "Facebook": "Facebook",
    "Google": "Google",
    "LoginWithAmazon": "Amazon",
    "SignInWithApple": "Apple",
}
"""What Cognito calls the providers that it knows by itself, and what people do."""
NO_NAME = N_("Type in your user name.")
NO_PASSWORD = N_("Type in your password.")
UNCONFIRMED = N_(
    "Your account is not confirmed yet. Type in the code that you were sent, or have a new one sent."
)
NO_PROVIDER = N_("Nobody signs in here with an address of this domain. Check it and try again.")
RESET = N_("You have to choose a new password before you can sign in.")


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    title: str
    is_social: bool


async def login(visit: Visit) -> Response:
    if visit.is_post:
        return await _begin(visit)
    flow = visit.flow or Flow()
    session = await find_browser_session(visit.call, visit.app, visit.session_cookie)
    signed_in = None
    if session is not None and not flow.errors and await _may_go_on(visit, session):
        signed_in = await _name_of(visit, session.sub)
    return await show(visit, signed_in)


async def show(visit: Visit, signed_in: str | None = None) -> Response:
    """The page; `signed_in` is what somebody is called who may go on as who they are."""
    flow = visit.flow or Flow()
    by_domain = companies_of(visit.app) if await find_domains(visit.call, visit.app) else frozenset()
    providers = [provider for provider in providers_of(visit.app) if provider.name not in by_domain]
    return render(
        visit,
        "sign_in.html",
        asks_password=not at_pages.offers_choice(visit.app),
        username=flow.username or visit.asked.login_hint or "",
        name_label=_name_label(visit.app),
        name_type="email" if username_attributes(visit.app.user_pool) == {"email"} else "text",
        providers=_in_order(providers, visit.look.provider_order),
        asks_address=bool(by_domain),
        has_own=visit.app.client.takes_people_of(None),
        may_sign_up=may_sign_up(visit.app.user_pool),
        signed_in=signed_in,
    )


async def go_on(visit: Visit) -> Response:
    """`/login/continue`: as who is signed in already, if they still are."""
    if visit.is_post:
        session = await find_browser_session(visit.call, visit.app, visit.session_cookie)
        if session is not None and await _may_go_on(visit, session):
            visit.forget()
            return await finish(visit, session)
    return visit.to("/login")


async def to_provider(visit: Visit) -> Response:
    """`/login/provider`: to the provider of the domain of an email address."""
    if not visit.is_post:
        return visit.to("/login")
    address = visit.form.get("address", "").strip()
    domains = await find_domains(visit.call, visit.app)
    name = domains.get(domain_of(address)) if fault_of(address) is None else None
    if name is None:
        wrong = NO_PROVIDER if domain_of(address) else NO_EMAIL
        visit.keep(Flow(values={"address": shown(address)}).refusing(address=wrong))
        return visit.to("/login")
    visit.forget()
    return visit.to("/oauth2/authorize", identity_provider=name, login_hint=address)


async def _may_go_on(visit: Visit, session: BrowserSession) -> bool:
    return await may_go_on(visit.call, visit.app, visit.asked, session)


async def _begin(visit: Visit) -> Response:
    name = visit.form.get("username", "").strip()
    password = visit.form.get("password", "")
    asks_password = not at_pages.offers_choice(visit.app)
    errors = {}
    if not name:
        errors["username"] = NO_NAME
    if asks_password and not password:
        errors["password"] = NO_PASSWORD
    if errors:
        return again(visit, name, **errors)
    if not visit.parts.limits.allows_person(visit.app.pool.id, name):
        return again(visit, name, form=refusals.TOO_MANY)
    try:
        outcome = await begin(visit, name, password if asks_password else None)
    except CognitoError as error:
        return refused(visit, error, name)
    return await go_on_with(visit, outcome, name)


async def begin(visit: Visit, name: str, password: str | None = None) -> at_pages.Waits | at_pages.Arrived:
    """Begin a sign-in that is as sure as the application wants it (`acr_values`)."""
    levels = asked_levels(visit.app.user_pool, visit.asked.acr_values)
    return await at_pages.begin(visit.call, visit.app, name, password=password, levels=levels)


def refused(visit: Visit, error: CognitoError, name: str) -> Response:
    """Where a password was right, but leads elsewhere; else back to the form, with why."""
    match error:
        case UserNotConfirmedException():
            visit.keep(Flow(name).saying(UNCONFIRMED))
            return visit.to("/confirm")
        case PasswordResetRequiredException():
            visit.keep(Flow(name).saying(RESET))
            return visit.to("/forgotPassword")
        case _:
            response = again(visit, name, form=refusals.of_trigger(error) or refusals.of_sign_in(error))
            response.reason = error.reason
            return response


def again(visit: Visit, name: str, **errors: str) -> Response:
    visit.keep(Flow(name).refusing(**errors))
    return visit.to("/login")


def start_over(visit: Visit, notice: str = refusals.STARTED_OVER) -> Response:
    """A sign-in that can't go on begins again, with the name that was typed."""
    visit.keep(Flow((visit.flow or Flow()).username).saying(notice))
    return visit.to("/login")


def providers_of(app: AppSnapshot) -> list[Provider]:
    """Other places where the client's people may sign in."""
    return [
        Provider(name, SOCIAL.get(name, name), name in SOCIAL)
        for name in app.client.providers
        if name != THIS_POOL
    ]


def _in_order(providers: list[Provider], first: Sequence[str]) -> list[Provider]:
    """Those that the client's style names come first, in its order."""
    places = {name: place for place, name in enumerate(first)}
    return sorted(providers, key=lambda provider: places.get(provider.name, len(places)))


def _name_label(app: AppSnapshot) -> str:
    """What people of the pool sign in with."""
    if not username_attributes(app.user_pool) and "email" in alias_attributes(app.user_pool):
        return N_("User name or email address")
    return field_of(app).label


async def _name_of(visit: Visit, sub: str) -> str | None:
    user = await at_pages.person_signed_in(visit.call, visit.app, sub)
    return None if user is None else called(user)
