"""pycognito, unmodified, of an app that keeps a secret: the whole life of a person."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pycognito.aws_srp
import pytest
import requests
from botocore.exceptions import ClientError
from pycognito import Cognito
from pycognito.aws_srp import AWSSRP
from pycognito.exceptions import (
    ForceChangePasswordException,
    SMSMFAChallengeException,
    SoftwareTokenMFAChallengeException,
)
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.authenticator_app import AuthenticatorApp, a_pool_with_mfa, the_clock_goes_back
from tests.people.people import PASSWORD, a_person, an_app, wait_for_message
from tests.people.signing_up import an_email

PHONE = "+14325550103"
NEW_PASSWORD = "Another-Horse-9"
DEVICES = {"ChallengeRequiredOnNewDevice": True, "DeviceOnlyRememberedOnUserPrompt": False}


@pytest.fixture
def an_account(server: RunningServer, cognito: Any) -> Iterator[Callable[..., Cognito]]:
    """pycognito for one person of a pool."""
    made: list[Cognito] = []

    def make(pool_id: str, username: str = "ada", app: dict[str, Any] | None = None) -> Cognito:
        app = app or an_app(cognito, pool_id, GenerateSecret=True)
        account = Cognito(
            pool_id,
            app["ClientId"],
            client_secret=app["ClientSecret"],
            username=username,
            access_key=server.access_key_id,
            secret_key=server.secret_access_key,
            boto3_client_kwargs={"endpoint_url": server.settings.public_url},
        )
        made.append(account)
        return account

    with the_clock_goes_back(server):
        yield make
    for account in made:
        account.client.close()


def refusal(act: Callable[..., Any], *args: Any, **options: Any) -> str:
    with pytest.raises(ClientError) as refused:
        act(*args, **options)
    return str(refused.value.response["Error"]["Code"])


def test_pycognito_goes_with_a_person_from_sign_up_to_the_end(
    server: RunningServer, cognito: Any, an_account: Callable[..., Cognito]
) -> None:
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"])
    account, email, new_email = an_account(pool_id), an_email(), an_email()

    account.set_base_attributes(email=email, name="Ada Lovelace")
    registered = account.register("ada", PASSWORD)
    assert registered["UserConfirmed"] is False
    assert registered["CodeDeliveryDetails"]["DeliveryMedium"] == "EMAIL"
    assert refusal(account.authenticate, PASSWORD) == "UserNotConfirmedException"
    account.resend_confirmation_code("ada")
    account.confirm_sign_up(wait_for_message(server, email, 2)["Code"])

    assert refusal(account.authenticate, "Wrong-Horse-9") == "NotAuthorizedException"
    account.authenticate(PASSWORD)  # it verifies both tokens by the pool's keys
    assert account.id_claims["email"] == email
    assert account.access_claims["username"] == "ada"
    assert account.check_token(renew=False) is False

    me = account.get_user()
    assert (me.sub, me.name, me.email_verified) == (registered["UserSub"], "Ada Lovelace", True)
    account.update_profile({"email": new_email, "nickname": "countess"})
    account.send_verification("email")
    account.validate_verification(wait_for_message(server, new_email, 2)["Code"], "email")
    changed = account.get_user()
    assert (changed.email, changed.email_verified, changed.nickname) == (new_email, True, "countess")
    assert account.admin_get_user().user_status == "CONFIRMED"
    assert [user.username for user in account.get_users()] == ["ada"]

    before = account.access_token
    account.renew_access_token()
    assert account.access_token != before
    account.change_password(PASSWORD, NEW_PASSWORD)
    account.admin_authenticate(NEW_PASSWORD)
    account.initiate_forgot_password()
    account.confirm_forgot_password(wait_for_message(server, new_email, 3)["Code"], PASSWORD)
    account.authenticate(PASSWORD)

    tokens = account.access_token, account.refresh_token
    account.logout()
    account.access_token, account.refresh_token = tokens
    assert refusal(account.get_user) == "NotAuthorizedException"
    assert refusal(account.renew_access_token) == "NotAuthorizedException"

    account.authenticate(PASSWORD)
    account.delete_user()
    assert refusal(account.authenticate, PASSWORD) == "UserNotFoundException"


def test_pycognito_replaces_the_password_that_an_administrator_chose(
    cognito: Any, an_account: Callable[..., Cognito]
) -> None:
    account = an_account(a_pool(cognito))
    account.admin_create_user(
        "ada", "Temporary-Horse-9", {"MessageAction": "SUPPRESS"}, email="ada@example.com"
    )

    with pytest.raises(ForceChangePasswordException):
        account.authenticate("Temporary-Horse-9")
    account.new_password_challenge("Temporary-Horse-9", PASSWORD)

    assert account.access_claims["username"] == "ada"
    account.authenticate(PASSWORD)


def test_pycognito_asks_for_an_apps_code_and_for_a_texted_one(
    server: RunningServer, cognito: Any, an_account: Callable[..., Cognito]
) -> None:
    pool_id = a_pool_with_mfa(cognito, "OPTIONAL", "TOTP", "SMS")
    a_person(cognito, pool_id, phone_number=PHONE, phone_number_verified="true")
    account = an_account(pool_id)
    account.authenticate(PASSWORD)
    app = AuthenticatorApp(server, account.associate_software_token())
    assert account.verify_software_token(app.code()) is True
    account.set_user_mfa_preference(False, True, "SOFTWARE_TOKEN")

    with pytest.raises(SoftwareTokenMFAChallengeException):
        account.authenticate(PASSWORD)
    assert refusal(account.respond_to_software_token_mfa_challenge, app.wrong_code()) == (
        "CodeMismatchException"
    )
    account.respond_to_software_token_mfa_challenge(app.code())

    account.set_user_mfa_preference(True, True, "SMS")
    with pytest.raises(SMSMFAChallengeException):
        account.authenticate(PASSWORD)
    account.respond_to_sms_mfa_challenge(wait_for_message(server, PHONE)["Code"])
    assert account.get_user().phone_number == PHONE


def test_pycognito_is_excused_on_a_remembered_device(
    server: RunningServer,
    cognito: Any,
    an_account: Callable[..., Cognito],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool_id = a_pool_with_mfa(cognito, "OPTIONAL", "TOTP", DeviceConfiguration=DEVICES)
    a_person(cognito, pool_id)
    app = an_app(cognito, pool_id, GenerateSecret=True)
    account = an_account(pool_id, app=app)

    def by_srp(**device: str) -> AWSSRP:
        return AWSSRP(
            "ada",
            PASSWORD,
            pool_id,
            app["ClientId"],
            client=account.client,
            client_secret=app["ClientSecret"],
            **device,
        )

    def post(_: str, **request: Any) -> requests.Response:
        """It confirms devices at Amazon's address, whatever endpoint it is given."""
        return requests.post(server.base_url, **request)

    monkeypatch.setattr(pycognito.aws_srp, "requests", SimpleNamespace(post=post))
    new_place = by_srp()
    tokens = new_place.authenticate_user()
    answer, device_password = new_place.confirm_device(tokens, "my laptop")
    assert answer.status_code == 200, answer.text
    account.access_token = tokens["AuthenticationResult"]["AccessToken"]
    phone = AuthenticatorApp(server, account.associate_software_token())
    account.verify_software_token(phone.code())
    account.set_user_mfa_preference(False, True, "SOFTWARE_TOKEN")

    known = by_srp(
        device_key=new_place.device_key,
        device_group_key=new_place.device_group_key,
        device_password=device_password,
    )
    assert "AccessToken" in known.authenticate_user()["AuthenticationResult"]
    with pytest.raises(SoftwareTokenMFAChallengeException):
        by_srp().authenticate_user()
    forged = by_srp(
        device_key=new_place.device_key,
        device_group_key=new_place.device_group_key,
        device_password="another",
    )
    assert refusal(forged.authenticate_user) == "NotAuthorizedException"
