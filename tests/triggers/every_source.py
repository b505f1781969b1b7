"""Fires every source of a pool's functions, by requests that bring all that an event can have.

walk = Walk(server)
walk.events("PreSignUp_SignUp")
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.browser.fake_provider import a_fake_provider
from tests.browser.providers import Traveller, a_traveller
from tests.conftest import a_machine, a_pool
from tests.harness import RunningServer
from tests.oauth.test_token import a_token
from tests.people.people import PASSWORD, a_person, an_app, sign_in, the_code
from tests.people.signing_up import SMS, an_email, confirm, sign_up
from tests.people.test_devices import ALWAYS
from tests.people.test_devices import House as Devices
from tests.people.tokens import refreshed
from tests.triggers.functions import Event, Function, a_function
from tests.triggers.risk import ABROAD, FIREFOX, a_protected_pool, come, takeover
from tests.triggers.sending import a_sent_app, key_of, opened, senders, wait_for_event
from tests.triggers.shaping import ROLE, configured
from tests.triggers.signing_in import Custom, a_question, is_the_answer, passwordless

METADATA = {"channel": "shop"}
PASSWORD_ELSEWHERE = "legacy-Horse-7"
numbers = iter(range(1_000_000))
DATA = [{"Name": "invitation", "Value": "7"}]
PLAIN = (
    "PreSignUp",
    "PostConfirmation",
    "PreAuthentication",
    "PostAuthentication",
    "DefineAuthChallenge",
    "CreateAuthChallenge",
    "VerifyAuthChallengeResponse",
    "UserMigration",
    "CustomMessage",
)
EVERY_FLOW = (
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_CUSTOM_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
)
MIGRATED = {"userAttributes": {"email": "old@example.com"}, "finalUserStatus": "CONFIRMED"}
ANSWERS: Mapping[str, Callable[[Event], Any]] = {
    "DefineAuthChallenge": passwordless,
    "CreateAuthChallenge": a_question,
    "VerifyAuthChallengeResponse": is_the_answer,
    "UserMigration": lambda event: {**MIGRATED, "messageAction": "SUPPRESS"},
}


def answer(event: Event) -> Any:
    trigger = event["triggerSource"].partition("_")[0]
    return ANSWERS.get(trigger, lambda event: None)(event)


class House:
    """A pool whose functions are all one, and a client that hides who exists."""

    def __init__(self, server: RunningServer, version: str, **pool: Any) -> None:
        self.server = server
        self.cognito = server.client("cognito-idp")
        self.function = a_function(server, answer)
        lambdas = dict.fromkeys(PLAIN, self.function.arn) | configured(self.function.arn, version)
        self.options = {"AutoVerifiedAttributes": ["email"], "LambdaConfig": lambdas, **pool}

    def open(self) -> None:
        self.pool_id = a_pool(self.cognito, **self.options)
        self.client_id = an_app(
            self.cognito, self.pool_id, *EVERY_FLOW, PreventUserExistenceErrors="ENABLED"
        )["ClientId"]

    def a_person(self) -> str:
        """Somebody of a group with a role."""
        sub = a_person(self.cognito, self.pool_id, email=an_email(), email_verified="true")
        self.join()
        return sub

    def join(self, name: str = "ada") -> None:
        """Have somebody be of a group with a role."""
        readers = {"UserPoolId": self.pool_id, "GroupName": "readers"}
        self.cognito.create_group(**readers, RoleArn=ROLE)
        self.cognito.admin_add_user_to_group(**readers, Username=name)

    def respond(self, challenge: str, asked: Any, name: str = "ada", **answers: str) -> Any:
        return self.cognito.respond_to_auth_challenge(
            ClientId=self.client_id,
            ChallengeName=challenge,
            Session=asked["Session"],
            ChallengeResponses={"USERNAME": name, **answers},
            ClientMetadata=METADATA,
        )


def signing_up(server: RunningServer, version: str) -> Function:
    """And forgetting the password, and moving to another address."""
    house = House(server, version)
    house.open()
    cognito, client_id, email, other = house.cognito, house.client_id, an_email(), an_email()
    told = {"ClientMetadata": METADATA}
    sign_up(cognito, client_id, attributes={"email": email}, ValidationData=DATA, **told)
    cognito.resend_confirmation_code(ClientId=client_id, Username="ada", **told)
    confirm(cognito, client_id, "ada", the_code(server, email), **told)
    cognito.forgot_password(ClientId=client_id, Username="ada", **told)
    cognito.confirm_forgot_password(
        ClientId=client_id,
        Username="ada",
        ConfirmationCode=the_code(server, email),
        Password=PASSWORD,
        **told,
    )
    token = sign_in(cognito, client_id)["AccessToken"]
    cognito.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": "email", "Value": other}], **told
    )
    cognito.get_user_attribute_verification_code(AccessToken=token, AttributeName="email", **told)
    return house.function


def being_invited(server: RunningServer, version: str) -> Function:
    """And choosing a password."""
    house = House(server, version)
    house.open()
    email = an_email()
    house.cognito.admin_create_user(
        UserPoolId=house.pool_id,
        Username="ada",
        UserAttributes=[{"Name": "email", "Value": email}],
        ValidationData=DATA,
        ClientMetadata=METADATA,
    )
    house.join()
    asked = house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": the_code(server, email)},
    )
    house.respond("NEW_PASSWORD_REQUIRED", asked, NEW_PASSWORD=PASSWORD)
    return house.function


def a_custom_sign_in(server: RunningServer, version: str) -> Function:
    """With a mistake, and a refresh later."""
    house = House(server, version)
    house.open()
    house.a_person()
    function = house.function
    custom = Custom(house.cognito, house.pool_id, house.client_id, function, function, function)
    asked = custom.respond(custom.begin(metadata=METADATA), metadata=METADATA, ANSWER="five")
    tokens = custom.respond(asked, metadata=METADATA, ANSWER="four")["AuthenticationResult"]
    refreshed(house.cognito, house.client_id, tokens["RefreshToken"], ClientMetadata=METADATA)
    return function


def a_code_by_email(server: RunningServer, version: str) -> Function:
    factors = {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}
    house = House(server, version, Policies=factors, UserPoolTier="ESSENTIALS")
    house.open()
    house.a_person()
    asked = house.cognito.initiate_auth(
        ClientId=house.client_id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    house.respond("SELECT_CHALLENGE", asked, ANSWER="EMAIL_OTP")
    return house.function


def a_remembered_device(server: RunningServer, version: str) -> Function:
    house = House(server, version, DeviceConfiguration=ALWAYS, SmsConfiguration=SMS)
    house.open()
    cognito = house.cognito
    cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id,
        MfaConfiguration="OPTIONAL",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    cognito.meta.events.register(
        "provide-client-params.cognito-idp.RespondToAuthChallenge",
        lambda params, **_: {**params, "ClientMetadata": METADATA},
    )
    devices = Devices(server, cognito, house.pool_id, house.client_id, house.a_person())
    devices.by_device(devices.confirmed())
    return house.function


def coming_from_elsewhere(server: RunningServer, version: str) -> Function:
    """From a provider, to the pages; the second time as one of a group."""
    house = House(server, version)
    function = house.function
    inbound = {"InboundFederation": {"LambdaVersion": "V1_0", "LambdaArn": function.arn}}
    with a_fake_provider() as fake:
        traveller = a_traveller(server, fake, LambdaConfig={**house.options["LambdaConfig"], **inbound})
        function.events.clear()
        traveller.sign_in(fake)
        house.pool_id = traveller.house.pool_id
        house.join("Other_Ada-1")
        Traveller(traveller.house).sign_in(fake)
    return function


def being_known_elsewhere(server: RunningServer, version: str) -> Function:
    """In another directory: by a back end, by a choice, and who forgot the password."""
    house = House(server, version)
    house.open()
    cognito, password = house.cognito, {"PASSWORD": PASSWORD_ELSEWHERE}
    cognito.admin_initiate_auth(
        UserPoolId=house.pool_id,
        ClientId=house.client_id,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", **password},
        ClientMetadata=METADATA,
    )
    person = {"UserPoolId": house.pool_id, "Username": "ada"}
    cognito.admin_delete_user(**person)
    asked = cognito.initiate_auth(
        ClientId=house.client_id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    house.respond("SELECT_CHALLENGE", asked, ANSWER="PASSWORD", **password)
    cognito.admin_delete_user(**person)
    cognito.forgot_password(ClientId=house.client_id, Username="ada", ClientMetadata=METADATA)
    return house.function


def a_machines_token(server: RunningServer, version: str) -> Function:
    function = a_function(server)
    machine = a_machine(server, server.client("cognito-idp"), LambdaConfig=configured(function.arn, version))
    a_token(machine, scope="orders/read", aws_client_metadata=json.dumps(METADATA))
    return function


def _sent(server: RunningServer, medium: str, attribute: str, address: Callable[[], str]) -> Function:
    """Each message of a medium, by the function that sends them."""
    cognito = server.client("cognito-idp")
    factors = ["PASSWORD", "EMAIL_OTP", "SMS_OTP"]
    asked, pool_id, client_id = a_sent_app(
        server,
        cognito,
        *EVERY_FLOW,
        AutoVerifiedAttributes=[attribute],
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": factors}},
        UserPoolTier="ESSENTIALS",
    )
    told = {"ClientMetadata": METADATA}
    sign_up(cognito, client_id, attributes={attribute: address()}, **told)
    wait_for_event(asked)
    cognito.resend_confirmation_code(ClientId=client_id, Username="ada", **told)
    confirm(cognito, client_id, "ada", opened(server, wait_for_event(asked, 2)))
    cognito.forgot_password(ClientId=client_id, Username="ada", **told)
    wait_for_event(asked, 3)
    token = sign_in(cognito, client_id)["AccessToken"]
    begun = cognito.initiate_auth(
        ClientId=client_id, AuthFlow="USER_AUTH", AuthParameters={"USERNAME": "ada"}
    )
    cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName="SELECT_CHALLENGE",
        Session=begun["Session"],
        ChallengeResponses={"USERNAME": "ada", "ANSWER": f"{medium.upper()}_OTP"},
        **told,
    )
    wait_for_event(asked, 4)
    cognito.update_user_attributes(
        AccessToken=token, UserAttributes=[{"Name": attribute, "Value": address()}], **told
    )
    wait_for_event(asked, 5)
    cognito.get_user_attribute_verification_code(AccessToken=token, AttributeName=attribute, **told)
    wait_for_event(asked, 6)
    cognito.admin_create_user(
        UserPoolId=pool_id,
        Username="bob",
        TemporaryPassword=PASSWORD + "!",
        DesiredDeliveryMediums=[medium.upper()],
        UserAttributes=[{"Name": attribute, "Value": address()}],
        **told,
    )
    wait_for_event(asked, 7)
    return asked


def mail_by_a_function(server: RunningServer, version: str) -> Function:
    return _sent(server, "Email", "email", an_email)


def sms_by_a_function(server: RunningServer, version: str) -> Function:
    return _sent(server, "SMS", "phone_number", lambda: f"+1417{next(numbers):07}")


def a_risky_sign_in(server: RunningServer, version: str) -> Function:
    """From home, and then from somewhere else."""
    cognito = server.client("cognito-idp")
    asked = a_function(server)
    lambdas = senders(asked, key_of(server).arn, "Email")
    pool_id = a_protected_pool(cognito, LambdaConfig=lambdas)
    client_id = an_app(cognito, pool_id)["ClientId"]
    a_person(cognito, pool_id, email=an_email(), email_verified="true")
    come(cognito, pool_id, client_id)
    cognito.set_risk_configuration(
        UserPoolId=pool_id, AccountTakeoverRiskConfiguration=takeover("NO_ACTION", notify=True)
    )
    come(cognito, pool_id, client_id, address=ABROAD, agent=FIREFOX)
    wait_for_event(asked)
    return asked


Flow = Callable[[RunningServer, str], Function]
WITHOUT_INVITATION = ("SignUp", "ResendCode", "ForgotPassword", "UpdateUserAttribute", "VerifyUserAttribute")
MESSAGES = (*WITHOUT_INVITATION, "AdminCreateUser", "Authentication")
FLOWS: Mapping[Flow, tuple[str, ...]] = {
    signing_up: (
        "PreSignUp_SignUp",
        "PostConfirmation_ConfirmSignUp",
        "PostConfirmation_ConfirmForgotPassword",
        *(f"CustomMessage_{message}" for message in WITHOUT_INVITATION),
    ),
    being_invited: (
        "PreSignUp_AdminCreateUser",
        "CustomMessage_AdminCreateUser",
        "TokenGeneration_NewPasswordChallenge",
    ),
    a_custom_sign_in: (
        "PreAuthentication_Authentication",
        "DefineAuthChallenge_Authentication",
        "CreateAuthChallenge_Authentication",
        "VerifyAuthChallengeResponse_Authentication",
        "PostAuthentication_Authentication",
        "TokenGeneration_Authentication",
        "TokenGeneration_RefreshTokens",
    ),
    a_code_by_email: ("CustomMessage_Authentication",),
    a_remembered_device: ("TokenGeneration_AuthenticateDevice",),
    coming_from_elsewhere: (
        "PreSignUp_ExternalProvider",
        "InboundFederation_ExternalProvider",
        "TokenGeneration_HostedAuth",
    ),
    being_known_elsewhere: ("UserMigration_Authentication", "UserMigration_ForgotPassword"),
    mail_by_a_function: tuple(f"CustomEmailSender_{message}" for message in MESSAGES),
    sms_by_a_function: tuple(f"CustomSMSSender_{message}" for message in MESSAGES),
    a_risky_sign_in: ("CustomEmailSender_AccountTakeOverNotification",),
    a_machines_token: ("TokenGeneration_ClientCredentials",),
}
"""Each flow, and the sources that it is here for."""


class Walk:
    """Takes each way through a server once, in each version of the events of tokens that it is asked for."""

    def __init__(self, server: RunningServer) -> None:
        self._server = server
        self._taken: dict[tuple[Flow, str], Function] = {}

    def events(self, source: str, version: str = "V1_0") -> list[Event]:
        """What a flow fires of a source."""
        flow = next(flow for flow, sources in FLOWS.items() if source in sources)
        if flow is a_machines_token:
            version = "V3_0"
        if (flow, version) not in self._taken:
            self._taken[flow, version] = flow(self._server, version)
        fired = self._taken[flow, version].events
        return [event for event in fired if event["triggerSource"] == source]

    def all_events(self) -> list[Event]:
        """Whatever any flow fires."""
        for sources in FLOWS.values():
            self.events(sources[0])
        return [event for function in self._taken.values() for event in function.events]
