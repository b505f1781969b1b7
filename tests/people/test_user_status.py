"""A person's status against an oracle that was written from Cognito's table of states, over the real server."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import an_app, the_code

PASSWORDS = tuple(f"Correct-Horse-{number}" for number in range(3))
TEMPORARY = "Temporary-Horse-9"


class Status(RuleBasedStateMachine):
    """One person, and what has happened to them. `password` is the one that works, None while there is none."""

    server: RunningServer
    cognito: Any
    pool_id: str
    client_id: str
    number = 0

    @initialize(by_admin=st.booleans())
    def appear(self, by_admin: bool) -> None:
        Status.number += 1
        self.name = f"person{Status.number}"
        self.email = f"{self.name}@example.com"
        self.enabled = True
        attributes = [{"Name": "email", "Value": self.email}]
        if by_admin:
            self.cognito.admin_create_user(
                UserPoolId=self.pool_id,
                Username=self.name,
                TemporaryPassword=TEMPORARY,
                MessageAction="SUPPRESS",
                UserAttributes=[*attributes, {"Name": "email_verified", "Value": "true"}],
            )
            self.status, self.password, self.verified = "FORCE_CHANGE_PASSWORD", TEMPORARY, True
        else:
            self.cognito.sign_up(
                ClientId=self.client_id, Username=self.name, Password=PASSWORDS[0], UserAttributes=attributes
            )
            self.status, self.password, self.verified = "UNCONFIRMED", PASSWORDS[0], False

    def refused(self, operation: str, **request: Any) -> str:
        """The error's name; "" where it is done."""
        try:
            getattr(self.cognito, operation)(**request)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return ""

    def as_admin(self, operation: str, **request: Any) -> str:
        return self.refused(operation, UserPoolId=self.pool_id, Username=self.name, **request)

    @rule()
    def an_administrator_confirms(self) -> None:
        refused = self.as_admin("admin_confirm_sign_up")
        assert (refused == "") == (self.status == "UNCONFIRMED")
        if not refused:
            self.status = "CONFIRMED"

    @rule()
    @precondition(lambda self: self.status == "UNCONFIRMED" and self.enabled)
    def they_confirm(self) -> None:
        code = the_code(self.server, self.email)
        refused = self.refused(
            "confirm_sign_up", ClientId=self.client_id, Username=self.name, ConfirmationCode=code
        )
        assert refused == ""
        self.status, self.verified = "CONFIRMED", True

    @rule(password=st.sampled_from(PASSWORDS), permanent=st.booleans())
    def an_administrator_sets_a_password(self, password: str, permanent: bool) -> None:
        assert self.as_admin("admin_set_user_password", Password=password, Permanent=permanent) == ""
        self.password = password
        self.status = "CONFIRMED" if permanent else "FORCE_CHANGE_PASSWORD"

    @rule()
    def an_administrator_demands_a_reset(self) -> None:
        refused = self.as_admin("admin_reset_user_password")
        if not self.enabled or self.status in ("FORCE_CHANGE_PASSWORD", "UNCONFIRMED"):
            assert refused == "NotAuthorizedException"
        elif not self.verified:
            assert refused == "InvalidParameterException"
        elif not refused:
            self.status = "RESET_REQUIRED"

    @rule(enabled=st.booleans())
    def an_administrator_switches(self, enabled: bool) -> None:
        assert self.as_admin("admin_enable_user" if enabled else "admin_disable_user") == ""
        self.enabled = enabled

    @rule(password=st.sampled_from((*PASSWORDS, TEMPORARY)))
    def they_sign_in(self, password: str) -> None:
        try:
            answer = self.cognito.admin_initiate_auth(
                UserPoolId=self.pool_id,
                ClientId=self.client_id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": self.name, "PASSWORD": password},
            )
        except ClientError as error:
            outcome = str(error.response["Error"]["Code"])
            message = str(error.response["Error"]["Message"])
        else:
            outcome, message = answer.get("ChallengeName", "tokens"), ""
        if message == "Password attempts exceeded":
            self.server.clock.advance(minutes=16)
        elif not self.enabled:
            assert message == "User is disabled."
        elif self.status == "UNCONFIRMED":
            assert outcome == "UserNotConfirmedException"
        elif self.status == "RESET_REQUIRED":
            assert outcome == "PasswordResetRequiredException"
        elif password != self.password:
            assert outcome == "NotAuthorizedException"
        elif self.status == "FORCE_CHANGE_PASSWORD":
            assert outcome == "NEW_PASSWORD_REQUIRED"
        else:
            assert outcome == "tokens"

    @rule(password=st.sampled_from(PASSWORDS))
    @precondition(lambda self: self.status == "FORCE_CHANGE_PASSWORD" and self.enabled)
    def they_choose_their_own_password(self, password: str) -> None:
        self.server.clock.advance(minutes=16)  # past any lock
        challenge = self.cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            ClientId=self.client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": self.name, "PASSWORD": self.password},
        )
        self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName="NEW_PASSWORD_REQUIRED",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": self.name, "NEW_PASSWORD": password},
        )
        self.status, self.password = "CONFIRMED", password

    @rule(password=st.sampled_from(PASSWORDS))
    def they_reset_a_forgotten_password(self, password: str) -> None:
        refused = self.refused("forgot_password", ClientId=self.client_id, Username=self.name)
        if refused == "LimitExceededException":
            self.server.clock.advance(hours=2)
            return
        if not self.enabled or self.status == "FORCE_CHANGE_PASSWORD":
            assert refused == "NotAuthorizedException"
        elif not self.verified:
            assert refused == "InvalidParameterException"
        else:
            assert refused == ""
            code = the_code(self.server, self.email)
            refused = self.refused(
                "confirm_forgot_password",
                ClientId=self.client_id,
                Username=self.name,
                ConfirmationCode=code,
                Password=password,
            )
            assert refused == ""
            self.password = password
            if self.status == "RESET_REQUIRED":
                self.status = "CONFIRMED"

    @invariant()
    def the_server_says_the_same(self) -> None:
        if hasattr(self, "status"):
            user = self.cognito.admin_get_user(UserPoolId=self.pool_id, Username=self.name)
            assert (user["UserStatus"], user["Enabled"]) == (self.status, self.enabled)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_a_persons_status_is_what_the_table_says(own_server: Any, engine: str) -> None:
    server = own_server(engine, clock_skew=timedelta(days=3650), rate_per_person=0)
    Status.server, Status.cognito = server, server.client()
    Status.pool_id = a_pool(Status.cognito, AutoVerifiedAttributes=["email"])
    Status.client_id = an_app(Status.cognito, Status.pool_id)["ClientId"]
    run_state_machine_as_test(
        Status,
        settings=settings(
            max_examples=12,
            stateful_step_count=15,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            # To make a failure shorter takes minutes over a real server.
            phases=(Phase.explicit, Phase.reuse, Phase.generate),
        ),
    )
