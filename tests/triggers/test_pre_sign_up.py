"""A pool's function before somebody signs up, or is made: what it is told, and what it may do."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, an_app, messages_of, refusal, sign_in
from tests.people.signing_up import (
    a_sign_up_app,
    an_email,
    attributes_of,
    confirm,
    outcome,
    sign_up,
    status_of,
)
from tests.triggers.functions import Answer, Event, Function, a_function, golden, throwing

from poolhouse.ports.functions import FunctionTimeout

METADATA = {"channel": "shop", "secret": "a password of another system"}
NOT_CONFIRMED = "Phone or email cannot be auto verified, when user is not being auto confirmed."


def granting(**flags: Any) -> Answer:
    return lambda event: flags


def a_guarded_app(
    server: RunningServer, cognito: Any, answer: Answer = lambda event: None, **pool: Any
) -> tuple[Function, str, str]:
    """A function that is asked before sign-ups, its pool and a client."""
    asked = a_function(server, answer)
    lambdas = {"PreSignUp": asked.arn, **pool.pop("lambdas", {})}
    return asked, *a_sign_up_app(cognito, LambdaConfig=lambdas, **pool)


def nobody_in(cognito: Any, pool_id: str) -> bool:
    return not cognito.list_users(UserPoolId=pool_id)["Users"]


def test_the_event_of_a_sign_up(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_guarded_app(server, cognito)
    email = an_email()
    answer = sign_up(
        cognito,
        client_id,
        attributes={"email": email, "given_name": "Ada"},
        ValidationData=[{"Name": "invitation", "Value": "7"}, {"Name": "empty"}],
        ClientMetadata=METADATA,
    )
    assert answer["UserConfirmed"] is False
    golden(
        asked.event,
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": pool_id,
            "userName": "ada",
            "callerContext": {"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": client_id},
            "triggerSource": "PreSignUp_SignUp",
            "request": {
                "userAttributes": {"email": email, "given_name": "Ada"},
                "validationData": {"invitation": "7", "empty": ""},
                "clientMetadata": METADATA,
            },
            "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
        },
    )
    assert status_of(cognito, pool_id, "ada") == "UNCONFIRMED"
    assert len(messages_of(server, email)) == 1


def test_what_an_application_does_not_say_the_event_does_not_have(
    server: RunningServer, cognito: Any
) -> None:
    asked, _, client_id = a_guarded_app(server, cognito)
    sign_up(cognito, client_id)
    golden(asked.event["request"], {"userAttributes": {}, "validationData": None})


def test_a_name_that_the_pool_gives_is_the_events(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_guarded_app(server, cognito, UsernameAttributes=["email"])
    email = an_email()
    sub = sign_up(cognito, client_id, email)["UserSub"]
    assert asked.event["userName"] == sub
    assert asked.event["request"]["userAttributes"] == {"email": email}
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=email)["Username"] == sub


def test_the_function_is_asked_before_there_is_the_person(server: RunningServer, cognito: Any) -> None:
    found: list[bool] = []
    pools: list[str] = []

    def look(event: Event) -> None:
        pools.append(event["userPoolId"])
        found.append(nobody_in(cognito, event["userPoolId"]))

    _, pool_id, client_id = a_guarded_app(server, cognito, look)
    sign_up(cognito, client_id)
    assert (pools, found) == ([pool_id], [True])


def malformed(event: Event) -> bytes:
    return b'"no event"'


def timed_out(event: Event) -> None:
    raise FunctionTimeout("it sleeps")


REFUSALS = [
    (
        throwing("Not from here"),
        "UserLambdaValidationException",
        "PreSignUp failed with error Not from here.",
    ),
    (
        timed_out,
        "UnexpectedLambdaException",
        f"PreSignUp invocation failed due to error {FunctionTimeout.cause}.",
    ),
    (malformed, "InvalidLambdaResponseException", "Unrecognizable lambda output"),
    (lambda event: b"", "InvalidLambdaResponseException", "Unrecognizable lambda output"),
    (
        granting(autoConfirmUser="true"),
        "InvalidLambdaResponseException",
        "Unrecognizable lambda output",
    ),
    (granting(autoVerifyEmail=1), "InvalidLambdaResponseException", "Unrecognizable lambda output"),
    (granting(autoVerifyEmail=True), "InvalidLambdaResponseException", NOT_CONFIRMED),
    (
        granting(autoConfirmUser=True, autoVerifyPhone=True),
        "InvalidLambdaResponseException",
        "The attribute phone_number cannot be auto verified: the user has none.",
    ),
]


@pytest.mark.parametrize(("answer", "code", "text"), REFUSALS)
def test_a_refusal_or_a_bad_answer_leaves_nothing(
    server: RunningServer, cognito: Any, answer: Answer, code: str, text: str
) -> None:
    asked, pool_id, client_id = a_guarded_app(server, cognito, answer)
    email = an_email()
    told = refusal(sign_up, cognito, client_id, attributes={"email": email})
    assert told == (code, text)
    assert nobody_in(cognito, pool_id)
    assert not messages_of(server, email)
    asked.answer = lambda event: None
    sign_up(cognito, client_id, attributes={"email": email})


ODD = (
    *(b"", b"null", b"[]", b"{}", b'{"response":null}', b'{"response":[]}', b"\xff", b"[" * 9_000),
    b'{"response":{"autoConfirmUser":NaN}}',
    *(
        json.dumps({"response": {name: value}}).encode()
        for name in ("autoConfirmUser", "autoVerifyEmail", "autoVerifyPhone")
        for value in ("true", "", 1, 0, [], {}, [True], {"a": True}, 1e300, "\ud800", "\0")
    ),
)


def test_no_answer_however_odd_is_a_fault_of_ours(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_guarded_app(server, cognito)
    for odd in ODD:
        asked.answer = lambda event, odd=odd: odd  # type: ignore[misc]
        assert refusal(sign_up, cognito, client_id)[0] == "InvalidLambdaResponseException", odd
    assert nobody_in(cognito, pool_id)


def test_what_an_answer_has_besides_is_not_read(server: RunningServer, cognito: Any) -> None:
    def meddle(event: Event) -> bytes:
        return json.dumps(
            {
                **event,
                "userName": "eve",
                "request": {"userAttributes": {"given_name": "Eve"}},
                "response": {"autoConfirmUser": True, "userStatus": "ARCHIVED", "sub": "of another"},
            }
        ).encode()

    _, pool_id, client_id = a_guarded_app(server, cognito, meddle)
    sub = sign_up(cognito, client_id, attributes={"given_name": "Ada"})["UserSub"]
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    assert attributes_of(cognito, pool_id, "ada") == {"sub": sub, "given_name": "Ada"}


@pytest.mark.parametrize("text", ["a\U0001f600", "<&>\n"])
def test_whatever_people_say_reaches_the_function(server: RunningServer, cognito: Any, text: str) -> None:
    asked, _, client_id = a_guarded_app(server, cognito)
    sign_up(
        cognito,
        client_id,
        attributes={"given_name": text},
        ValidationData=[{"Name": text, "Value": text}],
        ClientMetadata={text: text},
    )
    request = asked.event["request"]
    assert request["userAttributes"] == {"given_name": text}
    assert request["validationData"] == request["clientMetadata"] == {text: text}


def test_of_two_who_take_a_name_at_once_one_gets_it(server: RunningServer, cognito: Any) -> None:
    both = threading.Barrier(2, timeout=20)
    told = a_function(server)

    def meet(event: Event) -> dict[str, Any]:
        both.wait()
        return {"autoConfirmUser": True}

    asked, pool_id, client_id = a_guarded_app(server, cognito, meet, lambdas={"PostConfirmation": told.arn})
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda _: outcome(lambda: sign_up(cognito, client_id)), range(2)))
    assert sorted(outcomes) == ["UsernameExistsException", "done"]
    assert len(asked.events) == 2
    assert len(told.events) == 1
    assert len(cognito.list_users(UserPoolId=pool_id)["Users"]) == 1


def test_an_account_that_is_confirmed_at_once(server: RunningServer, cognito: Any) -> None:
    told = a_function(server)
    _, pool_id, client_id = a_guarded_app(
        server,
        cognito,
        granting(autoConfirmUser=True, autoVerifyEmail=True),
        lambdas={"PostConfirmation": told.arn},
    )
    email = an_email()
    answer = sign_up(cognito, client_id, attributes={"email": email}, ClientMetadata=METADATA)
    del answer["ResponseMetadata"]
    assert answer == {"UserConfirmed": True, "UserSub": answer["UserSub"]}
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    assert attributes_of(cognito, pool_id, "ada")["email_verified"] == "true"
    assert not messages_of(server, email)
    assert sign_in(cognito, client_id)["AccessToken"]
    golden(
        told.event["request"],
        {
            "userAttributes": {
                "sub": answer["UserSub"],
                "cognito:user_status": "CONFIRMED",
                "email": email,
                "email_verified": "true",
            },
            "clientMetadata": METADATA,
        },
    )
    assert told.event["triggerSource"] == "PostConfirmation_ConfirmSignUp"


def test_who_is_confirmed_has_no_verified_address_unless_the_function_says_so(
    server: RunningServer, cognito: Any
) -> None:
    _, pool_id, client_id = a_guarded_app(server, cognito, granting(autoConfirmUser=True))
    email = an_email()
    assert sign_up(cognito, client_id, attributes={"email": email})["UserConfirmed"] is True
    assert attributes_of(cognito, pool_id, "ada").get("email_verified") != "true"
    assert not messages_of(server, email)


def test_a_phone_number_is_verified(server: RunningServer, cognito: Any) -> None:
    _, pool_id, client_id = a_guarded_app(
        server, cognito, granting(autoConfirmUser=True, autoVerifyPhone=True)
    )
    sign_up(cognito, client_id, attributes={"phone_number": "+12065550100", "email": an_email()})
    kept = attributes_of(cognito, pool_id, "ada")
    assert (kept["phone_number_verified"], kept.get("email_verified")) == ("true", None)


def test_a_verified_alias_passes_to_who_signs_up(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_guarded_app(
        server,
        cognito,
        granting(autoConfirmUser=True, autoVerifyEmail=True),
        AliasAttributes=["email"],
    )
    email = an_email()
    sign_up(cognito, client_id, "ada", attributes={"email": email})
    sign_up(cognito, client_id, "eve", attributes={"email": email})
    assert attributes_of(cognito, pool_id, "ada")["email_verified"] == "false"
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=email)["Username"] == "eve"

    asked.answer = granting(autoConfirmUser=True)
    sign_up(cognito, client_id, "ann", attributes={"email": email})
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=email)["Username"] == "eve"


def test_an_address_that_is_a_name_passes_to_nobody(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_guarded_app(
        server,
        cognito,
        granting(autoConfirmUser=True, autoVerifyEmail=True),
        UsernameAttributes=["email"],
    )
    email = an_email()
    sub = sign_up(cognito, client_id, email)["UserSub"]
    assert refusal(sign_up, cognito, client_id, email)[0] == "UsernameExistsException"
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=email)["Username"] == sub
    assert len(asked.events) == 1, "nobody is asked about a name that is taken"


def test_a_name_taken_while_the_function_thinks_is_refused(server: RunningServer, cognito: Any) -> None:
    def take(event: Event) -> None:
        if event["triggerSource"] == "PreSignUp_SignUp":
            cognito.admin_create_user(
                UserPoolId=event["userPoolId"], Username=event["userName"], MessageAction="SUPPRESS"
            )

    asked, pool_id, client_id = a_guarded_app(server, cognito, take)
    assert refusal(sign_up, cognito, client_id)[0] == "UsernameExistsException"
    assert asked.sources == ["PreSignUp_SignUp", "PreSignUp_AdminCreateUser"]
    assert status_of(cognito, pool_id, "ada") == "FORCE_CHANGE_PASSWORD"


def test_the_event_of_a_person_whom_an_administrator_makes(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, _ = a_guarded_app(
        server, cognito, granting(autoConfirmUser=True, autoVerifyEmail=True, autoVerifyPhone=True)
    )
    email = an_email()
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="ada",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": email}],
        ValidationData=[{"Name": "by", "Value": "import"}],
        ClientMetadata=METADATA,
    )
    golden(
        asked.event,
        {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": pool_id,
            "userName": "ada",
            "callerContext": {
                "awsSdkVersion": "aws-sdk-unknown-unknown",
                "clientId": "CLIENT_ID_NOT_APPLICABLE",
            },
            "triggerSource": "PreSignUp_AdminCreateUser",
            "request": {
                "userAttributes": {"email": email},
                "validationData": {"by": "import"},
                "clientMetadata": METADATA,
            },
            "response": {"autoConfirmUser": False, "autoVerifyEmail": False, "autoVerifyPhone": False},
        },
    )
    # What the function grants is for those who sign up themselves.
    assert status_of(cognito, pool_id, "ada") == "FORCE_CHANGE_PASSWORD"
    assert attributes_of(cognito, pool_id, "ada").get("email_verified") != "true"


def test_nobody_is_made_whom_the_function_refuses(server: RunningServer, cognito: Any) -> None:
    _, pool_id, _ = a_guarded_app(server, cognito, throwing("No"))
    email = an_email()

    def make() -> None:
        cognito.admin_create_user(
            UserPoolId=pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": email}]
        )

    assert refusal(make) == ("UserLambdaValidationException", "PreSignUp failed with error No.")
    assert nobody_in(cognito, pool_id)
    assert not messages_of(server, email)


def test_an_invitation_that_is_sent_again_makes_nobody(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, _ = a_guarded_app(server, cognito)
    person = {"UserPoolId": pool_id, "Username": "ada"}
    cognito.admin_create_user(**person, UserAttributes=[{"Name": "email", "Value": an_email()}])
    cognito.admin_create_user(**person, MessageAction="RESEND")
    assert asked.sources == ["PreSignUp_AdminCreateUser"]


def test_a_pool_without_functions_asks_nobody(server: RunningServer, cognito: Any) -> None:
    asked = a_function(server, throwing("Never"))
    pool_id = a_pool(cognito, LambdaConfig={"PostAuthentication": asked.arn})
    client_id = an_app(cognito, pool_id)["ClientId"]
    sign_up(cognito, client_id)
    assert not asked.events


def test_the_password_and_the_metadata_are_nowhere_but_where_they_belong(
    server: RunningServer, cognito: Any, caplog: pytest.LogCaptureFixture
) -> None:
    asked, pool_id, client_id = a_guarded_app(server, cognito)
    sign_up(cognito, client_id, ClientMetadata=METADATA)
    assert PASSWORD not in json.dumps(asked.event)
    account = server.settings.account_id
    kept = server.run(
        server.server.parts.store.read(lambda tx: tx.audit.page(account, pool_id=pool_id, size=50))
    )
    assert kept
    assert METADATA["secret"] not in repr(kept)
    assert METADATA["secret"] not in caplog.text


def test_who_was_not_confirmed_at_once_still_confirms_by_the_code(
    server: RunningServer, cognito: Any
) -> None:
    _, pool_id, client_id = a_guarded_app(server, cognito, granting(autoConfirmUser=None))
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    confirm(cognito, client_id, "ada", messages_of(server, email)[0]["Code"])
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
