"""A real browser between a SAML provider and the server: which cookies it sends with another site's post is its own."""

from __future__ import annotations

import base64
import html
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from playwright.sync_api import Page
from tests.browser.test_saml_sign_in import NAME, Guest, a_guest, request_of
from tests.harness import RunningServer


def form(action: str, **fields: str) -> str:
    inputs = "".join(
        f'<input type=hidden name={name} value="{html.escape(value)}">' for name, value in fields.items()
    )
    icon = '<link rel=icon href="data:,">'
    return (
        f'{icon}<title>IdP</title><form method=post action="{action}">{inputs}<button>Go on</button></form>'
    )


@contextmanager
def another_site(page_at: Callable[[str], str]) -> Iterator[str]:
    """A site at 127.0.0.1, while the server is at localhost: to a browser that is another site."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(page_at(self.path).encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_browser_comes_in_and_goes_out_by_a_provider_of_another_site(
    server: RunningServer, page: Page
) -> None:
    guests: list[Guest] = []

    def page_at(path: str) -> str:
        if not path.startswith(("/sso", "/slo")):
            return '<link rel=icon href="data:,"><title>App</title>'
        (guest,) = guests
        sent = parse_qs(urlsplit(path).query)
        request: Any = request_of(sent)
        if path.startswith("/sso"):
            action, message = guest.idp.acs, guest.idp.answer(request.get("ID"))
        else:
            action = guest.idp.acs.replace("idpresponse", "logout")
            message = guest.idp.logout_response(request.get("ID"), action)
        response = base64.b64encode(message).decode()
        return form(action, SAMLResponse=response, RelayState=sent["RelayState"][0])

    with another_site(page_at) as elsewhere:
        callback, goodbye = f"{elsewhere}/callback", f"{elsewhere}/goodbye"
        urls = {"CallbackURLs": [callback], "LogoutURLs": [goodbye]}
        guest = a_guest(server, {"IDPSignout": "true"}, address=elsewhere, client=urls)
        guests.append(guest)
        base = guest.idp.acs.removesuffix("/saml2/idpresponse")

        def authorize(**asked: str) -> None:
            page.goto(
                f"{base}/oauth2/authorize?{urlencode(guest.house.asking(redirect_uri=callback, **asked))}"
            )

        authorize(identity_provider=NAME)
        assert page.title() == "IdP"
        page.click("button")
        page.wait_for_url(f"{callback}?**")
        assert "code=" in page.url
        assert [cookie["name"] for cookie in page.context.cookies()] == ["cognito"]

        authorize(prompt="none")
        assert "code=" in page.url  # the session is this browser's

        page.goto(f"{base}/logout?{urlencode({'client_id': guest.house.client_id, 'logout_uri': goodbye})}")
        assert page.title() == "IdP"
        page.click("button")
        page.wait_for_url(goodbye)
        authorize(prompt="none")
        assert "error=login_required" in page.url
