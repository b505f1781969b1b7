"""Requests that the server makes by itself at somebody else's word: where they may go, and what they may cost."""

from __future__ import annotations

import asyncio
import ipaddress
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st
from tests.browser.fake_provider import LOOPBACK, a_fake_provider
from tests.browser.providers import add_provider
from tests.conftest import a_pool

from poolhouse.core.reachable import may_reach
from poolhouse.ports.guarded import (
    GuardedOutbound,
    OutboundFailed,
    OutboundRefused,
    OutboundTimeout,
    Reply,
)

NOBODYS = [
    "127.0.0.1",
    "127.8.8.8",
    "::1",
    "0.0.0.0",
    "::",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "169.254.169.254",
    "fe80::1",
    "fe80::1%eth0",
    "fd00:ec2::254",
    "224.0.0.1",
    "255.255.255.255",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "2002:7f00:1::",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "no address",
]


@pytest.mark.parametrize("address", NOBODYS)
def test_what_is_not_public_is_not_reached(address: str) -> None:
    assert not may_reach(address, ())


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_what_is_public_is_reached(address: str) -> None:
    assert may_reach(address, ())


@given(st.ip_addresses(v=4))
def test_an_address_within_another_is_judged_as_itself(address: ipaddress.IPv4Address) -> None:
    assert may_reach(f"64:ff9b::{address}", ()) <= may_reach(str(address), ())
    assert may_reach(f"::ffff:{address}", ()) <= may_reach(str(address), ())


def test_a_network_that_is_allowed_is_reached() -> None:
    assert may_reach("10.1.2.3", [ipaddress.ip_network("10.0.0.0/8")])
    assert not may_reach("10.1.2.3", [ipaddress.ip_network("10.0.0.0/16")])


def get(outbound: GuardedOutbound, url: str, **options: Any) -> Reply:
    return asyncio.run(outbound.get(url, **options))


@contextmanager
def a_web_server(answers: dict[str, tuple[int, dict[str, str], bytes]]) -> Iterator[tuple[int, list[str]]]:
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(f"{self.path} {self.headers.get('authorization', '')} {self.headers.get('host')}")
            status, headers, body = answers.get(self.path, (404, {}, b""))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                for at in range(0, len(body), 65_536):
                    self.wfile.write(body[at : at + 65_536])
                if self.path == "/drip":
                    for _ in range(100):
                        self.wfile.write(b".")
                        self.wfile.flush()
                        time.sleep(0.05)
            except OSError:
                pass

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        server.server_close()


def test_loopback_is_refused_unless_it_is_allowed_and_nothing_is_sent() -> None:
    with a_web_server({"/": (200, {}, b"hello")}) as (port, seen):
        for host in ("127.0.0.1", "localhost", "0x7f000001", "2130706433"):
            with pytest.raises(OutboundFailed):
                get(GuardedOutbound(), f"http://{host}:{port}/")
        assert seen == []
        assert get(GuardedOutbound(LOOPBACK), f"http://127.0.0.1:{port}/").body == b"hello"


def test_plain_http_is_spoken_within_allowed_networks_alone() -> None:
    async def public(host: str, port: int) -> Sequence[str]:
        return ["93.184.215.14"]

    with pytest.raises(OutboundRefused):
        get(GuardedOutbound(LOOPBACK, public), "http://example.com/")


def test_a_name_is_resolved_once_and_the_connection_goes_to_what_was_judged() -> None:
    """DNS rebinding: the second look-up would say something else."""
    answers = iter([["127.0.0.1"], ["169.254.169.254"]])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        return next(answers)

    with a_web_server({"/": (200, {}, b"hello")}) as (port, seen):
        outbound = GuardedOutbound(["127.0.0.1/32"], rebinding)
        assert get(outbound, f"http://rebinding.example:{port}/").body == b"hello"
        assert seen[0].endswith(f"rebinding.example:{port}")
        with pytest.raises(OutboundRefused):
            get(outbound, f"http://rebinding.example:{port}/")
        assert len(seen) == 1


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data/", "file:///etc/passwd", "http://[::1]:1/", "gopher://x/"],
)
def test_a_redirect_is_judged_like_any_request(target: str) -> None:
    with a_web_server({"/": (302, {"location": target}, b"")}) as (port, _), pytest.raises(OutboundRefused):
        get(GuardedOutbound(["127.0.0.1/32"]), f"http://127.0.0.1:{port}/")


def test_redirects_end() -> None:
    with a_web_server({"/": (302, {"location": "/"}, b"")}) as (port, seen):
        with pytest.raises(OutboundFailed, match="too many redirects"):
            get(GuardedOutbound(LOOPBACK), f"http://127.0.0.1:{port}/")
        assert len(seen) == 6


def test_credentials_are_not_taken_to_another_place() -> None:
    with (
        a_web_server({"/": (200, {}, b"")}) as (other, seen),
        a_web_server({"/": (302, {"location": f"http://127.0.0.1:{other}/"}, b"")}) as (port, _),
    ):
        get(GuardedOutbound(LOOPBACK), f"http://127.0.0.1:{port}/", headers={"Authorization": "Bearer x"})
        assert "Bearer" not in seen[0]


def test_an_answer_is_bounded_in_size() -> None:
    with (
        a_web_server({"/": (200, {}, b" " * 50_000_000)}) as (port, _),
        pytest.raises(OutboundFailed, match="too long"),
    ):
        get(GuardedOutbound(LOOPBACK), f"http://127.0.0.1:{port}/")


def test_an_answer_that_drips_is_bounded_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poolhouse.ports.guarded.WITHIN", 0.3)
    with a_web_server({"/drip": (200, {}, b"")}) as (port, _), pytest.raises(OutboundTimeout):
        get(GuardedOutbound(LOOPBACK), f"http://127.0.0.1:{port}/drip")


def test_a_packed_answer_is_not_unpacked() -> None:
    with (
        a_web_server({"/": (200, {"content-encoding": "gzip"}, b"bomb")}) as (port, _),
        pytest.raises(OutboundFailed, match="packed"),
    ):
        get(GuardedOutbound(LOOPBACK), f"http://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "http://",
        "http://a@127.0.0.1/",
        "http://127.0.0.1:99999/",
        "http://127.0.0.1/\r\nx: y",
        "http://é/",
    ],
)
def test_what_is_no_web_address_is_not_asked(url: str) -> None:
    with pytest.raises(OutboundRefused):
        get(GuardedOutbound(LOOPBACK), url)


def test_nothing_listens_there() -> None:
    with pytest.raises(OutboundFailed):
        get(GuardedOutbound(LOOPBACK), "http://127.0.0.1:1/")


def test_who_configures_a_provider_learns_nothing_of_the_servers_neighbours(cognito: Any) -> None:
    """The shared server allows no network."""
    pool_id = a_pool(cognito)
    with a_fake_provider() as fake:
        with pytest.raises(ClientError, match="may not be reached"):
            add_provider(cognito, pool_id, "Other", "OIDC", fake.details)
        with pytest.raises(ClientError, match="may not be reached"):
            add_provider(cognito, pool_id, "Saml", "SAML", {"MetadataURL": f"{fake.issuer}/metadata"})
        assert fake.seen == []
