"""Signing in at the hosted pages: the API's machine with a browser's session at its end.

What the client permits the API to do (ExplicitAuthFlows) and its secret don't count here: it is the pool's own page
that asks. Nobody learns at a page who has an account, whatever the client's setting says.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from poolhouse.core import pool_settings
from poolhouse.core.auth_flows import permitted
from poolhouse.core.browser_sessions import BrowserSession
from poolhouse.core.errors import InvalidParameterException, NotAuthorizedException
from poolhouse.core.mfa import PASSWORD, MfaChoice
from poolhouse.core.sessions import Session, ticket_of_session
from poolhouse.core.sign_in import Event, Step
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import LONGEST_KEY, User, UserStatus
from poolhouse.operation import Call
from poolhouse.shapes.cognito_idp import InitiateAuthResponse, UserPoolClientType
from poolhouse.store import Transaction
from poolhouse.userpools import sessions
from poolhouse.userpools.browser_sessions import begin_browser_session
from poolhouse.userpools.risk.blocking import refuse_blocked_sign_in
from poolhouse.userpools.sign_in import choosing, history
from poolhouse.userpools.sign_in.answering import ANSWERS
from poolhouse.userpools.sign_in.asking import ask
from poolhouse.userpools.sign_in.attempt import Attempt, Person, find_person
from poolhouse.userpools.sign_in.by_password import by_password
from poolhouse.userpools.sign_in.going_on import go_on, put
from poolhouse.userpools.sign_in.operations import SIGNED_UP
from poolhouse.userpools.triggers.authentication import before_sign_in

SENT = frozenset(
    {Step.SMS_MFA, Step.EMAIL_OTP, Step.EMAIL_OTP_SETUP, Step.SMS_SETUP, Step.SMS_OTP, Step.EMAIL_OTP_FIRST}
)
"""Steps that wait for a code that was sent."""


@dataclass(frozen=True, slots=True)
class Waits:
    """The sign-in asks something more."""

    challenge: str
    session: str = field(repr=False)
    parameters: Mapping[str, str] = field(repr=False)
    available: tuple[str, ...] = ()
    """What can be chosen, at SELECT_CHALLENGE."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """The browser is signed in."""

    session: BrowserSession
    cookie: str = field(repr=False)


class _Arrival:
    """The end of one sign-in, for the machine to call."""

    def __init__(self, call: Call, app: AppSnapshot) -> None:
        self._call = call
        self._app = app
        self.arrived: Arrived | None = None

    async def __call__(
        self,
        sub: str,
        *,
        amr: Collection[str],
        also: Callable[[Transaction, User], User | None],
        states: Collection[UserStatus],
    ) -> None:
        session, cookie = await begin_browser_session(
            self._call, self._app, sub, amr=amr, also=also, states=states
        )
        self.arrived = Arrived(session, cookie)


def hiding(app: AppSnapshot) -> AppSnapshot:
    """The client as the pages take it: one that hides who has an account."""
    settings: UserPoolClientType = {**app.client.settings, "PreventUserExistenceErrors": "ENABLED"}
    return replace(app, client=replace(app.client, settings=settings))


def offers_choice(app: AppSnapshot) -> bool:
    """Whether people begin with their name, and then choose with what to sign in.

    Source: Cognito developer guide, "Authentication flows" (choice-based sign-in).
    """
    return "ALLOW_USER_AUTH" in permitted(app.client.auth_flows) and bool(
        set(pool_settings.first_factors(app.user_pool.settings) or ()) - {PASSWORD}
    )


async def begin(
    call: Call, app: AppSnapshot, name: str, *, password: str | None = None, levels: Collection[int] = ()
) -> Waits | Arrived:
    """Begin with a password; without one, with the choice of what to begin with. Where the application asks for
    `levels` of assurance, the person is asked for what leads to the first of them that they can reach.

    Raises:
        CognitoError: what InitiateAuth raises of a client that hides who exists.
    """
    if len(name) > LONGEST_KEY:
        raise NotAuthorizedException(detail="a name longer than any")
    _refuse_foreign(app)
    hidden, arrival = hiding(app), _Arrival(call, app)
    await refuse_blocked_sign_in(call, hidden, name)
    person = await find_person(call, hidden, name)
    attempt = Attempt(
        call,
        hidden,
        {"USERNAME": name},
        person,
        state={"levels": tuple(levels)},
        arrive=arrival,
    )
    async with history.told_if_refused(attempt):
        await before_sign_in(call, hidden, person.user, name, None)
    if password is not None:
        return _outcome(await by_password(attempt, password), arrival)
    if not offers_choice(app):
        raise NotAuthorizedException(detail="no choice is offered here")
    return _outcome(await choosing.begin(attempt, by_password), arrival)


async def answer(
    call: Call, app: AppSnapshot, session: str, challenge: str, responses: Mapping[str, str]
) -> Waits | Arrived:
    """Answer what a sign-in at the pages asked. Whose it is the session says.

    Raises:
        CognitoError: what RespondToAuthChallenge raises.
    """
    hidden, arrival = hiding(app), _Arrival(call, app)
    found, person = await _opened(call, hidden, session)
    if found.step not in ANSWERS or Step(found.step).challenge != challenge or person is None:
        raise NotAuthorizedException(sessions.INVALID, detail="the session waits for something else")
    await refuse_blocked_sign_in(call, hidden, person.name)
    attempt = Attempt(call, hidden, responses, person, Step(found.step), found, found.state, arrive=arrival)
    return _outcome(await ANSWERS[attempt.step](attempt), arrival)


async def send_again(call: Call, app: AppSnapshot, session: str) -> Waits:
    """A new code in place of the one that was sent, for a sign-in that waits for one; it can't be had for ever.

    Raises:
        TooManyRequestsException: the person was sent too many.
        NotAuthorizedException: the sign-in waits for something else, or is over; or it goes on from an address that
            is blocked.
    """
    hidden = hiding(app)
    found, person = await _opened(call, hidden, session)
    if found.step not in SENT or person is None:
        raise NotAuthorizedException(sessions.INVALID, detail="the session waits for no code that was sent")
    await refuse_blocked_sign_in(call, hidden, person.name)
    step = Step(found.step)
    to = {"EMAIL": found.state["destination"], "PHONE_NUMBER": found.state["destination"]}
    attempt = Attempt(call, hidden, to, person, step, found, found.state)
    outcome = _outcome(await put(attempt, await ask(attempt, step, MfaChoice())), _Arrival(call, app))
    assert isinstance(outcome, Waits)
    return outcome


async def after_sign_up(call: Call, app: AppSnapshot, session: str) -> Arrived | Waits:
    """Sign in who has just confirmed their account in the browser in which they made it; `session` is what confirming
    it left. They chose their password here, so what follows is what follows a right one: a second factor, too, where
    the pool demands it.

    Raises:
        NotAuthorizedException: it is none, or too old.
    """
    _refuse_foreign(app)
    hidden, arrival = hiding(app), _Arrival(call, app)
    found, person = await _opened(call, hidden, session)
    if found.step != SIGNED_UP or person is None or person.user is None:
        raise NotAuthorizedException(sessions.INVALID, detail="not a session of a sign-up")
    await refuse_blocked_sign_in(call, hidden, person.name)
    attempt = Attempt(call, hidden, {}, person, Step.START, found, found.state, arrive=arrival)
    async with history.told_if_refused(attempt):
        await before_sign_in(call, hidden, person.user, person.name, None)
    return _outcome(await go_on(attempt, Event.PASSWORD_PROVEN), arrival)


async def person_signed_in(call: Call, app: AppSnapshot, sub: str) -> User | None:
    """Whom a page may greet by name."""
    return await call.store.look_up(lambda tx: tx.users.by_sub(app.pool.id, sub))


def _refuse_foreign(app: AppSnapshot) -> None:
    """Raises NotAuthorizedException: the client takes people of other providers alone."""
    if not app.client.takes_people_of(None):
        raise NotAuthorizedException(detail="the client does not take people of the pool itself")


async def _opened(call: Call, app: AppSnapshot, session: str) -> tuple[Session, Person | None]:
    """The sign-in, and whose it is; None for somebody who is gone. Raises NotAuthorizedException: there is none."""
    ticket = ticket_of_session(session)
    return await sessions.open_with(call, app, ticket, lambda tx, opened: _person_of(tx, app, opened))


def _person_of(tx: Transaction, app: AppSnapshot, session: Session) -> Person | None:
    if session.sub is None:
        return Person(str(session.state.get("name", "")), None)
    found = tx.people.by_sub(app.pool.id, session.sub)
    if found is None:
        return None
    user, password = found
    return Person(str(session.state.get("name", user.username)), user, password)


def _outcome(answered: InitiateAuthResponse, arrival: _Arrival) -> Waits | Arrived:
    if arrival.arrived is not None:
        return arrival.arrived
    challenge = answered.get("ChallengeName")
    if challenge is None:
        raise InvalidParameterException("The sign-in can't go on.", detail="neither a challenge nor an end")
    return Waits(
        challenge=challenge,
        session=answered.get("Session", ""),
        parameters=answered.get("ChallengeParameters", {}),
        available=tuple(answered.get("AvailableChallenges", ())),
    )
