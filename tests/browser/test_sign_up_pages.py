"""Making an account at the hosted pages, up to the application that asked, as a browser without script does it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.harness import RunningServer
from tests.people.people import PASSWORD, messages_of, the_code, wait_for_message
from tests.people.signing_up import SMS, an_email, attributes_of, not_the, sign_up, status_of

EMAIL_REQUIRED = [{"Name": "email", "Required": True, "Mutable": True}]


def a_sign_up_house(server: RunningServer, **options: Any) -> House:
    return a_house(server, **{"AutoVerifiedAttributes": ["email"], **options})


def the_page(house: House, path: str = "/signup", **changes: str | None) -> Page:
    return visit(house.browser, f"{house.address}{path}?{urlencode(house.asking(**changes))}")


def fill_in(page: Page, **values: str) -> Page:
    return page.submit(**{"password": PASSWORD, "confirm_password": PASSWORD, **values})


def test_who_makes_an_account_and_types_in_the_code_comes_to_the_application_signed_in(
    server: RunningServer,
) -> None:
    house, email = a_sign_up_house(server), an_email()
    page = visit(house.browser, f"{house.address}/oauth2/authorize?{urlencode(house.asking())}")
    page = page.follow("Create an account")
    assert page.title == "Create an account"
    page = fill_in(page, username="grace", email=email)
    assert page.title == "Confirm your account"
    assert "p***@e***" in page.text

    answer = answer_of(page.post(page.forms[0], code=the_code(server, email)))
    assert answer["state"] == "a state"
    assert house.redeem(answer["code"]).status_code == 200
    assert status_of(house.cognito, house.pool_id, "grace") == "CONFIRMED"
    assert attributes_of(house.cognito, house.pool_id, "grace")["email_verified"] == "true"
    assert "code" in answer_of(house.authorize()), "the browser is signed in"


def test_a_code_that_is_wrong_can_be_typed_in_again(server: RunningServer) -> None:
    house, email = a_sign_up_house(server), an_email()
    page = fill_in(the_page(house), username="grace", email=email)
    code = the_code(server, email)
    page = page.submit(page.forms[0], code=not_the(code))
    assert "That code is not right." in page.text
    answer_of(page.post(page.forms[0], code=f" {code[:3]} {code[3:]} "))


def test_the_code_alone_signs_nobody_in(server: RunningServer) -> None:
    """Only the browser in which the account was made goes on; another one that has the code confirms, no more."""
    house, email = a_sign_up_house(server), an_email()
    fill_in(the_page(house), username="grace", email=email)
    house.browser.cookies.clear()
    page = the_page(house, "/confirm").submit(username="grace", code=the_code(server, email))
    assert page.title == "Sign in"
    assert "Your account is confirmed." in page.text
    assert "cognito" not in house.browser.cookies
    answer_of(page.post(username="grace", password=PASSWORD))


def test_who_has_to_have_a_second_factor_sets_it_up_first(server: RunningServer) -> None:
    house, email = a_sign_up_house(server), an_email()
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id,
        MfaConfiguration="ON",
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    page = fill_in(the_page(house), username="grace", email=email)
    page = page.submit(page.forms[0], code=the_code(server, email))
    assert "authenticator app" in page.text
    assert "cognito" not in house.browser.cookies


def test_what_was_typed_is_kept_but_for_the_passwords(server: RunningServer) -> None:
    house = a_sign_up_house(server, Schema=EMAIL_REQUIRED)
    page = the_page(house).submit(
        username="grace", email="nowhere", password=PASSWORD, confirm_password="another"
    )
    assert "This is not in the form that is expected." in page.text
    assert "The two passwords are not the same." in page.text
    assert page.form.fields["username"] == "grace"
    assert page.form.fields["email"] == "nowhere"
    assert page.form.fields["password"] == ""
    assert PASSWORD not in page.response.text
    assert 'aria-describedby="email-error' in page.response.text


def test_a_name_that_is_taken_and_a_weak_password_are_said_at_their_fields(server: RunningServer) -> None:
    house = a_sign_up_house(server)
    page = fill_in(the_page(house), username="ada", email=an_email())
    assert "There is an account of this name already." in page.text
    page = page.submit(username="grace", email=an_email(), password="weak", confirm_password="weak")
    assert "The password does not meet the requirements below." in page.text
    page = page.submit(username="")
    assert "This has to be filled in." in page.text


def test_all_that_the_pool_requires_is_asked_for(server: RunningServer) -> None:
    house = a_sign_up_house(
        server,
        AutoVerifiedAttributes=["phone_number"],
        SmsConfiguration=SMS,
        Schema=[
            {"Name": "given_name", "Required": True, "Mutable": True},
            {"Name": "birthdate", "Required": True, "Mutable": True},
        ],
        attributes={"given_name": "Ada", "birthdate": "1815-12-10"},
    )
    page = the_page(house)
    asked = {"username", "given_name", "birthdate", "phone_number", "password", "confirm_password"}
    assert set(page.form.fields) - {"_csrf"} == asked
    page = fill_in(
        page,
        username="grace",
        given_name="Grace <i>",
        birthdate="1906-12-09",
        phone_number="+1 (415) 555-0199",
    )
    assert "by text message to +*******0199" in page.text
    assert attributes_of(house.cognito, house.pool_id, "grace")["phone_number"] == "+14155550199"
    assert attributes_of(house.cognito, house.pool_id, "grace")["given_name"] == "Grace <i>"


def test_where_an_address_is_the_name_it_is_asked_for_once(server: RunningServer) -> None:
    house = a_house(
        server,
        AutoVerifiedAttributes=["email"],
        UsernameAttributes=["email"],
        Schema=EMAIL_REQUIRED,
        username=an_email(),
        attributes={},
    )
    page = the_page(house)
    assert set(page.form.fields) - {"_csrf"} == {"username", "password", "confirm_password"}
    email = an_email()
    page = fill_in(page, username=email)
    answer_of(page.post(page.forms[0], code=the_code(server, email)))


def test_where_administrators_make_accounts_nobody_makes_one(server: RunningServer) -> None:
    house = a_sign_up_house(server, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    page = the_page(house)
    assert page.response.status_code == 403
    assert not page.forms
    token = the_page(house, "/login").form.fields["_csrf"]
    posted = house.browser.post(
        f"{house.address}/signup?{urlencode(house.asking())}",
        data={"_csrf": token, "username": "grace", "password": PASSWORD, "confirm_password": PASSWORD},
    )
    assert posted.status_code == 403
    with pytest.raises(house.cognito.exceptions.UserNotFoundException):
        house.cognito.admin_get_user(UserPoolId=house.pool_id, Username="grace")


def test_where_nothing_is_verified_the_person_waits_for_an_administrator(server: RunningServer) -> None:
    house = a_house(server)
    page = fill_in(the_page(house), username="grace")
    assert page.title == "Sign in"
    assert "as soon as it was confirmed for you" in page.text


def test_a_form_of_another_site_makes_no_account(server: RunningServer) -> None:
    house, email = a_sign_up_house(server), an_email()
    page = the_page(house)
    page.form.fields["_csrf"] = "0" * 64
    posted = page.post(username="grace", email=email, password=PASSWORD, confirm_password=PASSWORD)
    assert posted.status_code == 403
    assert not messages_of(server, email)


def test_a_code_is_sent_again_for_who_lost_the_page(server: RunningServer) -> None:
    house, email = a_sign_up_house(server), an_email()
    sign_up(house.cognito, house.client_id, "grace", attributes={"email": email})
    page = the_page(house, "/resendcode").submit(username="grace")
    assert "a new code is on its way to p***@e***" in page.text
    wait_for_message(server, email, 2)
    page = page.submit(page.forms[0], code=the_code(server, email))
    assert "Your account is confirmed." in page.text


def test_nobody_looks_like_somebody_who_asks_for_a_code(server: RunningServer) -> None:
    house, email = a_sign_up_house(server), an_email()
    sign_up(house.cognito, house.client_id, "grace", attributes={"email": email})
    of_grace = the_page(house, "/resendcode").submit(username="grace").text
    house.browser.cookies.clear()
    of_nobody = the_page(house, "/resendcode").submit(username="nobody")
    assert "a new code is on its way to" in of_nobody.text
    assert of_nobody.title in of_grace
    page = of_nobody.submit(of_nobody.forms[0], code="123456")
    assert "That code is not right." in page.text
