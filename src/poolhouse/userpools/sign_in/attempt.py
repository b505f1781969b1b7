"""One request of a sign-in, and the person that it is about."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from poolhouse.core.auth_events import Risk
from poolhouse.core.credentials import Password
from poolhouse.core.custom_sign_in import CustomSignIn
from poolhouse.core.errors import (
    CognitoError,
    InvalidParameterException,
    NotAuthorizedException,
    PasswordResetRequiredException,
    UserNotConfirmedException,
    UserNotFoundException,
)
from poolhouse.core.existence import hides_existence, name_digest
from poolhouse.core.pools import UserPool
from poolhouse.core.risk import Place
from poolhouse.core.sessions import Session
from poolhouse.core.sign_in import Step
from poolhouse.core.snapshots import AppSnapshot
from poolhouse.core.users import User, UserStatus
from poolhouse.operation import Call
from poolhouse.store import Transaction
from poolhouse.userpools.existence import begin


@dataclass(frozen=True, slots=True)
class Person:
    """Who is meant by a name. `user` is None for nobody, of whom no answer may tell where the client hides it."""

    name: str
    user: User | None
    password: Password | None = None

    @property
    def username(self) -> str:
        """Their real user name; the one that was typed for nobody."""
        return self.name if self.user is None else self.user.username


class Arrive(Protocol):
    """What a sign-in ends with in place of tokens, where it is not the API's: a browser's session."""

    async def __call__(
        self,
        sub: str,
        *,
        amr: Collection[str],
        also: Callable[[Transaction, User], User | None],
        states: Collection[UserStatus],
    ) -> None: ...


RISK = "risk"
"""What a session's state calls it."""
WITHOUT_PASSWORD = frozenset({Step.EMAIL_OTP_FIRST, Step.SMS_OTP, Step.WEB_AUTHN})
"""Sign-ins by something else. A device stands for a password's second factor, so they have none either."""


@dataclass(frozen=True, slots=True)
class Attempt:
    call: Call
    app: AppSnapshot
    values: Mapping[str, str]
    """AuthParameters or ChallengeResponses, without nulls."""
    person: Person
    step: Step = Step.START
    """What this request answers."""
    session: Session | None = None
    state: Mapping[str, Any] = field(default_factory=dict)
    """What the session keeps from step to step: `device`, the DEVICE_KEY that was given at the start; `amr`;
    `levels`; `custom`, how far a custom sign-in is; `risk`, what threat protection thinks of it."""
    begun: float = field(default_factory=begin)
    """When the work for the answer began, for `on_the_beat`."""
    arrive: Arrive | None = None
    """The end of a sign-in that is not the API's; None gives tokens."""
    client_metadata: Mapping[str, str] | None = None
    """For the pool's functions: RespondToAuthChallenge's. InitiateAuth's is for those alone that are asked at once."""

    @property
    def pool(self) -> UserPool:
        return self.app.user_pool

    @property
    def device_key(self) -> str | None:
        """The device that this sign-in comes from, as far as it is told. Where one has to prove itself, it is the one
        that was named before, whatever the answer says."""
        named: str | None = self.state.get("device")
        if self.step in (Step.DEVICE_SRP_AUTH, Step.DEVICE_PASSWORD_VERIFIER):
            return named
        return self.values.get("DEVICE_KEY") or named

    @property
    def kept(self) -> dict[str, Any]:
        """What goes with the sign-in from step to step."""
        kept: dict[str, Any] = {"name": self.person.name}
        if self.proved:
            kept["amr"] = list(self.proved)
        if self.levels:
            kept["levels"] = list(self.levels)
        if self.custom is not None:
            kept["custom"] = self.custom.to_state()
        if RISK in self.state:
            kept[RISK] = self.state[RISK]
        return kept | ({"device": self.device_key} if self.device_key else {})

    @property
    def risk(self) -> Risk | None:
        """What threat protection thinks of the sign-in; None as long as it has not looked."""
        found = self.state.get(RISK)
        return None if found is None else Risk(found["decision"], found["level"], found["compromised"])

    @property
    def is_assessed(self) -> bool:
        """Whether threat protection has looked at where the person comes from."""
        return RISK in self.state and bool(self.state[RISK]["is_assessed"])

    @property
    def wants_factor(self) -> bool:
        """Whether threat protection wants a second factor here, of whoever can be asked for one."""
        return RISK in self.state and bool(self.state[RISK]["wants_factor"])

    @property
    def places(self) -> tuple[Place, ...]:
        """Where the person came from when threat protection looked: a session may be carried elsewhere since."""
        found = self.state.get(RISK, {}).get("places", ())
        return tuple(Place(kind, value) for kind, value in found)

    def with_risk(
        self,
        risk: Risk,
        *,
        is_assessed: bool = True,
        wants_factor: bool = False,
        places: Iterable[Place] = (),
    ) -> Attempt:
        found = {
            "decision": risk.decision,
            "level": risk.level,
            "compromised": risk.compromised,
            "is_assessed": is_assessed,
            "wants_factor": wants_factor,
            "places": [(place.kind, place.value) for place in places],
        }
        return replace(self, state={**self.state, RISK: found})

    def with_compromised(self) -> Attempt:
        """With a password that others know, and that is taken all the same."""
        risk = replace(self.risk or Risk(), compromised=True)
        return self.with_risk(
            risk, is_assessed=self.is_assessed, wants_factor=self.wants_factor, places=self.places
        )

    @property
    def custom(self) -> CustomSignIn | None:
        """How far CUSTOM_AUTH is; None in any other flow."""
        state = self.state.get("custom")
        return None if state is None else CustomSignIn.from_state(state)

    @property
    def is_by_password(self) -> bool:
        """Whether the person proves a password in this sign-in, as far as it has come."""
        if self.custom is not None:
            return self.custom.has_passed("PASSWORD_VERIFIER")
        return self.step not in WITHOUT_PASSWORD

    @property
    def levels(self) -> tuple[int, ...]:
        """How sure the sign-in is to be, the level that is preferred first; () where nobody asks."""
        return tuple(self.state.get("levels", ()))

    @property
    def proved(self) -> tuple[str, ...]:
        """By what, so far (`amr`)."""
        return tuple(self.state.get("amr", ()))

    def value(self, name: str) -> str:
        """Raises InvalidParameterException: it is not there."""
        value = self.values.get(name)
        if not value:
            raise InvalidParameterException(f"Missing required parameter {name}")
        return value


