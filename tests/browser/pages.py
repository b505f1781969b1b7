"""What a person does at the pages, without a browser's script: read a page, fill in its form, follow where it leads."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin

import httpx


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.text: list[str] = []
        self._href = ""
        self._title = False
        self.title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(given.get("action", "")))
        elif tag == "input" and self.forms:
            self.forms[-1].fields[given.get("name", "")] = given.get("value", "")
        elif tag == "button" and self.forms and given.get("name"):
            self.forms[-1].buttons.append((given["name"], given.get("value", "")))
        elif tag == "a":
            self._href = given.get("href", "")
        elif tag == "title":
            self._title = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._title = False
        if tag == "a":
            self._href = ""

    def handle_data(self, data: str) -> None:
        if self._title:
            self.title += data
        if self._href:
            self.links[data.strip()] = self._href
        self.text.append(data)


@dataclass
class Page:
    """A page as it came, and how to go on from it."""

    browser: httpx.Client
    response: httpx.Response

    def __post_init__(self) -> None:
        reader = _Reader()
        reader.feed(self.response.text)
        self.forms, self.links, self.title = reader.forms, reader.links, reader.title.strip()
        self.text = " ".join(" ".join(reader.text).split())

    @property
    def form(self) -> Form:
        assert self.forms, self.text
        return self.forms[-1]

    def post(self, form: Form | None = None, **values: str) -> httpx.Response:
        """The answer to the form, filled in; not followed."""
        form = form or self.form
        address = urljoin(str(self.response.url), form.action)
        fields = {name: value for name, value in {**form.fields, **values}.items() if name}
        return self.browser.post(address, data=fields)

    def submit(self, form: Form | None = None, **values: str) -> Page:
        """The page that the form leads to."""
        return follow(self.browser, self.post(form, **values))

    def follow(self, text: str) -> Page:
        """The page behind a link."""
        return visit(self.browser, urljoin(str(self.response.url), self.links[text]))


def visit(browser: httpx.Client, address: str) -> Page:
    return follow(browser, browser.get(address))


def follow(browser: httpx.Client, response: httpx.Response) -> Page:
    """Where redirects within the domain lead."""
    for _ in range(10):
        if response.status_code not in (302, 303):
            return Page(browser, response)
        response = browser.get(urljoin(str(response.url), response.headers["location"]))
    raise AssertionError("redirected for ever")
