"""People who are invited: by what, where to, with which password, and again."""

from __future__ import annotations

from typing import Any

from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, messages_of, the_code
from tests.people.test_users import TEMPORARY, make, pairs, refused


def test_who_is_invited_gets_a_temporary_password_that_the_policy_allows(
    cognito: Any, server: RunningServer
) -> None:
    pool_id = a_pool(cognito)
    address = f"{pool_id[-9:].lower()}@example.com"
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="ada",
        UserAttributes=pairs(email=address),
        DesiredDeliveryMediums=["EMAIL"],
    )
    (message,) = messages_of(server, address)
    assert message["Purpose"] == "INVITATION"
    assert "ada" in message["Body"]
    assert len(message["Code"]) >= 8


def test_an_invitation_goes_where_it_is_wanted(cognito: Any, server: RunningServer) -> None:
    pool_id = a_pool(cognito)
    number = f"+1555{abs(hash(pool_id)) % 10**7:07}"
    address = f"{pool_id[-9:].lower()}@example.com"
    both = pairs(email=address, phone_number=number)
    cognito.admin_create_user(UserPoolId=pool_id, Username="sms", UserAttributes=both)
    assert (len(messages_of(server, number)), len(messages_of(server, address))) == (1, 0)
    cognito.admin_create_user(
        UserPoolId=pool_id, Username="both", UserAttributes=both, DesiredDeliveryMediums=["SMS", "EMAIL"]
    )
    assert (len(messages_of(server, number)), len(messages_of(server, address))) == (2, 1)
    cognito.admin_create_user(UserPoolId=pool_id, Username="mail", UserAttributes=pairs(email=address))
    assert (len(messages_of(server, number)), len(messages_of(server, address))) == (2, 2)
    make(cognito, pool_id, "silent", UserAttributes=both)
    assert (len(messages_of(server, number)), len(messages_of(server, address))) == (2, 2)
    with refused("InvalidParameterException", "phone_number is required to deliver"):
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username="nowhere",
            UserAttributes=pairs(email=address),
            DesiredDeliveryMediums=["SMS"],
        )
    with refused("UserNotFoundException", ""):
        cognito.admin_get_user(UserPoolId=pool_id, Username="nowhere")


def test_an_invitation_can_be_sent_again_with_another_password(cognito: Any, server: RunningServer) -> None:
    pool_id = a_pool(cognito)
    address = f"{pool_id[-9:].lower()}@example.com"
    cognito.admin_create_user(UserPoolId=pool_id, Username="ada", UserAttributes=pairs(email=address))
    first = the_code(server, address)
    again = {"UserPoolId": pool_id, "Username": "ada", "MessageAction": "RESEND"}
    cognito.admin_create_user(**again)
    assert the_code(server, address) != first
    cognito.admin_create_user(**again, TemporaryPassword=TEMPORARY)
    assert the_code(server, address) == TEMPORARY
    assert len(messages_of(server, address)) == 3
    with refused("UserNotFoundException", "User does not exist"):
        cognito.admin_create_user(**{**again, "Username": "nobody"})
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=PASSWORD, Permanent=True)
    with refused("UnsupportedUserStateException", "Resend not possible. ada status is not FORCE_CHANGE"):
        cognito.admin_create_user(**again)


def test_where_a_sent_code_signs_in_a_person_needs_no_password(cognito: Any, server: RunningServer) -> None:
    policies = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    pool_id = a_pool(cognito, Policies=policies)
    address = f"{pool_id[-9:].lower()}@example.com"
    answer = cognito.admin_create_user(
        UserPoolId=pool_id, Username="ada", UserAttributes=pairs(email=address)
    )
    assert answer["User"]["UserStatus"] == "CONFIRMED"
    (message,) = messages_of(server, address)
    assert "password" not in message["Body"]
    chosen = make(cognito, pool_id, "alan", UserAttributes=pairs(email=address), TemporaryPassword=TEMPORARY)
    assert chosen["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    # Without an address there is nowhere to send a code, so it is a password after all.
    assert make(cognito, pool_id, "grace")["UserStatus"] == "FORCE_CHANGE_PASSWORD"


def test_a_temporary_password_must_be_one_that_the_policy_allows(cognito: Any) -> None:
    pool_id = a_pool(cognito)
    with refused("InvalidPasswordException", "Password did not conform with policy: "):
        make(cognito, pool_id, TemporaryPassword="short")
    with refused("UserNotFoundException", ""):
        cognito.admin_get_user(UserPoolId=pool_id, Username="ada")


def test_no_password_is_in_an_audit_record(own_server: Any) -> None:
    server = own_server()
    cognito = server.client()
    pool_id = a_pool(cognito)
    make(cognito, pool_id, TemporaryPassword=TEMPORARY, UserAttributes=pairs(email="ada@example.com"))
    cognito.admin_set_user_password(UserPoolId=pool_id, Username="ada", Password=PASSWORD, Permanent=True)
    everything = b"".join(path.read_bytes() for path in server.settings.data_dir.rglob("*") if path.is_file())
    assert TEMPORARY.encode() not in everything
    assert PASSWORD.encode() not in everything
