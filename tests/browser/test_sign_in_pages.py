"""Signing in at the hosted pages, on both engines, as a browser without script does it."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.harness import RunningServer
from tests.people.people import PASSWORD


@pytest.fixture
def house(server: RunningServer) -> House:
    return a_house(server)


def sign_in_page(house: House, **changes: str | None) -> Page:
    return visit(house.browser, f"{house.address}/oauth2/authorize?{urlencode(house.asking(**changes))}")


def test_who_signs_in_with_name_and_password_comes_back_to_the_application_with_a_code(house: House) -> None:
    page = sign_in_page(house)
    assert page.title == "Sign in"
    answer = answer_of(page.post(username="ada", password=PASSWORD))
    assert answer["state"] == "a state"
    assert answer["iss"] == house.issuer
    tokens = house.redeem(answer["code"]).json()
    assert tokens["token_type"] == "Bearer"
    assert "id_token" in tokens


def test_who_is_signed_in_is_not_asked_again(house: House) -> None:
    sign_in_page(house).post(username="ada", password=PASSWORD)
    assert "code" in answer_of(house.authorize())


@pytest.mark.parametrize(("name", "password"), [("ada", "wrong"), ("nobody", PASSWORD)])
def test_a_wrong_password_and_a_wrong_name_get_one_sentence(house: House, name: str, password: str) -> None:
    page = sign_in_page(house).submit(username=name, password=password)
    assert "Incorrect username or password." in page.text
    assert page.form.fields["username"] == name
    assert page.form.fields["password"] == ""
    assert "cognito" not in house.browser.cookies


def test_a_form_without_a_name_says_so_at_the_field(house: House) -> None:
    page = sign_in_page(house).submit(username=" ", password="")
    assert "Type in your user name." in page.text
    assert "Type in your password." in page.text
    assert 'aria-describedby="username-error"' in page.response.text


@pytest.mark.parametrize(
    ("language", "link"),
    [
        ("en", '<a href="#password">Password: Type in your password.</a>'),
        ("fr", '<a href="#password">Mot de passe : Saisissez votre mot de passe.</a>'),
    ],
)
def test_the_summary_names_each_field_and_leads_there(house: House, language: str, link: str) -> None:
    page = sign_in_page(house, lang=language).submit(username="ada", password="")
    assert link in page.response.text
    assert page.response.text.index('id="summary"') < page.response.text.index('id="password"')


def test_what_a_page_had_to_say_it_says_once(house: House) -> None:
    page = sign_in_page(house).submit(username="ada", password="wrong")
    assert "Incorrect username or password." not in visit(house.browser, str(page.response.url)).text


def test_the_name_of_a_hint_is_filled_in(house: House) -> None:
    page = sign_in_page(house, login_hint="grace@example.com")
    assert page.form.fields["username"] == "grace@example.com"


def test_an_account_that_is_not_confirmed_hears_so_only_after_its_password(house: House) -> None:
    house.cognito.sign_up(
        ClientId=house.client_id,
        Username="eve",
        Password=PASSWORD,
        UserAttributes=[{"Name": "email", "Value": "eve@example.com"}],
    )
    wrong = sign_in_page(house).submit(username="eve", password="wrong")
    assert "Incorrect username or password." in wrong.text
    right = wrong.post(username="eve", password=PASSWORD)
    assert "/confirm?" in right.headers["location"]


def test_a_person_who_is_disabled_is_not_signed_in(house: House) -> None:
    house.cognito.admin_disable_user(UserPoolId=house.pool_id, Username="ada")
    page = sign_in_page(house).submit(username="ada", password=PASSWORD)
    assert page.title == "Sign in"
    assert "cognito" not in house.browser.cookies


def test_wrong_passwords_lock_for_a_while_and_the_page_names_no_time(house: House) -> None:
    page = sign_in_page(house)
    for _ in range(6):
        page = page.submit(username="ada", password="wrong")
    page = page.submit(username="ada", password=PASSWORD)
    assert "Too many tries. Wait a while, then try again." in page.text


def test_who_wants_to_sign_in_anew_is_asked_and_who_does_not_can_go_on(house: House) -> None:
    sign_in_page(house).post(username="ada", password=PASSWORD)
    anew = sign_in_page(house, prompt="login")
    assert len(anew.forms) == 1
    assert "continue" not in anew.text.lower()
    direct = visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}")
    assert "You are signed in as ada@example.com." in direct.text
    assert "code" in answer_of(direct.post(direct.forms[0]))


def test_a_client_that_hides_nobody_hides_who_exists_at_its_pages(server: RunningServer) -> None:
    house = a_house(server, client={"PreventUserExistenceErrors": "LEGACY"})
    page = sign_in_page(house).submit(username="nobody", password=PASSWORD)
    assert "Incorrect username or password." in page.text


def test_the_pages_need_none_of_the_flows_that_a_client_permits(server: RunningServer) -> None:
    house = a_house(
        server, client={"ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"], "GenerateSecret": True}
    )
    answer = answer_of(sign_in_page(house).post(username="ada", password=PASSWORD))
    assert "access_token" in house.redeem(answer["code"]).json()


def test_providers_are_links_and_the_pools_own_form_may_be_absent(server: RunningServer) -> None:
    house = a_house(server, client={"SupportedIdentityProviders": ["COGNITO"]})
    page = sign_in_page(house)
    assert not [link for link in page.links.values() if "identity_provider" in link]


def test_where_nobody_may_sign_up_no_link_says_so(server: RunningServer) -> None:
    house = a_house(server, AdminCreateUserConfig={"AllowAdminCreateUserOnly": True})
    assert "Create an account" not in sign_in_page(house).text
    assert "Create an account" in sign_in_page(a_house(server)).text


def test_an_implicit_sign_in_ends_with_tokens_behind_the_hash(server: RunningServer) -> None:
    house = a_house(server, client={"AllowedOAuthFlows": ["implicit"]})
    page = sign_in_page(house, response_type="token", code_challenge=None, code_challenge_method=None)
    answer = answer_of(page.post(username="ada", password=PASSWORD))
    assert {"access_token", "id_token", "expires_in", "state"} <= set(answer)
