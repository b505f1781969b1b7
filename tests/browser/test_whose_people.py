"""A client takes people of those providers alone that it names: at its sign-in page, and in a browser that is signed in
already."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from tests.browser.houses import House, a_house, an_application, answer_of
from tests.browser.pages import visit
from tests.harness import RunningServer
from tests.people.people import PASSWORD

COMPANY = {
    "ProviderName": "Company",
    "ProviderType": "OIDC",
    "ProviderDetails": {
        "client_id": "us",
        "client_secret": "a secret",
        "authorize_scopes": "openid",
        "attributes_request_method": "GET",
        "oidc_issuer": "https://idp.example",
        "authorize_url": "https://idp.example/authorize",
        "token_url": "https://idp.example/token",
        "attributes_url": "https://idp.example/userinfo",
        "jwks_uri": "https://idp.example/keys",
    },
}


@pytest.fixture
def house(server: RunningServer) -> House:
    """With an application that takes people of the company's provider alone."""
    house = a_house(server)
    house.cognito.create_identity_provider(UserPoolId=house.pool_id, **COMPANY)
    return house


def _of(house: House, *providers: str) -> str:
    app = an_application(house.cognito, house.pool_id, SupportedIdentityProviders=list(providers))
    id: str = app["ClientId"]
    return id


def test_no_password_is_taken_for_a_client_that_does_not_take_the_pools_own_people(house: House) -> None:
    asked = house.asking(client_id=_of(house, "Company"))
    ours = visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}")
    form = {**ours.form.fields, "username": "ada", "password": PASSWORD}
    answer = house.browser.post(f"{house.address}/login?{urlencode(asked)}", data=form)
    assert "/login?" in answer.headers["location"]
    assert "cognito" not in answer.cookies


def test_a_session_of_the_pool_does_not_enter_a_client_of_a_provider(house: House) -> None:
    house.sign_in()
    other = _of(house, "Company")
    assert "/login?" in house.authorize(client_id=other).headers["location"]
    assert answer_of(house.authorize(client_id=other, prompt="none"))["error"] == "login_required"
    page = visit(house.browser, f"{house.address}/login?{urlencode(house.asking(client_id=other))}")
    assert "ada" not in page.text
    csrf = visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}").form.fields
    address = f"{house.address}/login/continue?{urlencode(house.asking(client_id=other))}"
    assert "/login?" in house.browser.post(address, data=csrf).headers["location"]
    assert "code" in answer_of(house.authorize())


def test_a_session_of_a_provider_does_not_enter_a_client_of_the_pools_own_people(house: House) -> None:
    house.sign_in(provider="Company", amr=("fed",))
    assert answer_of(house.authorize(prompt="none"))["error"] == "login_required"
    assert "code" in answer_of(house.authorize(client_id=_of(house, "Company", "COGNITO"), prompt="none"))
    assert "code" in answer_of(house.authorize(client_id=_of(house, "Company"), prompt="none"))
