"""An authenticator app, as people carry one in their pocket, for the tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from tests.conftest import a_pool
from tests.harness import RunningServer

from poolhouse.core.secret import Secret
from poolhouse.core.totp import STEP, code_of, step_of

SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms", "ExternalId": "tests"}


@contextmanager
def the_clock_goes_back(server: RunningServer) -> Iterator[None]:
    """A server that tests share must not stray from the time at which they sign their requests."""
    before = datetime.now(UTC) - server.clock.now()
    yield
    after = datetime.now(UTC) - server.clock.now()
    server.clock.advance(seconds=(after - before).total_seconds())


class AuthenticatorApp:
    def __init__(self, server: RunningServer, seed: str) -> None:
        self.server = server
        self.seed = seed

    def code(self) -> str:
        """The code of a step that has just begun, so none of it was used and there is time to send it."""
        self.server.clock.advance(seconds=STEP - self.server.clock.now().timestamp() % STEP)
        return self.code_again()

    def code_again(self, steps: int = 0) -> str:
        """The code that is shown now, or so many steps from now."""
        return code_of(Secret(self.seed), step_of(self.server.clock.now()) + steps)

    def wrong_code(self) -> str:
        """One that is none of the next three hours."""
        shown = {self.code_again(steps) for steps in range(-5, 360)}
        return next(code for code in (f"{number:06}" for number in range(1_000)) if code not in shown)


def a_pool_with_mfa(cognito: Any, mode: str = "OPTIONAL", *factors: str, **options: Any) -> str:
    """A pool with software tokens, or with the factors that are named: SMS, EMAIL, TOTP."""
    named = factors or ("TOTP",)
    pool_id = a_pool(cognito, **options)
    configuration: dict[str, Any] = {"UserPoolId": pool_id, "MfaConfiguration": mode}
    if "TOTP" in named:
        configuration["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
    if "SMS" in named:
        configuration["SmsMfaConfiguration"] = {"SmsConfiguration": SMS}
    if "EMAIL" in named:
        configuration["EmailMfaConfiguration"] = {"Message": "{####}", "Subject": "Your code"}
    cognito.set_user_pool_mfa_config(**configuration)
    return pool_id


def enrol(
    server: RunningServer, cognito: Any, access_token: str, *, switch_on: bool = True, name: str | None = None
) -> AuthenticatorApp:
    """A verified app for who has the token. Its last code is used up."""
    answer = cognito.associate_software_token(AccessToken=access_token)
    app = AuthenticatorApp(server, answer["SecretCode"])
    named = {} if name is None else {"FriendlyDeviceName": name}
    verified = cognito.verify_software_token(AccessToken=access_token, UserCode=app.code(), **named)
    assert verified["Status"] == "SUCCESS"
    if switch_on:
        cognito.set_user_mfa_preference(
            AccessToken=access_token, SoftwareTokenMfaSettings={"Enabled": True, "PreferredMfa": True}
        )
    return app
