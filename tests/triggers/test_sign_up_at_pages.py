"""The functions of signing up and of confirming, where people do it at the hosted pages."""

from __future__ import annotations

from urllib.parse import urlencode

from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.browser.test_confirm_link import BY_LINK
from tests.browser.test_confirm_pages import a_letter
from tests.harness import RunningServer
from tests.people.people import PASSWORD, messages_of, the_code, wait_for_message
from tests.people.signing_up import an_email, status_of
from tests.triggers.functions import Event, Function, a_function, throwing

NEW = "Battery-Staple-7"


def a_house_with(server: RunningServer, **functions: Function) -> House:
    lambdas = {name: function.arn for name, function in functions.items()}
    return a_house(server, AutoVerifiedAttributes=["email"], LambdaConfig=lambdas)


def the_page(house: House, path: str = "/signup") -> Page:
    return visit(house.browser, f"{house.address}{path}?{urlencode(house.asking())}")


def fill_in(page: Page, **values: str) -> Page:
    return page.submit(password=PASSWORD, confirm_password=PASSWORD, **values)


def test_a_refusal_is_shown_in_the_functions_words(server: RunningServer) -> None:
    guard = a_function(server)
    house = a_house_with(server, PreSignUp=guard)
    guard.events.clear()
    guard.answer = throwing("<b>Ask us</b> first")
    email = an_email()
    page = fill_in(the_page(house), username="grace", email=email)
    assert "PreSignUp failed with error <b>Ask us</b> first." in page.text
    assert "<b>Ask us" not in page.response.text
    assert guard.event["request"] == {"userAttributes": {"email": email}, "validationData": None}
    assert guard.event["callerContext"]["awsSdkVersion"] == "aws-sdk-unknown-unknown"
    assert not messages_of(server, email)


def test_a_function_that_does_not_answer_makes_nobody(server: RunningServer) -> None:
    guard = a_function(server)
    house = a_house_with(server, PreSignUp=guard)
    guard.answer = lambda event: b"what?"
    page = fill_in(the_page(house), username="grace", email=an_email())
    assert "That did not work. Please try again." in page.text
    assert len(house.cognito.list_users(UserPoolId=house.pool_id)["Users"]) == 1, "ada alone"


def test_who_is_confirmed_at_once_comes_to_the_application_signed_in(server: RunningServer) -> None:
    guard = a_function(server, lambda event: {"autoConfirmUser": True, "autoVerifyEmail": True})
    told = a_function(server)
    house = a_house_with(server, PreSignUp=guard, PostConfirmation=told)
    email = an_email()
    page = the_page(house)
    answer = answer_of(page.post(username="grace", email=email, password=PASSWORD, confirm_password=PASSWORD))
    assert house.redeem(answer["code"]).status_code == 200
    assert told.sources == ["PostConfirmation_ConfirmSignUp"]
    assert not messages_of(server, email)


def test_a_failure_after_an_account_was_confirmed_is_told_where_one_signs_in(server: RunningServer) -> None:
    told = a_function(server, throwing("Full"))
    house, email = a_house_with(server, PostConfirmation=told), an_email()
    page = fill_in(the_page(house), username="grace", email=email)
    page = page.submit(page.forms[0], code=the_code(server, email))
    assert page.title == "Sign in"
    assert "PostConfirmation failed with error Full." in page.text
    assert status_of(house.cognito, house.pool_id, "grace") == "CONFIRMED"
    told.answer = lambda event: None
    answer_of(page.post(username="grace", password=PASSWORD))


def test_a_failure_after_an_account_was_confirmed_at_once_leaves_it(server: RunningServer) -> None:
    guard = a_function(server, lambda event: {"autoConfirmUser": True})
    house = a_house_with(server, PreSignUp=guard, PostConfirmation=a_function(server, throwing("Full")))
    page = fill_in(the_page(house), username="grace", email=an_email())
    assert page.title == "Sign in"
    assert "PostConfirmation failed with error Full." in page.text
    answer_of(page.post(username="grace", password=PASSWORD))


def test_a_link_confirms_and_the_function_hears_of_it(server: RunningServer) -> None:
    told = a_function(server)
    house = a_house(
        server, AutoVerifiedAttributes=["email"], LambdaConfig={"PostConfirmation": told.arn}, **BY_LINK
    )
    page = visit(house.browser, a_letter(house)).submit()
    assert "Your account is confirmed." in page.text
    assert told.event["userName"] == "grace"
    assert told.event["request"]["userAttributes"]["email_verified"] == "true"


def test_a_link_confirms_though_the_function_fails(server: RunningServer) -> None:
    told = a_function(server, throwing("Full"))
    house = a_house(
        server, AutoVerifiedAttributes=["email"], LambdaConfig={"PostConfirmation": told.arn}, **BY_LINK
    )
    page = visit(house.browser, a_letter(house)).submit()
    assert "PostConfirmation failed with error Full." in page.text
    assert status_of(house.cognito, house.pool_id, "grace") == "CONFIRMED"


def test_a_new_password_is_told_and_stays_though_the_function_fails(server: RunningServer) -> None:
    def fail(event: Event) -> None:
        assert event["triggerSource"] == "PostConfirmation_ConfirmForgotPassword"
        throwing("Full")(event)

    told, email = a_function(server, fail), an_email()
    house = a_house(
        server,
        attributes={"email": email, "email_verified": "true"},
        LambdaConfig={"PostConfirmation": told.arn},
    )
    page = the_page(house, "/forgotPassword").submit(username="ada")
    code = wait_for_message(server, email)["Code"]
    page = page.submit(page.forms[0], code=code, new_password=NEW, confirm_password=NEW)
    assert page.title == "Sign in"
    assert "PostConfirmation failed with error Full." in page.text
    answer_of(page.post(username="ada", password=NEW))
