"""Functions that send a pool's messages by themselves: what they are told, when, and what becomes of it where they
fail. Their codes are opened by AWS's Encryption SDKs."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import pytest
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, messages_of, sign_in, wait_for_message
from tests.people.signing_up import SMS, a_sign_up_app, an_email, confirm, sign_up, status_of
from tests.triggers.functions import a_function, golden
from tests.triggers.sending import a_notice, a_sent_app, key_of, opened, senders, wait_for_event

METADATA = {"language": "de"}
numbers = iter(range(10**6))


def an_address(medium: str) -> str:
    return an_email() if medium == "Email" else f"+1416{next(numbers):07}"


ATTRIBUTES = {"Email": "email", "SMS": "phone_number"}
MEDIA = list(ATTRIBUTES)


def shape(
    medium: str,
    source: str,
    pool_id: str,
    client_id: str,
    attributes: dict[str, Any],
    *,
    metadata: Any = None,
    code: Any = ANY,
) -> dict[str, Any]:
    request: dict[str, Any] = {
        "type": f"custom{medium}SenderRequestV1",
        "code": code,
        "clientMetadata": metadata,
    }
    return {
        "version": "1",
        "triggerSource": f"Custom{medium}Sender_{source}",
        "region": "us-east-1",
        "userPoolId": pool_id,
        "userName": "ada",
        "callerContext": {"awsSdkVersion": ANY, "clientId": client_id},
        "request": {**request, "userAttributes": attributes},
        "response": {},
    }


@pytest.mark.parametrize("medium", MEDIA)
def test_a_sign_up_and_a_code_that_is_sent_again(server: RunningServer, cognito: Any, medium: str) -> None:
    attribute, to = ATTRIBUTES[medium], an_address(medium)
    asked, pool_id, client_id = a_sent_app(server, cognito, AutoVerifiedAttributes=[attribute])
    answer = sign_up(cognito, client_id, attributes={attribute: to}, ClientMetadata=METADATA)
    assert answer["CodeDeliveryDetails"]["AttributeName"] == attribute
    first = wait_for_event(asked)
    attributes = {"sub": answer["UserSub"], "cognito:user_status": "UNCONFIRMED", attribute: to}
    golden(first, shape(medium, "SignUp", pool_id, client_id, attributes, metadata=METADATA))
    cognito.resend_confirmation_code(ClientId=client_id, Username="ada", ClientMetadata={"again": "yes"})
    again = wait_for_event(asked, 2)
    golden(again, shape(medium, "ResendCode", pool_id, client_id, attributes, metadata={"again": "yes"}))
    confirm(cognito, client_id, "ada", opened(server, again))
    assert status_of(cognito, pool_id, "ada") == "CONFIRMED"
    assert not messages_of(server, to), "in place of sending"


@pytest.mark.parametrize("medium", MEDIA)
def test_a_forgotten_password(server: RunningServer, cognito: Any, medium: str) -> None:
    attribute, to = ATTRIBUTES[medium], an_address(medium)
    asked, pool_id, client_id = a_sent_app(server, cognito, AutoVerifiedAttributes=[attribute])
    a_person(cognito, pool_id, **{attribute: to, f"{attribute}_verified": "true"})
    cognito.forgot_password(ClientId=client_id, Username="ada", ClientMetadata=METADATA)
    event = wait_for_event(asked)
    attributes = {
        "sub": ANY,
        "cognito:user_status": "CONFIRMED",
        attribute: to,
        f"{attribute}_verified": "true",
    }
    golden(event, shape(medium, "ForgotPassword", pool_id, client_id, attributes, metadata=METADATA))
    cognito.confirm_forgot_password(
        ClientId=client_id, Username="ada", ConfirmationCode=opened(server, event), Password=PASSWORD + "!"
    )
    cognito.admin_reset_user_password(UserPoolId=pool_id, Username="ada")
    attributes["cognito:user_status"] = "RESET_REQUIRED"
    golden(
        wait_for_event(asked, 2),
        shape(medium, "ForgotPassword", pool_id, "CLIENT_ID_NOT_APPLICABLE", attributes),
    )


@pytest.mark.parametrize("medium", MEDIA)
def test_an_invitation_s_password_is_escaped_as_cognito_does(
    server: RunningServer, cognito: Any, medium: str
) -> None:
    attribute, to = ATTRIBUTES[medium], an_address(medium)
    asked, pool_id, client_id = a_sent_app(server, cognito, AutoVerifiedAttributes=[attribute])
    password = "Aa1!<b>&lt;\"'"
    made = {
        "UserPoolId": pool_id,
        "Username": "ada",
        "DesiredDeliveryMediums": [medium.upper()],
        "UserAttributes": [{"Name": attribute, "Value": to}],
    }
    cognito.admin_create_user(**made, TemporaryPassword=password, ClientMetadata=METADATA)
    event = wait_for_event(asked)
    attributes = {"sub": ANY, "cognito:user_status": "FORCE_CHANGE_PASSWORD", attribute: to}
    golden(
        event,
        shape(
            medium,
            "AdminCreateUser",
            pool_id,
            "CLIENT_ID_NOT_APPLICABLE",
            attributes,
            metadata=METADATA,
        ),
    )
    assert opened(server, event, is_escaped=True) == "Aa1!&lt;b&gt;&amp;lt;\"'"
    assert opened(server, event) == password
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": password},
    )
    assert answer["ChallengeName"] == "NEW_PASSWORD_REQUIRED"
    cognito.admin_create_user(**made, MessageAction="RESEND")
    new = opened(server, wait_for_event(asked, 2))
    assert new != password
    assert asked.sources == [f"Custom{medium}Sender_AdminCreateUser"] * 2


@pytest.mark.parametrize("medium", MEDIA)
def test_a_changed_address_is_told_with_the_new_one(server: RunningServer, cognito: Any, medium: str) -> None:
    """Also where the old one stays until the new one is proved: the function has nothing else to send to."""
    attribute, to, new, newer = ATTRIBUTES[medium], *(an_address(medium) for _ in range(3))
    asked, pool_id, client_id = a_sent_app(
        server,
        cognito,
        AutoVerifiedAttributes=[attribute],
        UserAttributeUpdateSettings={"AttributesRequireVerificationBeforeUpdate": [attribute]},
    )
    a_person(cognito, pool_id, **{attribute: to, f"{attribute}_verified": "true"})
    token = sign_in(cognito, client_id)["AccessToken"]
    cognito.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": attribute, "Value": new}], ClientMetadata=METADATA
    )
    event = wait_for_event(asked)
    attributes = {
        "sub": ANY,
        "cognito:user_status": "CONFIRMED",
        attribute: new,
        f"{attribute}_verified": "true",
    }
    golden(event, shape(medium, "UpdateUserAttribute", pool_id, client_id, attributes, metadata=METADATA))
    verify = {"AccessToken": token, "AttributeName": attribute}
    cognito.verify_user_attribute(**verify, Code=opened(server, event))
    cognito.admin_update_user_attributes(
        UserPoolId=pool_id, Username="ada", UserAttributes=[{"Name": attribute, "Value": newer}]
    )
    wait_for_event(asked, 2)
    cognito.get_user_attribute_verification_code(**verify, ClientMetadata=METADATA)
    event = wait_for_event(asked, 3)
    golden(
        event,
        shape(
            medium,
            "VerifyUserAttribute",
            pool_id,
            client_id,
            {**attributes, attribute: newer},
            metadata=METADATA,
        ),
    )
    cognito.verify_user_attribute(**verify, Code=opened(server, event))


def test_a_second_factor_by_sms(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_sent_app(server, cognito)
    number = an_address("SMS")
    a_person(cognito, pool_id, phone_number=number, phone_number_verified="true")
    cognito.admin_set_user_mfa_preference(
        UserPoolId=pool_id, Username="ada", SMSMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    cognito.set_user_pool_mfa_config(
        UserPoolId=pool_id, MfaConfiguration="OPTIONAL", SmsMfaConfiguration={"SmsConfiguration": SMS}
    )
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    assert answer["ChallengeName"] == "SMS_MFA"
    event = wait_for_event(asked)
    attributes = {"sub": ANY, "cognito:user_status": "CONFIRMED", "phone_number": number}
    golden(
        event,
        shape("SMS", "Authentication", pool_id, client_id, {**attributes, "phone_number_verified": "true"}),
    )
    tokens = cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="SMS_MFA",
        Session=answer["Session"],
        ChallengeResponses={"USERNAME": "ada", "SMS_MFA_CODE": opened(server, event)},
    )
    assert "AuthenticationResult" in tokens


def test_a_code_in_place_of_a_password(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_sent_app(
        server,
        cognito,
        "ALLOW_USER_AUTH",
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}},
    )
    email = an_email()
    a_person(cognito, pool_id, email=email, email_verified="true")
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_AUTH",
        AuthParameters={"USERNAME": "ada", "PREFERRED_CHALLENGE": "EMAIL_OTP"},
    )
    event = wait_for_event(asked)
    assert event["triggerSource"] == "CustomEmailSender_Authentication"
    tokens = cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="EMAIL_OTP",
        Session=answer["Session"],
        ChallengeResponses={"USERNAME": "ada", "EMAIL_OTP_CODE": opened(server, event)},
    )
    assert "AuthenticationResult" in tokens


def test_each_medium_has_its_own_function(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, _ = a_sent_app(server, cognito, media=("SMS",))
    email, number = an_address("Email"), an_address("SMS")
    for name, attribute, to in (("ada", "phone_number", number), ("bob", "email", email)):
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=name,
            DesiredDeliveryMediums=["SMS" if name == "ada" else "EMAIL"],
            UserAttributes=[{"Name": attribute, "Value": to}],
        )
    assert wait_for_event(asked)["userName"] == "ada"
    assert "bob" in wait_for_message(server, email)["Body"]
    assert not messages_of(server, number)


def test_nobody_asks_for_a_text_that_is_not_sent(server: RunningServer, cognito: Any) -> None:
    """CustomMessage writes for the pool's own e-mail and SMS, and goes on doing so for the medium without a sender."""
    texts = a_function(server, lambda event: {"smsMessage": "{####} {username}"})
    asked, pool_id, _ = a_sent_app(server, cognito, media=("Email",), functions={"CustomMessage": texts.arn})
    number = an_address("SMS")
    for name, attribute, to in (("ada", "email", an_email()), ("bob", "phone_number", number)):
        cognito.admin_create_user(
            UserPoolId=pool_id,
            Username=name,
            DesiredDeliveryMediums=["EMAIL" if name == "ada" else "SMS"],
            UserAttributes=[{"Name": attribute, "Value": to}],
        )
    assert wait_for_event(asked)["userName"] == "ada"
    assert [event["userName"] for event in texts.events] == ["bob"]
    assert wait_for_message(server, number)["Body"].endswith(" bob")


