"""People make their own accounts, and confirm them with the code that they are sent."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from tests.harness import RunningServer
from tests.people.people import PASSWORD, an_app, messages_of, the_code
from tests.people.signing_up import (
    SMS,
    TOO_MANY,
    WRONG,
    a_sign_up_app,
    an_email,
    attributes_of,
    confirm,
    not_the,
    numbers,
    outcome,
    refused,
    sign_up,
    status_of,
)


def test_a_person_signs_up_and_confirms_with_the_code_that_was_mailed(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    email = an_email()
    answer = sign_up(cognito, client_id, attributes={"email": email, "name": "Ada"})

    assert answer["UserConfirmed"] is False
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "p***@e***",
        "DeliveryMedium": "EMAIL",
        "AttributeName": "email",
    }
    assert "Session" not in answer
    assert status_of(cognito, pool_id, "ada") == "UNCONFIRMED"
    attributes = attributes_of(cognito, pool_id, "ada")
    assert attributes == {"sub": answer["UserSub"], "email": email, "name": "Ada"}

    [message] = messages_of(server, email)
    code = message["Code"]
    assert len(code) == 6
    assert code.isdigit()
    assert code in message["Body"]
    assert confirm(cognito, client_id, "ada", code).keys() == {"ResponseMetadata"}
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    assert attributes_of(cognito, pool_id, "ada")["email_verified"] == "true"


def test_nothing_is_sent_where_the_pool_verifies_nothing(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito, AutoVerifiedAttributes=[])
    email = an_email()
    assert "CodeDeliveryDetails" not in sign_up(cognito, client_id, attributes={"email": email})
    assert messages_of(server, email) == []
    refused(
        "NotAuthorizedException",
        "Cannot resend codes. Auto verification not turned on.",
        cognito.resend_confirmation_code,
        ClientId=client_id,
        Username="ada",
    )


def test_a_phone_number_is_confirmed_before_an_email_address(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(
        cognito, AutoVerifiedAttributes=["email", "phone_number"], SmsConfiguration=SMS
    )
    phone = f"+1555{next(numbers):07}"
    answer = sign_up(cognito, client_id, attributes={"email": an_email(), "phone_number": phone})
    assert answer["CodeDeliveryDetails"] == {
        "Destination": "+*******" + phone[-4:],
        "DeliveryMedium": "SMS",
        "AttributeName": "phone_number",
    }
    confirm(cognito, client_id, "ada", the_code(server, phone))
    attributes = attributes_of(cognito, pool_id, "ada")
    assert attributes["phone_number_verified"] == "true"
    assert "email_verified" not in attributes


def test_a_user_name_is_taken_once(cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    sign_up(cognito, client_id, "Ada")
    refused("UsernameExistsException", "User already exists", sign_up, cognito, client_id, "Ada")
    sign_up(cognito, client_id, "ada")  # this pool heeds case

    _, folding = a_sign_up_app(cognito, UsernameConfiguration={"CaseSensitive": False})
    sign_up(cognito, folding, "Ada")
    refused("UsernameExistsException", "User already exists", sign_up, cognito, folding, "aDA")


def test_where_people_sign_in_by_email_the_address_is_the_name(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito, UsernameAttributes=["email"])
    email = an_email()
    answer = sign_up(cognito, client_id, email)
    user = cognito.admin_get_user(UserPoolId=pool_id, Username=email)
    assert user["Username"] == answer["UserSub"]
    assert attributes_of(cognito, pool_id, email)["email"] == email
    refused(
        "UsernameExistsException",
        "An account with the given email already exists.",
        sign_up,
        cognito,
        client_id,
        email,
    )
    refused("InvalidParameterException", "Username should be an email.", sign_up, cognito, client_id, "ada")
    assert outcome(lambda: sign_up(cognito, client_id, an_email(), attributes={"email": email})) == (
        "InvalidParameterException"
    )
    confirm(cognito, client_id, email, the_code(server, email))


def test_a_user_name_must_not_look_like_an_alias(cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito, AliasAttributes=["email", "preferred_username"])
    refused(
        "InvalidParameterException",
        "Username cannot be of email format, since user pool is configured for email alias.",
        sign_up,
        cognito,
        client_id,
        "ada@example.com",
    )
    refused(
        "InvalidParameterException",
        "Preferred username cannot be provided for unconfirmed account, since user pool is configured for "
        "preferred username alias.",
        sign_up,
        cognito,
        client_id,
        attributes={"preferred_username": "countess"},
    )


def test_a_user_name_must_not_be_anothers_preferred_username(cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito, AliasAttributes=["preferred_username"])
    cognito.admin_create_user(UserPoolId=pool_id, Username="ada", MessageAction="SUPPRESS")
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id,
        Username="ada",
        UserAttributes=[{"Name": "preferred_username", "Value": "countess"}],
    )
    refused("UsernameExistsException", "User already exists", sign_up, cognito, client_id, "countess")


def test_an_alias_is_taken_when_it_is_verified_and_moved_only_by_force(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(cognito, AliasAttributes=["email"])
    email = an_email()
    sign_up(cognito, client_id, "first", attributes={"email": email})
    confirm(cognito, client_id, "first", the_code(server, email))

    sign_up(cognito, client_id, "second", attributes={"email": email})
    code = the_code(server, email)
    refused(
        "AliasExistsException",
        "An account with the email already exists.",
        confirm,
        cognito,
        client_id,
        "second",
        code,
    )
    assert status_of(cognito, pool_id, "second") == "UNCONFIRMED"
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=email)["Username"] == "first"

    confirm(cognito, client_id, "second", code, ForceAliasCreation=True)
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=email)["Username"] == "second"
    assert attributes_of(cognito, pool_id, "first")["email_verified"] == "false"


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (
            {"Password": "short"},
            "InvalidPasswordException",
            "Password did not conform with policy: Password not long enough",
        ),
        (
            {"attributes": {"custom:nothing": "x"}},
            "NotAuthorizedException",
            "A client attempted to write unauthorized attribute",
        ),
        (
            {"attributes": {"email_verified": "true"}},
            "NotAuthorizedException",
            "A client attempted to write unauthorized attribute",
        ),
        ({"attributes": {"email": "nobody"}}, "InvalidParameterException", "Invalid email address format."),
        (
            {"Password": None},
            "InvalidParameterException",
            "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must not be null",
        ),
    ],
)
def test_a_refused_sign_up_makes_nobody(cognito: Any, options: dict[str, Any], code: str, text: str) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    given = {
        "ClientId": client_id,
        "Username": "ada",
        "Password": options.get("Password", PASSWORD),
        "UserAttributes": [{"Name": n, "Value": v} for n, v in options.get("attributes", {}).items()],
    }
    refused(code, text, cognito.sign_up, **{k: v for k, v in given.items() if v is not None})
    assert cognito.list_users(UserPoolId=pool_id)["Users"] == []


def test_required_attributes_are_required(cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito, Schema=[{"Name": "email", "Required": True, "Mutable": True}])
    refused(
        "InvalidParameterException",
        "Attributes did not conform to the schema: email: The attribute is required",
        sign_up,
        cognito,
        client_id,
    )


def test_where_administrators_alone_make_people_nobody_signs_up(cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    refused(
        "NotAuthorizedException",
        "SignUp is not permitted for this user pool",
        sign_up,
        cognito,
        client_id,
    )


def test_where_a_code_is_enough_to_sign_in_no_password_is_needed(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(
        cognito,
        "ALLOW_USER_AUTH",
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    email = an_email()
    session = cognito.sign_up(
        ClientId=client_id, Username="ada", UserAttributes=[{"Name": "email", "Value": email}]
    )["Session"]
    session = confirm(cognito, client_id, "ada", the_code(server, email), Session=session)["Session"]
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    # The code was the first factor, once.
    going_on = {
        "ClientId": client_id,
        "AuthFlow": "USER_AUTH",
        "AuthParameters": {"USERNAME": "ada"},
        "Session": session,
    }
    assert "AccessToken" in cognito.initiate_auth(**going_on)["AuthenticationResult"]
    assert outcome(lambda: cognito.initiate_auth(**going_on)) == "NotAuthorizedException"
    # But somebody without an address could never sign in.
    assert outcome(lambda: cognito.sign_up(ClientId=client_id, Username="eve")) == "InvalidParameterException"


def test_the_session_of_a_sign_up_goes_on_once_and_with_its_own_person(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(cognito, "ALLOW_USER_AUTH", "ALLOW_USER_SRP_AUTH")
    emails = {name: an_email() for name in ("ada", "eve")}
    sessions = {
        name: sign_up(cognito, client_id, name, attributes={"email": email})["Session"]
        for name, email in emails.items()
    }
    code = the_code(server, emails["ada"])
    refused(
        "NotAuthorizedException",
        "Invalid session for the user.",
        confirm,
        cognito,
        client_id,
        "ada",
        code,
        Session=sessions["eve"],
    )
    assert status_of(cognito, pool_id, "ada") == "UNCONFIRMED"
    after = confirm(cognito, client_id, "ada", code, Session=sessions["ada"])["Session"]
    assert after != sessions["ada"]
    refused(
        "NotAuthorizedException",
        "Invalid session for the user.",
        confirm,
        cognito,
        client_id,
        "eve",
        the_code(server, emails["eve"]),
        Session=sessions["ada"],
    )


def test_a_confirmed_sign_up_goes_on_without_the_session_of_its_beginning(
    server: RunningServer, cognito: Any
) -> None:
    """Amplify keeps only the session that ConfirmSignUp answers."""
    for flow in ("ALLOW_USER_AUTH", "ALLOW_USER_PASSWORD_AUTH"):
        _, client_id = a_sign_up_app(cognito, flow)
        email = an_email()
        sign_up(cognito, client_id, attributes={"email": email})
        answer = confirm(cognito, client_id, "ada", the_code(server, email))
        assert ("Session" in answer) is (flow == "ALLOW_USER_AUTH")
        if "Session" in answer:
            signed_in = cognito.initiate_auth(
                ClientId=client_id,
                AuthFlow="USER_AUTH",
                AuthParameters={"USERNAME": "ada"},
                Session=answer["Session"],
            )
            assert signed_in["AuthenticationResult"]["AccessToken"]


def a_hash(client: dict[str, Any], name: str) -> str:
    message = (name + client["ClientId"]).encode()
    return base64.b64encode(hmac.digest(client["ClientSecret"].encode(), message, hashlib.sha256)).decode()


@pytest.mark.parametrize(
    "act",
    [
        lambda cognito, **who: cognito.sign_up(Password=PASSWORD, **who),
        lambda cognito, **who: cognito.confirm_sign_up(ConfirmationCode="123456", **who),
        lambda cognito, **who: cognito.resend_confirmation_code(**who),
        lambda cognito, **who: cognito.forgot_password(**who),
        lambda cognito, **who: cognito.confirm_forgot_password(
            ConfirmationCode="123456", Password=PASSWORD, **who
        ),
    ],
    ids=["SignUp", "ConfirmSignUp", "ResendConfirmationCode", "ForgotPassword", "ConfirmForgotPassword"],
)
def test_a_client_with_a_secret_must_show_it(cognito: Any, act: Callable[..., Any]) -> None:
    pool_id, open_client = a_sign_up_app(cognito)
    client = an_app(cognito, pool_id, GenerateSecret=True)
    who = {"ClientId": client["ClientId"], "Username": "ada"}
    unable = f"Unable to verify secret hash for client {client['ClientId']}"
    refused(
        "NotAuthorizedException",
        f"Client {client['ClientId']} is configured for secret but secret was not received",
        act,
        cognito,
        **who,
    )
    refused("NotAuthorizedException", unable, act, cognito, **who, SecretHash=a_hash(client, "eve"))
    refused(
        "NotAuthorizedException",
        f"Unable to verify secret hash for client {open_client}",
        act,
        cognito,
        ClientId=open_client,
        Username="ada",
        SecretHash=a_hash(client, "ada"),
    )
    refused(
        "ResourceNotFoundException",
        "User pool client nothing does not exist.",
        act,
        cognito,
        ClientId="nothing",
        Username="ada",
    )
    shown = outcome(lambda: act(cognito, **who, SecretHash=a_hash(client, "ada")))
    assert shown != "NotAuthorizedException"


def test_of_a_code_tried_fifty_times_at_once_one_succeeds(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    code = the_code(server, email)
    with ThreadPoolExecutor(50) as threads:
        results = [
            threads.submit(outcome, lambda: confirm(cognito, client_id, "ada", code)) for _ in range(50)
        ]
    told = [result.result() for result in results]
    assert told.count("done") == 1
    # The others are told that it is done, or that they are too many at once.
    assert set(told) <= {"done", "NotAuthorizedException", "TooManyRequestsException"}


@pytest.mark.parametrize("by_email", [False, True], ids=["by name", "by email"])
def test_of_sign_ups_of_one_name_at_once_one_makes_a_person(cognito: Any, by_email: bool) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    kind = {"UsernameAttributes": ["email"]} if by_email else {}
    pool_id, client_id = a_sign_up_app(cognito, Policies=policies, **kind)
    for _ in range(4):
        email = an_email()
        name = email if by_email else email.partition("@")[0]

        def sign_up_once(name: str = name, email: str = email) -> str:
            # Without a password, whose hash would take so long that they come one after the other.
            attributes = [{"Name": "email", "Value": email}]
            return outcome(
                lambda: cognito.sign_up(ClientId=client_id, Username=name, UserAttributes=attributes)
            )

        with ThreadPoolExecutor(8) as threads:
            told = [result.result() for result in [threads.submit(sign_up_once) for _ in range(8)]]
        assert told.count("done") == 1
        assert set(told) == {"done", "UsernameExistsException"}
    assert len(cognito.list_users(UserPoolId=pool_id)["Users"]) == 4


def test_parallel_guesses_are_all_counted(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    code = the_code(server, email)
    wrong = not_the(code)
    with ThreadPoolExecutor(30) as threads:
        results = [
            threads.submit(outcome, lambda: confirm(cognito, client_id, "ada", wrong)) for _ in range(30)
        ]
    told = [result.result() for result in results]
    assert told.count("CodeMismatchException") == 15
    assert told.count("LimitExceededException") == 15
    # The right one comes too late: what counts is how often it was tried.
    refused("LimitExceededException", TOO_MANY, confirm, cognito, client_id, "ada", code)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_guesses_are_counted_for_an_hour_and_codes_live_for_a_day(
    own_server: Callable[..., RunningServer], engine: str
) -> None:
    server = own_server(engine, clock_skew=timedelta(days=2))
    cognito = server.client()
    _, client_id = a_sign_up_app(cognito)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    code = the_code(server, email)
    for _ in range(15):
        refused("CodeMismatchException", WRONG, confirm, cognito, client_id, "ada", not_the(code))
    refused("LimitExceededException", TOO_MANY, confirm, cognito, client_id, "ada", code)
    server.clock.advance(minutes=59)
    refused("LimitExceededException", TOO_MANY, confirm, cognito, client_id, "ada", code)
    server.clock.advance(minutes=2)
    confirm(cognito, client_id, "ada", code)

    email = an_email()
    sign_up(cognito, client_id, "eve", attributes={"email": email})
    server.clock.advance(hours=24)
    refused(
        "ExpiredCodeException",
        "Invalid code provided, please request a code again.",
        confirm,
        cognito,
        client_id,
        "eve",
        the_code(server, email),
    )


def test_a_code_is_sent_again_the_same_within_a_minute_then_a_new_one(
    own_server: Callable[..., RunningServer],
) -> None:
    server = own_server(clock_skew=timedelta(days=2))
    cognito = server.client()
    _, client_id = a_sign_up_app(cognito)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    first = the_code(server, email)

    def again() -> str:
        answer = cognito.resend_confirmation_code(ClientId=client_id, Username="ada")
        assert answer["CodeDeliveryDetails"]["Destination"] == "p***@e***"
        return the_code(server, email)

    assert again() == first
    server.clock.advance(seconds=61)
    second = again()
    assert second != first
    refused("CodeMismatchException", WRONG, confirm, cognito, client_id, "ada", first)
    confirm(cognito, client_id, "ada", second)
    refused(
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
        confirm,
        cognito,
        client_id,
        "ada",
        second,
    )
    refused(
        "InvalidParameterException",
        "User is already confirmed.",
        cognito.resend_confirmation_code,
        ClientId=client_id,
        Username="ada",
    )


def test_five_codes_an_hour_are_sent_again(own_server: Callable[..., RunningServer]) -> None:
    server = own_server(clock_skew=timedelta(days=2))
    cognito = server.client()
    _, client_id = a_sign_up_app(cognito)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    who = {"ClientId": client_id, "Username": "ada"}
    for _ in range(5):
        cognito.resend_confirmation_code(**who)
    refused("LimitExceededException", TOO_MANY, cognito.resend_confirmation_code, **who)
    assert len(messages_of(server, email)) == 6
    server.clock.advance(minutes=61)
    cognito.resend_confirmation_code(**who)


def test_many_accounts_do_not_bury_one_mailbox(server: RunningServer, cognito: Any) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool_id, client_id = a_sign_up_app(cognito, Policies=policies)
    email = an_email()

    def sign_up_as(name: str, address: str = email) -> None:
        attributes = [{"Name": "email", "Value": address}]
        cognito.sign_up(ClientId=client_id, Username=name, UserAttributes=attributes)

    for number in range(20):
        sign_up_as(f"person{number}")
    assert outcome(lambda: sign_up_as("last")) == "LimitExceededException"
    assert outcome(lambda: sign_up_as("louder", email.upper())) == "LimitExceededException"
    # As Cognito does: the account is there, and can ask for its code later.
    assert status_of(cognito, pool_id, "last") == "UNCONFIRMED"
    assert len(messages_of(server, email)) == 20


def test_a_code_proves_only_the_address_that_it_went_to(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    email, other = an_email(), an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    code = the_code(server, email)
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": other}]
    )
    refused(
        "ExpiredCodeException",
        "Invalid code provided, please request a code again.",
        confirm,
        cognito,
        client_id,
        "ada",
        code,
    )
    assert status_of(cognito, pool_id, "ada") == "UNCONFIRMED"


def test_an_administrator_confirms_without_a_code_and_verifies_nothing(cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    sign_up(cognito, client_id, attributes={"email": an_email()})
    cognito.admin_confirm_sign_up(UserPoolId=pool_id, Username="ada")
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    assert "email_verified" not in attributes_of(cognito, pool_id, "ada")
    refused(
        "NotAuthorizedException",
        "User cannot be confirmed. Current status is CONFIRMED",
        cognito.admin_confirm_sign_up,
        UserPoolId=pool_id,
        Username="ada",
    )
    refused(
        "UserNotFoundException",
        "User does not exist.",
        cognito.admin_confirm_sign_up,
        UserPoolId=pool_id,
        Username="nobody",
    )


def test_a_disabled_person_is_not_confirmed(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    email = an_email()
    sign_up(cognito, client_id, attributes={"email": email})
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    code = the_code(server, email)
    refused("NotAuthorizedException", "User is disabled.", confirm, cognito, client_id, "ada", code)


def test_who_exists_is_told_where_the_client_does_not_hide_it(cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    who = {"ClientId": client_id, "Username": "nobody"}
    text = "Username/client id combination not found."
    refused("UserNotFoundException", text, cognito.resend_confirmation_code, **who)
    refused("UserNotFoundException", text, cognito.confirm_sign_up, ConfirmationCode="123456", **who)


ODD = ["\x00", "\ud800", "\U0001f600", "%", "'; --", "a" * 128, "\u0130", "ſ", "\u202e", "+1", "@", "sha256:"]


@pytest.mark.parametrize("hides", [False, True])
@pytest.mark.parametrize("pool", [{}, {"AliasAttributes": ["email", "preferred_username"]}])
def test_no_name_and_no_code_is_a_failure(cognito: Any, pool: dict[str, Any], hides: bool) -> None:
    hiding = {"PreventUserExistenceErrors": "ENABLED"} if hides else {}
    _, client_id = a_sign_up_app(
        cognito,
        client=hiding,
        UsernameConfiguration={"CaseSensitive": False},
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
        **pool,
    )
    attributes = [{"Name": "email", "Value": an_email()}]
    for text in ODD:
        who = {"ClientId": client_id, "Username": text}
        for act in (
            lambda who=who: cognito.sign_up(UserAttributes=attributes, **who),
            lambda who=who, text=text: cognito.confirm_sign_up(ConfirmationCode=text, **who),
            lambda who=who: cognito.resend_confirmation_code(**who),
            lambda who=who: cognito.forgot_password(**who),
            lambda who=who, text=text: cognito.confirm_forgot_password(
                ConfirmationCode=text, Password=PASSWORD, **who
            ),
        ):
            assert outcome(act) not in ("InternalErrorException", "500")
