"""A sign-in as a state machine: what was proven so far decides what is asked next.

`TRANSITIONS` says which event may come at which step, `FORKS` what decides where several ways go on. The diagram in
docs/sign-in.md is drawn from these two tables, and nothing else in the house decides what follows.

Source: Cognito developer guide, "Authentication flows"; API reference, InitiateAuth and RespondToAuthChallenge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from poolhouse.core.users import Factor


class Step(StrEnum):
    """What a sign-in waits for. Behind a colon stands which of two steps it is that share a challenge's name."""

    START = "START"
    SELECT_CHALLENGE = "SELECT_CHALLENGE"
    PASSWORD = "PASSWORD"
    PASSWORD_VERIFIER = "PASSWORD_VERIFIER"
    EMAIL_OTP_FIRST = "EMAIL_OTP:first"
    SMS_OTP = "SMS_OTP"
    WEB_AUTHN = "WEB_AUTHN"
    NEW_PASSWORD_REQUIRED = "NEW_PASSWORD_REQUIRED"
    SELECT_MFA_TYPE = "SELECT_MFA_TYPE"
    SMS_MFA = "SMS_MFA"
    EMAIL_OTP = "EMAIL_OTP"
    SOFTWARE_TOKEN_MFA = "SOFTWARE_TOKEN_MFA"
    MFA_SETUP = "MFA_SETUP"
    EMAIL_OTP_SETUP = "EMAIL_OTP:setup"
    SMS_SETUP = "SMS_MFA:setup"
    DEVICE_SRP_AUTH = "DEVICE_SRP_AUTH"
    DEVICE_PASSWORD_VERIFIER = "DEVICE_PASSWORD_VERIFIER"
    CUSTOM_CHALLENGE = "CUSTOM_CHALLENGE"
    DEFINE = "DEFINE"
    """Not the person is asked here but the pool's function (DefineAuthChallenge); no session waits for it."""
    TOKENS = "TOKENS"

    @property
    def challenge(self) -> str:
        """The name on the wire (ChallengeNameType)."""
        return self.value.partition(":")[0]


class Event(StrEnum):
    CHOICE_ASKED = "asks for the choice"
    PASSWORD_ASKED = "chooses PASSWORD, gives none yet"
    SRP_BEGUN = "sends SRP_A"
    EMAIL_ASKED = "chooses EMAIL_OTP"
    SMS_ASKED = "chooses SMS_OTP"
    PASSKEY_ASKED = "chooses WEB_AUTHN"
    SIGN_UP_PROVEN = "comes with ConfirmSignUp's session"
    PASSWORD_PROVEN = "proves the password"
    FIRST_CODE_PROVEN = "types in the code"
    PASSKEY_PROVEN = "signs with the passkey"
    PASSWORD_CHANGED = "sets a password"
    SMS_CHOSEN = "chooses SMS_MFA"
    EMAIL_CHOSEN = "chooses EMAIL_OTP"
    TOTP_CHOSEN = "chooses SOFTWARE_TOKEN_MFA"
    FACTOR_PROVEN = "types in the factor's code"
    TOTP_SET_UP = "comes from VerifySoftwareToken"
    EMAIL_GIVEN = "gives an e-mail address"
    EMAIL_SET_UP = "types in the code sent there"
    PHONE_GIVEN = "gives a phone number, at a page"
    PHONE_SET_UP = "types in the code sent to it"
    DEVICE_BEGUN = "sends the device's SRP_A"
    DEVICE_PROVEN = "proves the device"
    CUSTOM_BEGUN = "asks for CUSTOM_AUTH"
    CUSTOM_ANSWERED = "answers, rightly or not"
    CUSTOM_DEFINED = "the function says CUSTOM_CHALLENGE"
    PASSWORD_DEFINED = "the function says PASSWORD_VERIFIER"
    SMS_DEFINED = "the function says SMS_MFA"
    EMAIL_DEFINED = "the function says EMAIL_OTP"
    TOTP_DEFINED = "the function says SOFTWARE_TOKEN_MFA"
    DEVICE_DEFINED = "the function says DEVICE_SRP_AUTH"
    TOKENS_DEFINED = "the function issues tokens"


