"""Signed-in people change their addresses, and prove that they are theirs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from tests.harness import RunningServer
from tests.people.people import a_person, an_app, messages_of, sign_in, the_code
from tests.people.signing_up import (
    EXPIRED,
    SMS,
    TOO_MANY,
    WRONG,
    a_member,
    a_sign_up_app,
    an_email,
    attributes_of,
    not_the,
    numbers,
    outcome,
    refused,
    sign_up,
    status_of,
)

FIRST_VERIFIED = {"AttributesRequireVerificationBeforeUpdate": ["email"]}


def a_token(cognito: Any, client_id: str, name: str = "ada") -> str:
    token: str = sign_in(cognito, client_id, name)["AccessToken"]
    return token


def change(cognito: Any, token: str, **attributes: str) -> list[dict[str, Any]]:
    answer = cognito.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": n, "Value": v} for n, v in attributes.items()]
    )
    details: list[dict[str, Any]] = answer["CodeDeliveryDetailsList"]
    return details


def verify(cognito: Any, token: str, code: str, attribute: str = "email") -> None:
    cognito.verify_user_attribute(AccessToken=token, AttributeName=attribute, Code=code)


def ask(cognito: Any, token: str, attribute: str = "email") -> dict[str, Any]:
    answer: dict[str, Any] = cognito.get_user_attribute_verification_code(
        AccessToken=token, AttributeName=attribute
    )
    return answer["CodeDeliveryDetails"]


def test_a_new_address_is_not_verified_until_its_code_is_typed_in(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    a_member(server, cognito, client_id)
    token, new = a_token(cognito, client_id), an_email()
    assert change(cognito, token, email=new, name="Ada") == [
        {"Destination": "p***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"}
    ]
    attributes = attributes_of(cognito, pool_id, "ada")
    assert (attributes["email"], attributes["email_verified"], attributes["name"]) == (new, "false", "Ada")
    code = the_code(server, new)
    assert messages_of(server, new)[0]["Purpose"] == "UPDATE_ATTRIBUTE"
    refused("CodeMismatchException", WRONG, verify, cognito, token, not_the(code))
    verify(cognito, token, code)
    assert attributes_of(cognito, pool_id, "ada")["email_verified"] == "true"
    refused("ExpiredCodeException", EXPIRED, verify, cognito, token, code)


def test_the_old_address_stays_until_the_new_one_is_verified_where_the_pool_wants_it_so(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(
        cognito, UserAttributeUpdateSettings=FIRST_VERIFIED, UsernameAttributes=["email"]
    )
    old, new = an_email(), an_email()
    sign_up(cognito, client_id, old)
    cognito.confirm_sign_up(ClientId=client_id, Username=old, ConfirmationCode=the_code(server, old))
    token = a_token(cognito, client_id, old)
    change(cognito, token, email=new)
    attributes = attributes_of(cognito, pool_id, old)
    assert (attributes["email"], attributes["email_verified"]) == (old, "true")
    assert outcome(lambda: sign_in(cognito, client_id, new)) == "UserNotFoundException"

    verify(cognito, token, the_code(server, new))
    attributes = attributes_of(cognito, pool_id, new)
    assert (attributes["email"], attributes["email_verified"]) == (new, "true")
    sign_in(cognito, client_id, new)
    assert outcome(lambda: sign_in(cognito, client_id, old)) == "UserNotFoundException"


def test_a_code_can_be_asked_for_again_and_goes_to_the_address_that_waits(
    server: RunningServer, cognito: Any
) -> None:
    _, client_id = a_sign_up_app(cognito, UserAttributeUpdateSettings=FIRST_VERIFIED)
    a_member(server, cognito, client_id)
    token, new = a_token(cognito, client_id), an_email()
    change(cognito, token, email=new)
    first = the_code(server, new)
    assert ask(cognito, token)["AttributeName"] == "email"
    assert [message["Code"] for message in messages_of(server, new)] == [first, first]
    verify(cognito, token, first)


def test_only_email_and_phone_number_are_verified(server: RunningServer, cognito: Any) -> None:
    _, client_id = a_sign_up_app(cognito)
    a_member(server, cognito, client_id)
    token = a_token(cognito, client_id)
    text = "Invalid attribute name. Only phone_number and email can be verified"
    refused("InvalidParameterException", text, ask, cognito, token, "name")
    refused("InvalidParameterException", text, verify, cognito, token, "123456", "name")
    refused(
        "InvalidParameterException",
        "User does not have the attribute phone_number.",
        ask,
        cognito,
        token,
        "phone_number",
    )


def test_a_code_of_one_address_proves_no_other(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(
        cognito, AutoVerifiedAttributes=["email", "phone_number"], SmsConfiguration=SMS
    )
    phone = f"+1555{next(numbers):07}"
    a_person(cognito, pool_id, phone_number=phone)
    token, mine, other = a_token(cognito, client_id), an_email(), an_email()
    change(cognito, token, email=mine)
    code = the_code(server, mine)
    # Nor the phone number ...
    refused("ExpiredCodeException", EXPIRED, verify, cognito, token, code, "phone_number")
    # ... nor somebody else's address, put there in the meantime.
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id,
        Username="ada",
        UserAttributes=[{"Name": "email", "Value": other}, {"Name": "email_verified", "Value": "false"}],
    )
    assert outcome(lambda: verify(cognito, token, code)) != "done"
    assert attributes_of(cognito, pool_id, "ada")["email_verified"] == "false"


def test_a_verified_address_of_another_is_not_taken(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito, AliasAttributes=["email"])
    theirs = a_member(server, cognito, client_id, "first")
    a_member(server, cognito, client_id, "second")
    token = a_token(cognito, client_id, "second")
    change(cognito, token, email=theirs)
    code = the_code(server, theirs)
    refused("AliasExistsException", "An account with the email already exists.", verify, cognito, token, code)
    assert cognito.admin_get_user(UserPoolId=pool_id, Username=theirs)["Username"] == "first"
    # Once it is free, the code is still good.
    cognito.admin_delete_user(UserPoolId=pool_id, Username="first")
    verify(cognito, token, code)


def test_a_preferred_username_must_not_be_anothers_user_name(server: RunningServer, cognito: Any) -> None:
    pool_id, client_id = a_sign_up_app(cognito, AliasAttributes=["preferred_username"])
    a_member(server, cognito, client_id, "ada")
    a_member(server, cognito, client_id, "eve")
    token = a_token(cognito, client_id, "eve")
    text = "An account with the preferred_username already exists."
    refused("AliasExistsException", text, change, cognito, token, preferred_username="ada")
    change(cognito, token, preferred_username="evelyn")
    assert cognito.admin_get_user(UserPoolId=pool_id, Username="evelyn")["Username"] == "eve"


def test_a_preferred_username_must_not_look_like_an_address_that_another_may_get(
    server: RunningServer, cognito: Any
) -> None:
    _, client_id = a_sign_up_app(cognito, AliasAttributes=["email", "preferred_username"])
    a_member(server, cognito, client_id, "eve")
    token, victims = a_token(cognito, client_id, "eve"), an_email()
    assert outcome(lambda: change(cognito, token, preferred_username=victims)) == "InvalidParameterException"
    a_member(server, cognito, client_id, "ada", email=victims)
    sign_in(cognito, client_id, victims)


def test_a_client_changes_only_what_it_may_write(server: RunningServer, cognito: Any) -> None:
    pool_id, _ = a_sign_up_app(cognito)
    a_person(cognito, pool_id, email=an_email(), email_verified="true")
    client_id = an_app(cognito, pool_id, WriteAttributes=["name"])["ClientId"]
    token = a_token(cognito, client_id)
    text = "A client attempted to write unauthorized attribute"
    refused("NotAuthorizedException", text, change, cognito, token, name="Ada", email=an_email())
    refused("NotAuthorizedException", text, change, cognito, token, email_verified="true")
    assert "name" not in attributes_of(cognito, pool_id, "ada")
    change(cognito, token, name="Ada")
    change(cognito, token, name="")
    assert "name" not in attributes_of(cognito, pool_id, "ada")


@pytest.mark.parametrize(
    "act",
    [
        lambda cognito, token: change(cognito, token, name="Ada"),
        lambda cognito, token: ask(cognito, token),
        lambda cognito, token: verify(cognito, token, "123456"),
    ],
    ids=["UpdateUserAttributes", "GetUserAttributeVerificationCode", "VerifyUserAttribute"],
)
def test_only_an_access_token_that_stands_will_do(
    server: RunningServer, cognito: Any, act: Callable[..., Any]
) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    a_person(cognito, pool_id, email=an_email())
    tokens = sign_in(cognito, client_id)
    refused("NotAuthorizedException", "Invalid Access Token", act, cognito, "nonsense")
    refused("NotAuthorizedException", "Invalid Access Token", act, cognito, tokens["IdToken"])
    cognito.admin_user_global_sign_out(UserPoolId=pool_id, Username="ada")
    refused("NotAuthorizedException", "Access Token has been revoked", act, cognito, tokens["AccessToken"])


def test_of_a_verification_code_tried_at_once_one_succeeds_and_guesses_are_counted(
    server: RunningServer, cognito: Any
) -> None:
    pool_id, client_id = a_sign_up_app(cognito)
    a_member(server, cognito, client_id)
    token, new = a_token(cognito, client_id), an_email()
    change(cognito, token, email=new)
    code = the_code(server, new)
    with ThreadPoolExecutor(10) as threads:
        told = list(threads.map(lambda _: outcome(lambda: verify(cognito, token, code)), range(10)))
    assert told.count("done") == 1
    assert set(told) == {"done", "ExpiredCodeException"}
    with ThreadPoolExecutor(10) as threads:
        told = list(threads.map(lambda _: outcome(lambda: verify(cognito, token, "000000x")), range(10)))
    assert told.count("LimitExceededException") == 5
    refused("LimitExceededException", TOO_MANY, verify, cognito, token, code)
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"


def test_five_codes_an_hour_are_sent_to_be_verified_by(
    own_server: Callable[..., RunningServer],
) -> None:
    server = own_server(clock_skew=timedelta(days=2))
    cognito = server.client()
    _, client_id = a_sign_up_app(cognito)
    email = a_member(server, cognito, client_id)
    token = a_token(cognito, client_id)
    for _ in range(5):
        ask(cognito, token)
    refused("LimitExceededException", TOO_MANY, ask, cognito, token)
    # This operation's model has no LimitExceededException; and nothing is changed.
    new = an_email()
    refused("TooManyRequestsException", TOO_MANY, change, cognito, token, email=new)
    assert messages_of(server, new) == []
    code = the_code(server, email)
    server.clock.advance(hours=24)
    token = a_token(cognito, client_id)
    refused("ExpiredCodeException", EXPIRED, verify, cognito, token, code)
    ask(cognito, token)
