"""PreAuthentication and PostAuthentication: when they are asked, what they hear, and what their refusal leaves."""

from __future__ import annotations

from typing import Any
from unittest.mock import ANY

import pytest
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.authenticator_app import a_pool_with_mfa
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in, the_code
from tests.people.signing_up import an_email
from tests.people.test_challenges import confirm_device
from tests.people.test_sign_in import begin, respond, srp
from tests.triggers.functions import Event, Function, a_function, golden, throwing
from tests.triggers.signing_in import a_custom_pool

from poolhouse.ports.functions import FunctionTimeout

REFUSED = ("NotAuthorizedException", "Incorrect username or password.")
FLOWS = (
    "ALLOW_USER_PASSWORD_AUTH",
    "ALLOW_ADMIN_USER_PASSWORD_AUTH",
    "ALLOW_USER_SRP_AUTH",
    "ALLOW_USER_AUTH",
    "ALLOW_REFRESH_TOKEN_AUTH",
)


class House:
    """A pool that asks both functions, and the person `ada`."""

    def __init__(self, server: RunningServer, cognito: Any, *, pool: Any = a_pool, **options: Any) -> None:
        self.server, self.cognito = server, cognito
        self.before, self.after = a_function(server), a_function(server)
        client = options.pop("client", {})
        config = {"PreAuthentication": self.before.arn, "PostAuthentication": self.after.arn}
        self.pool_id = pool(cognito, LambdaConfig=config, **options)
        self.client_id = an_app(cognito, self.pool_id, *FLOWS, **client)["ClientId"]
        self.email = an_email()
        self.sub = a_person(cognito, self.pool_id, email=self.email, email_verified="true")

    def event(self, source: str, **request: Any) -> dict[str, Any]:
        return {
            "version": "1",
            "region": "us-east-1",
            "userPoolId": self.pool_id,
            "userName": "ada",
            "callerContext": {"awsSdkVersion": ANY, "clientId": self.client_id},
            "triggerSource": source,
            "request": {
                "userAttributes": {
                    "sub": self.sub,
                    "cognito:user_status": "CONFIRMED",
                    "email": self.email,
                    "email_verified": "true",
                },
                **request,
            },
            "response": {},
        }

    def begin(self, flow: str = "USER_PASSWORD_AUTH", **options: Any) -> Any:
        metadata = options.pop("metadata", None)
        more = {} if metadata is None else {"ClientMetadata": metadata}
        return self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow=flow,
            AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD, **options},
            **more,
        )

    def heard(self) -> tuple[int, int]:
        return len(self.before.events), len(self.after.events)


@pytest.fixture
def house(server: RunningServer, cognito: Any) -> House:
    return House(server, cognito)


def test_the_events_are_cognitos_member_by_member(house: House) -> None:
    house.begin(metadata={"from": "the web"})
    before = house.event("PreAuthentication_Authentication", validationData={"from": "the web"})
    golden(house.before.event, before)
    golden(house.after.event, house.event("PostAuthentication_Authentication", newDeviceUsed=False))
    assert house.before.event["callerContext"]["awsSdkVersion"].startswith("aws-sdk-")


def test_without_client_metadata_the_validation_data_are_empty(house: House) -> None:
    house.begin()
    assert house.before.event["request"]["validationData"] == {}


def test_a_client_that_hides_who_exists_has_it_said_whether_there_is_somebody(
    server: RunningServer, cognito: Any
) -> None:
    house = House(server, cognito, client={"PreventUserExistenceErrors": "ENABLED"})
    house.begin(metadata={"a": "b"})
    golden(
        house.before.event,
        house.event("PreAuthentication_Authentication", userNotFound=False, validationData={"a": "b"}),
    )
    house.before.events.clear()
    assert refusal(house.begin, USERNAME="nobody") == REFUSED
    shape = house.event("PreAuthentication_Authentication")
    request = {"userAttributes": {}, "userNotFound": True, "validationData": {}}
    golden(house.before.event, {**shape, "userName": "nobody", "request": request})


def test_to_a_client_that_does_not_hide_it_nobody_is_asked_about(server: RunningServer, cognito: Any) -> None:
    house = House(server, cognito, client={"PreventUserExistenceErrors": "LEGACY"})
    assert refusal(house.begin, USERNAME="nobody")[0] == "UserNotFoundException"
    assert house.heard() == (0, 0)