ASKING = frozenset(
    {
        Event.CHOICE_ASKED,
        Event.PASSWORD_ASKED,
        Event.SRP_BEGUN,
        Event.EMAIL_ASKED,
        Event.SMS_ASKED,
        Event.PASSKEY_ASKED,
    }
)
"""Events that prove nothing yet. Who sends them may learn nothing of the person."""
CUSTOM = frozenset({Event.CUSTOM_BEGUN, Event.CUSTOM_ANSWERED})
"""Events of which the pool's function says what they prove."""


class Fork(StrEnum):
    """Where what is known of the person decides."""

    PASSWORD_IS_RIGHT = "the password is right"
    SECOND_FACTOR = "a second factor?"
    CUSTOM = "a custom sign-in, before a device?"
    DEVICE = "a remembered device?"
    END = "a custom sign-in, at the end?"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of person, pool and device, read anew at each step."""

    must_change_password: bool = False
    """FORCE_CHANGE_PASSWORD."""
    demands_factor: bool = False
    """The pool's MfaConfiguration is ON."""
    factors: frozenset[Factor] = frozenset()
    """The second factors that can be asked of this person; none where MfaConfiguration is OFF."""
    preferred: Factor | None = None
    """One of `factors`, or None."""
    has_device: bool = False
    """A DEVICE_KEY was given that is a remembered device of this person, and has not proven itself yet."""
    device_replaces_factor: bool = False
    """ChallengeRequiredOnNewDevice: only a new device is asked for a second factor."""
    is_custom: bool = False
    """CUSTOM_AUTH, and the pool's function has not issued tokens yet."""


class Branch(NamedTuple):
    when: str
    holds: Callable[[Situation], bool]
    to: Step | Fork


class OutOfTurn(Exception):
    """The event can't come at this step."""


_FIRST: Mapping[Event, Step | Fork] = {
    Event.PASSWORD_PROVEN: Fork.PASSWORD_IS_RIGHT,
    Event.SRP_BEGUN: Step.PASSWORD_VERIFIER,
    Event.PASSWORD_ASKED: Step.PASSWORD,
    Event.EMAIL_ASKED: Step.EMAIL_OTP_FIRST,
    Event.SMS_ASKED: Step.SMS_OTP,
    Event.PASSKEY_ASKED: Step.WEB_AUTHN,
}
_FACTOR_PROVEN: Mapping[Event, Step | Fork] = {Event.FACTOR_PROVEN: Fork.CUSTOM}
_FIRST_CODE_PROVEN: Mapping[Event, Step | Fork] = {Event.FIRST_CODE_PROVEN: Step.TOKENS}

TRANSITIONS: Mapping[Step, Mapping[Event, Step | Fork]] = {
    Step.START: {
        **_FIRST,
        Event.CHOICE_ASKED: Step.SELECT_CHALLENGE,
        Event.SIGN_UP_PROVEN: Step.TOKENS,
        Event.CUSTOM_BEGUN: Step.DEFINE,
    },
    Step.SELECT_CHALLENGE: _FIRST,
    Step.PASSWORD: {Event.PASSWORD_PROVEN: Fork.PASSWORD_IS_RIGHT},
    Step.PASSWORD_VERIFIER: {Event.PASSWORD_PROVEN: Fork.PASSWORD_IS_RIGHT},
    Step.EMAIL_OTP_FIRST: _FIRST_CODE_PROVEN,
    Step.SMS_OTP: _FIRST_CODE_PROVEN,
    Step.WEB_AUTHN: {Event.PASSKEY_PROVEN: Step.TOKENS},
    Step.NEW_PASSWORD_REQUIRED: {Event.PASSWORD_CHANGED: Fork.SECOND_FACTOR},
    Step.SELECT_MFA_TYPE: {
        Event.SMS_CHOSEN: Step.SMS_MFA,
        Event.EMAIL_CHOSEN: Step.EMAIL_OTP,
        Event.TOTP_CHOSEN: Step.SOFTWARE_TOKEN_MFA,
    },
    Step.SMS_MFA: _FACTOR_PROVEN,
    Step.EMAIL_OTP: _FACTOR_PROVEN,
    Step.SOFTWARE_TOKEN_MFA: _FACTOR_PROVEN,
    Step.MFA_SETUP: {
        Event.TOTP_SET_UP: Fork.END,
        Event.EMAIL_GIVEN: Step.EMAIL_OTP_SETUP,
        Event.PHONE_GIVEN: Step.SMS_SETUP,
    },
    Step.EMAIL_OTP_SETUP: {Event.EMAIL_SET_UP: Fork.END},
    Step.SMS_SETUP: {Event.PHONE_SET_UP: Fork.END},
    Step.DEVICE_SRP_AUTH: {Event.DEVICE_BEGUN: Step.DEVICE_PASSWORD_VERIFIER},
    Step.DEVICE_PASSWORD_VERIFIER: {Event.DEVICE_PROVEN: Fork.END},
    Step.CUSTOM_CHALLENGE: {Event.CUSTOM_ANSWERED: Step.DEFINE},
    Step.DEFINE: {
        Event.CUSTOM_DEFINED: Step.CUSTOM_CHALLENGE,
        Event.PASSWORD_DEFINED: Step.PASSWORD_VERIFIER,
        Event.SMS_DEFINED: Step.SMS_MFA,
        Event.EMAIL_DEFINED: Step.EMAIL_OTP,
        Event.TOTP_DEFINED: Step.SOFTWARE_TOKEN_MFA,
        Event.DEVICE_DEFINED: Step.DEVICE_SRP_AUTH,
        Event.TOKENS_DEFINED: Fork.DEVICE,
    },
}


