"""Custom sign-ins against two oracles that were written from Cognito's guide: the machine alone, and the server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.harness import RunningServer
from tests.people.people import a_person, refusal
from tests.people.test_sign_in_machine import situations
from tests.triggers.functions import Event as AskedEvent
from tests.triggers.functions import throwing
from tests.triggers.signing_in import FAIL, INVALID, REFUSED, TOKENS, Custom, a_custom_pool, wants

from poolhouse.core.custom_sign_in import CustomSignIn
from poolhouse.core.sign_in import CUSTOM, TRANSITIONS, Event, OutOfTurn, Situation, Step, advance

OF_THE_FUNCTION = sorted(TRANSITIONS[Step.DEFINE])
OF_CUSTOM_SIGN_INS = [
    *CUSTOM,
    *OF_THE_FUNCTION,
    Event.PASSWORD_PROVEN,
    Event.PASSWORD_CHANGED,
    Event.FACTOR_PROVEN,
    Event.TOTP_SET_UP,
    Event.DEVICE_BEGUN,
    Event.DEVICE_PROVEN,
]


class CustomMachine(RuleBasedStateMachine):
    """Tokens mean that the function issued them, and that the pool's own rules held before it was asked."""

    @initialize(person=situations())
    def begin(self, person: Situation) -> None:
        self.person = replace(person, is_custom=True)
        self.step = advance(Step.START, Event.CUSTOM_BEGUN, self.person)
        self.issued = self.password = self.new_password = self.factor = self.device = False

    @rule(event=st.sampled_from(sorted(set(OF_CUSTOM_SIGN_INS))))
    def happen(self, event: Event) -> None:
        if event is Event.TOKENS_DEFINED and self.step is Step.DEFINE:
            self.issued = True
            self.person = replace(self.person, is_custom=False)
        if event is Event.DEVICE_DEFINED and not self.person.has_device:
            return  # refused before the machine is asked
        try:
            self.step = advance(self.step, event, self.person)
        except OutOfTurn:
            return
        self.password |= event is Event.PASSWORD_PROVEN
        self.new_password |= event is Event.PASSWORD_CHANGED
        self.factor |= event in (Event.FACTOR_PROVEN, Event.TOTP_SET_UP)
        if event is Event.DEVICE_PROVEN:
            self.device = True
            self.person = replace(self.person, has_device=False)

    @invariant()
    def tokens_are_issued_by_the_function_alone(self) -> None:
        if hasattr(self, "step"):
            assert (self.step is Step.TOKENS) <= self.issued

    @invariant()
    def a_remembered_device_has_proven_itself_before_tokens(self) -> None:
        if hasattr(self, "step") and self.step is Step.TOKENS:
            assert not self.person.has_device

    @invariant()
    def after_a_password_the_function_is_asked_when_the_pools_rules_hold(self) -> None:
        if not hasattr(self, "step") or not self.password or self.step not in (Step.DEFINE, Step.TOKENS):
            return
        person = self.person
        assert self.new_password or not person.must_change_password
        needs_factor = bool(person.factors) or person.demands_factor
        assert self.factor or not needs_factor or (self.device and person.device_replaces_factor)


TestCustomMachine = CustomMachine.TestCase


@given(
    st.lists(st.tuples(st.text(), st.booleans(), st.none() | st.text())), st.none() | st.text(), st.booleans()
)
def test_how_far_it_is_goes_through_a_session_unchanged(
    rounds: list[tuple[str, bool, str | None]], public: str | None, has_tokens: bool
) -> None:
    custom = CustomSignIn(public=public, has_tokens=has_tokens)
    for one in rounds:
        custom = custom.after(*one)
    assert CustomSignIn.from_state(custom.to_state()) == custom
    assert custom.has_passed("PASSWORD_VERIFIER") == any(
        name == "PASSWORD_VERIFIER" and result for name, result, _ in rounds
    )


# --- the server -------------------------------------------------------------------------------------------