def test_a_pool_may_name_the_key_by_its_alias(server: RunningServer, cognito: Any) -> None:
    asked, _, client_id = a_sent_app(server, cognito, key_arn=key_of(server).alias_arn)
    sign_up(cognito, client_id, attributes={"email": an_email()})
    code = opened(server, wait_for_event(asked))
    confirm(cognito, client_id, "ada", code)


def test_no_code_of_one_pool_opens_as_another_s(server: RunningServer, cognito: Any) -> None:
    """The ciphertext is bound to its pool: whoever may decrypt for one pool alone can't for the other."""
    asked, _, client_id = a_sent_app(server, cognito)
    sign_up(cognito, client_id, attributes={"email": an_email()})
    event = wait_for_event(asked)
    assert opened(server, event)
    changed = base64.b64decode(event["request"]["code"]).replace(
        event["userPoolId"].encode(), b"us-east-1_" + b"0" * 9
    )
    event["request"]["code"] = base64.b64encode(changed).decode()
    with pytest.raises(Exception, match="InvalidCiphertext|[Dd]ecrypt"):
        opened(server, event)


@pytest.mark.parametrize("medium", MEDIA)
def test_a_sender_needs_a_key(server: RunningServer, cognito: Any, medium: str) -> None:
    asked, pool_id, _ = a_sent_app(server, cognito, media=(medium,))
    with_key = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["LambdaConfig"]
    config = senders(asked, "", medium)
    del config["KMSKeyID"]
    text = "KMSKeyId parameter is required when Custom SMS/Email Lambda trigger is used."
    for refused in (
        lambda: a_sign_up_app(cognito, LambdaConfig=config),
        lambda: cognito.update_user_pool(UserPoolId=pool_id, LambdaConfig=config),
    ):
        with pytest.raises(cognito.exceptions.InvalidParameterException) as error:
            refused()
        assert error.value.response["Error"]["Message"] == text
    assert cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]["LambdaConfig"] == with_key


