"""What a link in a mail leads to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from tests.browser.houses import CALLBACK, GOODBYE, House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.browser.test_confirm_link import BY_LINK, the_link
from tests.harness import RunningServer
from tests.people.people import PASSWORD, wait_for_message
from tests.people.signing_up import an_email, not_the, sign_up, status_of


def a_link_house(server: RunningServer, **options: Any) -> House:
    return a_house(server, AutoVerifiedAttributes=["email"], **BY_LINK, **options)


def a_letter(house: House, email: str | None = None) -> str:
    """The address in the mail that grace gets, who signs up."""
    email = email or an_email()
    sign_up(house.cognito, house.client_id, "grace", attributes={"email": email})
    _, parameters = the_link(wait_for_message(house.server, email))
    return f"{house.address}/confirmUser?{urlencode(parameters)}"


def status(house: House) -> str:
    return status_of(house.cognito, house.pool_id, "grace")


def test_a_link_confirms_nothing_before_the_person_says_so(server: RunningServer) -> None:
    """Programs that look through mail open links, and send HEAD."""
    house = a_link_house(server)
    link = a_letter(house)
    assert house.browser.head(link).status_code == 200
    page = visit(house.browser, link)
    assert status(house) == "UNCONFIRMED"
    page = page.submit()
    assert "Your account is confirmed." in page.text
    assert status(house) == "CONFIRMED"
    assert "confirmation_code=&" in f"{page.response.url}&", "the code is out of the address"


def test_a_link_is_good_once(server: RunningServer) -> None:
    house = a_link_house(server)
    link = a_letter(house)
    first, second = visit(house.browser, link), visit(house.browser, link)
    assert "Your account is confirmed." in first.submit().text
    assert "This link is not right, or was used already." in second.submit().text


def test_a_link_with_a_wrong_code_or_of_nobody_says_the_same(server: RunningServer) -> None:
    house = a_link_house(server)
    link = a_letter(house)
    right = link.rpartition("=")[2]
    for wrong in (link.replace(right, not_the(right)), link.replace("grace", "nobody")):
        assert "This link is not right, or was used already." in visit(house.browser, wrong).submit().text
    assert status(house) == "UNCONFIRMED"


def test_a_link_that_is_too_old_can_be_had_anew(own_server: Any) -> None:
    server = own_server()
    house, email = a_link_house(server), an_email()
    link = a_letter(house, email)
    server.clock.advance(hours=25)
    page = visit(house.browser, link).submit()
    assert "This link has expired." in page.text
    page = page.submit(action="again")
    assert "a new link is on its way to" in page.text
    server.clock.advance(hours=-25)  # the inbox is read by an SDK, which signs by the machine's clock
    _, parameters = the_link(wait_for_message(server, email, 2))
    page = visit(house.browser, f"{house.address}/confirmUser?{urlencode(parameters)}").submit()
    assert "Your account is confirmed." in page.text


def test_a_link_of_another_pools_client_leads_nowhere(server: RunningServer) -> None:
    house, other = a_link_house(server), a_link_house(server)
    link = a_letter(house).replace(house.client_id, other.client_id)
    assert visit(house.browser, link).response.status_code == 400


def test_a_form_of_another_site_confirms_nothing(server: RunningServer) -> None:
    house = a_link_house(server)
    page = visit(house.browser, a_letter(house))
    page.form.fields["_csrf"] = "0" * 64
    assert page.post().status_code == 403
    assert status(house) == "UNCONFIRMED"


def test_where_the_application_says_where_it_begins_one_can_sign_in_from_there(server: RunningServer) -> None:
    house = a_link_house(server, client={"DefaultRedirectURI": CALLBACK})
    page = visit(house.browser, a_letter(house)).submit()
    answer_of(page.follow("Sign in").post(username="grace", password=PASSWORD))


def test_the_page_after_a_sign_up_says_that_a_link_was_sent(server: RunningServer) -> None:
    house, email = a_link_house(server), an_email()
    page = visit(house.browser, f"{house.address}/signup?{urlencode(house.asking())}")
    page = page.submit(username="grace", email=email, password=PASSWORD, confirm_password=PASSWORD)
    assert "We sent a link by email to p***@e***" in page.text
    assert not any("code" in form.fields for form in page.forms)
    page = page.submit(page.forms[0])
    assert "a new link is on its way to" in page.text
    assert wait_for_message(server, email, 2)["Subject"] == "Your verification link"


def sign_out(house: House, **parameters: str) -> Page:
    return Page(house.browser, house.browser.get(f"{house.address}/logout?{urlencode(parameters)}"))


def is_signed_in(house: House) -> bool:
    return house.authorize().headers["location"].startswith(CALLBACK)


def test_logout_ends_the_session_and_goes_to_the_registered_address(server: RunningServer) -> None:
    house = a_house(server)
    house.sign_in()
    cookie = house.browser.cookies["cognito"]
    page = sign_out(house, client_id=house.client_id, logout_uri=GOODBYE)
    assert page.response.status_code == 303
    assert page.response.headers["location"] == GOODBYE
    dropped = page.response.headers["set-cookie"]
    assert dropped.startswith(f"cognito=; Path=/domains/{house.domain}; Max-Age=0")
    house.browser.cookies.set("cognito", cookie, path=f"/domains/{house.domain}")
    assert not is_signed_in(house), "the session itself has ended, not the cookie alone"


def test_logout_goes_nowhere_else(server: RunningServer) -> None:
    house = a_house(server)
    house.sign_in()
    page = sign_out(house, client_id=house.client_id, logout_uri="https://evil.example/")
    assert page.response.status_code == 400
    assert "location" not in page.response.headers
    assert is_signed_in(house)


def test_logout_for_another_sign_in_leads_to_the_login_page(server: RunningServer) -> None:
    house = a_house(server)
    house.sign_in()
    page = sign_out(house, **house.asking())
    assert page.response.headers["location"].startswith(f"/domains/{house.domain}/login?")
    assert not is_signed_in(house)


def test_who_was_brought_here_by_nobody_knows_whom_is_asked_before(server: RunningServer) -> None:
    house = a_house(server)
    house.sign_in()
    page = sign_out(house)
    assert page.title == "Sign out?"
    assert is_signed_in(house)
    assert page.submit().title == "You are signed out"
    assert not is_signed_in(house)


def test_an_application_may_post_the_sign_out_and_the_browser_comes_again_with_its_cookies(
    server: RunningServer,
) -> None:
    house = a_house(server)
    token = house.sign_in() and house.tokens()["id_token"]
    cookies = dict(house.browser.cookies)
    house.browser.cookies.clear()  # as a browser does with a form of another site
    posted = house.browser.post(
        f"{house.address}/logout",
        data={"id_token_hint": token, "post_logout_redirect_uri": GOODBYE, "state": "s"},
        headers={"origin": "https://app.example", "sec-fetch-site": "cross-site"},
    )
    assert posted.status_code == 303
    for name, value in cookies.items():
        house.browser.cookies.set(name, value, path=f"/domains/{house.domain}")
    gone = house.browser.get(server.base_url + posted.headers["location"])
    assert gone.headers["location"] == f"{GOODBYE}?state=s"
    assert not is_signed_in(house)


def test_the_error_page_shows_no_words_of_the_address(server: RunningServer) -> None:
    house = a_house(server)
    page = visit(house.browser, f"{house.address}/error?error=call+this+number&client_id={house.client_id}")
    assert page.response.status_code == 400
    assert "call this number" not in page.response.text
    assert "invalid_request" in page.text