DECISIONS = {
    "asks": wants("CUSTOM_CHALLENGE"),
    "issues": TOKENS,
    "fails": FAIL,
    "nonsense": wants("TELEPATHY"),
    "throws": None,
}
ERRORS = {
    "fails": REFUSED,
    "nonsense": ("InvalidLambdaResponseException", "Invalid lambda function output : Invalid challengeName"),
    "throws": ("UserLambdaValidationException", "DefineAuthChallenge failed with error no."),
}


@dataclass
class UnderWay:
    """One sign-in, as the oracle sees it."""

    name: str
    asked: Any
    results: list[bool] = field(default_factory=list)
    is_open: bool = True


def server_machine(custom: Custom) -> type[RuleBasedStateMachine]:
    """Two people who may sign in, and a name that nobody has; who has it is hidden."""

    class ServerMachine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.sign_ins: list[UnderWay] = []
            self.disabled: set[str] = set()
            for name in ("ada", "bob"):
                custom.cognito.admin_enable_user(UserPoolId=custom.pool_id, Username=name)

        def decide(self, decision: str) -> None:
            custom.define.events.clear()
            said = DECISIONS[decision]
            custom.define.answer = throwing("no") if said is None else lambda event: said

        def expected(self, name: str, decision: str) -> tuple[str, str] | None:
            """The error that it ends in; None where it goes on or ends well."""
            if decision == "issues":
                if name == "nobody":
                    return REFUSED
                return ("NotAuthorizedException", "User is disabled.") if name in self.disabled else None
            return ERRORS.get(decision)

        @rule(name=st.sampled_from(["ada", "bob", "nobody"]), decision=st.sampled_from(sorted(DECISIONS)))
        def begin(self, name: str, decision: str) -> None:
            self.decide(decision)
            error = self.expected(name, decision)
            if error is not None:
                assert refusal(custom.begin, name) == error
                return
            answer = custom.begin(name)
            self.take(UnderWay(name, answer), answer, decision)

        @precondition(lambda self: self.sign_ins)
        @rule(data=st.data(), right=st.booleans(), decision=st.sampled_from(sorted(DECISIONS)))
        def answer(self, data: st.DataObject, right: bool, decision: str) -> None:
            one = data.draw(st.sampled_from(self.sign_ins))
            self.decide(decision)
            responses = {"ANSWER": "four" if right else "five"}
            if not one.is_open:
                assert refusal(custom.respond, one.asked, one.name, **responses) == INVALID
                assert custom.define.events == []
                return
            one.is_open = False
            error = self.expected(one.name, decision)
            results = [*one.results, right]
            if error is not None:
                assert refusal(custom.respond, one.asked, one.name, **responses) == error
            else:
                answer = custom.respond(one.asked, one.name, **responses)
                self.take(UnderWay(one.name, answer, results), answer, decision)
            heard: AskedEvent = custom.define.event
            assert [r["challengeResult"] for r in heard["request"]["session"]] == results
            assert heard["request"]["userNotFound"] is (one.name == "nobody")

        def take(self, one: UnderWay, answer: Any, decision: str) -> None:
            assert ("AuthenticationResult" in answer) == (decision == "issues")
            if decision == "asks":
                self.sign_ins.append(one)

        @rule(name=st.sampled_from(["ada", "bob"]))
        def disable(self, name: str) -> None:
            custom.cognito.admin_disable_user(UserPoolId=custom.pool_id, Username=name)
            self.disabled.add(name)
            for one in self.sign_ins:
                one.is_open &= one.name != name

        @rule(name=st.sampled_from(["ada", "bob"]))
        def enable(self, name: str) -> None:
            custom.cognito.admin_enable_user(UserPoolId=custom.pool_id, Username=name)
            self.disabled.discard(name)

    return ServerMachine


def test_the_server_goes_the_oracles_way(server: RunningServer, cognito: Any) -> None:
    custom = a_custom_pool(server, cognito, client={"PreventUserExistenceErrors": "ENABLED"})
    for name in ("ada", "bob"):
        a_person(cognito, custom.pool_id, name)
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        server_machine(custom),
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
