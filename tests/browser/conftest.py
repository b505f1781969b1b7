"""Fixtures of the tests that go through pages: a browser, and what it complains of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.browser import Complaints, a_browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For one module only: while it lives, Playwright runs an event loop in the tests' own thread."""
    with a_browser() as browser:
        yield browser


@pytest.fixture
def complaints() -> Complaints:
    return Complaints()


@pytest.fixture
def page(browser: Browser, complaints: Complaints) -> Iterator[Page]:
    """A page of a browser that knows nothing yet. What it complains of fails the test."""
    context = browser.new_context()
    context.set_default_timeout(10_000)
    complaints.watch(context)
    try:
        yield context.new_page()
    finally:
        context.close()
    assert not complaints.unexpected()
