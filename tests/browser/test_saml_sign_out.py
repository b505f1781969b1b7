"""Signing out at a SAML provider too, and by it; and metadata that are published."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from tests.browser.houses import GOODBYE
from tests.browser.saml_provider import NS, key_pair
from tests.browser.test_saml_sign_in import NAME, Guest, a_guest, fails, request_of
from tests.harness import RunningServer

PATH = "/saml2/logout"


@pytest.fixture
def guest(server: RunningServer) -> Guest:
    """Somebody who came in by the provider, whose browser is signed in."""
    guest = a_guest(server, {"IDPSignout": "true"})
    assert "code" in guest.sign_in()
    return guest


def leave(guest: Guest) -> httpx.Response:
    house = guest.house
    return house.browser.get(
        f"{house.address}/logout", params={"client_id": house.client_id, "logout_uri": GOODBYE}
    )


def ask_to_leave(guest: Guest) -> tuple[Any, str, str]:
    """(the LogoutRequest, RelayState, the address that carried them)."""
    location = leave(guest).headers["location"]
    assert location.startswith(f"{guest.idp.address}/slo?"), location
    sent = parse_qs(urlsplit(location).query, strict_parsing=True)
    return request_of(sent), sent["RelayState"][0], location


def here(guest: Guest) -> str:
    return guest.idp.acs.replace("/saml2/idpresponse", PATH)


def post(guest: Guest, field: str, message: bytes, state: str | None) -> httpx.Response:
    form = {field: base64.b64encode(message).decode()}
    if state is not None:
        form["RelayState"] = state
    return httpx.post(f"{guest.house.address}{PATH}", data=form)


def is_signed_in(guest: Guest) -> bool:
    return "error=login_required" not in guest.house.authorize(prompt="none").headers["location"]


def test_who_signs_out_here_is_signed_out_there(guest: Guest) -> None:
    request, state, location = ask_to_leave(guest)
    assert request.findtext("saml:NameID", None, NS) == "bob@example.com"
    assert request.findtext("samlp:SessionIndex", None, NS) == "_s1"
    text = guest.house.cognito.get_signing_certificate(UserPoolId=guest.house.pool_id)["Certificate"]
    key: Any = x509.load_der_x509_certificate(base64.b64decode(text)).public_key()
    query, _, signature = urlsplit(location).query.partition("&Signature=")
    key.verify(
        base64.b64decode(httpx.QueryParams(f"s={signature}")["s"]), query.encode(), PKCS1v15(), SHA256()
    )
    assert not is_signed_in(guest)  # whatever the provider does

    message = guest.idp.logout_response(request.get("ID"), here(guest))
    answer = post(guest, "SAMLResponse", message, state)
    assert (answer.status_code, answer.headers["location"]) == (303, GOODBYE)
    assert fails(post(guest, "SAMLResponse", message, state))


def test_an_answer_that_is_not_the_providers_leads_nowhere(guest: Guest) -> None:
    request, state, _ = ask_to_leave(guest)
    id = request.get("ID")
    for message, at in (
        (guest.idp.logout_response(id, here(guest), is_signed=False), state),
        (guest.idp.logout_response(id, here(guest), keys=key_pair("stranger")), state),
        (guest.idp.logout_response("_other", here(guest)), state),
        (guest.idp.logout_response(id, "https://elsewhere.example/"), state),
        (guest.idp.logout_response(id, here(guest)), None),
        (guest.idp.logout_response(id, here(guest)), "https://evil.example/"),
        (b"<a/>", state),
    ):
        assert fails(post(guest, "SAMLResponse", message, at))
    assert httpx.get(f"{guest.house.address}{PATH}").status_code == 405


def test_a_provider_that_does_not_sign_out_is_not_asked(server: RunningServer) -> None:
    guest = a_guest(server)
    guest.sign_in()
    assert leave(guest).headers["location"] == GOODBYE
    assert not is_signed_in(guest)


def test_a_provider_ends_the_sessions_of_the_person_that_it_names(guest: Guest) -> None:
    assert is_signed_in(guest)
    other = guest.idp.logout_request("eve@example.com", here(guest))
    answer = post(guest, "SAMLRequest", other, "their state")
    assert answer.headers["location"].startswith(f"{guest.idp.address}/slo?SAMLResponse=")
    assert parse_qs(urlsplit(answer.headers["location"]).query)["RelayState"] == ["their state"]
    assert is_signed_in(guest)

    for wrong in (
        guest.idp.logout_request("bob@example.com", here(guest), is_signed=False),
        guest.idp.logout_request("bob@example.com", here(guest), keys=key_pair("stranger")),
        guest.idp.logout_request("bob@example.com", "https://elsewhere.example/"),
        b"<a/>",
    ):
        assert fails(post(guest, "SAMLRequest", wrong, None))
    assert is_signed_in(guest)

    message = guest.idp.logout_request("bob@example.com", here(guest))
    assert "/slo?SAMLResponse=" in post(guest, "SAMLRequest", message, None).headers["location"]
    assert not is_signed_in(guest)
    assert fails(post(guest, "SAMLRequest", message, None))


def test_a_provider_of_another_pool_ends_nothing_here(server: RunningServer, guest: Guest) -> None:
    other = a_guest(server, {"IDPSignout": "true"})
    message = other.idp.logout_request("bob@example.com", here(guest))
    assert fails(post(guest, "SAMLRequest", message, None))
    assert is_signed_in(guest)


def test_an_answer_at_another_pools_domain_leads_nowhere(server: RunningServer, guest: Guest) -> None:
    other = a_guest(server)
    request, state, _ = ask_to_leave(guest)
    message = guest.idp.logout_response(request.get("ID"), here(guest))
    assert fails(post(other, "SAMLResponse", message, state))


def test_the_state_of_one_thing_is_none_of_another(guest: Guest) -> None:
    id, state, _ = guest.begin()
    message = guest.idp.logout_response(id, here(guest))
    assert fails(post(guest, "SAMLResponse", message, state))
    address = f"{guest.house.address}/saml2/idpresponse"
    assert fails(guest.house.browser.get(address, params={"ticket": state}))
    posted = guest.post(guest.idp.answer(id), state)
    ticket = parse_qs(urlsplit(posted.headers["location"]).query)["ticket"][0]
    assert fails(post(guest, "SAMLResponse", message, ticket))
    assert fails(guest.post(guest.idp.answer(id), ticket))
    assert "code=" in guest.come_back(posted).headers["location"]


# --- metadata that are published ----------------------------------------------------------------------------------


class Published:
    """What stands at an address, and how often it was asked for."""

    def __init__(self) -> None:
        self.content, self.status, self.asked = "", 200, 0
        self.url = ""


@contextmanager
def publishing() -> Iterator[Published]:
    published = Published()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            published.asked += 1
            self.send_response(published.status)
            self.end_headers()
            self.wfile.write(published.content.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    published.url = f"http://127.0.0.1:{server.server_port}/metadata"
    try:
        yield published
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_published_metadata_are_read_again_after_six_hours(own_server: Any) -> None:
    """A provider that exchanges its key is believed then, and one whose metadata are away goes on."""
    server = own_server(allowed_outgoing_networks=("127.0.0.0/8",))
    with publishing() as published:
        guest = a_guest(server)
        published.content = guest.idp.metadata()
        guest.house.cognito.update_identity_provider(
            UserPoolId=guest.house.pool_id,
            ProviderName=NAME,
            ProviderDetails={"MetadataURL": published.url},
        )
        assert published.asked == 1
        assert "code" in guest.sign_in()
        assert published.asked == 1

        published.status = 500
        server.clock.advance(hours=6, minutes=1)
        assert "code" in guest.sign_in()
        assert published.asked == 2  # and not again within the minute

        guest.idp.keys = key_pair("exchanged")
        published.content, published.status = guest.idp.metadata(), 200
        server.clock.advance(minutes=2)
        assert "code" in guest.sign_in()
        assert published.asked == 3
