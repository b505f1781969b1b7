"""Whatever a sign-in can ask, asked by pages."""

from __future__ import annotations

import json
import re
from html import unescape
from typing import Any
from urllib.parse import urlencode

from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.harness import RunningServer
from tests.people.authenticator import Authenticator
from tests.people.authenticator_app import SMS, AuthenticatorApp, enrol, the_clock_goes_back
from tests.people.people import PASSWORD, the_code, wait_for_message
from tests.people.tokens import claims_of

ADDRESS = {"email": "ada@example.com", "email_verified": "true"}
CHOICE = ["ALLOW_USER_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]


def started(house: House, **changes: str | None) -> Page:
    return visit(house.browser, f"{house.address}/oauth2/authorize?{urlencode(house.asking(**changes))}")


def with_password(house: House) -> Page:
    return started(house).submit(username="ada", password=PASSWORD)


def claims(house: House, answer: Any) -> dict[str, Any]:
    token: str = house.redeem(answer_of(answer)["code"]).json()["id_token"]
    return claims_of(token)


def demand(house: House, *factors: str, mode: str = "ON") -> None:
    configuration: dict[str, Any] = {"UserPoolId": house.pool_id, "MfaConfiguration": mode}
    if "TOTP" in factors:
        configuration["SoftwareTokenMfaConfiguration"] = {"Enabled": True}
    if "SMS" in factors:
        configuration["SmsMfaConfiguration"] = {"SmsConfiguration": SMS}
    if "EMAIL" in factors:
        configuration["EmailMfaConfiguration"] = {"Message": "{####}", "Subject": "Your code"}
    house.cognito.set_user_pool_mfa_config(**configuration)


def a_choosing_house(server: RunningServer, *first: str, **attributes: str) -> House:
    return a_house(
        server,
        Policies={"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", *first]}},
        client={"ExplicitAuthFlows": CHOICE},
        attributes=attributes or ADDRESS,
    )


def address_of(house: House, name: str) -> str:
    """Of a destination that other tests don't use."""
    return f"{name}-{house.domain}@example.com"


def test_a_temporary_password_is_changed_and_what_the_pool_demands_is_asked(server: RunningServer) -> None:
    house = a_house(
        server,
        Schema=[
            {"Name": "email", "AttributeDataType": "String", "Required": True},
            {"Name": "given_name", "AttributeDataType": "String", "Required": True, "Mutable": True},
        ],
        attributes={**ADDRESS, "given_name": "Ada"},
    )
    house.cognito.admin_create_user(
        UserPoolId=house.pool_id,
        Username="grace",
        TemporaryPassword="Temporary-1!",
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": "email", "Value": "grace@example.com"}],
    )
    page = started(house).submit(username="grace", password="Temporary-1!")
    assert page.title == "Choose a new password"
    assert "At least 8 characters" in page.text

    page = page.submit(new_password="Weak1!", confirm_password="Weak2!", given_name="Grace")
    assert "The two passwords are not the same." in page.text
    assert page.form.fields["given_name"] == "Grace"
    page = page.submit(new_password="weak", confirm_password="weak", given_name="")
    assert "This has to be filled in." in page.text
    page = page.submit(new_password="weak", confirm_password="weak", given_name="Grace")
    assert "The password does not meet the requirements below." in page.text
    answer = page.post(new_password="Better-Horse-7", confirm_password="Better-Horse-7", given_name="Grace")
    assert "code" in answer_of(answer)
    found = house.cognito.admin_get_user(UserPoolId=house.pool_id, Username="grace")
    assert found["UserStatus"] == "CONFIRMED"
    assert {"Name": "given_name", "Value": "Grace"} in found["UserAttributes"]


