"""Where a browser goes that signs out: decided by what is asked, and never to an address that is not registered."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from tests.browser.houses import CALLBACK, GOODBYE, House, a_house, an_application
from tests.harness import RunningServer

from poolhouse.core.authorize_request import CannotRedirect
from poolhouse.http import Request
from poolhouse.oauth.logout import Departure, read_logout


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    found = a_house(server)
    found.sign_in()
    return found


def leave(house: House, method: str = "GET", **parameters: str) -> Departure:
    text = urlencode(parameters)
    content_type = (b"content-type", b"application/x-www-form-urlencoded")
    request = Request(
        method=method,
        path="/logout",
        query=text if method == "GET" else "",
        headers=[] if method == "GET" else [content_type],
        body=b"" if method == "GET" else text.encode(),
        id="test",
        peer="127.0.0.1",
    )
    found: Departure = house.server.run(read_logout(house.server.server.parts, request, house.domain))
    return found


def refused(house: House, **parameters: str) -> str:
    with pytest.raises(CannotRedirect) as wrong:
        leave(house, **parameters)
    return wrong.value.error


def test_cognitos_form_goes_to_a_logout_address(house: House) -> None:
    there = leave(house, client_id=house.client_id, logout_uri=GOODBYE, redirect_uri="https://evil.example")
    assert there.target == GOODBYE
    assert not there.must_ask(house.sub)


def test_cognitos_form_for_somebody_else_goes_to_the_sign_in_page(house: House) -> None:
    there = leave(
        house,
        client_id=house.client_id,
        redirect_uri=CALLBACK,
        response_type="code",
        state="a b",
        scope="openid",
    )
    assert there.target is not None
    assert there.target.startswith("/login?")
    assert "state=a%20b" in there.target


@pytest.mark.parametrize(
    "address",
    [
        CALLBACK,
        f"{GOODBYE}/",
        f"{GOODBYE}?x=1",
        "https://APP.example/goodbye",
        "https://app.example\\@evil.example/goodbye",
        "https://evil.example",
        "//evil.example",
        "javascript:alert(1)",
    ],
)
def test_nobody_is_sent_to_an_address_that_is_not_registered(house: House, address: str) -> None:
    hint = house.tokens()["id_token"]
    assert refused(house, client_id=house.client_id, logout_uri=address) == "redirect_mismatch"
    for who in ({"client_id": house.client_id}, {"id_token_hint": hint}):
        assert refused(house, post_logout_redirect_uri=address, **who) == "redirect_mismatch"
    if address != CALLBACK:
        assert (
            refused(house, client_id=house.client_id, redirect_uri=address, response_type="code")
            == "redirect_mismatch"
        )


@pytest.mark.parametrize("client_id", ["unknown", ""])
def test_an_unknown_client_sends_nobody_anywhere(house: House, client_id: str) -> None:
    assert refused(house, client_id=client_id, logout_uri=GOODBYE) == "unknown_client"


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_id_token_says_who_asks(house: House, method: str) -> None:
    hint = house.tokens()["id_token"]
    there = leave(
        house, method, id_token_hint=hint, post_logout_redirect_uri=GOODBYE, state="s&1", ui_locales="de"
    )
    assert there.target == f"{GOODBYE}?state=s%261"
    assert not there.must_ask(house.sub)
    assert there.must_ask("somebody else")


def test_an_expired_id_token_is_good_too(own_server: Any) -> None:
    house = a_house(own_server())
    house.sign_in()
    hint = house.tokens()["id_token"]
    house.server.clock.advance(days=3)
    assert leave(house, id_token_hint=hint, post_logout_redirect_uri=GOODBYE).target == GOODBYE


def test_without_a_hint_the_person_is_asked(house: House) -> None:
    there = leave(house, client_id=house.client_id, post_logout_redirect_uri=GOODBYE)
    assert there.target == GOODBYE
    assert there.must_ask(house.sub)
    nowhere = leave(house)
    assert (nowhere.target, nowhere.must_ask(house.sub)) == (None, True)
    assert leave(house, state="only a state").target is None


def test_an_address_without_a_client_or_a_hint_is_gone_to_by_nobody(house: House) -> None:
    assert refused(house, post_logout_redirect_uri=GOODBYE) == "invalid_request"


def test_a_hint_that_is_no_id_token_of_the_pool_is_refused(house: House, server: RunningServer) -> None:
    tokens = house.tokens()
    other = a_house(server)
    other.sign_in()
    changed = tokens["id_token"][:-6] + "AAAAAA"
    for hint in (changed, tokens["access_token"], other.tokens()["id_token"], "x", "a.b.c", "x" * 10_000):
        if len(hint) < 8_000:
            assert refused(house, id_token_hint=hint, post_logout_redirect_uri=GOODBYE) == "invalid_request"


def test_a_hint_of_another_client_is_refused(house: House) -> None:
    hint = house.tokens()["id_token"]
    other = an_application(house.cognito, house.pool_id)["ClientId"]
    assert refused(house, id_token_hint=hint, client_id=other) == "invalid_request"


def test_a_parameter_that_is_there_twice_is_refused(house: House) -> None:
    request = Request("GET", "/logout", "client_id=a&client_id=b", [], b"", "test", "127.0.0.1")
    with pytest.raises(CannotRedirect):
        house.server.run(read_logout(house.server.server.parts, request, house.domain))


def test_signing_out_ends_a_session_whose_client_is_gone(server: RunningServer) -> None:
    house = a_house(server)
    cookie = house.sign_in()
    other = an_application(house.cognito, house.pool_id)
    house.cognito.delete_user_pool_client(UserPoolId=house.pool_id, ClientId=house.client_id)
    house.client = other
    assert "code=" in house.authorize().headers["location"]
    leaving = urlencode({"client_id": house.client_id, "logout_uri": GOODBYE})
    assert house.browser.get(f"{house.address}/logout?{leaving}").headers["location"] == GOODBYE
    house.browser.cookies.clear()
    house.browser.cookies.set("cognito", cookie, path=f"/domains/{house.domain}")  # whoever has kept it
    assert "/login?" in house.authorize().headers["location"]
