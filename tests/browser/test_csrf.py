"""A form that is not ours does nothing, and says why; each of the three guards stands alone."""

from __future__ import annotations

from urllib.parse import urlencode, urljoin

import httpx
import pytest
from tests.browser.houses import House, a_house, answer_of
from tests.browser.pages import Page, visit
from tests.harness import RunningServer
from tests.people.people import PASSWORD


@pytest.fixture(scope="module")
def house(server: RunningServer) -> House:
    return a_house(server)


@pytest.fixture
def page(house: House) -> Page:
    house.browser.cookies.clear()
    return visit(house.browser, f"{house.address}/login?{urlencode(house.asking())}")


def posted(page: Page, headers: dict[str, str] | None = None, **changes: str | None) -> httpx.Response:
    fields = {**page.form.fields, "username": "ada", "password": PASSWORD, **changes}
    return page.browser.post(
        urljoin(str(page.response.url), page.form.action),
        data={name: value for name, value in fields.items() if name and value is not None},
        headers=headers,
    )


def refused(answer: httpx.Response) -> Page:
    assert answer.status_code == 403
    assert "cognito=" not in answer.headers.get("set-cookie", "")
    return Page(httpx.Client(), answer)


@pytest.mark.parametrize("token", [None, "", "0" * 64, "é"])
def test_a_form_without_our_token_signs_nobody_in(page: Page, token: str | None) -> None:
    assert refused(posted(page, _csrf=token)).title == "That form can't be used"


def test_a_token_of_another_browser_is_none(house: House, page: Page) -> None:
    with httpx.Client() as other:
        theirs = visit(other, str(page.response.url)).form.fields["_csrf"]
    refused(posted(page, _csrf=theirs))


def test_a_token_of_another_domain_is_none(server: RunningServer, house: House, page: Page) -> None:
    secret = page.browser.cookies["XSRF-TOKEN"]
    other = a_house(server)
    other.browser.cookies.set("XSRF-TOKEN", secret, path=f"/domains/{other.domain}")
    theirs = visit(other.browser, f"{other.address}/login?{urlencode(other.asking())}")
    refused(posted(page, _csrf=theirs.form.fields["_csrf"]))


def test_where_cookies_are_blocked_the_page_says_so_and_does_not_loop(page: Page) -> None:
    page.browser.cookies.clear()
    answer = refused(posted(page))
    assert answer.title == "Cookies are blocked"
    assert "Try again" in answer.links


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_form_on_another_site_signs_nobody_in(page: Page, headers: dict[str, str]) -> None:
    refused(posted(page, headers))


def test_a_browser_that_says_where_the_form_was_is_believed(house: House, page: Page) -> None:
    origin = house.server.base_url
    answer_of(posted(page, {"origin": origin, "sec-fetch-site": "same-origin"}))


@pytest.mark.parametrize("path", ["/login", "/login/continue", "/login/provider", "/challenge"])
def test_no_page_takes_a_forged_form(house: House, path: str) -> None:
    house.sign_in()
    answer = house.browser.post(
        f"{house.address}{path}?{urlencode(house.asking())}", data={"username": "ada"}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("body", "type"),
    [
        (b"username=a&username=b", "application/x-www-form-urlencoded"),
        (b"username=%ff", "application/x-www-form-urlencoded"),
        (b'{"username": "ada"}', "application/json"),
        (b"&".join(b"f%d=1" % number for number in range(200)), "application/x-www-form-urlencoded"),
    ],
)
def test_what_is_no_form_of_ours_is_refused(house: House, page: Page, body: bytes, type: str) -> None:
    address = urljoin(str(page.response.url), page.form.action)
    answer = house.browser.post(address, content=body, headers={"content-type": type})
    assert answer.status_code == 400
