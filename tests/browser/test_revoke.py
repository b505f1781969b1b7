"""Revocation: a client ends a sign-in of which it has the refresh token."""

from __future__ import annotations

import httpx
import pytest
from tests.browser.houses import House, a_house, an_application
from tests.harness import RunningServer


@pytest.fixture
def house(server: RunningServer) -> House:
    found = a_house(server)
    found.sign_in()
    return found


def revoke(house: House, secret: str | None = None, **form: str) -> httpx.Response:
    data = form if secret else {"client_id": house.client_id, **form}
    auth = (house.client_id, secret) if secret else None
    return house.browser.post(f"{house.address}/oauth2/revoke", data=data, auth=auth)


def test_it_ends_the_sign_in_with_its_access_tokens_and_no_other(house: House) -> None:
    one, other = house.tokens(), house.tokens()
    answer = revoke(house, token=one["refresh_token"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    ended = house.token(grant_type="refresh_token", refresh_token=one["refresh_token"])
    assert ended.json() == {"error": "invalid_grant"}
    assert house.user_info(one["access_token"]).status_code == 401
    assert house.user_info(other["access_token"]).status_code == 200


def test_what_is_unknown_or_ended_already_is_no_error(house: House) -> None:
    token = house.tokens()["refresh_token"]
    assert [revoke(house, token=text).status_code for text in (token, token, "x")] == [200] * 3


def test_an_access_or_id_token_can_not_be_revoked(house: House) -> None:
    tokens = house.tokens()
    for kind in ("access_token", "id_token"):
        answer = revoke(house, token=tokens[kind])
        assert (answer.status_code, answer.json()) == (400, {"error": "unsupported_token_type"})


def test_without_a_token_or_where_revocation_is_off_the_request_is_invalid(server: RunningServer) -> None:
    house = a_house(server, client={"EnableTokenRevocation": False})
    house.sign_in()
    assert revoke(house).json() == {"error": "invalid_request"}
    assert revoke(house, token=house.tokens()["refresh_token"]).json() == {"error": "invalid_request"}


def test_a_client_that_is_not_itself_is_refused(server: RunningServer) -> None:
    house = a_house(server, client={"GenerateSecret": True})
    house.sign_in()
    token = house.tokens()["refresh_token"]
    for answer in (revoke(house, token=token), revoke(house, "wrong", token=token)):
        assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    secret = house.client["ClientSecret"]
    assert revoke(house, token=token, client_secret=secret).status_code == 200  # the form will do too
    assert revoke(house, secret, token=token).status_code == 200


def test_another_client_can_not_end_it(house: House) -> None:
    tokens = house.tokens()
    house.client = an_application(house.cognito, house.pool_id)
    assert revoke(house, token=tokens["refresh_token"]).json() == {"error": "unauthorized_client"}
    assert house.user_info(tokens["access_token"]).status_code == 200
