"""The functions that write messages and that bring people, where people are at the hosted pages."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.harness import RunningServer
from tests.people.people import PASSWORD, wait_for_message
from tests.people.signing_up import an_email, status_of
from tests.triggers.functions import Event, Function, a_function, throwing
from tests.triggers.test_custom_message import OWN_ACCOUNT, writing
from tests.triggers.test_user_migration import OLD, knowing

from poolhouse.ports.functions import FunctionUnavailable

NEW = "Battery-Staple-7"


def a_house_with(server: RunningServer, **functions: Function) -> House:
    lambdas = {name: function.arn for name, function in functions.items()}
    return a_house(server, AutoVerifiedAttributes=["email"], LambdaConfig=lambdas, **OWN_ACCOUNT)


def the_page(house: House, path: str = "/login") -> Page:
    return visit(house.browser, f"{house.address}{path}?{urlencode(house.asking())}")


def test_who_is_known_elsewhere_signs_in_at_the_page(server: RunningServer) -> None:
    asked = a_function(server, knowing(an_email()))
    house = a_house_with(server, UserMigration=asked)
    assert "Incorrect username or password." in the_page(house).submit(username="grace", password="no").text
    answer = answer_of(the_page(house).post(username="grace", password=OLD))
    assert house.redeem(answer["code"]).status_code == 200
    assert status_of(house.cognito, house.pool_id, "grace") == "CONFIRMED"
    assert asked.sources == ["UserMigration_Authentication"] * 2
    assert asked.events[1]["callerContext"]["clientId"] == house.client_id
    assert asked.events[1]["callerContext"]["awsSdkVersion"] == "aws-sdk-unknown-unknown"


def test_who_must_choose_a_new_password_is_led_there(server: RunningServer) -> None:
    email = an_email()
    house = a_house_with(server, UserMigration=a_function(server, knowing(email, finalUserStatus=None)))
    page = the_page(house).submit(username="grace", password=OLD)
    assert "You have to choose a new password" in page.text
    page = page.submit(username="grace")
    code = wait_for_message(server, email)["Code"]
    page = page.submit(page.forms[0], code=code, new_password=NEW, confirm_password=NEW)
    assert "Your password was changed." in page.text
    answer_of(the_page(house).post(username="grace", password=NEW))


def test_who_forgot_their_password_elsewhere_sets_one_here(server: RunningServer) -> None:
    email = an_email()
    asked = a_function(server, knowing(email, finalUserStatus=None))
    house = a_house_with(server, UserMigration=asked)
    page = the_page(house, "/forgotPassword").submit(username="grace")
    assert page.title == "Choose a new password"
    code = wait_for_message(server, email)["Code"]
    page = page.submit(page.forms[0], code=code, new_password=NEW, confirm_password=NEW)
    assert "Your password was changed." in page.text
    assert asked.sources == ["UserMigration_ForgotPassword"]


def test_a_directory_that_is_away_is_no_wrong_password_at_the_page(server: RunningServer) -> None:
    def away(event: Event) -> Any:
        raise FunctionUnavailable("gone")

    house = a_house_with(server, UserMigration=a_function(server, away))
    page = the_page(house).submit(username="grace", password=OLD)
    assert "Incorrect" not in page.text
    assert "That did not work. Please try again." in page.text
    answer_of(the_page(house).post(username="ada", password=PASSWORD))


def test_what_pages_send_the_function_writes(server: RunningServer) -> None:
    asked = a_function(server, writing)
    house, email = a_house_with(server, CustomMessage=asked), an_email()
    page = the_page(house, "/signup").submit(
        username="grace", email=email, password=PASSWORD, confirm_password=PASSWORD
    )
    message = wait_for_message(server, email)
    assert message["Subject"] == "About SignUp"
    page = page.submit(page.forms[1])
    assert wait_for_message(server, email, 2)["Subject"] == "About ResendCode"
    code = wait_for_message(server, email, 2)["Code"]
    answer_of(page.post(page.forms[0], code=code))
    the_page(house, "/forgotPassword").submit(username="grace")
    assert wait_for_message(server, email, 3)["Subject"] == "About ForgotPassword"
    assert [event["callerContext"]["clientId"] for event in asked.events] == [house.client_id] * 3


def test_a_refusal_to_write_is_shown_in_the_functions_words(server: RunningServer) -> None:
    asked = a_function(server, writing)
    house, email = a_house_with(server, CustomMessage=asked), an_email()
    page = the_page(house, "/signup").submit(
        username="grace", email=email, password=PASSWORD, confirm_password=PASSWORD
    )
    asked.answer = throwing("<i>Not</i> today")
    again = page.submit(page.forms[1])
    house.cognito.admin_confirm_sign_up(UserPoolId=house.pool_id, Username="grace")
    house.cognito.admin_update_user_attributes(
        UserPoolId=house.pool_id,
        Username="grace",
        UserAttributes=[{"Name": "email_verified", "Value": "true"}],
    )
    forgot = the_page(house, "/forgotPassword").submit(username="grace")
    for shown in (again, forgot):
        assert "CustomMessage failed with error <i>Not</i> today." in shown.text
        assert "<i>Not" not in shown.response.text
