"""Sign-ins whose course functions decide, for the tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pycognito.aws_srp import AWSSRP
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, an_app
from tests.triggers.functions import Answer, Event, Function, a_function

FLOWS = ("ALLOW_CUSTOM_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")
TOKENS = {"issueTokens": True, "failAuthentication": False}
REFUSED = ("NotAuthorizedException", "Incorrect username or password.")
INVALID = ("NotAuthorizedException", "Invalid session for the user.")
FAIL = {"issueTokens": False, "failAuthentication": True}


def wants(challenge: str) -> dict[str, Any]:
    return {"challengeName": challenge, "issueTokens": False, "failAuthentication": False}


def passwordless(event: Event) -> dict[str, Any]:
    """Up to three tries at one question."""
    session = event["request"]["session"]
    if session and session[-1]["challengeName"] == "CUSTOM_CHALLENGE" and session[-1]["challengeResult"]:
        return TOKENS
    return FAIL if len(session) >= 3 else wants("CUSTOM_CHALLENGE")


def after_the_password(event: Event) -> dict[str, Any]:
    """A question after the password, whatever else was proven between."""
    passed = [one["challengeName"] for one in event["request"]["session"] if one["challengeResult"]]
    if passed == ["SRP_A"]:
        return wants("PASSWORD_VERIFIER")
    if "PASSWORD_VERIFIER" not in passed:
        return FAIL
    return TOKENS if passed[-1] == "CUSTOM_CHALLENGE" else wants("CUSTOM_CHALLENGE")


def a_question(event: Event) -> dict[str, Any]:
    return {
        "publicChallengeParameters": {"question": "two and two"},
        "privateChallengeParameters": {"answer": "four"},
        "challengeMetadata": "SUM",
    }


def is_the_answer(event: Event) -> dict[str, Any]:
    request = event["request"]
    return {"answerCorrect": request["challengeAnswer"] == request["privateChallengeParameters"]["answer"]}


@dataclass(frozen=True)
class Custom:
    """A pool whose functions decide, and a client of it."""

    cognito: Any
    pool_id: str
    client_id: str
    define: Function
    create: Function
    verify: Function

    def begin(self, username: str = "ada", metadata: Mapping[str, str] | None = None, **values: str) -> Any:
        more = {} if metadata is None else {"ClientMetadata": dict(metadata)}
        return self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="CUSTOM_AUTH",
            AuthParameters={"USERNAME": username, **values},
            **more,
        )

    def respond(
        self, asked: Any, username: str = "ada", metadata: Mapping[str, str] | None = None, **values: str
    ) -> Any:
        more = {} if metadata is None else {"ClientMetadata": dict(metadata)}
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": username, **values},
            **more,
        )

    def prove_password(self, username: str = "ada", password: str = PASSWORD, **values: str) -> Any:
        """From the start to what is asked after the password."""
        helper = AWSSRP(username, password, self.pool_id, self.client_id, client=self.cognito)
        parameters = helper.get_auth_params()
        asked = self.begin(username, **{"CHALLENGE_NAME": "SRP_A", **parameters, **values})
        assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
        claim = helper.process_challenge(asked["ChallengeParameters"], parameters)
        return self.respond(asked, **{**claim, "username": username, **values})


def a_custom_pool(
    server: RunningServer,
    cognito: Any,
    define: Answer = passwordless,
    create: Answer = a_question,
    verify: Answer = is_the_answer,
    *,
    pool: Callable[..., str] = a_pool,
    client: Mapping[str, Any] | None = None,
    triggers: Mapping[str, str] | None = None,
    **options: Any,
) -> Custom:
    functions = [a_function(server, answer) for answer in (define, create, verify)]
    names = ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse")
    config = {name: function.arn for name, function in zip(names, functions, strict=True)}
    pool_id = pool(cognito, LambdaConfig={**config, **(triggers or {})}, **options)
    client_id = an_app(cognito, pool_id, *FLOWS, **(client or {}))["ClientId"]
    return Custom(cognito, pool_id, client_id, *functions)


def session_of(function: Function, number: int = -1) -> list[tuple[str, bool, str | None]]:
    return [
        (one["challengeName"], one["challengeResult"], one["challengeMetadata"])
        for one in function.events[number]["request"]["session"]
    ]