def _asks_for(factor: Factor) -> Callable[[Situation], bool]:
    return lambda now: now.preferred is factor or now.factors == {factor}


FORKS: Mapping[Fork, tuple[Branch, ...]] = {
    Fork.PASSWORD_IS_RIGHT: (
        Branch("it is a temporary one", lambda now: now.must_change_password, Step.NEW_PASSWORD_REQUIRED),
        Branch("else", lambda now: True, Fork.SECOND_FACTOR),
    ),
    Fork.SECOND_FACTOR: (
        Branch(
            "a remembered device takes its place",
            lambda now: now.has_device and now.device_replaces_factor,
            Step.DEVICE_SRP_AUTH,
        ),
        Branch(
            "demanded, and the person has none",
            lambda now: now.demands_factor and not now.factors,
            Step.MFA_SETUP,
        ),
        Branch("none", lambda now: not now.factors, Fork.CUSTOM),
        Branch("SMS", _asks_for(Factor.SMS), Step.SMS_MFA),
        Branch("e-mail", _asks_for(Factor.EMAIL), Step.EMAIL_OTP),
        Branch("TOTP", _asks_for(Factor.TOTP), Step.SOFTWARE_TOKEN_MFA),
        Branch("several, none preferred", lambda now: True, Step.SELECT_MFA_TYPE),
    ),
    Fork.CUSTOM: (
        Branch("yes", lambda now: now.is_custom, Step.DEFINE),
        Branch("no", lambda now: True, Fork.DEVICE),
    ),
    Fork.DEVICE: (
        Branch("yes", lambda now: now.has_device, Step.DEVICE_SRP_AUTH),
        Branch("no", lambda now: True, Step.TOKENS),
    ),
    Fork.END: (
        Branch("yes", lambda now: now.is_custom, Step.DEFINE),
        Branch("no", lambda now: True, Step.TOKENS),
    ),
}
"""The first branch that holds is taken."""


def advance(step: Step, event: Event, now: Situation) -> Step:
    """What is to be asked next; TOKENS when nothing is, DEFINE where the pool's function decides.

    Raises:
        OutOfTurn: the event can't come at this step.
    """
    to = TRANSITIONS.get(step, {}).get(event)
    if to is None:
        raise OutOfTurn(f"{event.name} at {step.name}")
    while isinstance(to, Fork):
        to = next(branch.to for branch in FORKS[to] if branch.holds(now))
    return to


def edges() -> Iterator[tuple[str, str, str]]:
    """Every way of the machine: (from, to, why), as the diagram draws them."""
    for step, ways in TRANSITIONS.items():
        for event, to in ways.items():
            yield step.name, to.name, event.value
    for fork, branches in FORKS.items():
        for branch in branches:
            yield fork.name, branch.to.name, branch.when


def diagram() -> str:
    """The machine as a Mermaid state diagram."""
    lines = ["stateDiagram-v2", "  [*] --> START"]
    lines += [f"  state {fork.name} <<choice>>" for fork in FORKS]
    lines += [f"  {start} --> {to}: {why}" for start, to, why in edges()]
    return "\n".join([*lines, "  TOKENS --> [*]"])
