"""A pool's function that writes what people are sent: when it is asked, what it is told, and what it may say."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from unittest.mock import ANY

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import (
    PASSWORD,
    a_person,
    an_app,
    messages_of,
    refusal,
    sign_in,
    the_code,
    wait_for_message,
)
from tests.people.signing_up import (
    SMS,
    a_member,
    a_sign_up_app,
    an_email,
    attributes_of,
    confirm,
    sign_up,
)
from tests.triggers.functions import Event, Function, a_function, golden, throwing
from tests.triggers.samples import check_shape

from poolhouse.ports.functions import FunctionTimeout

OWN_ACCOUNT = {
    "EmailConfiguration": {
        "EmailSendingAccount": "DEVELOPER",
        "SourceArn": "arn:aws:ses:us-east-1:123456789012:identity/shop@example.com",
    }
}
METADATA = {"language": "de"}
NO_METADATA = object()


def writing(event: Event) -> dict[str, str]:
    """Texts that say what they were asked for."""
    check_shape(event)
    what = event["triggerSource"].removeprefix("CustomMessage_")
    name, code = event["request"]["usernameParameter"] or "", event["request"]["codeParameter"]
    return {
        "smsMessage": f"{what} {name} {code}",
        "emailMessage": f"<p>{what} {name} {code}</p>",
        "emailSubject": f"About {what}",
    }


def a_written_app(
    server: RunningServer, cognito: Any, answer: Any = writing, **pool: Any
) -> tuple[Function, str, str]:
    """A function that writes the texts, its pool and a client."""
    asked = a_function(server, answer)
    options = {**OWN_ACCOUNT, "LambdaConfig": {"CustomMessage": asked.arn}, **pool}
    return asked, *a_sign_up_app(cognito, **options)


def shape(
    source: str,
    pool_id: str,
    client_id: str,
    attributes: dict[str, Any],
    *,
    metadata: Any = NO_METADATA,
    username: str | None = None,
) -> dict[str, Any]:
    request = {
        "userAttributes": attributes,
        "codeParameter": "{####}",
        "linkParameter": "{##Click Here##}",
        "usernameParameter": username,
    }
    if metadata is not NO_METADATA:
        request["clientMetadata"] = metadata
    return {
        "version": "1",
        "region": "us-east-1",
        "userPoolId": pool_id,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": ANY, "clientId": client_id},
        "triggerSource": f"CustomMessage_{source}",
        "request": request,
        "response": {"smsMessage": None, "emailMessage": None, "emailSubject": None},
    }


def said(server: RunningServer, email: str, source: str, count: int = 1) -> str:
    """The code of the newest message, which the function wrote."""
    message = wait_for_message(server, email, count)
    code: str = message["Code"]
    name = " ada" if source == "AdminCreateUser" else " "
    assert message["Body"] == f"<p>{source}{name} {code}</p>"
    assert message["Subject"] == f"About {source}"
    return code


def test_a_sign_up_and_a_code_that_is_sent_again(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_written_app(server, cognito)
    email = an_email()
    sub = sign_up(cognito, client_id, attributes={"email": email}, ClientMetadata=METADATA)["UserSub"]
    attributes = {"sub": sub, "cognito:user_status": "UNCONFIRMED", "email": email}
    golden(asked.event, shape("SignUp", pool_id, client_id, attributes, metadata=METADATA))
    said(server, email, "SignUp")
    cognito.resend_confirmation_code(ClientId=client_id, Username="ada", ClientMetadata=METADATA)
    golden(asked.events[1], shape("ResendCode", pool_id, client_id, attributes, metadata=METADATA))
    confirm(cognito, client_id, "ada", said(server, email, "ResendCode", 2))
    assert len(asked.events) == 2


def test_a_forgotten_password(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_written_app(server, cognito)
    email = a_member(server, cognito, client_id)
    cognito.forgot_password(ClientId=client_id, Username="ada", ClientMetadata=METADATA)
    attributes = {
        "sub": ANY,
        "cognito:user_status": "CONFIRMED",
        "email": email,
        "email_verified": "true",
    }
    golden(asked.events[-1], shape("ForgotPassword", pool_id, client_id, attributes, metadata=METADATA))
    code = said(server, email, "ForgotPassword", 2)
    cognito.confirm_forgot_password(
        ClientId=client_id, Username="ada", ConfirmationCode=code, Password=PASSWORD + "!"
    )
    cognito.admin_reset_user_password(UserPoolId=pool_id, Username="ada", ClientMetadata=METADATA)
    golden(
        asked.events[-1],
        shape(
            "ForgotPassword",
            pool_id,
            "CLIENT_ID_NOT_APPLICABLE",
            {**attributes, "cognito:user_status": "RESET_REQUIRED"},
            metadata=METADATA,
        ),
    )


def test_an_invitation_and_one_that_is_sent_again(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, _ = a_written_app(server, cognito)
    email = an_email()
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="ada",
        UserAttributes=[{"Name": "email", "Value": email}],
        ClientMetadata=METADATA,
    )
    attributes = {"sub": ANY, "cognito:user_status": "FORCE_CHANGE_PASSWORD", "email": email}
    expected = shape(
        "AdminCreateUser",
        pool_id,
        "CLIENT_ID_NOT_APPLICABLE",
        attributes,
        metadata=METADATA,
        username="{username}",
    )
    golden(asked.event, expected)
    said(server, email, "AdminCreateUser")
    cognito.admin_create_user(UserPoolId=pool_id, Username="ada", MessageAction="RESEND")
    said(server, email, "AdminCreateUser", 2)
    cognito.admin_create_user(UserPoolId=pool_id, Username="bob", MessageAction="SUPPRESS")
    assert asked.sources == ["CustomMessage_AdminCreateUser"] * 2, "nobody is asked where nothing is sent"


def test_a_changed_address_and_one_that_is_to_be_proved(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_written_app(server, cognito)
    a_member(server, cognito, client_id)
    token, new, newer = sign_in(cognito, client_id)["AccessToken"], an_email(), an_email()
    cognito.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": new}], ClientMetadata=METADATA
    )
    attributes = {"sub": ANY, "cognito:user_status": "CONFIRMED", "email": new, "email_verified": "false"}
    golden(asked.events[-1], shape("UpdateUserAttribute", pool_id, client_id, attributes, metadata=METADATA))
    said(server, new, "UpdateUserAttribute")
    cognito.get_user_attribute_verification_code(
        AccessToken=token, AttributeName="email", ClientMetadata=METADATA
    )
    golden(asked.events[-1], shape("VerifyUserAttribute", pool_id, client_id, attributes, metadata=METADATA))
    code = said(server, new, "VerifyUserAttribute", 2)
    cognito.verify_user_attribute(AccessToken=token, AttributeName="email", Code=code)
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": newer}]
    )
    by_admin = shape(
        "UpdateUserAttribute", pool_id, "CLIENT_ID_NOT_APPLICABLE", {**attributes, "email": newer}
    )
    golden(asked.events[-1], by_admin)
    said(server, newer, "UpdateUserAttribute")


def test_a_second_factor_by_sms_hears_nothing_of_what_began_the_sign_in(
    server: RunningServer, cognito: Any
) -> None:
    asked, pool_id, client_id = a_written_app(server, cognito, SmsConfiguration=SMS)
    number = f"+1415{id(asked) % 10**7:07}"
    a_person(cognito, pool_id, phone_number=number, phone_number_verified="true")
    cognito.admin_set_user_mfa_preference(
        UserPoolId=pool_id, Username="ada", SMSMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id,
        MfaConfiguration="OPTIONAL",
        SmsMfaConfiguration={"SmsConfiguration": SMS},
    )
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        ClientMetadata=METADATA,
    )
    assert answer["ChallengeName"] == "SMS_MFA"
    attributes = {"sub": ANY, "cognito:user_status": "CONFIRMED", "phone_number": number}
    verified = {**attributes, "phone_number_verified": "true"}
    golden(asked.event, shape("Authentication", pool_id, client_id, verified))
    message = wait_for_message(server, number)
    assert message["Body"] == f"Authentication  {message['Code']}"
    tokens = cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="SMS_MFA",
        Session=answer["Session"],
        ChallengeResponses={"USERNAME": "ada", "SMS_MFA_CODE": message["Code"]},
    )
    assert "AuthenticationResult" in tokens


def test_a_function_never_learns_a_code(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_written_app(server, cognito)
    email = a_member(server, cognito, client_id)
    cognito.forgot_password(ClientId=client_id, Username="ada")
    other = an_email()
    cognito.admin_create_user(
        UserPoolId=pool_id, Username="bob", UserAttributes=[{"Name": "email", "Value": other}]
    )
    codes = [message["Code"] for address in (email, other) for message in messages_of(server, address)]
    assert len(codes) == 3
    assert not [code for code in codes if code in repr(asked.events)]


def test_what_a_function_leaves_out_the_pools_own_text_stands_for(
    server: RunningServer, cognito: Any
) -> None:
    answers: list[Any] = [
        None,
        {"emailSubject": "Only this"},
        {"emailMessage": "", "smsMessage": ""},
        {"x": 1},
    ]
    asked, _, client_id = a_written_app(server, cognito, lambda event: answers[len(asked.events) - 1])
    for number, subject in enumerate(
        ("Your verification code", "Only this", *["Your verification code"] * 2)
    ):
        email = an_email()
        sign_up(cognito, client_id, f"person{number}", attributes={"email": email})
        message = messages_of(server, email)[0]
        assert message["Subject"] == subject
        assert message["Body"] == f"Your confirmation code is {message['Code']}"


@pytest.mark.parametrize("text", ["<p>{##Click Here##}</p>", "<p>{##Confirm##}</p>", "go {####}"])
def test_a_link_is_put_where_the_function_wants_it(server: RunningServer, cognito: Any, text: str) -> None:
    template = {"DefaultEmailOption": "CONFIRM_WITH_LINK"}
    answer = {"emailMessage": text}
    _, pool_id, client_id = a_written_app(
        server, cognito, lambda event: answer, VerificationMessageTemplate=template
    )
    cognito.create_user_pool_domain(UserPoolId=pool_id, Domain=f"texts-{pool_id.lower().replace('_', '-')}")
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    message = messages_of(server, email)[0]
    if text != "go {####}":
        assert "/confirmUser?client_id=" in message["Body"]
        assert text.split("##")[1] + "</a>" in message["Body"]
    else:
        assert message["Body"] == f"go {message['Code']}"


TOO_LONG, NO_CODE, NOT_OWN = (
    "Invalid lambda function output : {} must be no longer than {} characters",
    "Invalid lambda function output : {} must contain {{####}}",
    "Invalid lambda function output : emailMessage and emailSubject need an EmailSendingAccount of DEVELOPER",
)


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({"smsMessage": "{####}" + "x" * 135}, TOO_LONG.format("smsMessage", 140)),
        ({"emailMessage": "{####}" + "x" * 19_995}, TOO_LONG.format("emailMessage", 20_000)),
        ({"emailSubject": "x" * 141}, TOO_LONG.format("emailSubject", 140)),
        ({"smsMessage": "no code"}, NO_CODE.format("smsMessage")),
        ({"emailMessage": "no code"}, NO_CODE.format("emailMessage")),
        ({"emailMessage": "{##Click Here##}"}, NO_CODE.format("emailMessage")),
        ({"emailMessage": 7}, "Unrecognizable lambda output"),
        ({"smsMessage": ["{####}"]}, "Unrecognizable lambda output"),
        (b"not an event", "Unrecognizable lambda output"),
        (b"[]", "Unrecognizable lambda output"),
        (b'{"response": null}', "Unrecognizable lambda output"),
    ],
)
def test_an_answer_that_cannot_be_sent_makes_nobody(
    server: RunningServer, cognito: Any, answer: Any, text: str
) -> None:
    _, pool_id, client_id = a_written_app(server, cognito, lambda event: answer)
    email = an_email()
    code, message = refusal(sign_up, cognito, client_id, attributes={"email": email})
    assert (code, message) == ("InvalidLambdaResponseException", text)
    assert not cognito.list_users(UserPoolId=pool_id)["Users"]
    assert not messages_of(server, email)


def test_the_longest_texts_are_sent(server: RunningServer, cognito: Any) -> None:
    longest = {
        "smsMessage": "{####}".ljust(140, "x"),
        "emailMessage": "{####}".ljust(20_000, "x"),
        "emailSubject": "x" * 140,
    }
    _, _, client_id = a_written_app(server, cognito, lambda event: longest)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    assert messages_of(server, email)[0]["Subject"] == "x" * 140


def test_an_invitation_must_bring_the_name_too(server: RunningServer, cognito: Any) -> None:
    _, pool_id, _ = a_written_app(server, cognito, lambda event: {"emailMessage": "{####}"})
    invite = {"UserPoolId": pool_id, "Username": "ada"}
    email = [{"Name": "email", "Value": an_email()}]
    assert refusal(cognito.admin_create_user, **invite, UserAttributes=email) == (
        "InvalidLambdaResponseException",
        "Invalid lambda function output : emailMessage must contain {username}",
    )
    assert not cognito.list_users(UserPoolId=pool_id)["Users"]


@pytest.mark.parametrize("answer", [{"emailMessage": "{####}"}, {"emailSubject": "Hello"}])
def test_texts_of_mail_need_an_account_of_ones_own(
    server: RunningServer, cognito: Any, answer: dict[str, str]
) -> None:
    default = {"EmailConfiguration": {"EmailSendingAccount": "COGNITO_DEFAULT"}}
    _, _, client_id = a_written_app(server, cognito, lambda event: answer, **default)
    refused = refusal(sign_up, cognito, client_id, attributes={"email": an_email()})
    assert refused == ("InvalidLambdaResponseException", NOT_OWN)


Act = Callable[[Any, str, str, str], Any]


def _update(cognito: Any, pool_id: str, client_id: str, token: str) -> None:
    cognito.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "email", "Value": an_email()}])


def _prove(cognito: Any, pool_id: str, client_id: str, token: str) -> None:
    cognito.get_user_attribute_verification_code(AccessToken=token, AttributeName="email")


def _forget(cognito: Any, pool_id: str, client_id: str, token: str) -> None:
    cognito.forgot_password(ClientId=client_id, Username="ada")


def _reset(cognito: Any, pool_id: str, client_id: str, token: str) -> None:
    cognito.admin_reset_user_password(UserPoolId=pool_id, Username="ada")


def _update_as_admin(cognito: Any, pool_id: str, client_id: str, token: str) -> None:
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": an_email()}]
    )


def _invite(cognito: Any, pool_id: str, client_id: str, token: str) -> None:
    email = [{"Name": "email", "Value": an_email()}]
    cognito.admin_create_user(UserPoolId=pool_id, Username="bob", UserAttributes=email)


@pytest.mark.parametrize("act", [_update, _prove, _forget, _reset, _update_as_admin, _invite])
def test_a_function_that_fails_stops_the_message_and_what_it_belongs_to(
    server: RunningServer, cognito: Any, act: Act
) -> None:
    asked, pool_id, client_id = a_written_app(server, cognito)
    email = a_member(server, cognito, client_id)
    token = sign_in(cognito, client_id)["AccessToken"]
    before = attributes_of(cognito, pool_id, "ada"), len(messages_of(server, email))
    asked.answer = throwing("no such language")
    assert refusal(act, cognito, pool_id, client_id, token) == (
        "UserLambdaValidationException",
        "CustomMessage failed with error no such language.",
    )

    def dies(event: Event) -> None:
        raise FunctionTimeout("5 s")

    asked.answer = dies
    code, text = refusal(act, cognito, pool_id, client_id, token)
    assert code == "UnexpectedLambdaException"
    assert text.startswith("CustomMessage invocation failed due to error ")
    assert (attributes_of(cognito, pool_id, "ada"), len(messages_of(server, email))) == before
    assert sign_in(cognito, client_id), "the password stays"
    assert len(cognito.list_users(UserPoolId=pool_id)["Users"]) == 1
    asked.answer = writing
    act(cognito, pool_id, client_id, token)


def test_messages_that_are_forbidden_ask_no_function(server: RunningServer, cognito: Any) -> None:
    asked, _, client_id = a_written_app(server, cognito)
    a_member(server, cognito, client_id)
    for _ in range(5):
        cognito.forgot_password(ClientId=client_id, Username="ada")
    assert refusal(cognito.forgot_password, ClientId=client_id, Username="ada")[0] == "LimitExceededException"
    assert asked.sources.count("CustomMessage_ForgotPassword") == 5


def test_of_nobody_no_function_is_asked_and_the_answer_is_the_same(
    server: RunningServer, cognito: Any
) -> None:
    asked, pool_id, _ = a_written_app(server, cognito)
    client_id = an_app(cognito, pool_id, PreventUserExistenceErrors="ENABLED")["ClientId"]
    a_member(server, cognito, client_id, "ada@example.com", email=an_email())
    known = cognito.forgot_password(ClientId=client_id, Username="ada@example.com")
    unknown = cognito.forgot_password(ClientId=client_id, Username="nobody@example.com")
    assert known["CodeDeliveryDetails"].keys() == unknown["CodeDeliveryDetails"].keys()
    assert asked.sources == ["CustomMessage_SignUp", "CustomMessage_ForgotPassword"]


def test_the_functions_time_does_not_show_whether_there_is_anybody(
    server: RunningServer, cognito: Any
) -> None:
    asked, pool_id, _ = a_written_app(server, cognito)
    client_id = an_app(cognito, pool_id, PreventUserExistenceErrors="ENABLED")["ClientId"]
    a_member(server, cognito, client_id)

    def slowly(event: Event) -> dict[str, str]:
        time.sleep(0.1)
        return writing(event)

    asked.answer = slowly
    for name in ("ada", "nobody"):
        begun = time.monotonic()
        cognito.forgot_password(ClientId=client_id, Username=name)
        assert time.monotonic() - begun >= 0.49, name


def test_two_messages_of_one_invitation_are_asked_for_once(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, _ = a_written_app(server, cognito)
    email, number = an_email(), f"+1416{id(asked) % 10**7:07}"
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="ada",
        DesiredDeliveryMediums=["SMS", "EMAIL"],
        UserAttributes=[{"Name": "email", "Value": email}, {"Name": "phone_number", "Value": number}],
    )
    assert said(server, email, "AdminCreateUser") == the_code(server, number)
    assert asked.event


def test_a_name_that_looks_like_a_placeholder_stays_a_name(server: RunningServer, cognito: Any) -> None:
    asked = a_function(server, lambda event: {"emailMessage": f"{event['userName']} {{####}}"})
    pool_id = a_pool(
        cognito,
        AutoVerifiedAttributes=["email"],
        LambdaConfig={"CustomMessage": asked.arn},
        **OWN_ACCOUNT,
    )
    client_id = an_app(cognito, pool_id)["ClientId"]
    email = an_email()
    sign_up(cognito, client_id, "ada<b>", attributes={"email": email})
    # What the function wrote is its own HTML: the pool's owner escapes what they put in.
    assert messages_of(server, email)[0]["Body"].startswith("ada<b> ")
