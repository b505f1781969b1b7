"""The browser of the tests is a real one, and tells of what goes wrong in it."""

from __future__ import annotations

from playwright.sync_api import Page
from tests.browser.browser import Complaints


def test_the_browser_is_there(page: Page) -> None:
    page.set_content("<title>Here</title><h1 id=x>Hello, 日本</h1>")
    assert page.title() == "Here"
    assert page.inner_text("#x") == "Hello, 日本"


def test_it_can_ask_for_passkeys(page: Page) -> None:
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True}
    assert session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def test_what_goes_wrong_in_a_page_is_heard(page: Page, complaints: Complaints) -> None:
    page.set_content("<script>throw new Error('no such thing')</script>")
    assert complaints.unexpected() == ["script failed: no such thing"]
    complaints.expected.append("no such thing")
