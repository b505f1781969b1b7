"""The machine of a sign-in against an oracle that was written from Cognito's guide, and not from the machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule

from poolhouse.core.sign_in import (
    ASKING,
    CUSTOM,
    FORKS,
    TRANSITIONS,
    Event,
    Fork,
    OutOfTurn,
    Situation,
    Step,
    advance,
    diagram,
    edges,
)
from poolhouse.core.users import Factor

FACTORS = st.frozensets(st.sampled_from(Factor))
OWN = [event for event in Event if event not in TRANSITIONS[Step.DEFINE] and event not in CUSTOM]
"""The events of sign-ins whose course no function of the pool decides."""


@st.composite
def situations(draw: st.DrawFn) -> Situation:
    factors = draw(FACTORS)
    return Situation(
        must_change_password=draw(st.booleans()),
        demands_factor=draw(st.booleans()),
        factors=factors,
        preferred=draw(st.sampled_from([None, *sorted(factors)])),
        has_device=draw(st.booleans()),
        device_replaces_factor=draw(st.booleans()),
    )


class Oracle:
    """What the developer guide says of the API's sign-in, in its own order: the password, a new one where it was
    temporary, the second factor unless a remembered device takes its place, the device."""

    def __init__(self, person: Situation) -> None:
        self.person = person
        self.password = False
        self.new_password = False
        self.factor = False
        self.device = False
        self.passwordless = False

    def may_have_tokens(self) -> bool:
        if self.passwordless:
            return True
        person = self.person
        if not self.password or (person.must_change_password and not self.new_password):
            return False
        needs_factor = bool(person.factors) or person.demands_factor
        excused = person.has_device and person.device_replaces_factor and self.device
        if needs_factor and not self.factor and not excused:
            return False
        # A factor that is set up in the sign-in ends it; else a remembered device proves itself, too.
        return self.device or not person.has_device or (person.demands_factor and not person.factors)


PROVES = {
    Event.PASSWORD_PROVEN: "password",
    Event.PASSWORD_CHANGED: "new_password",
    Event.FACTOR_PROVEN: "factor",
    Event.TOTP_SET_UP: "factor",
    Event.EMAIL_SET_UP: "factor",
    Event.PHONE_SET_UP: "factor",
    Event.DEVICE_PROVEN: "device",
    Event.FIRST_CODE_PROVEN: "passwordless",
    Event.PASSKEY_PROVEN: "passwordless",
    Event.SIGN_UP_PROVEN: "passwordless",
}


class SignIn(RuleBasedStateMachine):
    steps = Bundle("steps")

    @initialize(person=situations())
    def begin(self, person: Situation) -> None:
        self.person = person
        self.oracle = Oracle(person)
        self.step = Step.START

    @rule(event=st.sampled_from(OWN))
    def happen(self, event: Event) -> None:
        before = self.step
        try:
            self.step = advance(before, event, self.person)
        except OutOfTurn:
            assert event not in TRANSITIONS.get(before, {})
            return
        if event in PROVES:
            setattr(self.oracle, PROVES[event], True)
        if event in ASKING or event not in PROVES:
            assert self.step is not Step.TOKENS, "nothing was proven by this"

    @invariant()
    def tokens_mean_that_all_was_proven(self) -> None:
        if hasattr(self, "step"):
            assert (self.step is Step.TOKENS) <= self.oracle.may_have_tokens()

    @invariant()
    def all_proven_means_tokens(self) -> None:
        if hasattr(self, "step") and self.oracle.may_have_tokens():
            assert self.step is Step.TOKENS


TestSignIn = SignIn.TestCase


@given(person=situations(), step=st.sampled_from(Step), event=st.sampled_from(Event))
def test_from_no_step_a_person_with_a_factor_gets_past_it_by_the_password_alone(
    person: Situation, step: Step, event: Event
) -> None:
    if event not in (Event.PASSWORD_PROVEN, Event.PASSWORD_CHANGED) or event not in TRANSITIONS.get(step, {}):
        return
    if person.factors or person.demands_factor or person.has_device:
        assert advance(step, event, person) is not Step.TOKENS


@given(person=situations())
def test_at_each_fork_one_branch_holds(person: Situation) -> None:
    for branches in FORKS.values():
        assert any(branch.holds(person) for branch in branches)


def test_every_step_is_reached_and_ends_in_tokens() -> None:
    reached = {to for _, to, _ in edges()} | {Step.START.name}
    assert reached == {step.name for step in Step} | {fork.name for fork in Fork}
    assert Step.TOKENS not in TRANSITIONS


@pytest.mark.parametrize(
    "step", [step for step in Step if step not in (Step.START, Step.DEFINE, Step.TOKENS)]
)
def test_every_step_has_its_answer(step: Step) -> None:
    from poolhouse.userpools.sign_in.answering import ANSWERS

    assert step in ANSWERS


def test_the_diagram_in_the_docs_is_the_machine() -> None:
    text = Path("docs/sign-in.md").read_text()
    assert f"```mermaid\n{diagram()}\n```" in text