def test_every_flow_asks_once_before_and_once_after(house: House) -> None:
    cognito, client_id = house.cognito, house.client_id
    ids = {"UserPoolId": house.pool_id, "ClientId": client_id}
    parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD}
    cognito.admin_initiate_auth(**ids, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters=parameters)
    assert house.heard() == (1, 1)
    srp(cognito, house.pool_id, client_id, "ada", PASSWORD)
    assert house.heard() == (2, 2)
    chosen = begin(cognito, client_id, "USER_AUTH", USERNAME="ada")
    assert house.heard() == (3, 2)
    respond(cognito, client_id, chosen, USERNAME="ada", ANSWER="PASSWORD", PASSWORD=PASSWORD)
    assert house.heard() == (3, 3)


def test_a_refresh_asks_neither(house: House) -> None:
    tokens = house.begin()["AuthenticationResult"]
    house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": tokens["RefreshToken"]},
    )
    assert house.heard() == (1, 1)


def test_a_custom_sign_in_asks_them_around_its_own_functions(server: RunningServer, cognito: Any) -> None:
    order: list[str] = []

    def noted(event: Event) -> None:
        order.append(event["triggerSource"].partition("_")[0])

    triggers = {name: a_function(server, noted).arn for name in ("PreAuthentication", "PostAuthentication")}
    custom = a_custom_pool(server, cognito, triggers=triggers)
    a_person(cognito, custom.pool_id)
    for function in (custom.define, custom.create, custom.verify):
        answer = function.answer
        function.answer = lambda event, answer=answer: (noted(event), answer(event))[1]  # type: ignore[misc]
    custom.respond(custom.begin(), ANSWER="four")
    assert order == [
        "PreAuthentication",
        "DefineAuthChallenge",
        "CreateAuthChallenge",
        "VerifyAuthChallengeResponse",
        "DefineAuthChallenge",
        "PostAuthentication",
    ]


