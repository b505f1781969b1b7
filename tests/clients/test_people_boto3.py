"""boto3 as it is, with its own validation and without keys: the whole life of a person, and every flow."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import jwt
import pytest
from botocore import UNSIGNED
from botocore.config import Config
from pycognito.aws_srp import AWSSRP
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, the_code, wait_for_message
from tests.people.signing_up import SMS, an_email

NEW_PASSWORD = "Another-Horse-9"
PHONE = "+14325550104"
FIRST_FACTORS = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]}}
FLOWS = (
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)


def a_browser(server: RunningServer) -> Any:
    """boto3 of somebody who has no keys."""
    return boto3.session.Session().client(
        "cognito-idp",
        endpoint_url=server.base_url,
        region_name=server.region,
        config=Config(signature_version=UNSIGNED),
    )


@pytest.fixture
def browser(server: RunningServer) -> Iterator[Any]:
    client = a_browser(server)
    yield client
    client.close()


def attributes(**values: str) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in values.items()]


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_boto3_goes_with_a_person_from_sign_up_to_the_end(
    own_server: Callable[..., RunningServer], engine: str
) -> None:
    server = own_server(engine)
    cognito, browser = server.client(), a_browser(server)
    server.clients.append(browser)
    pool_id = a_pool(cognito, AutoVerifiedAttributes=["email"])
    app = an_app(cognito, pool_id, *FLOWS, GenerateSecret=True)
    client_id, email, new_email = app["ClientId"], an_email(), an_email()
    hashed = secret_hash(app, "ada")
    of_ada = {"ClientId": client_id, "Username": "ada", "SecretHash": hashed}

    signed_up = browser.sign_up(
        **of_ada, Password=PASSWORD, UserAttributes=attributes(email=email, name="Ada")
    )
    assert signed_up["UserConfirmed"] is False
    browser.resend_confirmation_code(**of_ada)
    browser.confirm_sign_up(**of_ada, ConfirmationCode=wait_for_message(server, email, 2)["Code"])

    def sign_in(password: str) -> dict[str, str]:
        answer = browser.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "ada", "PASSWORD": password, "SECRET_HASH": hashed},
        )
        tokens: dict[str, str] = answer["AuthenticationResult"]
        return tokens

    with pytest.raises(browser.exceptions.NotAuthorizedException):
        sign_in("Wrong-Horse-9")
    tokens = sign_in(PASSWORD)
    access = {"AccessToken": tokens["AccessToken"]}
    assert browser.get_user(**access)["Username"] == "ada"

    browser.update_user_attributes(**access, UserAttributes=attributes(email=new_email))
    browser.get_user_attribute_verification_code(**access, AttributeName="email")
    browser.verify_user_attribute(
        **access, AttributeName="email", Code=wait_for_message(server, new_email, 2)["Code"]
    )
    browser.delete_user_attributes(**access, UserAttributeNames=["name"])
    kept = {a["Name"]: a["Value"] for a in browser.get_user(**access)["UserAttributes"]}
    assert kept == {"sub": signed_up["UserSub"], "email": new_email, "email_verified": "true"}

    browser.change_password(**access, PreviousPassword=PASSWORD, ProposedPassword=NEW_PASSWORD)
    sign_in(NEW_PASSWORD)
    browser.forgot_password(**of_ada)
    browser.confirm_forgot_password(
        **of_ada, ConfirmationCode=wait_for_message(server, new_email, 3)["Code"], Password=PASSWORD
    )
    elsewhere = sign_in(PASSWORD)
    browser.revoke_token(
        Token=elsewhere["RefreshToken"], ClientId=client_id, ClientSecret=app["ClientSecret"]
    )
    with pytest.raises(browser.exceptions.NotAuthorizedException):
        browser.get_user(AccessToken=elsewhere["AccessToken"])

    renewed = browser.get_tokens_from_refresh_token(
        RefreshToken=tokens["RefreshToken"], ClientId=client_id, ClientSecret=app["ClientSecret"]
    )["AuthenticationResult"]
    browser.global_sign_out(AccessToken=renewed["AccessToken"])
    with pytest.raises(browser.exceptions.NotAuthorizedException, match="Access Token has been revoked"):
        browser.get_user(**access)
    browser.delete_user(AccessToken=sign_in(PASSWORD)["AccessToken"])
    with pytest.raises(browser.exceptions.UserNotFoundException):
        sign_in(PASSWORD)


def secret_hash(app: dict[str, Any], name: str) -> str:
    digest = hmac.digest(app["ClientSecret"].encode(), (name + app["ClientId"]).encode(), hashlib.sha256)
    return base64.b64encode(digest).decode()


class Person:
    """Somebody of a pool that allows every flow, and how each of them goes."""

    def __init__(self, server: RunningServer, cognito: Any, browser: Any) -> None:
        self.server, self.cognito, self.browser = server, cognito, browser
        self.pool_id = a_pool(cognito, Policies=FIRST_FACTORS, SmsConfiguration=SMS)
        self.email = an_email()
        self.sub = a_person(
            cognito,
            self.pool_id,
            email=self.email,
            email_verified="true",
            phone_number=PHONE,
            phone_number_verified="true",
        )
        self.client_id = an_app(cognito, self.pool_id, *FLOWS)["ClientId"]

    def begin(self, flow: str, **parameters: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.browser.initiate_auth(
            ClientId=self.client_id, AuthFlow=flow, AuthParameters=parameters
        )
        return answer

    def answer(self, asked: dict[str, Any], **responses: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.browser.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=asked["ChallengeName"],
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": "ada", **responses},
        )
        return answer

    def by_password(self) -> dict[str, Any]:
        return self.begin("USER_PASSWORD_AUTH", USERNAME="ada", PASSWORD=PASSWORD)

    def by_an_administrator(self, flow: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.cognito.admin_initiate_auth(
            UserPoolId=self.pool_id,
            ClientId=self.client_id,
            AuthFlow=flow,
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
        )
        return answer

    def by_srp(self, flow: str = "USER_SRP_AUTH", **parameters: str) -> dict[str, Any]:
        srp = AWSSRP("ada", PASSWORD, self.pool_id, self.client_id, client=self.browser)
        asked = self.begin(flow, **srp.get_auth_params(), **parameters)
        assert asked["ChallengeName"] == "PASSWORD_VERIFIER"
        return self.answer(asked, **srp.process_challenge(asked["ChallengeParameters"], {"USERNAME": "ada"}))

    def by_preferred_password(self) -> dict[str, Any]:
        return self.begin("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="PASSWORD", PASSWORD=PASSWORD)

    def by_preferred_srp(self) -> dict[str, Any]:
        return self.by_srp("USER_AUTH", PREFERRED_CHALLENGE="PASSWORD_SRP")

    def by_email(self) -> dict[str, Any]:
        asked = self.begin("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="EMAIL_OTP")
        assert asked["ChallengeParameters"]["CODE_DELIVERY_DELIVERY_MEDIUM"] == "EMAIL"
        return self.answer(asked, EMAIL_OTP_CODE=the_code(self.server, self.email))

    def by_sms(self) -> dict[str, Any]:
        asked = self.begin("USER_AUTH", USERNAME="ada", PREFERRED_CHALLENGE="SMS_OTP")
        return self.answer(asked, SMS_OTP_CODE=the_code(self.server, PHONE))

    def by_choice(self) -> dict[str, Any]:
        asked = self.begin("USER_AUTH", USERNAME="ada")
        assert asked["ChallengeName"] == "SELECT_CHALLENGE"
        assert sorted(asked["AvailableChallenges"]) == ["EMAIL_OTP", "PASSWORD", "PASSWORD_SRP", "SMS_OTP"]
        return self.answer(asked, ANSWER="PASSWORD", PASSWORD=PASSWORD)


@pytest.mark.parametrize(
    "flow",
    [
        Person.by_password,
        lambda person: person.by_an_administrator("ADMIN_USER_PASSWORD_AUTH"),
        lambda person: person.by_an_administrator("ADMIN_NO_SRP_AUTH"),
        Person.by_srp,
        Person.by_preferred_password,
        Person.by_preferred_srp,
        Person.by_email,
        Person.by_sms,
        Person.by_choice,
    ],
    ids=[
        "password",
        "admin_password",
        "admin_no_srp",
        "srp",
        "preferred_password",
        "preferred_srp",
        "email",
        "sms",
        "choice",
    ],
)
def test_boto3_signs_in_by_every_flow_renews_and_signs_out(
    server: RunningServer, cognito: Any, browser: Any, flow: Callable[[Person], dict[str, Any]]
) -> None:
    person = Person(server, cognito, browser)

    tokens = flow(person)["AuthenticationResult"]

    keys = jwt.PyJWKClient(f"{server.base_url}/{person.pool_id}/.well-known/jwks.json")
    issuer = f"{server.settings.public_url}/{person.pool_id}"
    for name, audience in (("AccessToken", None), ("IdToken", person.client_id)):
        key = keys.get_signing_key_from_jwt(tokens[name])
        claims = jwt.decode(tokens[name], key, ["RS256"], issuer=issuer, audience=audience)
        assert claims["sub"] == person.sub
    for refresh in ("REFRESH_TOKEN_AUTH", "REFRESH_TOKEN"):
        renewed = person.begin(refresh, REFRESH_TOKEN=tokens["RefreshToken"])["AuthenticationResult"]
        assert browser.get_user(AccessToken=renewed["AccessToken"])["Username"] == "ada"
    browser.global_sign_out(AccessToken=tokens["AccessToken"])
    with pytest.raises(browser.exceptions.NotAuthorizedException):
        person.begin("REFRESH_TOKEN_AUTH", REFRESH_TOKEN=tokens["RefreshToken"])