def test_an_authenticator_app_is_set_up_by_key_and_picture_and_counts_in_amr(server: RunningServer) -> None:
    house = a_house(server, attributes={})
    demand(house, "TOTP")
    page = with_password(house)
    assert page.title == "Set up an authenticator app"
    assert 'src="data:image/svg+xml' in page.response.text
    key = re.search(r'<code class="key"[^>]*>([A-Z2-7 ]+)</code>', page.response.text)
    assert key is not None
    with the_clock_goes_back(server):
        app = AuthenticatorApp(server, key[1].replace(" ", ""))
        page = page.submit(code=app.wrong_code(), action="app")
        assert "That code is not right." in page.text
        answer = page.post(code=app.code(), action="app")
        assert claims(house, answer)["amr"] == ["pwd", "otp", "mfa"]

        house.browser.cookies.clear()
        page = with_password(house)
        assert "Open your authenticator app" in page.text
        page = page.submit(code=app.code_again())
        assert "That code was used already." in page.text
        assert "code" in answer_of(page.post(code=app.code()))


def test_a_phone_number_is_set_up_and_verified_by_its_code(server: RunningServer) -> None:
    house = a_house(server, attributes={})
    demand(house, "SMS", "TOTP")
    number = f"+1415555{int(house.domain[1:5], 16) % 10_000:04}"
    page = with_password(house)
    assert page.title == "Set up a second step"
    page = page.submit(answer="SMS_MFA")
    page = page.submit(address="letters", action="address")
    assert "Type in your phone number with the country code" in page.text
    page = page.submit(address=number, action="address")
    assert "by text message" in page.text
    answer = page.post(code=wait_for_message(server, number)["Code"])
    assert claims(house, answer)["amr"] == ["pwd", "sms", "mfa"]
    found = house.cognito.admin_get_user(UserPoolId=house.pool_id, Username="ada")
    attributes = {a["Name"]: a["Value"] for a in found["UserAttributes"]}
    assert attributes["phone_number"] == number
    assert attributes["phone_number_verified"] == "true"
    assert found["UserMFASettingList"] == ["SMS_MFA"]


def test_a_choice_of_what_to_set_up_can_be_taken_back(server: RunningServer) -> None:
    house = a_house(server, attributes={})
    demand(house, "SMS", "TOTP")
    page = with_password(house).submit(answer="SOFTWARE_TOKEN_MFA")
    assert page.title == "Set up an authenticator app"
    assert page.submit(action="back").title == "Set up a second step"


def test_the_api_sets_up_no_phone_number(server: RunningServer) -> None:
    house = a_house(server, attributes={})
    demand(house, "SMS")
    challenge = house.cognito.initiate_auth(
        ClientId=house.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ada", "PASSWORD": PASSWORD},
    )
    try:
        house.cognito.respond_to_auth_challenge(
            ClientId=house.client_id,
            ChallengeName="MFA_SETUP",
            Session=challenge["Session"],
            ChallengeResponses={"USERNAME": "ada", "PHONE_NUMBER": "+14155550177"},
        )
    except house.cognito.exceptions.InvalidParameterException:
        return
    raise AssertionError("it was taken")


def test_a_code_by_email_is_asked_sent_again_and_good(server: RunningServer) -> None:
    house = a_house(server, attributes={})
    mine = address_of(house, "mfa")
    set_address(house, mine)
    demand(house, "EMAIL")
    page = with_password(house)
    assert "We sent a code by email to m***@e***." in page.text
    first = the_code(server, mine)
    page = page.submit(code="000000" if first != "000000" else "111111")
    assert "That code is not right." in page.text
    page = page.submit(action="again")
    assert "A new code is on its way." in page.text
    second = wait_for_message(server, mine, 2)["Code"]
    if first != second:
        page = page.submit(code=first)
        assert "That code is not right." in page.text
    assert claims(house, page.post(code=second))["amr"] == ["pwd", "email_otp", "mfa"]


def set_address(house: House, address: str) -> None:
    house.cognito.admin_update_user_attributes(
        UserPoolId=house.pool_id,
        Username="ada",
        UserAttributes=[
            {"Name": "email", "Value": address},
            {"Name": "email_verified", "Value": "true"},
        ],
    )