async def find_person(call: Call, app: AppSnapshot, name: str, *, or_nobody: bool = False) -> Person:
    """Raises UserNotFoundException: there is nobody of this name, and the client need not hide it. Not with
    `or_nobody`, where a function may still bring them."""

    def find(tx: Transaction) -> Person:
        return Person(name, *(tx.people.named(app.user_pool, name) or (None, None)))

    person = await call.store.look_up(find)
    if person.user is None and not or_nobody and not hides_existence(app):
        raise UserNotFoundException
    return person


def attempts_key(attempt: Attempt) -> str:
    """What failures are counted under: nobody's too, or the lock would tell who exists."""
    call, person = attempt.call, attempt.person
    if person.user is not None:
        return person.user.sub
    return "nobody " + name_digest(call.store.key_for("nobody"), attempt.pool, person.name)


def refuse_state(user: User, *, by_password: bool = True) -> None:
    """Refuse who can't sign in now. Whose password has to be reset can do without one, where the pool offers that.

    Raises:
        NotAuthorizedException: disabled, or of another identity provider.
        UserNotConfirmedException, PasswordResetRequiredException.
    """
    if not user.enabled:
        raise NotAuthorizedException("User is disabled.")
    match user.status:
        case UserStatus.UNCONFIRMED:
            raise UserNotConfirmedException
        case UserStatus.RESET_REQUIRED if by_password:
            raise PasswordResetRequiredException
        case UserStatus.EXTERNAL_PROVIDER:
            raise NotAuthorizedException(detail="a person of another identity provider")


def may_begin(attempt: Attempt, *, by_password: bool = True) -> bool:
    """Whether there is somebody who could sign in. Where nobody may learn that, the sign-in begins all the same and
    nothing proves anything.

    Raises:
        NotAuthorizedException, UserNotConfirmedException, PasswordResetRequiredException: there is somebody who
            can't, and the client need not hide it.
    """
    user = attempt.person.user
    if user is None:
        return False
    try:
        refuse_state(user, by_password=by_password)
    except CognitoError:
        if not hides_existence(attempt.app):
            raise
        return False
    return True
