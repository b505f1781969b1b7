"""Somebody whom the pool does not have, and another directory may: a function brings them, once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import ANY

import pytest
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, messages_of, refusal, sign_in, wait_for_message
from tests.people.signing_up import SMS, a_sign_up_app, an_email, attributes_of, outcome, status_of
from tests.triggers.functions import Answer, Event, Function, a_function, golden, throwing
from tests.triggers.samples import check_shape

from poolhouse.ports.functions import FunctionFailed, FunctionTimeout

OLD = "legacy"
"""Their password elsewhere: shorter than any policy here allows."""
WRONG = ("NotAuthorizedException", "Incorrect username or password.")
HIDING = {"PreventUserExistenceErrors": "ENABLED"}
EVERY_FLOW = (
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)
METADATA = {"old-tenant": "7"}


def knowing(email: str, **more: Any) -> Answer:
    """A directory with one person of this password, whatever they are called."""

    def answer(event: Event) -> dict[str, Any]:
        if event["request"].get("password", OLD) != OLD:
            raise FunctionFailed("Bad password", "Error")
        return {
            "userAttributes": {"email": email, "email_verified": "true"},
            "finalUserStatus": "CONFIRMED",
            "messageAction": "SUPPRESS",
            **more,
        }

    return answer


def a_migrating_app(
    server: RunningServer, cognito: Any, answer: Answer, *, client: dict[str, Any] | None = None, **pool: Any
) -> tuple[Function, str, str]:
    asked = a_function(server, answer)
    lambdas = {"UserMigration": asked.arn, **pool.pop("lambdas", {})}
    return asked, *a_sign_up_app(cognito, *EVERY_FLOW, client=client, LambdaConfig=lambdas, **pool)


def shape(pool_id: str, client_id: str, source: str, request: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": pool_id,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": ANY, "clientId": client_id},
        "triggerSource": f"UserMigration_{source}",
        "request": request,
        "response": {
            "userAttributes": None,
            "finalUserStatus": None,
            "messageAction": None,
            "desiredDeliveryMediums": None,
            "forceAliasCreation": None,
            "enableSMSMFA": None,
        },
    }


def nobody_in(cognito: Any, pool_id: str) -> bool:
    return not cognito.list_users(UserPoolId=pool_id)["Users"]


def unknown(client_id: str) -> tuple[str, str]:
    return "UserNotFoundException", f"Exception migrating user in app client {client_id}"


@pytest.mark.parametrize("hidden", [False, True])
def test_somebody_signs_in_with_their_old_password_and_is_a_person_of_the_pool(
    server: RunningServer, cognito: Any, hidden: bool
) -> None:
    email = an_email()
    asked, pool_id, client_id = a_migrating_app(
        server, cognito, knowing(email), client=HIDING if hidden else None
    )
    assert "AccessToken" in sign_in(cognito, client_id, password=OLD)
    golden(
        asked.event,
        shape(pool_id, client_id, "Authentication", {"password": OLD, "validationData": None}),
    )
    check_shape(asked.event)
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    assert attributes_of(cognito, pool_id, "ada") == {"sub": ANY, "email": email, "email_verified": "true"}
    assert "AccessToken" in sign_in(cognito, client_id, password=OLD)
    assert refusal(sign_in, cognito, client_id, password=OLD + "x") == WRONG
    assert len(asked.events) == 1, "who is here is asked for no more"
    assert not messages_of(server, email)


def test_an_administrators_sign_in_brings_them_too_and_metadata_is_validation_data(
    server: RunningServer, cognito: Any
) -> None:
    asked, pool_id, client_id = a_migrating_app(server, cognito, knowing(an_email()))
    for number, flow in enumerate(("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")):
        tokens = cognito.admin_initiate_auth(
            UserPoolId=pool_id,
            ClientId=client_id,
            AuthFlow=flow,
            AuthParameters={"USERNAME": f"ada{number}", "PASSWORD": OLD},
            ClientMetadata=METADATA,
        )
        assert "AuthenticationResult" in tokens
        assert asked.events[number]["request"] == {"password": OLD, "validationData": METADATA}


def test_who_chooses_the_password_is_brought(server: RunningServer, cognito: Any) -> None:
    asked, _, client_id = a_migrating_app(server, cognito, knowing(an_email()), client=HIDING)
    at_once = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "ada", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": OLD},
    )
    assert "AuthenticationResult" in at_once
    begun = cognito.initiate_auth(
        ClientId=client_id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": "bob"}
    )
    later = cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="SELECT_CHALLENGE",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "bob", "ANSWER": "PASSWORD", "PASSWORD": OLD},
        ClientMetadata=METADATA,
    )
    assert "AuthenticationResult" in later
    assert asked.events[1]["request"] == {
        "password": OLD,
        "validationData": None,
        "clientMetadata": METADATA,
    }
    again = refusal(
        cognito.respond_to_auth_challenge,
        ClientId=client_id,
        ChallengeName="SELECT_CHALLENGE",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "bob", "ANSWER": "PASSWORD", "PASSWORD": OLD},
    )
    assert again[0] == "NotAuthorizedException", "a session is good for one answer"


def test_a_client_that_tells_who_exists_brings_by_a_choice_with_the_password_alone(
    server: RunningServer, cognito: Any
) -> None:
    asked, _, client_id = a_migrating_app(server, cognito, knowing(an_email()))
    begin = {"ClientId": client_id, "AuthFlow": "USER_AUTH"}
    assert refusal(cognito.initiate_auth, **begin, AuthParameters={"USERNAME": "ada"})[0] == (
        "UserNotFoundException"
    )
    password = {"USERNAME": "ada", "PREFERRED_CHALLENGE": "PASSWORD", "PASSWORD": OLD}
    assert "AuthenticationResult" in cognito.initiate_auth(**begin, AuthParameters=password)
    assert asked.event


def test_a_second_factor_follows_for_who_was_brought_by_a_session(
    server: RunningServer, cognito: Any
) -> None:
    number = "+14155550177"
    answer = knowing(an_email(), enableSMSMFA=True)

    def with_phone(event: Event) -> Any:
        given: Any = answer(event)
        return {**given, "userAttributes": {**given["userAttributes"], "phone_number": number}}

    _, pool_id, client_id = a_migrating_app(
        server, cognito, with_phone, client=HIDING, SmsConfiguration=SMS, MfaConfiguration="OPTIONAL"
    )
    begun = cognito.initiate_auth(
        ClientId=client_id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    asked = cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="SELECT_CHALLENGE",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "ada", "ANSWER": "PASSWORD", "PASSWORD": OLD},
    )
    assert asked["ChallengeName"] == "SMS_MFA"
    message = wait_for_message(server, number)
    answered = cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="SMS_MFA",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "SMS_MFA_CODE": message["Code"]},
    )
    assert "AuthenticationResult" in answered
    user = cognito.admin_get_user(UserPoolId=pool_id, Username="ada")
    assert user["UserMFASettingList"] == ["SMS_MFA"]


def test_srp_brings_nobody(server: RunningServer, cognito: Any) -> None:
    asked, _, client_id = a_migrating_app(server, cognito, knowing(an_email()))
    srp = {"USERNAME": "ada", "SRP_A": "2" * 100}
    begin = {"ClientId": client_id, "AuthFlow": "USER_SRP_AUTH", "AuthParameters": srp}
    assert refusal(cognito.initiate_auth, **begin)[0] == "UserNotFoundException"
    assert not asked.events


@pytest.mark.parametrize(
    ("final", "status"), [(None, "RESET_REQUIRED"), ("RESET_REQUIRED", "RESET_REQUIRED")]
)
def test_who_must_reset_their_password_hears_it(
    server: RunningServer, cognito: Any, final: str | None, status: str
) -> None:
    email = an_email()
    asked, pool_id, client_id = a_migrating_app(server, cognito, knowing(email, finalUserStatus=final))
    for _ in range(2):
        assert refusal(sign_in, cognito, client_id, password=OLD)[0] == "PasswordResetRequiredException"
    assert status_of(cognito, pool_id, "ada") == status
    assert asked.event
    cognito.forgot_password(ClientId=client_id, Username="ada")
    code = wait_for_message(server, email)["Code"]
    cognito.confirm_forgot_password(
        ClientId=client_id, Username="ada", ConfirmationCode=code, Password="A-new-Pass-1"
    )
    assert sign_in(cognito, client_id, password="A-new-Pass-1")


def test_who_must_change_their_password_does_so(server: RunningServer, cognito: Any) -> None:
    answer = knowing(an_email(), finalUserStatus="FORCE_CHANGE_PASSWORD")
    _, _, client_id = a_migrating_app(server, cognito, answer)
    asked = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": OLD},
    )
    assert asked["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


def test_a_wrong_password_elsewhere_is_a_wrong_password_here(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_migrating_app(server, cognito, knowing(an_email()))
    hiding = an_app(cognito, pool_id, *EVERY_FLOW, **HIDING)["ClientId"]
    assert refusal(sign_in, cognito, client_id, password="wrong") == unknown(client_id)
    assert refusal(sign_in, cognito, hiding, password="wrong") == WRONG
    assert nobody_in(cognito, pool_id)
    assert sign_in(cognito, hiding, password=OLD)
    assert len(asked.events) == 3


@pytest.mark.parametrize("hidden", [False, True])
def test_guesses_at_somebody_elsewhere_are_locked_out(
    server: RunningServer, cognito: Any, hidden: bool
) -> None:
    asked, pool_id, client_id = a_migrating_app(
        server, cognito, knowing(an_email()), client=HIDING if hidden else None
    )
    with server.clock.stopped():
        for guess in range(5):
            told = refusal(sign_in, cognito, client_id, password=f"guess-{guess}")
            assert told == (WRONG if hidden else unknown(client_id))
        locked = ("NotAuthorizedException", "Password attempts exceeded")
        assert refusal(sign_in, cognito, client_id, password=OLD) == locked
        assert len(asked.events) == 5, "nothing is asked while a lock stands"
        assert nobody_in(cognito, pool_id)


def test_a_right_guess_among_many_at_once_is_not_let_through(server: RunningServer, cognito: Any) -> None:
    """As of a person of the pool: of a thousand guesses at once as many are believed as of a thousand one by one."""
    all_asked = threading.Event()

    def slow(event: Event) -> Any:
        if event["request"]["password"] == OLD:
            all_asked.wait(5)
        return knowing("ada@example.com")(event)

    _, pool_id, client_id = a_migrating_app(server, cognito, slow, client=HIDING)
    with server.clock.stopped(), ThreadPoolExecutor(1) as pool:
        right = pool.submit(outcome, lambda: sign_in(cognito, client_id, password=OLD))
        for guess in range(5):
            refusal(sign_in, cognito, client_id, password=f"guess-{guess}")
        all_asked.set()
        assert right.result() == "NotAuthorizedException"
    assert nobody_in(cognito, pool_id)


def test_two_requests_at_once_make_one_person(server: RunningServer, cognito: Any) -> None:
    both = threading.Barrier(2, timeout=10)

    def together(event: Event) -> Any:
        both.wait()
        return knowing("both@example.com")(event)

    asked, pool_id, client_id = a_migrating_app(server, cognito, together)
    with ThreadPoolExecutor(2) as pool:
        outcomes = pool.map(lambda _: outcome(lambda: sign_in(cognito, client_id, password=OLD)), range(2))
        assert list(outcomes) == ["done", "done"]
    assert len(asked.events) == 2
    assert len(cognito.list_users(UserPoolId=pool_id)["Users"]) == 1


def test_two_who_forgot_at_once_are_one_person(server: RunningServer, cognito: Any) -> None:
    both = threading.Barrier(2, timeout=10)

    def together(event: Event) -> Any:
        both.wait()
        return knowing("both@example.com", finalUserStatus=None)(event)

    _, pool_id, client_id = a_migrating_app(server, cognito, together)

    def forget(_: int) -> str:
        return outcome(lambda: cognito.forgot_password(ClientId=client_id, Username="ada"))

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(forget, range(2))) == ["done", "done"]
    assert len(cognito.list_users(UserPoolId=pool_id)["Users"]) == 1


def test_somebody_who_was_made_meanwhile_keeps_their_password(server: RunningServer, cognito: Any) -> None:
    pools: list[str] = []

    def meanwhile(event: Event) -> Any:
        a_person(cognito, pools[0])
        return knowing("ada@example.com")(event)

    _, pool_id, client_id = a_migrating_app(server, cognito, meanwhile)
    pools.append(pool_id)
    assert refusal(sign_in, cognito, client_id, password=OLD) == WRONG
    assert sign_in(cognito, client_id)


BAD = [
    {"userAttributes": None},
    {"userAttributes": {}},
    {"userAttributes": "ada"},
    {"userAttributes": ["email"]},
    {"userAttributes": {"email": {"x": 1}}},
    {"userAttributes": {"email": "not an address"}},
    {"userAttributes": {"email": "a@example.com", "nickname": "x" * 2_049}},
    {"userAttributes": {"custom:unknown": "x", "email": "a@example.com"}},
    {"userAttributes": {"sub": "chosen", "email": "a@example.com"}},
    {"userAttributes": {"email_verified": "true"}},
    {"userAttributes": {"username": "two words", "email": "a@example.com"}},
    {"userAttributes": {"username": "somebody-else", "email": "a@example.com"}},
    {"userAttributes": {"username": "x" * 129, "email": "a@example.com"}},
    {"finalUserStatus": "UNCONFIRMED"},
    {"finalUserStatus": "EXTERNAL_PROVIDER"},
    {"finalUserStatus": ["CONFIRMED"]},
    {"messageAction": "SHOUT"},
    {"messageAction": {}},
    {"desiredDeliveryMediums": "EMAIL"},
    {"desiredDeliveryMediums": ["PIGEON"]},
    {"desiredDeliveryMediums": [["SMS"]]},
    {"messageAction": None, "desiredDeliveryMediums": ["SMS"]},
    {"forceAliasCreation": "true"},
    {"enableSMSMFA": 1},
    {"enableSMSMFA": True},
]


def test_an_answer_of_which_nobody_can_be_made_makes_nobody(server: RunningServer, cognito: Any) -> None:
    answers = iter(BAD)
    asked, pool_id, client_id = a_migrating_app(
        server, cognito, lambda event: {**_known(event), **next(answers)}
    )
    hiding = an_app(cognito, pool_id, *EVERY_FLOW, **HIDING)["ClientId"]
    for number, _ in enumerate(BAD):
        # Each under a name of its own: a name is locked after five.
        app, name = (hiding, client_id)[number % 2], f"ada{number}"
        expected = WRONG if app == hiding else unknown(client_id)
        assert refusal(sign_in, cognito, app, name, OLD) == expected, BAD[number]
        assert nobody_in(cognito, pool_id), BAD[number]
    assert len(asked.events) == len(BAD)


def _known(event: Event) -> dict[str, Any]:
    answer: Any = knowing("ada@example.com")(event)
    return dict(answer)


def test_a_required_attribute_may_not_be_missing(server: RunningServer, cognito: Any) -> None:
    schema = [{"Name": "given_name", "Required": True, "Mutable": True}]
    asked, _, client_id = a_migrating_app(server, cognito, knowing(an_email()), Schema=schema)
    assert refusal(sign_in, cognito, client_id, password=OLD) == unknown(client_id)
    given = {"email": an_email(), "given_name": "Ada"}
    asked.answer = lambda event: {"userAttributes": given, "finalUserStatus": "CONFIRMED"}
    assert sign_in(cognito, client_id, password=OLD)


@pytest.mark.parametrize(
    "answer", [b"nothing", b"[]", b'{"response":7}', b'{"response":{"userAttributes":{"name":"\\ud800"}}}']
)
def test_an_answer_that_is_no_event_is_told(server: RunningServer, cognito: Any, answer: bytes) -> None:
    _, pool_id, client_id = a_migrating_app(server, cognito, lambda event: answer)
    told = refusal(sign_in, cognito, client_id, password=OLD)
    assert told == ("InvalidLambdaResponseException", "Unrecognizable lambda output")
    assert nobody_in(cognito, pool_id)


def test_a_directory_that_is_away_is_no_wrong_password(server: RunningServer, cognito: Any) -> None:
    def away(event: Event) -> None:
        raise FunctionTimeout("5 s")

    asked, pool_id, client_id = a_migrating_app(server, cognito, away, client=HIDING)
    for _ in range(6):
        assert refusal(sign_in, cognito, client_id, password=OLD)[0] == "UnexpectedLambdaException"
    code, _ = refusal(cognito.forgot_password, ClientId=client_id, Username="ada")
    assert code == "UnexpectedLambdaException"
    assert nobody_in(cognito, pool_id)
    asked.answer = knowing(an_email())
    assert sign_in(cognito, client_id, password=OLD), "it was not counted as a guess"


def test_booleans_and_numbers_are_taken_as_texts(server: RunningServer, cognito: Any) -> None:
    email = an_email()
    schema = [{"Name": "age", "AttributeDataType": "Number", "Mutable": True}]
    values = {"email": email, "email_verified": True, "custom:age": 37, "nickname": None}
    answer = knowing(email, userAttributes=values)
    _, pool_id, client_id = a_migrating_app(server, cognito, answer, Schema=schema)
    assert sign_in(cognito, client_id, password=OLD)
    expected = {"sub": ANY, "email": email, "email_verified": "true", "custom:age": "37"}
    assert attributes_of(cognito, pool_id, "ada") == expected


@pytest.mark.parametrize(("length", "is_taken"), [(2_048, True), (2_049, False)])
def test_a_value_is_no_longer_than_any_may_be(
    server: RunningServer, cognito: Any, length: int, is_taken: bool
) -> None:
    schema = [{"Name": "story", "AttributeDataType": "String", "Mutable": True}]
    values = {"email": an_email(), "custom:story": "x" * length}
    answer = knowing("", userAttributes=values)
    _, pool_id, client_id = a_migrating_app(server, cognito, answer, Schema=schema)
    assert (outcome(lambda: sign_in(cognito, client_id, password=OLD)) == "done") == is_taken
    assert nobody_in(cognito, pool_id) != is_taken


def test_who_is_called_by_an_address_is_found_by_it(server: RunningServer, cognito: Any) -> None:
    email = an_email()
    asked, pool_id, client_id = a_migrating_app(server, cognito, knowing(email), UsernameAttributes=["email"])
    assert sign_in(cognito, client_id, email, OLD)
    assert asked.event["userName"] == email
    user = cognito.admin_get_user(UserPoolId=pool_id, Username=email)
    assert user["Username"] == attributes_of(cognito, pool_id, email)["sub"]
    other = an_email()
    assert refusal(sign_in, cognito, client_id, other, OLD) == unknown(client_id), "another's address"


def test_who_comes_with_an_alias_gets_the_user_name_that_the_function_says(
    server: RunningServer, cognito: Any
) -> None:
    email = an_email()
    values = {"username": "ada", "email": email, "email_verified": "true"}
    answer = knowing(email, userAttributes=values)
    _, pool_id, client_id = a_migrating_app(server, cognito, answer, AliasAttributes=["email"])
    assert sign_in(cognito, client_id, email, OLD)
    assert attributes_of(cognito, pool_id, "ada")["email"] == email
    assert sign_in(cognito, client_id, "ada", OLD)


def test_an_alias_of_another_is_taken_only_if_the_function_says_so(
    server: RunningServer, cognito: Any
) -> None:
    email = an_email()
    asked, pool_id, client_id = a_migrating_app(server, cognito, knowing(email), AliasAttributes=["email"])
    a_person(cognito, pool_id, "bob", email=email, email_verified="true")
    assert refusal(sign_in, cognito, client_id, password=OLD) == unknown(client_id)
    assert attributes_of(cognito, pool_id, "bob")["email_verified"] == "true"
    asked.answer = knowing(email, forceAliasCreation=True)
    assert sign_in(cognito, client_id, password=OLD)
    assert attributes_of(cognito, pool_id, "bob")["email_verified"] == "false"
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=email)["Username"] == "ada"


@pytest.mark.parametrize("mediums", [None, [], ["EMAIL"]])
def test_who_was_brought_is_welcomed_without_a_password(
    server: RunningServer, cognito: Any, mediums: list[str] | None
) -> None:
    email = an_email()
    answer = knowing(email, messageAction=None, desiredDeliveryMediums=mediums)
    _, _, client_id = a_migrating_app(server, cognito, answer)
    assert sign_in(cognito, client_id, password=OLD)
    assert wait_for_message(server, email)["Body"] == "Your username is ada."


def test_somebody_who_forgot_their_password_is_brought_and_sets_one(
    server: RunningServer, cognito: Any
) -> None:
    email = an_email()
    asked, pool_id, client_id = a_migrating_app(server, cognito, knowing(email, finalUserStatus=None))
    told = cognito.forgot_password(ClientId=client_id, Username="ada", ClientMetadata=METADATA)
    request = {"validationData": None, "clientMetadata": METADATA}
    golden(asked.event, shape(pool_id, client_id, "ForgotPassword", request))
    check_shape(asked.event)
    assert told["CodeDeliveryDetails"]["AttributeName"] == "email"
    assert status_of(cognito, pool_id, "ada") == "RESET_REQUIRED"
    code = wait_for_message(server, email)["Code"]
    assert refusal(sign_in, cognito, client_id, password=OLD)[0] == "PasswordResetRequiredException"
    cognito.confirm_forgot_password(
        ClientId=client_id, Username="ada", ConfirmationCode=code, Password="A-new-Pass-1"
    )
    assert sign_in(cognito, client_id, password="A-new-Pass-1")
    assert len(asked.events) == 1


def test_of_whom_the_other_directory_does_not_know_a_code_seems_to_be_sent(
    server: RunningServer, cognito: Any
) -> None:
    asked, pool_id, client_id = a_migrating_app(server, cognito, throwing("no such user"))
    hiding = an_app(cognito, pool_id, **HIDING)["ClientId"]
    assert refusal(cognito.forgot_password, ClientId=client_id, Username="ada") == unknown(client_id)
    assert "CodeDeliveryDetails" in cognito.forgot_password(ClientId=hiding, Username="ada")
    for _ in range(6):
        outcome(lambda: cognito.forgot_password(ClientId=client_id, Username="ada"))
    assert len(asked.events) == 5, "for one name the function is asked as often as a person is sent a code"
    assert nobody_in(cognito, pool_id)


@pytest.mark.parametrize("name", ["two words", "a\u0000b", "x" * 257, "\u200b"])
def test_for_a_name_that_nobody_can_have_no_function_is_asked(
    server: RunningServer, cognito: Any, name: str
) -> None:
    asked, pool_id, client_id = a_migrating_app(server, cognito, knowing(an_email()), client=HIDING)
    assert refusal(sign_in, cognito, client_id, name, OLD)[0] in (
        "NotAuthorizedException",
        "InvalidParameterException",
    )
    assert refusal(sign_in, cognito, client_id, "ada", "x" * 257) == WRONG
    assert not asked.events
    assert nobody_in(cognito, pool_id)


def test_the_password_is_in_no_log_and_no_audit_record(
    server: RunningServer, cognito: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    secret = "Their-0ld-Password-elsewhere"

    def answer(event: Event) -> Any:
        if event["userName"] == "bob":
            raise FunctionFailed(f"wrong: {event['request']['password']}", "Error")
        if event["userName"] == "eve":
            return {"userAttributes": {"email": event["request"]["password"]}}
        return {"userAttributes": {"email": an_email()}, "finalUserStatus": "CONFIRMED"}

    _, pool_id, client_id = a_migrating_app(server, cognito, answer)
    assert sign_in(cognito, client_id, "ada", secret)
    for name in ("bob", "eve"):
        assert refusal(sign_in, cognito, client_id, name, secret) == unknown(client_id)
    written = capfd.readouterr()
    ours = [record for record in caplog.records if not record.name.startswith(("botocore", "urllib3"))]
    logged = written.out + written.err + "".join(f"{record.getMessage()} {vars(record)}" for record in ours)
    assert secret not in logged
    assert "nobody can be made of the answer" in logged
    records = server.run(
        server.server.parts.store.read(
            lambda tx: tx.audit.page(server.settings.account_id, pool_id=pool_id, size=100)
        )
    )
    assert "InitiateAuth" in repr(records)
    assert secret not in repr(records)


def test_before_and_after_a_sign_in_the_other_functions_hear_of_who_is_brought(
    server: RunningServer, cognito: Any
) -> None:
    before, after = a_function(server), a_function(server)
    lambdas = {"PreAuthentication": before.arn, "PostAuthentication": after.arn}
    email = an_email()
    _, pool_id, client_id = a_migrating_app(server, cognito, knowing(email), lambdas=lambdas)
    assert sign_in(cognito, client_id, password=OLD)
    assert before.event["request"]["userAttributes"]["email"] == email, (
        "not of nobody, but of who was brought"
    )
    assert after.event["request"]["userAttributes"]["email"] == email
    hiding = an_app(cognito, pool_id, *EVERY_FLOW, **HIDING)["ClientId"]
    other = an_email()
    before.events.clear()
    assert refusal(sign_in, cognito, hiding, other, "wrong") == WRONG
    assert before.event["request"]["userNotFound"] is True


def test_a_pool_without_such_a_function_asks_nobody(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    assert refusal(sign_in, cognito, client_id, password=OLD)[0] == "UserNotFoundException"