def test_who_has_two_factors_chooses_one(server: RunningServer) -> None:
    house = a_house(server, attributes={})
    mine = address_of(house, "two")
    set_address(house, mine)
    house.cognito.admin_update_user_attributes(
        UserPoolId=house.pool_id,
        Username="ada",
        UserAttributes=[{"Name": "phone_number", "Value": "+14155550123"}],
    )
    demand(house, "EMAIL", "SMS", mode="OPTIONAL")
    both = {f"{name}MfaSettings": {"Enabled": True, "PreferredMfa": False} for name in ("SMS", "Email")}
    house.cognito.admin_set_user_mfa_preference(UserPoolId=house.pool_id, Username="ada", **both)
    page = with_password(house)
    assert page.title == "Confirm that it is you"
    page = page.submit(answer="EMAIL_OTP")
    assert "code" in answer_of(page.post(code=the_code(server, mine)))


def test_where_people_choose_they_begin_with_their_name(server: RunningServer) -> None:
    house = a_choosing_house(server, "EMAIL_OTP")
    mine = address_of(house, "otp")
    set_address(house, mine)
    page = started(house)
    assert "password" not in page.form.fields
    page = page.submit(username="ada")
    assert page.title == "How do you want to sign in?"
    code_page = page.submit(answer="EMAIL_OTP")
    assert "We sent a code by email" in code_page.text
    assert claims(house, code_page.post(code=the_code(server, mine)))["amr"] == ["email_otp"]


def test_from_a_code_one_can_go_back_and_take_the_password(server: RunningServer) -> None:
    house = a_choosing_house(server, "EMAIL_OTP")
    page = started(house).submit(username="ada").submit(answer="EMAIL_OTP").submit(action="other")
    page = page.submit(answer="PASSWORD")
    assert page.title == "Type in your password"
    page = page.submit(password="wrong")
    assert "Incorrect username or password." in page.text
    assert claims(house, page.post(password=PASSWORD))["amr"] == ["pwd"]


def test_who_does_not_exist_is_led_the_same_way(server: RunningServer) -> None:
    house = a_choosing_house(server, "EMAIL_OTP")
    page = started(house).submit(username="nobody").submit(answer="PASSWORD").submit(password=PASSWORD)
    assert page.title == "Type in your password"
    assert "Incorrect username or password." in page.text


def test_a_passkey_signs_in(server: RunningServer) -> None:
    house = a_choosing_house(server, "WEB_AUTHN")
    house.cognito.set_user_pool_mfa_config(
        UserPoolId=house.pool_id,
        WebAuthnConfiguration={"RelyingPartyId": "localhost", "UserVerification": "required"},
    )
    authenticator = Authenticator(origin=f"http://localhost:{server.port}")
    house.sign_in()
    token = house.tokens(scope="openid aws.cognito.signin.user.admin")["access_token"]
    options = house.cognito.start_web_authn_registration(AccessToken=token)["CredentialCreationOptions"]
    house.cognito.complete_web_authn_registration(AccessToken=token, Credential=authenticator.create(options))
    house.browser.cookies.clear()

    page = started(house).submit(username="ada").submit(answer="WEB_AUTHN")
    assert page.title == "Sign in with a passkey"
    found = re.search(r'data-options="([^"]*)"', page.response.text)
    assert found is not None
    options = json.loads(unescape(found[1]))
    failed = page.submit(credential="{}")
    assert "The passkey was not accepted." in failed.text
    page = failed.submit(answer="WEB_AUTHN")
    found = re.search(r'data-options="([^"]*)"', page.response.text)
    assert found is not None
    answer = page.post(credential=json.dumps(authenticator.get(json.loads(unescape(found[1])))))
    assert claims(house, answer)["amr"] == ["swk"]