def test_an_invitation_without_a_password_brings_no_code(server: RunningServer, cognito: Any) -> None:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    asked, pool_id, _ = a_sent_app(server, cognito, "ALLOW_USER_AUTH", Policies=factors)
    email = an_email()
    cognito.admin_create_user(
        UserPoolId=pool_id, Username="ada", UserAttributes=[{"Name": "email", "Value": email}]
    )
    attributes = {"sub": ANY, "cognito:user_status": "CONFIRMED", "email": email}
    golden(
        wait_for_event(asked),
        shape("Email", "AdminCreateUser", pool_id, "CLIENT_ID_NOT_APPLICABLE", attributes, code=None),
    )


def test_a_notice_of_a_risky_sign_in_is_told_without_a_code(server: RunningServer, cognito: Any) -> None:
    asked, pool_id, client_id = a_sent_app(server, cognito)
    now = server.clock.now()
    details = {"EVENT_ID": "1", "USER_NAME": "ada", "ACCOUNT_TAKE_OVER_ACTION": "BLOCK"}
    notice = a_notice(server, pool_id, client_id=client_id, details=details)
    parts = server.server.parts
    server.run(parts.store.write(lambda tx: tx.outbox.add(notice, now + timedelta(seconds=30))))

    async def send() -> None:
        parts.postman.send([notice.id])

    server.run(send())
    expected = shape("Email", "AccountTakeOverNotification", pool_id, client_id, details, code=None)
    golden(wait_for_event(asked), expected)
