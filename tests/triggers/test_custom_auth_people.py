"""CUSTOM_AUTH: whom the pool's functions can let in, what they hear of nobody, and what is kept from all others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in
from tests.people.signing_up import an_email
from tests.triggers.functions import Event, a_function, golden
from tests.triggers.signing_in import (
    INVALID,
    REFUSED,
    TOKENS,
    Custom,
    a_custom_pool,
    after_the_password,
    passwordless,
)


@pytest.fixture
def custom(server: RunningServer, cognito: Any) -> Custom:
    custom = a_custom_pool(server, cognito)
    a_person(cognito, custom.pool_id, email=an_email())
    return custom


def test_nobodys_name_is_asked_likewise_and_never_gets_in(server: RunningServer, cognito: Any) -> None:
    custom = a_custom_pool(
        server, cognito, client={"PreventUserExistenceErrors": "ENABLED"}, UsernameAttributes=["email"]
    )
    email, nobodys = an_email(), an_email()
    a_person(cognito, custom.pool_id, email)
    theirs, nobody = custom.begin(email), custom.begin(nobodys)
    assert theirs["ChallengeParameters"] == {"question": "two and two", "USERNAME": email}
    assert nobody["ChallengeParameters"] == {"question": "two and two", "USERNAME": nobodys}
    hidden, shown = (event for event in reversed(custom.define.events[-2:]))
    assert (shown["request"]["userNotFound"], hidden["request"]["userNotFound"]) == (False, True)
    golden(hidden["request"], {"userAttributes": {}, "session": [], "userNotFound": True})
    assert hidden["userName"] == nobodys

    again = custom.respond(nobody, nobodys, ANSWER="five")
    assert again["ChallengeName"] == custom.respond(theirs, email, ANSWER="five")["ChallengeName"]
    assert custom.verify.events[0]["request"]["userNotFound"] is True
    custom.define.answer = lambda event: TOKENS
    assert refusal(custom.respond, again, nobodys, ANSWER="four") == REFUSED, "whatever the function says"
    assert refusal(custom.begin, nobodys) == REFUSED


def test_nobody_proves_a_password_either(server: RunningServer, cognito: Any) -> None:
    custom = a_custom_pool(
        server, cognito, after_the_password, client={"PreventUserExistenceErrors": "ENABLED"}
    )
    assert refusal(custom.prove_password, "nobody") == REFUSED


def test_to_a_client_that_does_not_hide_nobody_is_nobody(server: RunningServer, cognito: Any) -> None:
    custom = a_custom_pool(server, cognito, client={"PreventUserExistenceErrors": "LEGACY"})
    assert refusal(custom.begin, "nobody") == ("UserNotFoundException", "User does not exist.")
    assert custom.define.events == []


@pytest.mark.parametrize("hides", ["LEGACY", "ENABLED"])
def test_who_is_disabled_never_gets_in_and_shows_it_to_none_who_has_not_proven(
    server: RunningServer, cognito: Any, hides: str
) -> None:
    after = a_function(server)
    custom = a_custom_pool(
        server,
        cognito,
        client={"PreventUserExistenceErrors": hides},
        triggers={"PostAuthentication": after.arn},
    )
    a_person(cognito, custom.pool_id)
    asked = custom.begin()
    cognito.admin_disable_user(UserPoolId=custom.pool_id, Username="ada")
    disabled = ("NotAuthorizedException", "User is disabled.")
    if hides == "LEGACY":
        assert refusal(custom.begin) == disabled
        return
    assert refusal(custom.respond, asked, ANSWER="four") == INVALID, "disabling ends what is under way"
    asked = custom.respond(custom.begin(), ANSWER="five")
    assert asked["ChallengeName"] == "CUSTOM_CHALLENGE"
    assert refusal(custom.respond, asked, ANSWER="four") == disabled
    assert after.events == [], "that is no sign-in to be told of"


def test_who_an_administrator_has_made_needs_no_password_of_their_own(custom: Custom) -> None:
    custom.cognito.admin_create_user(UserPoolId=custom.pool_id, Username="bob", MessageAction="SUPPRESS")
    tokens = custom.respond(custom.begin("bob"), "bob", ANSWER="four")["AuthenticationResult"]
    user = custom.cognito.admin_get_user(UserPoolId=custom.pool_id, Username="bob")
    assert user["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    renewed = custom.cognito.initiate_auth(
        ClientId=custom.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    assert renewed["AuthenticationResult"]["AccessToken"]


def test_who_is_not_confirmed_does_not_get_in(custom: Custom) -> None:
    custom.cognito.sign_up(ClientId=custom.client_id, Username="bob", Password=PASSWORD)
    assert refusal(custom.begin, "bob") == ("UserNotConfirmedException", "User is not confirmed.")


def test_neither_an_answer_nor_what_the_functions_keep_lies_anywhere_in_the_clear(
    own_server: Any, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    server = own_server()
    kept, given = "kept-of-the-function-5", "given-by-the-person-7"
    custom = a_custom_pool(
        server,
        server.client("cognito-idp"),
        create=lambda event: {"privateChallengeParameters": {"answer": kept}, "challengeMetadata": kept},
    )
    a_person(custom.cognito, custom.pool_id)
    custom.respond(custom.begin(), ANSWER=given)  # the next question waits
    assert custom.verify.event["request"]["challengeAnswer"] == given
    written = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    assert b"CUSTOM_CHALLENGE" in written, "this is where the session lies"
    for place in (written, "".join(capfd.readouterr()).encode()):
        assert kept.encode() not in place
        assert given.encode() not in place


def test_a_function_may_call_the_server_meanwhile(server: RunningServer, cognito: Any) -> None:
    def define(event: Event) -> Any:
        cognito.admin_update_user_attributes(
            UserPoolId=event["userPoolId"],
            Username=event["userName"],
            UserAttributes=[{"Name": "nickname", "Value": "the countess"}],
        )
        return passwordless(event)

    custom = a_custom_pool(server, cognito, define)
    a_person(cognito, custom.pool_id)
    tokens = custom.respond(custom.begin(), ANSWER="four")["AuthenticationResult"]
    attributes = cognito.get_user(AccessToken=tokens["AccessToken"])["UserAttributes"]
    assert {"Name": "nickname", "Value": "the countess"} in attributes


def test_the_other_flows_ask_none_of_the_three(server: RunningServer, cognito: Any) -> None:
    unasked = a_function(server)
    config = dict.fromkeys(
        ("DefineAuthChallenge", "CreateAuthChallenge", "VerifyAuthChallengeResponse"), unasked.arn
    )
    pool_id = a_pool(cognito, LambdaConfig=config)
    a_person(cognito, pool_id)
    assert sign_in(cognito, an_app(cognito, pool_id)["ClientId"])
    assert unasked.events == []
