"""A pool's function that shapes the tokens of sign-ins at the pages."""

from __future__ import annotations

from unittest.mock import ANY

from tests.browser.houses import a_house, answer_of
from tests.harness import RunningServer
from tests.people.tokens import claims_of
from tests.triggers.functions import a_function, golden, throwing
from tests.triggers.shaping import access, configured


def test_a_browsers_sign_in_asks_once_before_the_code_and_shapes_the_tokens(server: RunningServer) -> None:
    function = a_function(server, lambda event: access(claimsToAddOrOverride={"tier": "gold"}))
    house = a_house(server, LambdaConfig=configured(function.arn))
    house.sign_in()
    code = house.code(scope="openid email")
    golden(function.event["callerContext"], {"awsSdkVersion": ANY, "clientId": house.client_id})
    assert function.sources == ["TokenGeneration_HostedAuth"]
    assert function.event["request"]["scopes"] == ["openid", "email"]
    assert claims_of(house.redeem(code).json()["access_token"])["tier"] == "gold"
    assert len(function.events) == 1


def test_a_person_who_changes_before_the_code_is_redeemed_is_told_of_again(server: RunningServer) -> None:
    function = a_function(
        server,
        lambda event: access(claimsToAddOrOverride={"mail": event["request"]["userAttributes"]["email"]}),
    )
    house = a_house(server, LambdaConfig=configured(function.arn))
    house.sign_in()
    code = house.code()
    house.cognito.admin_update_user_attributes(
        UserPoolId=house.pool_id,
        Username="ada",
        UserAttributes=[{"Name": "email", "Value": "new@example.com"}],
    )
    assert claims_of(house.redeem(code).json()["access_token"])["mail"] == "new@example.com"
    assert len(function.events) == 2


def test_the_application_hears_why_a_function_refuses(server: RunningServer) -> None:
    function = a_function(server, throwing("This account is not authorized"))
    client = {"AllowedOAuthFlows": ["code", "implicit"]}
    house = a_house(server, LambdaConfig=configured(function.arn), client=client)
    house.sign_in()
    for asked in ({}, {"response_type": "token", "code_challenge": None, "code_challenge_method": None}):
        answer = answer_of(house.authorize(**asked))
        assert answer["error"] == "invalid_request"
        words = "PreTokenGeneration failed with error This account is not authorized."
        assert answer["error_description"] == words
        assert "code" not in answer


def test_the_implicit_grant_is_shaped_too(server: RunningServer) -> None:
    function = a_function(server, lambda event: access(claimsToAddOrOverride={"tier": "gold"}))
    house = a_house(
        server, LambdaConfig=configured(function.arn), client={"AllowedOAuthFlows": ["code", "implicit"]}
    )
    house.sign_in()
    answer = answer_of(
        house.authorize(response_type="token", code_challenge=None, code_challenge_method=None)
    )
    assert claims_of(answer["access_token"])["tier"] == "gold"
    assert function.sources == ["TokenGeneration_HostedAuth"]


def test_a_refused_refresh_at_the_token_endpoint_says_why(server: RunningServer) -> None:
    function = a_function(server)
    house = a_house(server, LambdaConfig=configured(function.arn))
    house.sign_in()
    token = house.tokens()["refresh_token"]
    function.answer = throwing("No")
    answer = house.token(grant_type="refresh_token", refresh_token=token)
    assert (answer.status_code, answer.json()) == (
        400,
        {"error": "invalid_grant", "error_description": "PreTokenGeneration failed with error No."},
    )
    function.answer = lambda event: None
    assert house.token(grant_type="refresh_token", refresh_token=token).status_code == 200


def test_a_refused_code_can_be_redeemed_again(server: RunningServer) -> None:
    function = a_function(server)
    house = a_house(server, LambdaConfig=configured(function.arn))
    house.sign_in()
    code = house.code()
    house.cognito.admin_update_user_attributes(
        UserPoolId=house.pool_id, Username="ada", UserAttributes=[{"Name": "name", "Value": "Ada L."}]
    )
    function.answer = throwing("No")
    assert house.redeem(code).json()["error"] == "invalid_grant"
    function.answer = lambda event: None
    assert house.redeem(code).status_code == 200
