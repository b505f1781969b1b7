"""Signing in by password and by SRP: what is proven, what is refused, what is told."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pycognito.aws_srp import AWSSRP
from tests.conftest import a_pool
from tests.harness import RunningServer
from tests.people.people import PASSWORD, a_person, an_app, refusal, sign_in

from poolhouse_verify import TokenVerifier

WRONG = "Incorrect username or password."


@pytest.fixture
def pool_id(cognito: Any) -> str:
    return a_pool(cognito)


def begin(
    cognito: Any, client_id: str, flow: str = "USER_PASSWORD_AUTH", **parameters: str
) -> dict[str, Any]:
    answer: dict[str, Any] = cognito.initiate_auth(
        ClientId=client_id, AuthFlow=flow, AuthParameters=parameters
    )
    return answer


def respond(cognito: Any, client_id: str, challenge: dict[str, Any], **responses: str) -> dict[str, Any]:
    answer: dict[str, Any] = cognito.respond_to_auth_challenge(
        ClientId=client_id,
        ChallengeName=challenge["ChallengeName"],
        Session=challenge["Session"],
        ChallengeResponses=responses,
    )
    return answer


def srp(cognito: Any, pool_id: str, client_id: str, username: str, password: str) -> dict[str, Any]:
    """By pycognito, which sends no Session with its answers."""
    answer: dict[str, Any] = AWSSRP(
        username=username, password=password, pool_id=pool_id, client_id=client_id, client=cognito
    ).authenticate_user()
    return answer


def test_a_right_password_gives_tokens_that_verify(server: RunningServer, cognito: Any, pool_id: str) -> None:
    sub = a_person(cognito, pool_id, email="ada@example.com")
    client_id = an_app(cognito, pool_id)["ClientId"]
    tokens = sign_in(cognito, client_id)
    assert tokens["TokenType"] == "Bearer"
    assert tokens["ExpiresIn"] == 3600
    verifier = TokenVerifier(f"{server.settings.public_url}/{pool_id}", client_ids=[client_id])
    assert verifier.verify(tokens["AccessToken"])["sub"] == sub


def test_a_wrong_password_is_refused(cognito: Any, pool_id: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    assert refusal(sign_in, cognito, client_id, password="Wrong-Horse-9") == ("NotAuthorizedException", WRONG)


def test_an_administrators_sign_in_is_its_own_flow(cognito: Any, pool_id: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD}
    for flow in ("ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"):
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool_id, ClientId=client_id, AuthFlow=flow, AuthParameters=parameters
        )
        assert answer["AuthenticationResult"]["AccessToken"]
        assert refusal(begin, cognito, client_id, flow, **parameters) == (
            "InvalidParameterException",
            "Initiate Auth method not supported.",
        )
    assert refusal(
        cognito.admin_initiate_auth,
        UserPoolId=pool_id,
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters=parameters,
    ) == ("InvalidParameterException", "Initiate Auth method not supported.")


@pytest.mark.parametrize("flow", ["USER_PASSWORD_AUTH", "USER_SRP_AUTH", "USER_AUTH", "CUSTOM_AUTH"])
def test_a_flow_that_the_client_does_not_allow_is_refused(cognito: Any, pool_id: str, flow: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id, "ALLOW_REFRESH_TOKEN_AUTH")["ClientId"]
    assert refusal(begin, cognito, client_id, flow, USERNAME="ada", PASSWORD=PASSWORD, SRP_A="2") == (
        "InvalidParameterException",
        f"{flow} flow not enabled for this client",
    )


def test_a_client_that_names_no_flows_has_cognitos_own(cognito: Any, pool_id: str) -> None:
    a_person(cognito, pool_id)
    made = cognito.create_user_pool_client(UserPoolId=pool_id, ClientName="web")
    client_id = made["UserPoolClient"]["ClientId"]
    tokens = srp(cognito, pool_id, client_id, "ada", PASSWORD)["AuthenticationResult"]
    refresh = {"REFRESH_TOKEN": tokens["RefreshToken"]}
    assert begin(cognito, client_id, "REFRESH_TOKEN_AUTH", **refresh)["AuthenticationResult"]
    assert refusal(sign_in, cognito, client_id)[1] == "USER_PASSWORD_AUTH flow not enabled for this client"


def test_the_older_names_of_flows_add_to_cognitos_own(cognito: Any, pool_id: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id, "USER_PASSWORD_AUTH")["ClientId"]
    tokens = sign_in(cognito, client_id)
    refresh = {"REFRESH_TOKEN": tokens["RefreshToken"]}
    assert begin(cognito, client_id, "REFRESH_TOKEN_AUTH", **refresh)["AuthenticationResult"]
    assert srp(cognito, pool_id, client_id, "ada", PASSWORD)["AuthenticationResult"]
    custom = an_app(cognito, pool_id, "CUSTOM_AUTH_FLOW_ONLY")["ClientId"]
    assert refusal(srp, cognito, pool_id, custom, "ada", PASSWORD)[1] == (
        "USER_SRP_AUTH flow not enabled for this client"
    )


def test_custom_auth_without_triggers_says_so(cognito: Any, pool_id: str) -> None:
    client_id = an_app(cognito, pool_id, "ALLOW_CUSTOM_AUTH", "ALLOW_REFRESH_TOKEN_AUTH")["ClientId"]
    assert refusal(begin, cognito, client_id, "CUSTOM_AUTH", USERNAME="ada") == (
        "InvalidParameterException",
        "Custom auth lambda trigger is not configured for the user pool.",
    )


@pytest.mark.parametrize("missing", ["USERNAME", "PASSWORD"])
def test_what_a_flow_needs_must_be_there(cognito: Any, pool_id: str, missing: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    parameters = {"USERNAME": "ada", "PASSWORD": PASSWORD}
    del parameters[missing]
    assert refusal(begin, cognito, client_id, **parameters) == (
        "InvalidParameterException",
        f"Missing required parameter {missing}",
    )


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("LEGACY", ("UserNotFoundException", "User does not exist.")),
        ("ENABLED", ("NotAuthorizedException", WRONG)),
    ],
)
def test_an_unknown_person_is_told_as_the_client_is_set(
    cognito: Any, pool_id: str, setting: str, expected: tuple[str, str]
) -> None:
    client_id = an_app(cognito, pool_id, PreventUserExistenceErrors=setting)["ClientId"]
    assert refusal(sign_in, cognito, client_id, "nobody") == expected


def test_a_disabled_person_can_not_sign_in(cognito: Any, pool_id: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    assert refusal(sign_in, cognito, client_id) == ("NotAuthorizedException", "User is disabled.")
    assert refusal(srp, cognito, pool_id, client_id, "ada", PASSWORD)[0] == "NotAuthorizedException"
    cognito.admin_enable_user(UserPoolId=pool_id, Username="ada")
    assert sign_in(cognito, client_id)


def test_where_existence_is_hidden_only_the_right_password_hears_of_the_state(
    cognito: Any, pool_id: str
) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id, PreventUserExistenceErrors="ENABLED")["ClientId"]
    cognito.admin_disable_user(UserPoolId=pool_id, Username="ada")
    assert refusal(sign_in, cognito, client_id, password="Wrong-Horse-9") == ("NotAuthorizedException", WRONG)
    assert refusal(sign_in, cognito, client_id) == ("NotAuthorizedException", "User is disabled.")
    challenge = begin(cognito, client_id, "USER_SRP_AUTH", USERNAME="ada", SRP_A="2" * 700)
    assert challenge["ChallengeName"] == "PASSWORD_VERIFIER", "to begin proves nothing, so nothing is told"


def test_srp_proves_the_password_without_sending_it(cognito: Any, pool_id: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    assert srp(cognito, pool_id, client_id, "ada", PASSWORD)["AuthenticationResult"]["IdToken"]
    assert refusal(srp, cognito, pool_id, client_id, "ada", "Wrong-Horse-9") == (
        "NotAuthorizedException",
        WRONG,
    )


def test_srp_by_an_alias_is_computed_over_the_real_name(cognito: Any) -> None:
    pool_id = a_pool(cognito, UsernameAttributes=["email"])
    a_person(cognito, pool_id, "ada@example.com", email_verified="true")
    client_id = an_app(cognito, pool_id)["ClientId"]
    challenge = begin(cognito, client_id, "USER_SRP_AUTH", USERNAME="ada@example.com", SRP_A="2" * 700)
    assert "@" not in challenge["ChallengeParameters"]["USER_ID_FOR_SRP"]
    assert srp(cognito, pool_id, client_id, "ada@example.com", PASSWORD)["AuthenticationResult"]


def test_srp_of_nobody_looks_like_somebody_and_is_always_the_same(cognito: Any, pool_id: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id, PreventUserExistenceErrors="ENABLED")["ClientId"]
    real = begin(cognito, client_id, "USER_SRP_AUTH", USERNAME="ada", SRP_A="2" * 700)
    made_up = [
        begin(cognito, client_id, "USER_SRP_AUTH", USERNAME="nobody", SRP_A="2" * 700) for _ in range(2)
    ]
    parameters = [answer["ChallengeParameters"] for answer in made_up]
    assert parameters[0].keys() == real["ChallengeParameters"].keys()
    for name in ("SALT", "USER_ID_FOR_SRP"):
        assert parameters[0][name] == parameters[1][name]
    assert parameters[0]["SRP_B"] != parameters[1]["SRP_B"]
    assert refusal(srp, cognito, pool_id, client_id, "nobody", PASSWORD) == ("NotAuthorizedException", WRONG)


@pytest.mark.parametrize("value", ["0", "", "zz", "f" * 769, "-1", "１２"])
def test_an_srp_a_that_is_no_number_of_the_group_is_refused(cognito: Any, pool_id: str, value: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    code, _ = refusal(begin, cognito, client_id, "USER_SRP_AUTH", USERNAME="ada", SRP_A=value)
    assert code == "InvalidParameterException"


def test_a_secret_block_is_good_for_one_claim(cognito: Any, pool_id: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    helper = AWSSRP("ada", PASSWORD, pool_id, client_id, client=cognito)
    challenge = begin(cognito, client_id, "USER_SRP_AUTH", **helper.get_auth_params())
    right = helper.process_challenge(challenge["ChallengeParameters"], helper.get_auth_params())
    wrong = {**right, "PASSWORD_CLAIM_SIGNATURE": base64.b64encode(b"x" * 32).decode()}
    assert refusal(respond, cognito, client_id, challenge, **wrong) == ("NotAuthorizedException", WRONG)
    assert refusal(respond, cognito, client_id, challenge, **right)[1] == "Invalid session for the user."


def test_five_failures_lock_and_the_lock_says_nothing_of_the_password(own_server: Any) -> None:
    server = own_server()
    cognito = server.client()
    pool_id = a_pool(cognito)
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    server.clock.stop()
    for _ in range(5):
        assert refusal(sign_in, cognito, client_id, password="Wrong-Horse-9")[1] == WRONG
    exceeded = ("NotAuthorizedException", "Password attempts exceeded")
    assert refusal(sign_in, cognito, client_id) == exceeded
    assert refusal(srp, cognito, pool_id, client_id, "ada", PASSWORD) == exceeded
    server.clock.advance(seconds=2)
    assert sign_in(cognito, client_id), "and a success forgets the failures"
    assert refusal(sign_in, cognito, client_id, password="Wrong-Horse-9")[1] == WRONG
    assert sign_in(cognito, client_id)


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_forty_guesses_at_once_are_worth_no_more_than_one_by_one(own_server: Any, engine: str) -> None:
    server = own_server(engine, rate_per_person=0)
    cognito = server.client()
    pool_id = a_pool(cognito)
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    server.clock.stop()  # no lock ends while the guesses are made
    guesses = [f"Wrong-Horse-{n}" for n in range(39)] + [PASSWORD]

    def guess(password: str) -> str:
        try:
            return str(bool(sign_in(cognito, client_id, password=password)))
        except ClientError as refused:
            return str(refused.response["Error"]["Message"])

    with ThreadPoolExecutor(8) as threads:
        outcomes = list(threads.map(guess, guesses))
    assert outcomes.count(WRONG) == 5
    assert set(outcomes) == {WRONG, "Password attempts exceeded"}, "the right one came after the lock"


def test_of_a_name_that_nobody_has_attempts_are_counted_too(own_server: Any) -> None:
    server = own_server()
    server.clock.stop()
    cognito = server.client()
    client_id = an_app(cognito, a_pool(cognito), PreventUserExistenceErrors="ENABLED")["ClientId"]
    messages = [refusal(sign_in, cognito, client_id, "nobody")[1] for _ in range(6)]
    assert messages == [WRONG] * 5 + ["Password attempts exceeded"]


@pytest.mark.parametrize("name", ["TARGET_ACR_VALUES", "MAX_AGE", "ACCESS_TOKEN"])
def test_step_up_is_refused_and_not_ignored(cognito: Any, pool_id: str, name: str) -> None:
    a_person(cognito, pool_id)
    client_id = an_app(cognito, pool_id)["ClientId"]
    code, _ = refusal(begin, cognito, client_id, USERNAME="ada", PASSWORD=PASSWORD, **{name: "1"})
    assert code == "UnsupportedOperationException"
