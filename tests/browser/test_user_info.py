"""userInfo: who an access token stands for."""

from __future__ import annotations

import pytest
from tests.browser.houses import House, a_house
from tests.harness import RunningServer
from tests.people.people import sign_in

CHALLENGE = (
    'Bearer error="invalid_token", error_description="Access token is expired, disabled, or deleted, or the user '
    'has globally signed out."'
)


@pytest.fixture
def house(server: RunningServer) -> House:
    found = a_house(server)
    found.sign_in()
    return found


def test_it_tells_the_claims_with_verified_as_texts(house: House) -> None:
    answer = house.user_info(house.tokens()["access_token"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.json() == {
        "sub": house.sub,
        "username": "ada",
        "email": "ada@example.com",
        "email_verified": "true",
    }


def test_the_token_may_be_posted_in_the_header_or_in_the_form_but_not_in_both(house: House) -> None:
    token = house.tokens()["access_token"]
    address, header = f"{house.address}/oauth2/userInfo", {"authorization": f"Bearer {token}"}
    assert house.browser.post(address, headers=header).json()["sub"] == house.sub
    assert house.browser.post(address, data={"access_token": token}).json()["sub"] == house.sub
    assert house.browser.post(address, headers=header, data={"access_token": token}).status_code == 400
    assert house.browser.get(f"{address}?access_token={token}").status_code == 400


@pytest.mark.parametrize("authorization", [None, "Bearer", "Basic x", "token x"])
def test_no_token_is_a_bad_request(house: House, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    answer = house.browser.get(f"{house.address}/oauth2/userInfo", headers=headers)
    assert (answer.status_code, answer.content) == (400, b"")
    assert answer.headers["www-authenticate"] == (
        'Bearer error="invalid_request", error_description="Bad OAuth2 request at UserInfo Endpoint"'
    )


def test_any_other_token_is_refused(house: House) -> None:
    tokens = house.tokens()
    of_api = sign_in(house.cognito, house.client_id)["AccessToken"]  # it has no scope openid
    for wrong in (
        tokens["id_token"],
        tokens["refresh_token"],
        of_api,
        tokens["access_token"][:-4] + "AAAA",
        "x",
    ):
        answer = house.user_info(wrong)
        assert (answer.status_code, answer.content) == (401, b"")
        assert answer.headers["www-authenticate"] == CHALLENGE


def test_a_token_of_another_pool_is_refused(house: House, server: RunningServer) -> None:
    other = a_house(server)
    assert other.user_info(house.tokens()["access_token"]).status_code == 401


@pytest.mark.parametrize("end", ["admin_user_global_sign_out", "admin_disable_user", "admin_delete_user"])
def test_a_token_of_somebody_who_was_signed_out_disabled_or_deleted_is_refused(
    house: House, end: str
) -> None:
    token = house.tokens()["access_token"]
    getattr(house.cognito, end)(UserPoolId=house.pool_id, Username="ada")
    assert house.user_info(token).status_code == 401


def test_only_what_the_client_may_read_is_told(server: RunningServer) -> None:
    house = a_house(
        server,
        client={"ReadAttributes": ["name"]},
        attributes={"name": "Ada", "family_name": "Lovelace"},
    )
    house.sign_in()
    told = house.user_info(house.tokens(scope="openid")["access_token"]).json()
    assert told == {"sub": house.sub, "username": "ada", "name": "Ada"}


def test_custom_attributes_have_their_name_and_an_address_is_formatted(server: RunningServer) -> None:
    schema = [{"Name": "team", "AttributeDataType": "String", "Mutable": True}]
    house = a_house(
        server,
        Schema=schema,
        client={"ReadAttributes": ["custom:team", "address"]},
        attributes={"custom:team": "red", "address": "1 High Street"},
    )
    house.sign_in()
    told = house.user_info(house.tokens(scope="openid")["access_token"]).json()
    assert told["custom:team"] == "red"
    assert told["address"] == {"formatted": "1 High Street"}


def test_scripts_of_every_origin_may_ask(house: House) -> None:
    answer = house.browser.options(
        f"{house.address}/oauth2/userInfo",
        headers={"origin": "https://app.example", "access-control-request-headers": "authorization"},
    )
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-methods"] == "GET, POST"
    assert "authorization" in answer.headers["access-control-allow-headers"]
    assert house.browser.delete(f"{house.address}/oauth2/userInfo").status_code == 405
