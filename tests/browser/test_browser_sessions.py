"""Browsers that are signed in: for how long, and what ends it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.browser.houses import House, a_house, an_application, answer_of
from tests.harness import RunningServer
from tests.people.people import PASSWORD, sign_in
from tests.people.tokens import a_call

from poolhouse.cookies import cookie_name, cookie_of, drop_cookie, set_cookie
from poolhouse.http import Request, Response
from poolhouse.userpools.browser_sessions import end_browser_session, find_browser_session


@pytest.fixture
def house(server: RunningServer) -> House:
    found = a_house(server)
    found.sign_in()
    return found


def is_signed_in(house: House) -> bool:
    return "code" in answer_of(house.authorize(prompt="none"))


def test_it_serves_every_client_of_the_pool(house: House) -> None:
    assert is_signed_in(house)
    house.client = an_application(house.cognito, house.pool_id)
    assert is_signed_in(house)


def test_it_lasts_an_hour_and_use_does_not_prolong_it(own_server: Any) -> None:
    house = a_house(own_server())
    house.sign_in()
    for _ in range(3):
        assert is_signed_in(house)
        house.server.clock.advance(minutes=19)
    assert is_signed_in(house)
    house.server.clock.advance(minutes=4)
    assert not is_signed_in(house)


def test_each_sign_in_has_a_cookie_of_its_own(house: House) -> None:
    first = house.sign_in()
    second = house.sign_in()
    assert first != second
    assert first.partition(".")[0].startswith("sso")
    assert len(first.partition(".")[0]) == 28


def end_by_sign_out(house: House) -> None:
    house.cognito.admin_user_global_sign_out(UserPoolId=house.pool_id, Username="ada")


def end_by_themselves(house: House) -> None:
    token = sign_in(house.cognito, house.client_id)["AccessToken"]
    house.cognito.global_sign_out(AccessToken=token)


def end_by_disabling(house: House) -> None:
    house.cognito.admin_disable_user(UserPoolId=house.pool_id, Username="ada")


def end_by_deleting(house: House) -> None:
    house.cognito.admin_delete_user(UserPoolId=house.pool_id, Username="ada")


def end_by_a_reset(house: House) -> None:
    house.cognito.admin_reset_user_password(UserPoolId=house.pool_id, Username="ada")


def end_by_a_new_password(house: House) -> None:
    house.cognito.admin_set_user_password(
        UserPoolId=house.pool_id, Username="ada", Password=PASSWORD + "x", Permanent=True
    )


def end_by_changing_the_password(house: House) -> None:
    token = sign_in(house.cognito, house.client_id)["AccessToken"]
    house.cognito.change_password(
        AccessToken=token, PreviousPassword=PASSWORD, ProposedPassword=PASSWORD + "x"
    )


@pytest.mark.parametrize(
    "end",
    [
        end_by_sign_out,
        end_by_themselves,
        end_by_disabling,
        end_by_deleting,
        end_by_a_reset,
        end_by_a_new_password,
        end_by_changing_the_password,
    ],
)
def test_what_ends_all_that_a_person_has_ends_their_browsers_too(house: House, end: Any) -> None:
    assert is_signed_in(house)
    end(house)
    assert not is_signed_in(house)


def test_enabling_somebody_again_does_not_bring_their_session_back(house: House) -> None:
    end_by_disabling(house)
    house.cognito.admin_enable_user(UserPoolId=house.pool_id, Username="ada")
    assert not is_signed_in(house)


def test_a_browser_that_signed_out_is_signed_out_with_a_copied_cookie_too(house: House) -> None:
    cookie = house.sign_in()

    async def end() -> None:
        call, app = a_call(house.server), await house.server.server.parts.cache.get("app", house.client_id)
        session = await find_browser_session(call, app, cookie)
        assert session is not None
        await end_browser_session(call, app, session)

    house.server.run(end())
    assert not is_signed_in(house)


def test_a_cookie_of_one_pool_is_worth_nothing_at_another(house: House, server: RunningServer) -> None:
    other = a_house(server)
    cookie = house.sign_in()
    other.browser.cookies.set("cognito", cookie, path=f"/domains/{other.domain}")
    assert not is_signed_in(other)


@pytest.mark.parametrize("spoil", [str.upper, lambda text: text[:-1], lambda text: text + "A", lambda _: "x"])
def test_a_cookie_that_was_changed_is_worth_nothing(house: House, spoil: Any) -> None:
    cookie = house.sign_in()
    house.browser.cookies.clear()
    house.browser.cookies.set("cognito", spoil(cookie), path=f"/domains/{house.domain}")
    assert not is_signed_in(house)


def a_request(scheme: str = "http", base: str = "", *headers: tuple[bytes, bytes]) -> Request:
    return Request("GET", "/", "", list(headers), b"", "id", "127.0.0.1", scheme, base=base)


@pytest.mark.parametrize(
    ("scheme", "base", "name", "attributes"),
    [
        ("https", "", "__Host-cognito", "Path=/; HttpOnly; SameSite=Lax; Secure"),
        ("https", "/domains/x", "cognito", "Path=/domains/x; HttpOnly; SameSite=Lax; Secure"),
        ("http", "", "cognito", "Path=/; HttpOnly; SameSite=Lax"),
    ],
)
def test_cookies_are_the_domains_own(scheme: str, base: str, name: str, attributes: str) -> None:
    request, response = a_request(scheme, base), Response(200)
    assert cookie_name(request, "cognito") == name
    set_cookie(response, request, name, "value")
    drop_cookie(response, request, name)
    first, second = (text.decode() for _, text in response.headers)
    assert first == f"{name}=value; {attributes}"
    assert second.startswith(f"{name}=; ")
    assert "Max-Age=0" in second


def test_the_first_of_two_cookies_of_one_name_counts() -> None:
    request = a_request("http", "", (b"cookie", b"a=1; cognito=mine; cognito=planted"), (b"cookie", b"b=2"))
    assert (cookie_of(request, "cognito"), cookie_of(request, "b")) == ("mine", "2")
    assert cookie_of(request, "c") is None


def test_expired_sessions_and_codes_are_swept(own_server: Any) -> None:
    house = a_house(own_server())
    house.sign_in()
    house.code()
    house.server.clock.advance(days=2)
    assert house.server.run(house.server.sweep()) >= 2