def test_a_form_of_an_earlier_step_does_nothing_and_leads_to_the_step_that_is_waited_for(
    server: RunningServer,
) -> None:
    house = a_choosing_house(server, "EMAIL_OTP")
    choice = started(house).submit(username="ada")
    code_page = choice.submit(answer="EMAIL_OTP")
    again = choice.submit(answer="PASSWORD")
    assert again.title == code_page.title
    assert again.form.fields["challenge"] == "EMAIL_OTP"
    assert 'role="alert"' not in again.response.text


def test_a_form_that_is_posted_again_signs_nobody_in_a_second_time(server: RunningServer) -> None:
    house = a_choosing_house(server, "EMAIL_OTP")
    page = started(house).submit(username="ada").submit(answer="PASSWORD")
    kept = house.browser.cookies["page-data"]
    assert "code" in answer_of(page.post(password=PASSWORD))
    assert "page-data" not in house.browser.cookies
    assert "Please sign in again." in page.submit(password=PASSWORD).text
    house.browser.cookies.set("page-data", kept, path=f"/domains/{house.domain}")
    house.browser.cookies.delete("cognito")
    assert "Please sign in again." in page.submit(password=PASSWORD).text
    assert "cognito" not in house.browser.cookies


def test_a_sign_in_whose_time_is_over_begins_again_with_the_name(server: RunningServer) -> None:
    house = a_choosing_house(server, "EMAIL_OTP")
    page = started(house).submit(username="ada").submit(answer="PASSWORD")
    with the_clock_goes_back(server):
        server.clock.advance(minutes=4)
        page = page.submit(password=PASSWORD)
    assert page.title == "Sign in"
    assert "Please sign in again." in page.text
    assert page.form.fields["username"] == "ada"


def test_without_a_sign_in_there_is_no_challenge(server: RunningServer) -> None:
    house = a_house(server)
    assert visit(house.browser, f"{house.address}/challenge?{urlencode(house.asking())}").title == "Sign in"


LEVEL = "urn:cognito:loa:"


def with_two_factors(house: House) -> AuthenticatorApp:
    """ada has an authenticator app, and prefers messages to her phone."""
    house.cognito.admin_update_user_attributes(
        UserPoolId=house.pool_id,
        Username="ada",
        UserAttributes=[{"Name": "phone_number", "Value": "+14155550199"}],
    )
    demand(house, "SMS", "TOTP", mode="OPTIONAL")
    house.sign_in()
    token = house.tokens(scope="openid aws.cognito.signin.user.admin")["access_token"]
    house.browser.cookies.clear()
    app = enrol(house.server, house.cognito, token)
    house.cognito.set_user_mfa_preference(
        AccessToken=token, SMSMfaSettings={"Enabled": True, "PreferredMfa": True}
    )
    return app


def test_an_application_that_wants_an_app_to_be_asked_gets_it_though_messages_are_preferred(
    server: RunningServer,
) -> None:
    house = a_house(server, UserPoolTier="ESSENTIALS")
    with the_clock_goes_back(server):
        app = with_two_factors(house)
        assert "by text message" in with_password(house).text
        page = started(house, acr_values=f"{LEVEL}4").submit(username="ada", password=PASSWORD)
        assert "Open your authenticator app" in page.text
        told = claims(house, page.post(code=app.code()))
        assert told["acr"] == f"{LEVEL}4"


def test_an_application_that_wants_more_than_a_code_is_offered_no_code_alone(server: RunningServer) -> None:
    house = a_choosing_house(server, "EMAIL_OTP", "WEB_AUTHN")
    ways = started(house).submit(username="ada").form.buttons
    assert [value for name, value in ways if name == "answer"] == ["PASSWORD", "EMAIL_OTP"]
    page = started(house, acr_values=f"{LEVEL}2").submit(username="ada")
    assert [value for name, value in page.form.buttons if name == "answer"] == ["EMAIL_OTP"]