def test_after_a_challenge_the_answers_client_metadata_are_told(server: RunningServer, cognito: Any) -> None:
    house = House(
        server,
        cognito,
        pool=lambda cognito, **options: a_pool_with_mfa(cognito, "OPTIONAL", "EMAIL", **options),
    )
    cognito.admin_set_user_mfa_preference(
        UserPoolId=house.pool_id, Username="ada", EmailMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    asked = house.begin(metadata={"only": "before"})
    assert house.heard() == (1, 0), "a password alone is no sign-in here"
    cognito.respond_to_auth_challenge(
        ClientId=house.client_id,
        ChallengeName="EMAIL_OTP",
        Session=asked["Session"],
        ChallengeResponses={"USERNAME": "ada", "EMAIL_OTP_CODE": the_code(server, house.email)},
        ClientMetadata={"after": "all"},
    )
    after = house.event(
        "PostAuthentication_Authentication", newDeviceUsed=False, clientMetadata={"after": "all"}
    )
    golden(house.after.event, after)


def test_a_new_device_is_told_and_a_remembered_one_is_none(server: RunningServer, cognito: Any) -> None:
    devices = {"ChallengeRequiredOnNewDevice": False, "DeviceOnlyRememberedOnUserPrompt": False}
    house = House(server, cognito, DeviceConfiguration=devices)
    tokens = srp(cognito, house.pool_id, house.client_id, "ada", PASSWORD)["AuthenticationResult"]
    assert house.after.event["request"]["newDeviceUsed"] is True
    from pycognito.aws_srp import AWSSRP

    metadata = tokens["NewDeviceMetadata"]
    AWSSRP(
        "ada",
        PASSWORD,
        house.pool_id,
        house.client_id,
        client=cognito,
        device_key=metadata["DeviceKey"],
        device_group_key=metadata["DeviceGroupKey"],
        device_password=confirm_device(cognito, tokens),
    ).authenticate_user()
    assert house.after.events[-1]["request"]["newDeviceUsed"] is False


def test_who_sets_a_password_is_told_of_as_they_are_then(house: House) -> None:
    house.cognito.admin_set_user_password(
        UserPoolId=house.pool_id, Username="ada", Password=PASSWORD, Permanent=False
    )
    asked = house.begin()
    assert house.before.event["request"]["userAttributes"]["cognito:user_status"] == "FORCE_CHANGE_PASSWORD"
    respond(house.cognito, house.client_id, asked, USERNAME="ada", NEW_PASSWORD="Another-Horse-9")
    assert house.after.event["request"]["userAttributes"]["cognito:user_status"] == "CONFIRMED"


def test_a_refusal_before_comes_before_the_password_is_looked_at(house: House) -> None:
    house.before.answer = throwing("not from here")
    refused = ("UserLambdaValidationException", "PreAuthentication failed with error not from here.")
    for password in (PASSWORD, *["Wrong-Horse-9"] * 7):
        assert refusal(house.begin, PASSWORD=password) == refused
    house.before.answer = lambda event: None
    assert house.begin()["AuthenticationResult"], "no wrong password was counted"


def test_a_refusal_after_gives_nothing_and_keeps_nothing(server: RunningServer, cognito: Any) -> None:
    house = House(
        server,
        cognito,
        pool=lambda cognito, **options: a_pool_with_mfa(cognito, "OPTIONAL", "EMAIL", **options),
    )
    cognito.admin_set_user_mfa_preference(
        UserPoolId=house.pool_id, Username="ada", EmailMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    house.after.answer = throwing("not today")
    asked = house.begin()
    answer = {"USERNAME": "ada", "EMAIL_OTP_CODE": the_code(server, house.email)}
    assert refusal(respond, cognito, house.client_id, asked, **answer) == (
        "UserLambdaValidationException",
        "PostAuthentication failed with error not today.",
    )
    house.after.answer = lambda event: None
    assert respond(cognito, house.client_id, asked, **answer)["AuthenticationResult"], "the step is unspent"


def test_a_new_password_is_not_set_where_the_sign_in_is_refused(house: House) -> None:
    house.cognito.admin_set_user_password(
        UserPoolId=house.pool_id, Username="ada", Password=PASSWORD, Permanent=False
    )
    house.after.answer = throwing("not today")
    asked = house.begin()
    answer = {"USERNAME": "ada", "NEW_PASSWORD": "Another-Horse-9"}
    assert (
        refusal(respond, house.cognito, house.client_id, asked, **answer)[0]
        == "UserLambdaValidationException"
    )
    person = house.cognito.admin_get_user(UserPoolId=house.pool_id, Username="ada")
    assert person["UserStatus"] == "FORCE_CHANGE_PASSWORD"
    assert house.begin()["ChallengeName"] == "NEW_PASSWORD_REQUIRED"


@pytest.mark.parametrize("which", ["before", "after"])
def test_no_answer_and_nonsense_deny(house: House, which: str) -> None:
    function: Function = getattr(house, which)
    name = {"before": "PreAuthentication", "after": "PostAuthentication"}[which]

    def late(event: Event) -> None:
        raise FunctionTimeout("late")

    function.answer = late
    code, message = refusal(house.begin)
    assert code == "UnexpectedLambdaException"
    assert message.startswith(f"{name} invocation failed due to error ")
    for nonsense in (b"", b"null", b"[]", b'{"response": "yes"}', b"\xff"):
        function.answer = lambda event, nonsense=nonsense: nonsense  # type: ignore[misc]
        assert refusal(house.begin) == ("InvalidLambdaResponseException", "Unrecognizable lambda output")


def test_a_wrong_password_is_no_sign_in_to_be_told_of(house: House) -> None:
    assert refusal(sign_in, house.cognito, house.client_id, password="Wrong-Horse-9") == REFUSED
    assert house.heard() == (1, 0)


def test_no_password_and_no_code_reach_either(house: House) -> None:
    """Events carry what Cognito's carry, and no more."""
    house.begin()
    assert PASSWORD not in str(house.before.events + house.after.events)


def test_a_function_may_sign_in_itself(house: House) -> None:
    """One that calls back holds nothing that it waits for."""
    other = an_app(house.cognito, house.pool_id)["ClientId"]
    seen: list[Any] = []

    def answer(event: Event) -> None:
        if event["callerContext"]["clientId"] != other:
            seen.append(sign_in(house.cognito, other))

    house.before.answer = house.after.answer = answer
    assert house.begin()["AuthenticationResult"]
    assert len(seen) == 2
